#include "models/lb/latency.h"

#include <math.h>

/* What time leaves. */
static inline double left(const struct latency *l, sim_time decay, sim_time now)
{
    if (now <= l->at)
        return 1;
    return exp(-(double)(now - l->at) / (double)decay);
}

double latency_now(const struct latency *l, sim_time decay, sim_time now)
{
    return l->cost * left(l, decay, now);
}

void latency_observe(struct latency *l, sim_time decay, sim_time now,
                     sim_time latency)
{
    double share = left(l, decay, now);

    l->cost = l->cost * share + (double)latency * (1 - share);
    l->at = now;
}

void latency_observe_peak(struct latency *l, sim_time decay, sim_time now,
                          sim_time latency)
{
    if ((double)latency > latency_now(l, decay, now)) {
        l->cost = (double)latency;
        l->at = now;
    } else {
        latency_observe(l, decay, now, latency);
    }
}
