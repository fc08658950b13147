/*
 * latency - estimates of how long an endpoint takes, that fade with time.
 */
#ifndef MODELS_LB_LATENCY_H
#define MODELS_LB_LATENCY_H

#include "sim/engine/sim.h"

struct latency {
    double cost; /* ns */
    sim_time at; /* when it was that */
};

/* The estimate after `now`: it falls to 1/e in each `decay`. */
double latency_now(const struct latency *l, sim_time decay, sim_time now);
/* A response took `latency`: the share of the old estimate is what time has
 * left of it (ingress-nginx balancer/ewma.lua). */
void latency_observe(struct latency *l, sim_time decay, sim_time now,
                     sim_time latency);
/* The same, but what is longer than the estimate replaces it at once
 * (Finagle PeakEwma, Linkerd). */
void latency_observe_peak(struct latency *l, sim_time decay, sim_time now,
                          sim_time latency);

#endif
