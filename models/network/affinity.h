/*
 * affinity - sessionAffinity ClientIP: the endpoint that a client's
 * connections go to by a node's proxy, for so long after the last of them.
 * Each node has a table of its own, as each kernel does (iptables: the
 * "recent" match, nftables: a set with time-outs, ipvs: persistence); one
 * struct holds those of a Service on all nodes. A look-up costs O(1) and a
 * search of the endpoints.
 */
#ifndef MODELS_NETWORK_AFFINITY_H
#define MODELS_NETWORK_AFFINITY_H

#include "models/world.h"

struct affinity_entry {
    uint64_t client;
    node_id node;
    pod_id pod;
    sim_time last; /* connection; SIM_NEVER: the place is free */
};

/* Zeroed: empty. */
struct affinity {
    struct affinity_entry *entries; /* open addressing */
    size_t count, room;             /* room: 0, or a power of two */
};

void affinity_release(struct affinity *a);

/* The endpoint that the client (any number that stands for its address) has
 * by that node's table, if the set still has it and the last connection was
 * less than `timeout` ago; NULL: it is to be chosen anew. */
const struct endpoint *affinity_find(const struct affinity *a, node_id node,
                                     uint64_t client,
                                     const struct endpoint_set *set,
                                     sim_time now, sim_time timeout);
/* A connection of the client went to the pod. */
void affinity_note(struct affinity *a, node_id node, uint64_t client,
                   pod_id pod, sim_time now);

#endif
