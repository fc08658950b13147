/*
 * Many servers behind balancers; and requests that come again.
 *
 * Asymptotic rows (n to infinity) are run with a thousand servers or more;
 * main.c states what that may be off.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "models/lb/lb.h"
#include "models/metrics/metrics.h"
#include "models/traffic/server.h"
#include "tests/validate/validate.h"

struct farm {
    double n, rho; /* servers, load of each; mean service 1 s */
    double dispatchers;
    char strategy[96];
    bool slow; /* relaxes like a queue of its own */
};

static bool says(const struct row *row, const char *text)
{
    return strncmp(row->model, text, strlen(text)) == 0;
}

static bool is_fraction(const struct row *row)
{
    return strcmp(row->metric, "fraction_of_servers_with_at_least_k_jobs") == 0;
}

/* Enough servers to stand for infinitely many: what is left falls as 1/n, and
 * rises with the load. */
static double many(double rho)
{
    return rho > 0.97 ? 4000 : rho > 0.85 ? 2000 : 1000;
}

/* Of a limit: long queues, whose number goes with a high power of that of
 * shorter ones, which fluctuates. At load 0.95 with five choices 2,000 servers
 * have 1.9 times as many with four jobs as infinitely many, and 20,000 have
 * 1.26 times as many. */
static bool is_far(const struct row *row)
{
    return is_fraction(row) && row->value < 0.01 &&
           isnan(row_number(row, "n", NAN));
}

static bool choose_strategy(const struct row *row, struct farm *f)
{
    double d = row_number(row, "d", 1);
    char sampling[32] = "";

    row_text(row, "sampling", sampling, sizeof sampling);
    f->slow = false;
    if (says(row, "round robin")) {
        snprintf(f->strategy, sizeof f->strategy, "round-robin");
        f->slow = true;
    } else if (says(row, "random split") || (says(row, "SQ(d)") && d == 1)) {
        snprintf(f->strategy, sizeof f->strategy, "random");
        f->slow = true;
    } else if (says(row, "JSQ") || says(row, "central queue")) {
        snprintf(f->strategy, sizeof f->strategy, "jsq");
    } else if (says(row, "SQ(d)")) {
        snprintf(f->strategy, sizeof f->strategy, "{%s: {choices: %.0f}}",
                 strcmp(sampling, "with_replacement") == 0 ? "least-request"
                                                           : "p2c",
                 d);
    } else if (says(row, "JIQ")) {
        snprintf(f->strategy, sizeof f->strategy, "jiq");
    } else {
        return false;
    }
    return true;
}

static bool read_farm(const struct row *row, struct farm *f)
{
    double rho = row_number(row, "rho", row_number(row, "lambda", NAN));
    double each = row_number(row, "r", 0);

    *f = (struct farm){.rho = rho};
    if (isnan(rho) || is_far(row) || !choose_strategy(row, f))
        return false;
    f->n = row_number(row, "n", f->slow ? 2 : many(rho)); /* slow: any n */
    f->dispatchers =
        row_number(row, "dispatchers", each > 0 ? floor(f->n / each) : 1);
    return true;
}

/* Seconds in which it forgets: M/M/1's where servers are by themselves, less
 * where a choice keeps them short. */
static double relaxation(const struct farm *f)
{
    return f->slow || f->n < 20 ? 1 / pow(1 - sqrt(f->rho), 2) + 1
                                : 1 / (1 - f->rho) + 1;
}

static double duration(const struct farm *f)
{
    return ceil(fmax(20 * relaxation(f), 200000 / (f->n * f->rho)));
}

static double warm_up(const struct farm *f)
{
    return ceil(8 * relaxation(f) + 20);
}

static const char *view_of(const struct farm *f)
{
    return strstr(f->strategy, "choices") ? ", view: \"true\"" : "";
}

/* Addresses of a node are a /24. */
enum { A_NODE = 200 };

static bool write_farm(const struct row *row, char *text, size_t size)
{
    struct farm f;

    if (!read_farm(row, &f))
        return false;
    return snprintf(
               text, size,
               "apiVersion: podchurn/v1\n"
               "kind: Scenario\n"
               "metadata: {name: farm}\n"
               "spec:\n"
               "  preset: ideal\n"
               "  duration: %.0fs\n"
               "  warmUp: %.0fs\n"
               "  cluster:\n"
               "    nodePools: [{name: m, count: %.0f, zones: [a], "
               "allocatable: {cpu: 1000, memory: 1000Gi, pods: %d}}]\n"
               "  workloads:\n"
               "  - {selector: {app: s}, serviceTime: {exponential: {mean: "
               "1s}}, concurrency: 1}\n"
               "  traffic:\n"
               "  - {name: t, service: s, arrivals: {poisson: {rate: %.17g}}, "
               "clients: {count: %.0f}, timeout: never}\n"
               "  loadBalancing:\n"
               "  - {service: s, at: client, strategy: %s%s}\n"
               "  timeline:\n"
               "  - kubectl: create deployment s --image=s --replicas=%.0f\n"
               "  - kubectl: expose deployment s --port=80\n",
               duration(&f), warm_up(&f), ceil(f.n / A_NODE) + 1, A_NODE,
               f.n * f.rho, f.dispatchers, f.strategy, view_of(&f),
               f.n) < (int)size;
}

/* Two servers of different speed, half of the requests each. */
static bool write_split(const struct row *row, char *text, size_t size)
{
    return snprintf(
               text, size,
               "apiVersion: podchurn/v1\n"
               "kind: Scenario\n"
               "metadata: {name: split}\n"
               "spec:\n"
               "  preset: ideal\n"
               "  duration: 40000s\n"
               "  warmUp: 1000s\n"
               "  workloads:\n"
               "  - {selector: {v: a}, serviceTime: {exponential: {rate: "
               "%.17g}}, concurrency: 1}\n"
               "  - {selector: {v: b}, serviceTime: {exponential: {rate: "
               "%.17g}}, concurrency: 1}\n"
               "  traffic:\n"
               "  - {name: t, service: s, arrivals: {poisson: {rate: %.17g}}, "
               "timeout: never}\n"
               "---\n"
               "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: "
               "{selector: {app: s}, ports: [{port: 80}]}}\n"
               "---\n"
               "{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {app: "
               "s, v: a}}, spec: {containers: [{name: c, image: s}]}}\n"
               "---\n"
               "{apiVersion: v1, kind: Pod, metadata: {name: b, labels: {app: "
               "s, v: b}}, spec: {containers: [{name: c, image: s}]}}\n",
               row_number(row, "mu1", 1), row_number(row, "mu2", 1),
               row_number(row, "lambda", 1)) < (int)size;
}

static bool write(const struct row *row, char *text, size_t size)
{
    return says(row, "Bernoulli split") ? write_split(row, text, size)
                                        : write_farm(row, text, size);
}

/* --- how many servers have at least k --- */

struct samples {
    struct simulation *s;
    sim_time period, end;
    int64_t least;
    double all, enough;
};

static void on_sample(struct sim *sim, void *self, struct event_args args);
static const struct event_type sample_event = {"validate.sample", 9, on_sample};

static void on_sample(struct sim *sim, void *self, struct event_args args)
{
    struct samples *x = self;

    for (size_t i = 0; i < x->s->world->pods.count; i++) {
        const struct pod *pod = world_pod(x->s->world, (pod_id)i);

        if (!pod || !pod->server)
            continue;
        x->all++;
        x->enough += (int64_t)server_present(pod) >= x->least;
    }
    if (sim_now(sim) + x->period < x->end)
        sim_after(sim, x->period, &sample_event, x, args);
}

static void on_epoch(void *self, const struct world_change *change)
{
    struct samples *x = self;

    if (change->what != WHAT_EPOCH || x->least == 0)
        return;
    x->end = sim_now(x->s->sim) + x->s->scenario->duration;
    sim_after(x->s->sim, x->period, &sample_event, x, (struct event_args){0});
}

static void prepare(const struct row *row, void *watch, struct simulation *s)
{
    struct samples *x = watch;

    x->s = s;
    x->period = 2 * SIM_S;
    x->least = (int64_t)row_number(row, "k", 0);
    world_watch(s->world, 1U << CHANGE_MEASURE, on_epoch, x);
}

static double read(const struct row *row, struct simulation *s,
                   const void *watch)
{
    const struct samples *x = watch;
    const char *m = row->metric;

    if (strcmp(m, "mean_response_time") == 0)
        return study_metric(s, "sojourn_mean");
    if (is_fraction(row))
        return x->enough / x->all;
    return NAN; /* e.g. what a balancer's queue of idle servers holds */
}

const struct study study_farm = {.write = write,
                                 .prepare = prepare,
                                 .watch_size = sizeof(struct samples),
                                 .read = read,
                                 .replications = 8,
                                 .rounds = 10000};

/* --- requests that come again --- */

static bool write_again(const struct row *row, char *text, size_t size)
{
    bool queue = strcmp(row->group, "network") == 0;
    double p = row_number(row, queue ? "p_retry" : "p", NAN);
    char most[32];

    if (isnan(p) || (queue && !says(row, "M/M/1 with Bernoulli retry")) ||
        (!queue && !says(row, "independent attempts")))
        return false;
    snprintf(most, sizeof most, "%.0f",
             queue ? 1000 : row_number(row, "n", 1) - 1);
    return snprintf(
               text, size,
               "apiVersion: podchurn/v1\n"
               "kind: Scenario\n"
               "metadata: {name: again}\n"
               "spec:\n"
               "  preset: ideal\n"
               "  duration: %s\n"
               "  warmUp: %s\n"
               "  workloads:\n"
               "  - {selector: {app: s}, serviceTime: %s, concurrency: %s, "
               "errorRate: %.17g}\n"
               "  traffic:\n"
               "  - {name: t, service: s, arrivals: {poisson: {rate: %.17g}}, "
               "timeout: never, retries: {max: %s, backoff: {base: 0s, max: "
               "0s}, on: [app_error]}}\n"
               "  timeline:\n"
               "  - kubectl: create deployment s --image=s\n"
               "  - kubectl: expose deployment s --port=80\n",
               queue ? "60000s" : "100s", queue ? "1000s" : "1s",
               queue ? "{exponential: {mean: 1s}}" : "1ms",
               queue ? "1" : "unlimited", p,
               queue ? row_number(row, "lambda", 1) : 1000, most) < (int)size;
}

static double read_again(const struct row *row, struct simulation *s,
                         const void *watch)
{
    (void)watch;
    if (strcmp(row->metric, "mean_total_response_time") == 0)
        return study_metric(s, "latency_mean");
    if (strcmp(row->metric, "mean_attempts") == 0)
        return study_metric(s, "attempts") / study_metric(s, "requests");
    if (strcmp(row->metric, "success_probability") == 0)
        return study_metric(s, "request_availability");
    return NAN;
}

const struct study study_again = {.write = write_again,
                                  .read = read_again,
                                  .replications = 32,
                                  .rounds = 1000};

/* --- users who think --- */

static bool write_closed(const struct row *row, char *text, size_t size)
{
    if (!says(row, "closed: N users"))
        return false;
    return snprintf(text, size,
                    "apiVersion: podchurn/v1\n"
                    "kind: Scenario\n"
                    "metadata: {name: closed}\n"
                    "spec:\n"
                    "  preset: ideal\n"
                    "  duration: 40000s\n"
                    "  warmUp: 2000s\n"
                    "  workloads:\n"
                    "  - {selector: {app: s}, serviceTime: {exponential: "
                    "{rate: %.17g}}, concurrency: 1}\n"
                    "  traffic:\n"
                    "  - {name: t, service: s, clients: {count: %.0f}, "
                    "timeout: never, arrivals: {closed: {thinkTime: "
                    "{exponential: {mean: %.17gs}}}}}\n"
                    "  timeline:\n"
                    "  - kubectl: create deployment s --image=s\n"
                    "  - kubectl: expose deployment s --port=80\n",
                    row_number(row, "mu", 1), row_number(row, "N", 1),
                    row_number(row, "think", 1)) < (int)size;
}

static double read_closed(const struct row *row, struct simulation *s,
                          const void *watch)
{
    (void)watch;
    if (strcmp(row->metric, "mean_response_time") == 0)
        return study_metric(s, "sojourn_mean");
    if (strcmp(row->metric, "throughput") == 0)
        return study_metric(s, "requests_succeeded") /
               sim_to_seconds(s->scenario->duration);
    return NAN;
}

const struct study study_closed = {.write = write_closed,
                                   .read = read_closed,
                                   .replications = 16,
                                   .rounds = 1000};
