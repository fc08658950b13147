/*
 * engine_cases - the order of events: schedule, cancel, run.
 *
 * A script's operations are run on a struct sim, a time unit being a
 * second. What the engine holds to be a bug (time running backwards) ends
 * the program: such scripts run in a process of their own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/engine/dist.h"
#include "sim/engine/mem.h"
#include "sim/engine/sim.h"
#include "tests/conformance/conformance.h"

enum { MOST_NAMES = 64 };

struct script {
    struct test_case *c;
    struct sim *sim;
    struct doc_node *handlers;
    const char *names[MOST_NAMES];
    event_id last[MOST_NAMES]; /* as scheduled last */
    size_t name_count;
    VEC_OF(struct fired {
        size_t name;
        sim_time at;
    })
    fired;
    VEC_OF(sim_time) log;
    size_t cancels;
    bool last_cancel;
};

static size_t name_index(struct script *s, const char *name)
{
    for (size_t i = 0; i < s->name_count; i++) {
        if (strcmp(s->names[i], name) == 0)
            return i;
    }
    if (s->name_count == MOST_NAMES) {
        case_fail(s->c, "more than %d names", MOST_NAMES);
        return 0;
    }
    s->names[s->name_count] = intern(s->c->intern, name);
    return s->name_count++;
}

static sim_time time_of(struct script *s, const struct doc_node *node)
{
    return node ? sim_seconds(item_double(s->c, node)) : 0;
}

static void do_operation(struct script *s, struct doc_node *op);

static void on_fire(struct sim *sim, void *self, struct event_args args)
{
    struct script *s = self;
    size_t name = (size_t)args.subject;
    struct doc_node *ops;

    VEC_PUSH(s->fired, ((struct fired){name, sim_now(sim)}));
    get_items(s->handlers, s->names[name], &ops);
    for (; ops; ops = ops->next)
        do_operation(s, ops);
}
static const struct event_type fire = {"case.fire", 0, on_fire};

/* "only if now < 1": the only condition there is. */
static bool holds(struct script *s, const struct doc_node *condition)
{
    double limit;

    if (!condition)
        return true;
    if (sscanf(condition->text, "only if now < %lf", &limit) == 1)
        return sim_now(s->sim) < sim_seconds(limit);
    case_skip(s->c, "a condition that is not known");
    return false;
}

static void schedule(struct script *s, const struct doc_node *args, bool after)
{
    size_t name = name_index(s, args->text);
    sim_time t = time_of(s, args->next);
    struct event_args event = {name, 0};

    if (!holds(s, args->next ? args->next->next : NULL))
        return;
    s->last[name] = after ? sim_after(s->sim, t, &fire, s, event)
                          : sim_at(s->sim, t, &fire, s, event);
}

static void do_operation(struct script *s, struct doc_node *op)
{
    const struct doc_node *word = op->first, *args;

    if (!word)
        return;
    args = word->next;
    if (strcmp(word->text, "schedule") == 0 && args) {
        schedule(s, args, false);
    } else if (strcmp(word->text, "schedule_after") == 0 && args) {
        schedule(s, args, true);
    } else if (strcmp(word->text, "cancel") == 0 && args) {
        s->last_cancel = sim_cancel(s->sim, s->last[name_index(s, args->text)]);
        s->cancels++;
    } else if (strcmp(word->text, "run") == 0) {
        sim_run(s->sim);
    } else if (strcmp(word->text, "run_until") == 0) {
        sim_run_until(s->sim, time_of(s, args));
    } else if (strcmp(word->text, "step") == 0) {
        sim_step(s->sim);
    } else if (strcmp(word->text, "log_now") == 0) {
        VEC_PUSH(s->log, sim_now(s->sim));
    } else {
        case_skip(s->c, "an operation that is not known");
    }
}

static void run_script(struct script *s, struct test_case *c)
{
    struct doc_node *op;
    bool ran = false;

    memset(s, 0, sizeof *s);
    s->c = c;
    s->sim = sim_new(0);
    s->handlers = doc_get(c->in, "handlers");
    get_items(c->in, "ops", &op);
    for (; op; op = op->next) {
        ran |= op->first && (strncmp(op->first->text, "run", 3) == 0 ||
                             strcmp(op->first->text, "step") == 0);
        do_operation(s, op);
    }
    if (!ran)
        sim_run(s->sim);
}

static void end_script(struct script *s)
{
    sim_free(s->sim);
    VEC_FREE(s->fired);
    VEC_FREE(s->log);
}

/* True where the script ended in a failed assertion. */
static bool is_refused(struct test_case *c)
{
    struct script s;
    int status = 0;
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        run_script(&s, c);
        _exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child &&
           WIFSIGNALED(status);
}

static void expect_fired(struct script *s, const struct doc_node *wanted)
{
    size_t i = 0;

    for (wanted = wanted->first; wanted; wanted = wanted->next, i++) {
        const struct doc_node *name =
            wanted->kind == DOC_SEQUENCE ? wanted->first : wanted;
        const struct doc_node *at =
            wanted->kind == DOC_SEQUENCE ? name->next : NULL;

        if (i >= s->fired.count) {
            case_fail(s->c, "expected %s, got no more events", name->text);
            return;
        }
        expect_text(s->c, "event", name->text,
                    s->names[s->fired.items[i].name]);
        if (at)
            expect_near(s->c, "time", item_double(s->c, at),
                        sim_to_seconds(s->fired.items[i].at), 1e-9);
    }
    expect_int(s->c, "events", (int64_t)i, (int64_t)s->fired.count);
}

static void expect_log(struct script *s, const struct doc_node *wanted)
{
    size_t i = 0;

    for (wanted = wanted->first; wanted; wanted = wanted->next, i++) {
        if (i < s->log.count)
            expect_near(s->c, "logged", item_double(s->c, wanted),
                        sim_to_seconds(s->log.items[i]), 1e-9);
    }
    expect_int(s->c, "logged", (int64_t)i, (int64_t)s->log.count);
}

void case_event_list(struct test_case *c)
{
    struct doc_node *wanted;
    struct script s;

    if (doc_get(c->expect, "error")) {
        expect_bool(c, "error", get_bool(c->expect, "error", true),
                    is_refused(c));
        return;
    }
    run_script(&s, c);
    if ((wanted = doc_get(c->expect, "fired")))
        expect_fired(&s, wanted);
    if ((wanted = doc_get(c->expect, "order")))
        expect_fired(&s, wanted);
    if ((wanted = doc_get(c->expect, "log")))
        expect_log(&s, wanted);
    if (doc_get(c->expect, "now"))
        expect_near(c, "now", get_double(c, c->expect, "now", 0),
                    sim_to_seconds(sim_now(s.sim)), 1e-9);
    if (doc_get(c->expect, "secondCancelIsNoop"))
        expect_bool(c, "second cancel is no-op", true,
                    s.cancels >= 2 && !s.last_cancel);
    end_script(&s);
}

void case_same_time_fifo(struct test_case *c)
{
    case_event_list(c);
}
