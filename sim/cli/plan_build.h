/*
 * plan_build - from factors to a plan: every variant is loaded once and
 * checked, none is kept.
 */
#ifndef SIM_CLI_PLAN_BUILD_H
#define SIM_CLI_PLAN_BUILD_H

#include "sim/cli/options.h"
#include "sim/cli/plan.h"

struct plan_request {
    const struct options *options;        /* --precision, --shard .. */
    const struct scenario_options *base;  /* what every variant has */
    const char *name;                     /* NULL: the scenario's */
    bool compares;                        /* there is a baseline */
    const struct factor_value *baselines; /* each one setting PATH=VALUE */
    size_t baseline_count;
};

/* plan: inited, with command, factors, design and the inputs that are no
 * scenario's. Notes about what is left out go to standard error. False after
 * an error in diag. */
bool plan_build(struct plan *plan, const struct plan_request *request,
                struct diag *diag);

/* A plan of one variant: a scenario that is loaded already. */
void plan_of_scenario(struct plan *plan, const struct scenario *scenario,
                      const struct options *options);

#endif
