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
    size_t topology;          /* index */
    uint32_t scanned;         /* classes below this id have been looked at */
    VEC_OF(uint32_t) matches; /* ids of classes */
};

struct spread_class {
    bool made;
    VEC_OF(const struct selector *) services; /* that it was made for */
    bool require_all; /* nodes without all keys are not scored */
    size_t count;
    struct constraint *items;
};

/* Makes the constraints of the cycle's class; again where its Services
 * changed. Zeroed: none yet. */
void spread_class_refresh(struct spread_class *sc, const struct cycle *c,
                          struct topologies *topologies);
void spread_class_free(struct spread_class *sc);

/* Looks at the classes that came since, drops those that went. */
void constraint_refresh(struct constraint *k, const struct cycle *c);
/* Pods on the node that count; after constraint_refresh. */
int64_t constraint_count_on(const struct constraint *k, const struct cycle *c,
                            node_id node);

#endif
