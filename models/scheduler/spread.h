/*
 * spread - the topology spread constraints of a class of pods, its own or
 * the default ones, and the classes whose pods count for them.
 */
#ifndef MODELS_SCHEDULER_SPREAD_H
#define MODELS_SCHEDULER_SPREAD_H

#include "models/scheduler/framework.h"
#include "models/scheduler/topology.h"

/* A constraint of a class, and whose pods count for it. */
struct constraint {
    const struct spread_constraint *spec; /* borrowed */
    bool is_default;
    bool self;                /* its selector matches the class's own pods */
    uint64_t bits;            /* of the labels that match: select.h */
    size_t topology;          /* index */
    uint32_t scanned;         /* classes below this id have been looked at */
    VEC_OF(uint32_t) matches; /* ids of classes */
    VEC_OF(uint32_t) domains; /* of a hard one: that count, in some order */
};

/* The pods of a class by domain; kept up to date as long as no node comes
 * or goes. */
struct domain_sums {
    uint64_t generation; /* of nodes; another: to be made anew */
    VEC_OF(int64_t) by_domain;
};

struct spread_class {
    VEC_OF(struct domain_sums) sums; /* by index of the topology, as asked */
    bool made;
    VEC_OF(const struct selector *) services; /* that it was made for */
    bool require_all; /* nodes without all keys are not scored */
    uint64_t found;   /* generation of nodes + 1 that `domains` are of */
    size_t count;
    struct constraint *items;
};

/* Makes the constraints of the cycle's class; again where its Services
 * changed. Zeroed: none yet. */
void spread_class_refresh(struct spread_class *sc, const struct cycle *c,
                          struct topologies *topologies);
void spread_class_free(struct spread_class *sc);
/* Whether a hard constraint may hold by now: its selector means the pod that
 * came or went, or the node's labels or taints count for it. */
bool spread_class_helps(const struct spread_class *sc, const struct cycle *c,
                        const struct cluster_change *change);

/* The pods of a class by domain: `count` long, shorter where no pod is in
 * the domains beyond. *data: the class's place for this plug-in. */
const int64_t *spread_class_sums(void **data, const struct pod_class *class,
                                 const struct framework *f,
                                 const struct topologies *topologies,
                                 size_t topology, size_t *count);
/* One pod more, or less, on a node. */
void spread_class_count(struct spread_class *sc,
                        const struct topologies *topologies, node_id node,
                        int delta);

/* Looks at the classes that came since, drops those that went. */
void constraint_refresh(struct constraint *k, const struct cycle *c);
/* Pods on the node that count; after constraint_refresh. */
int64_t constraint_count_on(const struct constraint *k, const struct cycle *c,
                            node_id node);

#endif
