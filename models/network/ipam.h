/*
 * ipam - addresses: each node's part of the pod CIDR, and who has which.
 *
 * host-local's rule (containernetworking/plugins, plugins/ipam/host-local):
 * sequential starts after the last address reserved and wraps; .0, the
 * gateway .1 and the last one are never given. `lowest` gives the lowest
 * free one, `random` any. A released address rests for reuseDelay.
 *
 * Nodes get their parts of the pod CIDR in order of creation, leaving out
 * what some Node object asks for by podCIDR; a node that finds none left has
 * no addresses. Memory: 24 bytes an address of each node that ever had a pod.
 */
#ifndef MODELS_NETWORK_IPAM_H
#define MODELS_NETWORK_IPAM_H

#include "models/simulation.h"

struct ipam *ipam_new(struct simulation *s);
void ipam_free(struct ipam *ipam);

/* An address of the node's range for the pod; 0: the range is exhausted. */
uint32_t ipam_allocate(struct ipam *ipam, node_id node, pod_id pod);
void ipam_release(struct ipam *ipam, uint32_t ip);

/* Who has the address now; NO_ID: nobody. O(1). */
pod_id ipam_owner(const struct ipam *ipam, uint32_t ip);
/* The node whose range it is in; NO_ID: none. */
node_id ipam_node(const struct ipam *ipam, uint32_t ip);

/* The next free virtual IP of the service CIDR, or the wanted one (a text;
 * NULL: any). 0: taken or outside. Never given back. */
uint32_t ipam_cluster_ip(struct ipam *ipam, const char *wanted);

/* For metrics: called at each reuse with the seconds since release. */
void ipam_on_reuse(struct ipam *ipam,
                   void (*reused)(void *self, uint32_t ip, pod_id by,
                                  sim_time since_release),
                   void *self);
/* Distinct pod addresses in use at time 0 or given since (before time 0:
 * all ever given). */
size_t ipam_distinct(const struct ipam *ipam);

#endif
