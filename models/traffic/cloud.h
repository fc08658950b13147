/*
 * cloud - a cloud load balancer in front of a Service of type LoadBalancer:
 * how connections from outside come to a node, or to a pod.
 *
 * Targets are the nodes that exist (Kubernetes' service controller takes them
 * whether they are Ready or not: health checks decide, KEP-3458), or the ready
 * pods. A change of them is in use after the registration delay. New ones are
 * checked at once, and are used from the first success.
 *
 * A node is checked at kube-proxy's health port (10256: it answers while its
 * proxy is at work), or, under externalTrafficPolicy Local, at the Service's
 * healthCheckNodePort: 200 while the node's proxy has a ready endpoint of the
 * Service on this node, else 503 (Kubernetes v1.36
 * pkg/proxy/healthcheck/service_health.go). A pod by a request to it.
 *
 * A connection comes to one of the healthy targets, at random (a hash of its
 * flow): of all zones, or of the zone whose entry the client's resolver gave
 * it; without a healthy target, to any (it fails open). It stays there. Kept
 * connections to a target that left end after the deregistration delay; those
 * to one that is found unhealthy at once, with a reset for what they carry,
 * where the provider terminates them.
 */
#ifndef MODELS_TRAFFIC_CLOUD_H
#define MODELS_TRAFFIC_CLOUD_H

#include "models/traffic/traffic_internal.h"

void clouds_new(struct traffic *t);
void clouds_free(struct traffic *t);
/* The Service's; NULL: it has none. */
struct cloud *cloud_find(struct traffic *t, const char *space,
                         const char *service);
/* The node that a connection comes to, NO_ID: there is none; or, by pods,
 * *endpoint (NULL: none). Draws from e->rng. */
node_id cloud_enter(struct cloud *c, struct entry *e,
                    const struct endpoint **endpoint);
/* By pods, not by nodes. */
bool cloud_by_pods(const struct cloud *c);
/* All targets are in use, and known to be what they are: for the warm-up. */
bool clouds_settled(const struct traffic *t);

#endif
