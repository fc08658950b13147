/*
 * kubelet_cases - probes, back-off, the condition Ready, and constants: those
 * are read where scenarios have their defaults from.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "models/controllers/horizontalpodautoscaler_rules.h"
#include "models/kubelet_rules.h"
#include "models/scenario.h"
#include "sim/io/units.h"
#include "tests/conformance/conformance.h"

enum { KUBERNETES_MINOR = 36, MOST_ITEMS = 64 };

static sim_time get_seconds(struct test_case *c, struct doc_node *map,
                            const char *key, double otherwise)
{
    return sim_seconds(get_double(c, map, key, otherwise));
}

/* --- probes --- */

static const char *const result_names[] = {"Unknown", "Success", "Failure"};

static enum probe_purpose get_purpose(struct test_case *c)
{
    const char *type = doc_text(c->in, "type");

    if (type && strcmp(type, "startup") == 0)
        return PROBE_STARTUP;
    if (type && strcmp(type, "liveness") == 0)
        return PROBE_LIVENESS;
    if (!type || strcmp(type, "readiness") != 0)
        case_fail(c, "a probe of no known type");
    return PROBE_READINESS;
}

/* A worker, as a case drives it. */
struct worker {
    struct probe_state state;
    enum probe_purpose purpose;
    int success, failure; /* thresholds */
};

static struct worker new_worker(struct test_case *c)
{
    struct worker w = {.purpose = get_purpose(c),
                       .success = (int)get_int(c, c->in, "successThreshold", 1),
                       .failure =
                           (int)get_int(c, c->in, "failureThreshold", 1)};

    kubelet_probe_begins(&w.state, w.purpose);
    return w;
}

static void probe(struct worker *w, bool started, sim_time age, sim_time delay,
                  const char *outcome)
{
    if (kubelet_probe_runs(&w->state, w->purpose, started, age, delay))
        kubelet_probe_outcome(&w->state, w->purpose,
                              strcmp(outcome, "Success") == 0, w->success,
                              w->failure);
}

static void expect_result(struct test_case *c, const struct doc_node *wanted,
                          const struct worker *w)
{
    if (wanted)
        expect_text(c, "result", wanted->text, result_names[w->state.result]);
}

static void expect_hold(struct test_case *c, const char *key,
                        const struct worker *w)
{
    if (doc_get(c->expect, key))
        expect_bool(c, key, get_bool(c->expect, key, false), w->state.on_hold);
}

/* The result there is before any probe, where the case says. */
static void set_result(struct worker *w, const char *result)
{
    for (int i = 0; result && i < 3; i++)
        if (strcmp(result_names[i], result) == 0)
            w->state.result = (enum probe_result)i;
}

void case_probe_threshold(struct test_case *c)
{
    const char *again = doc_text(c->in, "thenContainerRestartsAndOutcome");
    struct worker w = new_worker(c);
    struct doc_node *outcome, *complete, *wanted, *run;
    bool started = w.purpose != PROBE_STARTUP, first = true;

    set_result(&w, doc_text(c->in, "initial"));
    get_items(c->in, "outcomes", &outcome);
    get_items(c->in, "startupComplete", &complete);
    get_items(c->expect, "results", &wanted);
    get_items(c->expect, "resultRun", &run);
    for (; outcome; outcome = outcome->next) {
        if (complete) {
            started = strcmp(complete->text, "true") == 0;
            complete = complete->next;
        }
        probe(&w, started, 0, 0, outcome->text);
        expect_result(c, wanted, &w);
        wanted = wanted ? wanted->next : NULL;
        if (run) {
            expect_int(c, "run", item_int(c, run), w.state.run);
            run = run->next;
        }
        if (first)
            expect_hold(c, "onHoldAfterFirst", &w);
        first = false;
    }
    if (again) {
        kubelet_probe_begins(&w.state, w.purpose);
        probe(&w, started, 0, 0, again);
        expect_result(c, wanted, &w);
    }
    expect_hold(c, "onHoldAtEnd", &w);
}

void case_probe_initial(struct test_case *c)
{
    const char *outcome = doc_text(c->in, "outcome");
    struct worker w = new_worker(c);

    probe(&w, w.purpose != PROBE_STARTUP,
          get_seconds(c, c->in, "secondsSinceStart", 0),
          get_seconds(c, c->in, "initialDelaySeconds", 0),
          outcome ? outcome : "Success");
    expect_result(c, doc_get(c->expect, "result"), &w);
}

/* --- back-off --- */

struct pacer {
    struct backoff_limits limits;
    struct backoff backoff;
    sim_time now;
};

/* Where nothing was put off for so long that all starts anew, none is. */
static bool in_backoff(const struct pacer *p)
{
    return p->now <
           kubelet_backoff_until(&p->backoff, &p->limits, p->backoff.updated);
}

static void put_off(struct pacer *p)
{
    kubelet_backoff_next(&p->backoff, &p->limits, p->now, p->now);
}

/* [second, is in back-off, value]; asked, and where not, put off. */
static void follow_ticks(struct test_case *c, struct pacer *p,
                         struct doc_node *tick)
{
    for (; tick; tick = tick->next) {
        struct doc_node *item = tick->first;
        bool wanted = strcmp(item->next->text, "true") == 0;

        p->now = sim_seconds(item_double(c, item));
        expect_bool(c, item->text, wanted, in_backoff(p));
        if (wanted)
            expect_near(c, "value", item_double(c, item->next->next),
                        sim_to_seconds(p->backoff.wait), 1e-9);
        else
            put_off(p);
    }
}

/* Each second: the value there is, and then put off. */
static void follow_values(struct test_case *c, struct pacer *p,
                          struct doc_node *value)
{
    for (; value; value = value->next) {
        p->now += SIM_S;
        expect_near(c, "value", item_double(c, value),
                    sim_to_seconds(p->backoff.wait), 1e-9);
        put_off(p);
    }
}

/* "Next each second 6 times", "then wait 6 s", "Next". */
static bool take_step(struct pacer *p, const char *step)
{
    int count;

    if (sscanf(step, " Next each second %d times", &count) == 1) {
        for (; count > 0; count--) {
            p->now += SIM_S;
            put_off(p);
        }
    } else if (sscanf(step, " then wait %d s", &count) == 1 ||
               sscanf(step, " wait %d s", &count) == 1) {
        p->now += count * SIM_S;
    } else if (step[strspn(step, " ")] == 'N') {
        put_off(p);
    } else {
        return false;
    }
    return true;
}

void case_backoff_sequence(struct test_case *c)
{
    struct pacer p = {.limits = {get_seconds(c, c->in, "baseSeconds", 0),
                                 get_seconds(c, c->in, "maxSeconds", 0), 0}};
    const char *steps = doc_text(c->in, "steps");
    struct doc_node *first;

    p.limits.reset = 2 * p.limits.max;
    for (; steps; steps = strchr(steps, ';')) {
        steps += *steps == ';';
        if (!take_step(&p, steps)) {
            case_skip(c, "a step that is not understood");
            return;
        }
    }
    if (get_items(c->expect, "tick_inBackoff_value", &first))
        follow_ticks(c, &p, first);
    else if (get_items(c->expect, "values", &first))
        follow_values(c, &p, first);
    else if (doc_get(c->expect, "value"))
        expect_near(c, "value", get_double(c, c->expect, "value", 0),
                    sim_to_seconds(p.backoff.wait), 1e-9);
    else if (doc_get(c->expect, "inBackoff"))
        expect_bool(c, "in back-off", get_bool(c->expect, "inBackoff", false),
                    in_backoff(&p));
    else
        case_skip(c, "an expectation that is not understood");
}

/* --- the condition Ready --- */

/* -1: no status; else ready or not. */
static int status_of(struct doc_node *status, const char *name)
{
    for (; status; status = status->next) {
        const char *whose = doc_text(status, "name");

        if (whose && strcmp(whose, name) == 0)
            return get_bool(status, "ready", false);
    }
    return -1;
}

static enum pod_phase get_phase(struct test_case *c)
{
    const char *phase = doc_text(c->in, "phase");

    if (phase && strcmp(phase, "Succeeded") == 0)
        return POD_SUCCEEDED;
    if (phase && strcmp(phase, "Failed") == 0)
        return POD_FAILED;
    return phase && strcmp(phase, "Pending") == 0 ? POD_PENDING : POD_RUNNING;
}

void case_pod_ready_condition(struct test_case *c)
{
    struct doc_node *statuses = doc_get(c->in, "containerStatuses");
    struct doc_node *conditions = doc_get(c->in, "conditions");
    struct doc_node *status, *item;
    struct pod_readiness r = {.phase = get_phase(c),
                              .known = statuses && statuses->kind != DOC_NULL};
    const char *reason;

    get_items(c->in, "containerStatuses", &status);
    get_items(c->in, "containers", &item);
    for (; item; item = item->next) {
        int is = status_of(status, item->text);

        r.unknown += is < 0;
        r.unready += is == 0;
    }
    get_items(c->in, "readinessGates", &item);
    for (; item; item = item->next) {
        const char *is = doc_text(conditions, item->text);

        r.gates += !is || strcmp(is, "True") != 0;
    }
    reason = kubelet_unready_reason(&r);
    expect_text(c, "ready", doc_text(c->expect, "ready"),
                reason ? "False" : "True");
    expect_text(c, "reason", doc_text(c->expect, "reason"),
                reason ? reason : "");
}

/* --- constants --- */

/* Names that cases use, and what they are in a scenario. */
static const struct {
    const char *name, *path;
} constants[] = {
    {"crashLoopInitial", "crashBackoffBase"},
    {"crashLoopMax", "crashBackoffMax"},
    {"nodeLeaseDuration", "leaseDuration"},
    {"nodeLeaseRenewInterval", "leaseRenew"},
    {"minimumGracePeriod", "minGraceAfterPreStop"},
    {"largeClusterSize", "largeClusterSizeThreshold"},
    {"burstReplicas", "replicaSetBurst"},
    {"slowStartInitialBatchSize", "slowStartInitial"},
};

/* The default of the first setting of that name, interned; NULL: none. */
static const char *setting(struct test_case *c, const char *name)
{
    char *text = NULL, *line, *rest;
    const char *found = NULL;
    size_t size, length = strlen(name);
    FILE *out = open_memstream(&text, &size);

    if (!out)
        abort();
    scenario_document(KUBERNETES_MINOR, out);
    fclose(out);
    for (line = strtok_r(text, "\n", &rest); line && !found;
         line = strtok_r(NULL, "\n", &rest)) {
        char *end = strchr(line, '\t');

        if (end && (size_t)(end - line) > length &&
            end[-1 - (int)length] == '.' &&
            strncmp(end - length, name, length) == 0)
            found = intern_printf(c->intern, "%.*s",
                                  (int)strcspn(end + 1, "\t"), end + 1);
    }
    free(text);
    return found;
}

/* The setting that a constant is; seconds: it is a time. */
static bool constant(struct test_case *c, const char *name, bool seconds,
                     double *value)
{
    const char *text;
    sim_time time = 0;
    size_t i, count = sizeof constants / sizeof constants[0];

    for (i = 0; i < count; i++)
        if (strcmp(constants[i].name, name) == 0)
            name = constants[i].path;
    text = setting(c, name);
    if (!text)
        return false;
    if (!seconds)
        return units_double(text, value) || units_ratio(text, value) ||
               units_rate(text, value);
    if (!units_duration(text, &time))
        return false;
    *value = sim_to_seconds(time);
    return true;
}

/* What holds before features and configuration. */
static struct backoff_limits usual_limits(struct test_case *c)
{
    double base = 0, max = 0;

    if (!constant(c, "crashLoopInitial", true, &base) ||
        !constant(c, "crashLoopMax", true, &max))
        case_fail(c, "no such settings");
    return (struct backoff_limits){sim_seconds(base), sim_seconds(max), 0};
}

void case_default_constants(struct test_case *c)
{
    const char *name = get_text(c, c->in, "name");
    size_t length = name ? strlen(name) : 0;
    bool seconds = length > 7 && strcmp(name + length - 7, "Seconds") == 0;
    struct backoff_limits reduced =
        kubelet_crash_limits(usual_limits(c), true, -1);
    double value = 0;

    /* What no scenario can change. */
    const struct {
        const char *name;
        double value;
    } fixed[] = {
        {"crashLoopReducedInitial", sim_to_seconds(reduced.base)},
        {"crashLoopReducedMax", sim_to_seconds(reduced.max)},
        {"hpaScaleUpLimitFactor", HPA_SCALE_UP_LIMIT_FACTOR},
        {"hpaScaleUpLimitMinimum", HPA_SCALE_UP_LIMIT_MINIMUM},
    };
    size_t i, count = sizeof fixed / sizeof fixed[0];

    if (seconds)
        name = intern_printf(c->intern, "%.*s", (int)length - 7, name);
    for (i = 0; i < count && strcmp(fixed[i].name, name ? name : "") != 0; i++)
        continue;
    if (i < count)
        value = fixed[i].value;
    else if (!name || !constant(c, name, seconds, &value)) {
        case_skip(c, "not a constant of what is modelled");
        return;
    }
    expect_near(c, "value", get_double(c, c->expect, "value", -1), value,
                1e-12);
}

void case_crashloop_config(struct test_case *c)
{
    struct backoff_limits limits = kubelet_crash_limits(
        usual_limits(c), get_bool(c->in, "reducedDecayFeature", false),
        get_seconds(c, c->in, "configuredMaxSeconds", -1));

    expect_near(c, "max", get_double(c, c->expect, "maxSeconds", 0),
                sim_to_seconds(limits.max), 1e-9);
    expect_near(c, "initial", get_double(c, c->expect, "initialSeconds", 0),
                sim_to_seconds(limits.base), 1e-9);
}
