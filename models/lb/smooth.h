/*
 * smooth - smooth weighted round-robin with passive health, as nginx does it
 * (src/http/ngx_http_upstream_round_robin.c): everyone's current weight
 * grows by its own, the largest is picked and loses the sum. Who fails
 * max_fails times within fail_timeout is left out for fail_timeout.
 */
#ifndef MODELS_LB_SMOOTH_H
#define MODELS_LB_SMOOTH_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/engine/sim.h"

struct smooth_health {
    int64_t max_fails; /* 0: failures do not count */
    sim_time fail_timeout;
};

struct smooth_item {
    double weight;
    double effective; /* sinks by failures, comes back pick by pick */
    double factor;    /* of slow start; else 1 */
    double current;
    int64_t fails;
    sim_time accessed, checked; /* last failure; last trial after one */
};

/* A new item of the weight. */
struct smooth_item smooth_new(double weight);
/* Index of the one that is picked; where all are left out, none is. */
uint32_t smooth_next(struct smooth_item *items, uint32_t count,
                     const struct smooth_health *health, sim_time now);
/* An attempt at the item has ended. */
void smooth_ended(struct smooth_item *item, const struct smooth_health *health,
                  bool failed, sim_time now);

#endif
