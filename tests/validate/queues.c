/*
 * Queues: one pod behind a Service without any delay, Poisson arrivals.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/metrics/metrics.h"
#include "models/traffic/server.h"
#include "tests/validate/validate.h"

/* A service time of mean 1 by theory.csv's name for it. */
static bool service_time(const char *name, char *out, size_t size)
{
    static const struct {
        const char *name, *text;
    } known[] = {
        {"deterministic", "1s"},
        {"exponential", "{exponential: {mean: 1s}}"},
        {"any", "{exponential: {mean: 1s}}"},
        {"uniform(0,2)", "{uniform: {min: 0s, max: 2s}}"},
        {"lognormal cv=2", "{lognormal: {mean: 1s, cv: 2}}"},
        {"weibull shape=0.5", "{weibull: {shape: 0.5, mean: 1s}}"},
        {"pareto alpha=2.5 (mean 1)", "{pareto: {shape: 2.5, scale: 600ms}}"},
    };
    double k;

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].name, name) == 0)
            return snprintf(out, size, "%s", known[i].text) > 0;
    }
    if (sscanf(name, "erlang-%lf", &k) == 1)
        return snprintf(out, size, "{erlang: {k: %g, mean: 1s}}", k) > 0;
    if (sscanf(name, "gamma shape=%lf", &k) == 1)
        return snprintf(out, size, "{gamma: {shape: %g, mean: 1s}}", k) > 0;
    if (sscanf(name, "hyperexp cv2=%lf", &k) == 1) {
        /* Balanced means: p1/m1' = p2/m2' gives that cv2. */
        double p = (1 + sqrt((k - 1) / (k + 1))) / 2;

        return snprintf(out, size,
                        "{hyperexponential: {probabilities: [%.17g, %.17g], "
                        "means: [%.17gs, %.17gs]}}",
                        p, 1 - p, 1 / (2 * p), 1 / (2 * (1 - p))) > 0;
    }
    return false;
}

struct queue {
    double lambda, mu, servers, room; /* room: places, INFINITY: unlimited */
    char service[256];
    bool sharing;
};

/* Reads what a row of any queueing group says. */
static bool read_queue(const struct row *row, struct queue *q)
{
    char name[128];
    double places;

    *q = (struct queue){.servers = row_number(row, "c", 1),
                        .mu = row_number(row, "mu", 1),
                        .room = INFINITY};
    places = row_number(row, "K", INFINITY);
    q->lambda = row_number(row, "lambda", NAN);
    if (isnan(q->lambda))
        q->lambda = row_number(row, "rho", NAN) * q->servers * q->mu;
    if (isnan(q->lambda))
        q->lambda = row_number(row, "offered", NAN);
    snprintf(q->service, sizeof q->service, "{exponential: {mean: %.17gs}}",
             1 / q->mu);
    if (row_text(row, "service", name, sizeof name) &&
        strcmp(row->group, "md1") != 0 &&
        !service_time(name, q->service, sizeof q->service))
        return false;
    if (strcmp(row->group, "md1") == 0)
        snprintf(q->service, sizeof q->service, "%.17gs",
                 row_number(row, "service", 1));
    if (strcmp(row->group, "mginf") == 0)
        q->servers = INFINITY;
    if (strncmp(row->model, "M/G/c/c", 7) == 0)
        q->room = 0;
    else if (isfinite(places))
        q->room = places - q->servers;
    q->sharing = strcmp(row->group, "mg1ps") == 0;
    return !isnan(q->lambda) && isnan(row_number(row, "job_size", NAN));
}

/* Relaxation time of the queue, seconds: M/M/1's 1 / (mu (1-sqrt rho)^2),
 * with c servers' faster clock, and longer where service varies more (Newell;
 * exact enough for lengths of runs). Losses keep a full queue short. */
static double relaxation(const struct queue *q)
{
    double rho = q->lambda / (q->mu * q->servers);

    if (!isfinite(q->servers) || isfinite(q->room))
        return 10 / q->mu;
    return 1 / (q->mu * q->servers * pow(1 - sqrt(rho), 2)) + 1 / q->mu;
}

static double warm_up(const struct queue *q)
{
    return ceil(10 * relaxation(q) + 20);
}

/* About 30,000 requests, and a hundred relaxation times. */
static double duration(const struct queue *q)
{
    return ceil(fmax(100 * relaxation(q), 30000 / q->lambda));
}

/* The number in system is looked at so often: more often says little more. */
static double sampling(const struct queue *q)
{
    return fmax(relaxation(q) / 4, 0.5);
}

static void limit(double x, char *out, size_t size)
{
    if (isfinite(x))
        snprintf(out, size, "%.0f", x);
    else
        snprintf(out, size, "unlimited");
}

static bool write(const struct row *row, char *text, size_t size)
{
    struct queue q;
    char servers[32], room[32];

    if (!read_queue(row, &q))
        return false;
    limit(q.servers, servers, sizeof servers);
    limit(q.room, room, sizeof room);
    return snprintf(
               text, size,
               "apiVersion: podchurn/v1\n"
               "kind: Scenario\n"
               "metadata: {name: queue}\n"
               "spec:\n"
               "  preset: ideal\n"
               "  duration: %.0fs\n"
               "  warmUp: %.0fs\n"
               "  workloads:\n"
               "  - selector: {app: s}\n"
               "    serviceTime: %s\n"
               "    concurrency: %s\n"
               "    queueLimit: %s\n"
               "    discipline: %s\n"
               "  traffic:\n"
               "  - {name: t, service: s, arrivals: {poisson: {rate: %.17g}}, "
               "timeout: never}\n"
               "  timeline:\n"
               "  - kubectl: create deployment s --image=s\n"
               "  - kubectl: expose deployment s --port=80\n",
               duration(&q), warm_up(&q), q.service, servers, room,
               q.sharing ? "ps" : "fifo", q.lambda) < (int)size;
}

/* A metric of the Service in this replication. */
double study_metric(struct simulation *s, const char *name)
{
    struct metric_layout *layout = metric_layout_new(s->scenario);
    double *values = mem_calloc(layout->count, sizeof *values);
    size_t wanted = metric_find(name);
    double x = NAN;

    metrics_values(s->metrics, layout, values);
    for (size_t i = 0; i < layout->count; i++) {
        if (layout->rows[i].metric == wanted &&
            strcmp(layout->rows[i].service, "default/s") == 0 &&
            layout->rows[i].traffic[0] == '\0')
            x = values[i];
    }
    free(values);
    metric_layout_free(layout);
    return x;
}

/* Rows of a detail file as text; the caller frees it. */
static char *detail(struct simulation *s, enum detail_file file)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    metrics_write(s->metrics, file, "", s->root.replication, out);
    fclose(out);
    return text;
}

/* The n-th field of a row of numbers without quotes. */
static double field(const char *row, int n)
{
    for (; n > 0; n--)
        row = strchr(row, ',') + 1;
    return *row == ',' || *row == '\r' ? NAN : strtod(row, NULL);
}

/* --- the number in system, sampled --- */

enum { MOST = 256 }; /* a larger number is counted as that */

struct samples {
    struct simulation *s;
    sim_time period, end;
    double count[MOST + 1];
    struct tally all;
};

static void on_sample(struct sim *sim, void *self, struct event_args args);
static const struct event_type sample_event = {"validate.sample", 9, on_sample};

static void on_sample(struct sim *sim, void *self, struct event_args args)
{
    struct samples *x = self;
    const struct pod *pod = world_pod(x->s->world, 0);
    uint64_t n = pod->server ? server_present(pod) : 0;

    x->count[n < MOST ? n : MOST]++;
    tally_add(&x->all, (double)n);
    if (sim_now(sim) + x->period < x->end)
        sim_after(sim, x->period, &sample_event, x, args);
}

static void on_epoch(void *self, const struct world_change *change)
{
    struct samples *x = self;

    if (change->what != WHAT_EPOCH)
        return;
    x->end = sim_now(x->s->sim) + x->s->scenario->duration;
    sim_after(x->s->sim, x->period, &sample_event, x, (struct event_args){0});
}

static void prepare(const struct row *row, void *watch, struct simulation *s)
{
    struct samples *x = watch;
    struct queue q;

    read_queue(row, &q);
    x->s = s;
    x->period = sim_seconds(sampling(&q));
    world_watch(s->world, 1U << CHANGE_MEASURE, on_epoch, x);
}

/* Share of the samples from low to high. */
static double share(const struct samples *x, int low, int high)
{
    double sum = 0;

    for (int i = low; i <= high && i <= MOST; i++)
        sum += x->count[i];
    return sum / (double)x->all.count;
}

/* Share of requests that took longer than t, by latency.csv. */
static double slower_than(struct simulation *s, double t)
{
    char *text = detail(s, FILE_LATENCY), *rest;
    double all = 0, slow = 0;

    for (char *row = strtok_r(text, "\n", &rest); row;
         row = strtok_r(NULL, "\n", &rest)) {
        double low = field(row, 4), high = field(row, 5);
        double count = field(row, 6);

        if (!strstr(row, ",default/s,t,"))
            continue;
        all += count;
        if (low >= t)
            slow += count;
        else if (high > t)
            slow += count * (high - t) / (high - low);
    }
    free(text);
    return slow / all;
}

static double read_quantile(const struct row *row, struct simulation *s)
{
    double p = strtod(strrchr(row->metric, '_') + 1, NULL);
    char name[32];

    if (p == 0.95 && strncmp(row->metric, "wait", 4) == 0)
        return study_metric(s, "waiting_p95");
    if (strncmp(row->metric, "response_time", 13) != 0)
        return NAN;
    snprintf(name, sizeof name, "latency_p%g", p * 100);
    if (p == 0.95) { /* not a metric: by bisection in latency.csv */
        double low = 0, high = 1e6;

        for (int i = 0; i < 60; i++) {
            double mid = (low + high) / 2;

            *(slower_than(s, mid) > 1 - p ? &low : &high) = mid;
        }
        return low;
    }
    return study_metric(s, name);
}

static double read(const struct row *row, struct simulation *s,
                   const void *watch)
{
    static const struct {
        const char *theory, *ours;
    } same[] = {{"mean_wait", "waiting_mean"},
                {"mean_response_time", "sojourn_mean"},
                {"mean_response_time_accepted", "sojourn_mean"},
                {"mean_number_in_system", "mean_in_system"},
                {"mean_queue_length_waiting", "mean_waiting"},
                {"erlang_c_prob_wait", "waiting_probability"},
                {"utilization", "utilization"}};
    const struct samples *x = watch;
    const char *m = row->metric;
    int k;

    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        if (strcmp(m, same[i].theory) == 0)
            return study_metric(s, same[i].ours);
    }
    if (strcmp(m, "blocking_probability") == 0)
        return study_metric(s, "failed_overloaded") /
               study_metric(s, "attempts");
    if (strcmp(m, "throughput") == 0)
        return study_metric(s, "requests_succeeded") /
               sim_to_seconds(s->scenario->duration);
    if (strcmp(m, "variance_number_in_system") == 0)
        return tally_variance(&x->all);
    if (sscanf(m, "prob_number_eq_%d", &k) == 1)
        return share(x, k, k);
    if (sscanf(m, "prob_number_ge_%d", &k) == 1)
        return share(x, k, MOST);
    if (strncmp(m, "prob_wait_greater_", 18) == 0)
        return slower_than(s, strtod(m + 18, NULL) +
                                  row_number(row, "service", 1));
    if (strstr(m, "quantile_"))
        return read_quantile(row, s);
    return NAN;
}

/* Quantities that are no metric are read from latency.csv. */
static bool detail_wanted(const struct row *row)
{
    return strncmp(row->metric, "prob_wait", 9) == 0 ||
           strcmp(row->metric, "response_time_quantile_0.95") == 0;
}

const struct study study_queue = {.write = write,
                                  .prepare = prepare,
                                  .watch_size = sizeof(struct samples),
                                  .read = read,
                                  .replications = 32,
                                  .rounds = 100000,
                                  .detail = detail_wanted};
