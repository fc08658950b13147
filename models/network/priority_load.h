/*
 * priority_load - how a gateway shares its requests out over levels of
 * priority (endpoints near and far), by how many of each are healthy, and
 * which levels are in panic: so few are healthy that health is ignored.
 * (Envoy source/extensions/load_balancing_policies/common/
 * load_balancer_impl.cc: recalculatePerPriorityState,
 * recalculatePerPriorityPanic, recalculateLoadInTotalPanic. Whole percents,
 * rounded down, as there.)
 */
#ifndef MODELS_NETWORK_PRIORITY_LOAD_H
#define MODELS_NETWORK_PRIORITY_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct priority_level {
    uint32_t hosts, healthy, degraded;
    uint32_t excluded; /* not yet checked; neither healthy nor counted */
    /* Results: */
    uint32_t healthy_load, degraded_load; /* percent of all requests */
    bool panic;
};

/* Fills the results of levels[count], the first one preferred; count >= 1.
 * overprovisioning: percent (140: 72 % of the hosts can do the work of all);
 * threshold: percent of healthy hosts below which a level panics, 0: never. */
void priority_loads(struct priority_level *levels, size_t count,
                    uint32_t overprovisioning, uint32_t threshold);

#endif
