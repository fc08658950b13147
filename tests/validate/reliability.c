/*
 * Machines that fail and are mended: nodes under a `crash` rule. What is up
 * in truth is watched, not what the control plane believes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/world.h"
#include "tests/validate/validate.h"

enum { MACHINES_MAX = 128, UNIT = 3600 }; /* seconds of a unit of theory */

struct watch {
    struct world *world;
    int machines, up, need; /* need: for first_outage */
    sim_time last, epoch;
    double seconds[MACHINES_MAX + 1]; /* by number up, measured */
    double renewals;
    sim_time first_outage;
    bool stopped;
};

/* --- the scenario --- */

struct machines {
    double count, repairers;
    char up[256], down[256];
    double duration, warm_up; /* in units */
};

static void exponential(double rate, char *out, size_t size)
{
    snprintf(out, size, "{exponential: {mean: %.17gs}}", UNIT / rate);
}

/* A lifetime by the name of a renewal row's model. */
static bool lifetime(const char *model, char *out, size_t size)
{
    double a, b;

    if (strncmp(model, "exponential mean 1", 18) == 0)
        exponential(1, out, size);
    else if (sscanf(model, "Erlang-%lf mean 1", &a) == 1)
        snprintf(out, size, "{erlang: {k: %g, mean: %ds}}", a, UNIT);
    else if (strcmp(model, "uniform(0,1)") == 0)
        snprintf(out, size, "{uniform: {min: 0s, max: %ds}}", UNIT);
    else if (strcmp(model, "deterministic 1") == 0)
        snprintf(out, size, "%ds", UNIT);
    else if (sscanf(model, "Weibull shape=%lf scale=%lf", &a, &b) == 2)
        snprintf(out, size, "{weibull: {shape: %.17g, scale: %.17gs}}", a,
                 b * UNIT);
    else if (sscanf(model, "Weibull shape=%lf (mean 1)", &a) == 1)
        snprintf(out, size, "{weibull: {shape: %.17g, mean: %ds}}", a, UNIT);
    else if (sscanf(model, "lognormal cv=%lf mean 1", &a) == 1)
        snprintf(out, size, "{lognormal: {mean: %ds, cv: %.17g}}", UNIT, a);
    else
        return false;
    return true;
}

static bool read_machines(const struct row *row, struct machines *m)
{
    double availability = row_number(row, "A", NAN);
    double mtbf = row_number(row, "MTBF", NAN);

    *m = (struct machines){
        .count = row_number(row, "machines", row_number(row, "n", 1)),
        .duration = row_number(row, "t", 2000),
        .warm_up = strstr(row->params, "t=") ? 0 : 100};
    m->repairers = row_number(row, "repairers", m->count);
    exponential(row_number(row, "failure_rate", 1), m->up, sizeof m->up);
    exponential(row_number(row, "repair_rate", 1), m->down, sizeof m->down);
    if (!isnan(availability)) {
        exponential(1 / availability, m->up, sizeof m->up);
        exponential(1 / (1 - availability), m->down, sizeof m->down);
    } else if (!isnan(mtbf)) { /* any distributions: neither exponential */
        double mttr = row_number(row, "MTTR", 1);

        snprintf(m->up, sizeof m->up, "{weibull: {shape: 1.5, mean: %.17gs}}",
                 mtbf * UNIT);
        snprintf(m->down, sizeof m->down, "{lognormal: {mean: %.17gs, cv: 1}}",
                 mttr * UNIT);
        m->duration = 500 * (mtbf + mttr);
        m->warm_up = 20 * (mtbf + mttr);
    } else if (strcmp(row->group, "renewal") == 0) {
        snprintf(m->down, sizeof m->down, "0s");
        return lifetime(row->model, m->up, sizeof m->up);
    } else if (strstr(row->model, "without repair")) {
        snprintf(m->down, sizeof m->down, "never");
    }
    return m->count >= 1 && m->count <= MACHINES_MAX &&
           isnan(row_number(row, "p_node", NAN));
}

static bool write_machines(const struct machines *m, char *text, size_t size)
{
    return snprintf(text, size,
                    "apiVersion: podchurn/v1\n"
                    "kind: Scenario\n"
                    "metadata: {name: machines}\n"
                    "spec:\n"
                    "  preset: ideal\n"
                    "  duration: %.17gs\n"
                    "  warmUp: %.17gs\n"
                    "  cluster:\n"
                    "    nodePools:\n"
                    "    - {name: m, count: %.0f, zones: [a]}\n"
                    "    controlPlane: {nodeMonitorPeriod: 24h, "
                    "podGCPeriod: 24h}\n"
                    "  failures:\n"
                    "  - name: f\n"
                    "    target: {nodes: {}}\n"
                    "    mode: crash\n"
                    "    after: %s\n"
                    "    repair: %s\n"
                    "    repairers: %.0f\n"
                    "  traffic: []\n",
                    m->duration * UNIT, m->warm_up * UNIT, m->count, m->up,
                    m->down, m->repairers) < (int)size;
}

static bool write(const struct row *row, char *text, size_t size)
{
    struct machines m;

    return read_machines(row, &m) && write_machines(&m, text, size);
}

/* Long enough for all but one replication in 10^13 (an exponential time). */
static bool write_outage(const struct row *row, char *text, size_t size)
{
    struct machines m;

    if (!read_machines(row, &m))
        return false;
    m.warm_up = 0;
    m.duration = 30 * row->value;
    return write_machines(&m, text, size);
}

/* --- the watch --- */

static void account(struct watch *w)
{
    sim_time now = sim_now(w->world->sim);

    if (w->world->measuring)
        w->seconds[w->up] += (double)(now - w->last) / SIM_S;
    w->last = now;
}

static void on_node(struct watch *w, const struct world_change *change)
{
    if (change->what == WHAT_ADDED)
        w->machines++, w->up++;
    if (change->what != WHAT_UP)
        return;
    account(w);
    if (world_node(w->world, change->id)->up) {
        w->up++;
        return;
    }
    w->up--;
    w->renewals += w->world->measuring;
    if (w->up < w->need && w->first_outage == SIM_NEVER)
        w->first_outage = sim_now(w->world->sim);
}

static void on_change(void *self, const struct world_change *change)
{
    struct watch *w = self;

    if (change->kind == CHANGE_NODE)
        on_node(w, change);
    else if (change->what == WHAT_EPOCH)
        w->last = w->epoch = sim_now(w->world->sim);
    else
        account(w);
}

static void prepare(const struct row *row, void *self, struct simulation *s)
{
    struct watch *w = self;

    w->world = s->world;
    w->need = (int)row_number(row, "k", 1);
    w->first_outage = SIM_NEVER;
    world_watch(s->world, 1U << CHANGE_NODE | 1U << CHANGE_MEASURE, on_change,
                w);
}

/* --- what it says --- */

static double share_up(const struct watch *w, int at_least)
{
    double all = 0, good = 0;

    for (int i = 0; i <= w->machines; i++) {
        all += w->seconds[i];
        good += i >= at_least ? w->seconds[i] : 0;
    }
    return good / all;
}

static double mean_up(const struct watch *w)
{
    double all = 0, sum = 0;

    for (int i = 0; i <= w->machines; i++) {
        all += w->seconds[i];
        sum += i * w->seconds[i];
    }
    return sum / all;
}

static double read(const struct row *row, struct simulation *s,
                   const void *watch)
{
    const struct watch *w = watch;
    const char *m = row->metric;

    (void)s;
    if (strcmp(m, "mean_number_up") == 0)
        return mean_up(w);
    if (strcmp(m, "prob_all_up") == 0)
        return share_up(w, w->machines);
    if (strcmp(m, "prob_at_least_half_up") == 0)
        return share_up(w, w->machines - w->machines / 2);
    if (strcmp(m, "prob_at_least_one_up") == 0)
        return share_up(w, 1);
    if (strcmp(m, "steady_availability") == 0)
        return mean_up(w) / w->machines;
    if (strcmp(m, "availability") == 0)
        return share_up(w, (int)row_number(row, "k", 1));
    if (strcmp(m, "mean_uptime_fraction_0_t") == 0)
        return mean_up(w);
    if (strcmp(m, "point_availability") == 0)
        return w->up;
    if (strcmp(m, "mean_renewals_0_t") == 0 ||
        strcmp(m, "variance_renewals_0_t") == 0)
        return w->renewals;
    if (strcmp(m, "prob_exactly_k_renewals") == 0)
        return w->renewals == row_number(row, "k", 0);
    return NAN;
}

static bool enough(const void *watch)
{
    return ((const struct watch *)watch)->first_outage != SIM_NEVER;
}

static double read_outage(const struct row *row, struct simulation *s,
                          const void *watch)
{
    const struct watch *w = watch;

    (void)s;
    if (strcmp(row->metric, "mean_time_to_failure") != 0)
        return NAN;
    return (double)(w->first_outage - w->epoch) / SIM_S / UNIT;
}

const struct study study_reliability = {.write = write,
                                        .prepare = prepare,
                                        .watch_size = sizeof(struct watch),
                                        .read = read,
                                        .replications = 32,
                                        .rounds = 40};

const struct study study_transient = {.write = write,
                                      .prepare = prepare,
                                      .watch_size = sizeof(struct watch),
                                      .read = read,
                                      .replications = 20000,
                                      .rounds = 10,
                                      .variance = true};

const struct study study_first_outage = {.write = write_outage,
                                         .prepare = prepare,
                                         .watch_size = sizeof(struct watch),
                                         .enough = enough,
                                         .read = read_outage,
                                         .replications = 10000,
                                         .rounds = 6};
