/*
 * coverage - how often do 95 % intervals hold the truth?
 *
 * Independent small studies of a system whose truth is known, each with a
 * master seed of its own, through the whole of a simulation and of the
 * experiment's machinery. Run from the project's root: the scenarios are
 * beside this file.
 */
#ifndef TESTS_BENCH_COVERAGE_H
#define TESTS_BENCH_COVERAGE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/metrics/metrics.h"
#include "models/scenario.h"
#include "models/simulation.h"
#include "sim/engine/mem.h"
#include "sim/experiment/experiment.h"

/* A system, and the quantity that is known. */
struct known {
    const char *name, *scenario;
    const char *metric;
    double truth; /* of the metric */
    enum precision_scale scale;
    double per; /* the metric is divided by this first */
};

/* Mean wait of M/M/1: rho / (mu - lambda). */
static const struct known known_mm1 = {
    "M/M/1 mean wait", "tests/bench/mm1.yaml",
    "waiting_mean",    1,
    PRECISION_OF_MEAN, 1};
/* Down for 1 h of 10 h: renewal theory, whatever the distributions. */
static const struct known known_renewal = {
    "alternating renewal", "tests/bench/renewal.yaml",
    "node_downtime",       0.1,
    PRECISION_OF_MEAN,     1000 * 3600.0};

struct coverage {
    size_t studies, covered;
    size_t reached;      /* studies that reached the precision */
    double replications; /* of a study, on average */
    double half_width;   /* relative to the truth, on average */
};

struct coverage_run {
    const struct known *known;
    const struct scenario *scenario;
    const struct metric_layout *layout;
    size_t row;
    uint64_t seed;
};

static inline bool coverage_unit(void *self, size_t variant, size_t replication,
                                 struct unit_progress *progress, double *value)
{
    const struct coverage_run *run = self;
    struct simulation_options options = {.seed = run->seed,
                                         .replication = replication};
    struct simulation *s = simulation_run(run->scenario, &options);
    double *values = mem_calloc(run->layout->count, sizeof *values);

    (void)variant;
    (void)progress;
    metrics_values(s->metrics, run->layout, values);
    *value = values[run->row] / run->known->per;
    free(values);
    simulation_free(s);
    return true;
}

/* The first row of the metric: the Service's sum over its traffic, or the
 * cluster's. */
static inline size_t coverage_row(const struct metric_layout *layout,
                                  const char *metric)
{
    size_t row = 0;

    while (layout->rows[row].metric != metric_find(metric))
        row++;
    return row;
}

static inline void coverage_study(const struct coverage_run *run,
                                  double precision, struct coverage *c)
{
    static const struct output_range any = {-INFINITY, INFINITY};
    struct precision_goal goal = {0, run->known->scale};
    struct experiment_spec spec = {.variants = 1,
                                   .rows = 1,
                                   .replications = 10,
                                   .precision = precision,
                                   .max_replications = 200,
                                   .goals = &goal,
                                   .goal_count = 1,
                                   .run = coverage_unit,
                                   .self = (void *)run};
    struct experiment_result r = experiment_run(&spec);
    struct output_summary s = output_summarise(experiment_values(&r, 0, 0),
                                               r.replications, r.rows, any);

    c->studies++;
    c->covered +=
        s.ci.low <= run->known->truth && run->known->truth <= s.ci.high;
    c->reached += r.precise;
    c->replications += (double)r.replications;
    c->half_width += (s.ci.high - s.ci.low) / 2 / run->known->truth;
    experiment_release(&r);
}

/* precision 0: ten replications each. */
static inline struct coverage coverage_of(const struct known *known,
                                          size_t studies, double precision)
{
    struct scenario_options options = {.files = &known->scenario,
                                       .file_count = 1};
    struct diag *diag = diag_new();
    struct coverage_run run = {.known = known,
                               .scenario = scenario_load(&options, diag)};
    struct metric_layout *layout;
    struct coverage c = {0};

    diag_print(diag, stderr);
    diag_free(diag);
    if (!run.scenario)
        exit(1);
    run.layout = layout = metric_layout_new(run.scenario);
    run.row = coverage_row(layout, known->metric);
    for (run.seed = 1; run.seed <= studies; run.seed++)
        coverage_study(&run, precision, &c);
    c.replications /= (double)studies;
    c.half_width /= (double)studies;
    metric_layout_free(layout);
    scenario_free((struct scenario *)run.scenario);
    return c;
}

#endif
