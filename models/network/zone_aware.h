/*
 * zone_aware - how much of an instance's requests stay in its zone, and where
 * the rest goes (Envoy load_balancer_impl.cc,
 * ZoneAwareLoadBalancerBase::regenerateLocalityRoutingStructures): as much as
 * leaves each endpoint as many requests as any other.
 */
#ifndef MODELS_NETWORK_ZONE_AWARE_H
#define MODELS_NETWORK_ZONE_AWARE_H

#include <stddef.h>
#include <stdint.h>

/* sources[zone]: instances; hosts[zone]: healthy endpoints; local: the zone of
 * this instance, < zones. Fills share[zone], which sum to 1. At least one
 * host. */
void zone_shares(const uint32_t *sources, const uint32_t *hosts, size_t zones,
                 size_t local, double *share);

#endif
