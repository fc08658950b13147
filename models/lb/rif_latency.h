/*
 * rif_latency - a server's estimate of the latency of a request that came
 * now: the median of the last ones that found about as many requests in
 * flight (RIF) as there are now (Prequal, NSDI 2024, section 4).
 */
#ifndef MODELS_LB_RIF_LATENCY_H
#define MODELS_LB_RIF_LATENCY_H

#include <stdbool.h>

#include "sim/engine/sim.h"

enum { RIF_LEVELS = 64, RIF_SAMPLES = 8 };

/* Zeroed: nothing known. More than RIF_LEVELS in flight are one level. */
struct rif_latency {
    struct rif_level {
        float ns[RIF_SAMPLES]; /* the last ones, as a ring */
        float median;          /* of them, where known */
        uint8_t count, next;
        bool known;
    } levels[RIF_LEVELS];
};

/* A request that found so many in flight has left. */
void rif_latency_add(struct rif_latency *r, uint64_t found, sim_time latency);
/* The median, ns, at the level nearest to `present` that knows any; of two as
 * near the lower one. 0: nothing is known. */
double rif_latency_at(struct rif_latency *r, uint64_t present);

#endif
