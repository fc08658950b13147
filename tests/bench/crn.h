/*
 * crn - what common random numbers are worth: the variance of the paired
 * difference of two variants, relative to that of independent ones (the sum
 * of the variants' variances; Law, Simulation Modeling and Analysis, section
 * 11.2). From the project's root.
 */
#ifndef TESTS_BENCH_CRN_H
#define TESTS_BENCH_CRN_H

#include "tests/bench/coverage.h"

enum { CRN_REPLICATIONS = 40 };

static inline void crn_values(const char *setting, const char *metric,
                              double *values)
{
    static const char *const file = "tests/bench/crn.yaml";
    struct scenario_options options = {
        .files = &file, .file_count = 1, .sets = &setting, .set_count = 1};
    struct diag *diag = diag_new();
    struct coverage_run run = {.seed = 1,
                               .scenario = scenario_load(&options, diag)};
    const struct known known = {.per = 1};
    struct metric_layout *layout;

    diag_print(diag, stderr);
    diag_free(diag);
    if (!run.scenario)
        exit(1);
    run.known = &known;
    run.layout = layout = metric_layout_new(run.scenario);
    run.row = coverage_row(layout, metric);
    for (size_t r = 0; r < CRN_REPLICATIONS; r++)
        coverage_unit(&run, 0, r, NULL, &values[r]);
    metric_layout_free(layout);
    scenario_free((struct scenario *)run.scenario);
}

static inline double crn_ratio(const char *setting, const char *other,
                               const char *metric)
{
    double a[CRN_REPLICATIONS], b[CRN_REPLICATIONS];
    struct tally first = {0}, second = {0}, difference = {0};

    crn_values(setting, metric, a);
    crn_values(other, metric, b);
    for (size_t r = 0; r < CRN_REPLICATIONS; r++) {
        tally_add(&first, a[r]);
        tally_add(&second, b[r]);
        tally_add(&difference, b[r] - a[r]);
    }
    return tally_variance(&difference) /
           (tally_variance(&first) + tally_variance(&second));
}

#endif
