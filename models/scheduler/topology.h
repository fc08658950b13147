/*
 * topology - nodes sorted into domains by the value of a label: zones by
 * topology.kubernetes.io/zone, nodes by kubernetes.io/hostname.
 */
#ifndef MODELS_SCHEDULER_TOPOLOGY_H
#define MODELS_SCHEDULER_TOPOLOGY_H

#include "models/scheduler/framework.h"

#define NO_DOMAIN UINT32_MAX /* the node has no such label */

struct topology {
    const char *key;
    bool hostname;
    VEC_OF(uint32_t) domains;    /* by node id */
    VEC_OF(uint32_t) labelled;   /* the node's, when it was looked at */
    VEC_OF(const char *) values; /* by domain */
    uint32_t *buckets;           /* domains by hash of value, open addressing */
    size_t room;
};

struct topologies {
    VEC_OF(struct topology) items;
    uint64_t generation; /* of nodes, when last brought up to date */
};

void topologies_release(struct topologies *t);
/* The index of a key's topology, made if need be. */
size_t topologies_find(struct topologies *t, const struct framework *f,
                       const char *key);
/* Takes in nodes that came since, or have other labels. */
void topologies_refresh(struct topologies *t, const struct framework *f);

static inline uint32_t topology_domain(const struct topology *t, node_id node)
{
    uint32_t domain = node < t->domains.count ? t->domains.items[node] : 0;

    /* Nodes that have not been looked at are in no domain either. */
    return node < t->domains.count && domain < t->values.count ? domain
                                                               : NO_DOMAIN;
}

#endif
