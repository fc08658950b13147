/*
 * slow_start - an endpoint that is new gets less at first: its weight times
 * max(minWeightPercent, (age / window)^(1 / aggression)) (Envoy
 * load_balancer_impl.cc applySlowStartFactor). The endpoints of the first
 * set that a balancer sees are not new.
 */
#ifndef MODELS_LB_SLOW_START_H
#define MODELS_LB_SLOW_START_H

#include "sim/engine/sim.h"
#include "sim/io/param.h"

struct slow_start {
    sim_time window; /* 0: off */
    double aggression;
    double least; /* share */
};

extern const struct param slow_start_table[];

/* A row `slowStart` of a table whose struct has it at `at`. */
#define SLOW_START_ROW(at)                                                     \
    {                                                                          \
        .name = "slowStart", .type = PARAM_TABLE, .offset = (at),              \
        .help = "less for new endpoints at first", .table = slow_start_table   \
    }

/* 1 from window on. */
double slow_start_factor(const struct slow_start *s, sim_time age);

#endif
