/*
 * clusterautoscaler_internal - what the files of the cluster autoscaler
 * share: its record of node pools, and a picture of the cluster in which it
 * tries what would be.
 */
#ifndef MODELS_CONTROLLERS_CLUSTERAUTOSCALER_INTERNAL_H
#define MODELS_CONTROLLERS_CLUSTERAUTOSCALER_INTERNAL_H

#include "models/controller.h"
#include "models/scheduler/framework.h"

/* A place for a node in a pool. */
struct autoscaler_slot {
    node_id node;       /* NO_ID: there is none */
    sim_time requested; /* of one that is to come; SIM_NEVER: none is */
};

struct autoscaler_group {
    const struct node_group *spec;
    struct autoscaler_slot *slots; /* as many as spec has nodes; owned */
    size_t room;
    size_t size; /* nodes there are, or asked for */
};

/* A node that is being emptied. */
struct autoscaler_drain {
    node_id node;
    sim_time give_up;
    incident_id incident;
};

struct clusterautoscaler {
    struct autoscaler_group *groups; /* owned */
    size_t group_count;
    VEC_OF(sim_time) unneeded; /* by node: since when; SIM_NEVER: needed */
    VEC_OF(struct autoscaler_drain) drains;
    VEC_OF(pod_id) pending;          /* scratch */
    sim_time added, deleted, failed; /* when last; < 0: never */
    struct rng rng;                  /* choices among equals */
    struct rng delay;                /* provisioning */
    struct controller_run *run;
};

/* --- a picture (clusterautoscaler_fit.c) --- */

struct autoscaler_picture {
    const struct world *w;
    struct framework *f;
    struct rng *rng;
    node_id next; /* numbers of nodes that are not there */
    /* Pods put somewhere, to be undone. */
    VEC_OF(struct autoscaler_put {
        struct pod_class *class;
        node_id node;
    })
    puts;
};

/* Ready nodes, what is bound to them, and nodes that are to come. */
struct autoscaler_picture picture_take(struct clusterautoscaler *ca,
                                       const struct simulation *s);
void picture_release(struct autoscaler_picture *p);
/* A node that is not there; its number. */
node_id picture_add_node(struct autoscaler_picture *p,
                         const struct node_spec *spec);
/* Puts the pod where the scheduler might; NO_ID: it fits nowhere. */
node_id picture_place(struct autoscaler_picture *p, const struct pod *pod);
/* Puts it on that node; false: it does not fit there. */
bool picture_place_on(struct autoscaler_picture *p, const struct pod *pod,
                      node_id node);
/* Takes back all puts but the first `kept`. */
void picture_undo(struct autoscaler_picture *p, size_t kept);

/* --- growing (clusterautoscaler_up.c) --- */

/* True: nodes were asked for. */
bool autoscaler_grow(struct clusterautoscaler *ca);

/* --- shrinking (clusterautoscaler_down.c) --- */

/* calm: no pod waits for a node, and none was asked for. */
void autoscaler_shrink(struct clusterautoscaler *ca, bool calm);
/* The pool's slot of a node; NULL: it is in none. */
struct autoscaler_slot *autoscaler_slot_of(struct clusterautoscaler *ca,
                                           node_id node,
                                           struct autoscaler_group **group);

#endif
