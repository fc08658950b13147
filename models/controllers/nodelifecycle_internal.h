/*
 * nodelifecycle_internal - what the files of the node lifecycle controller
 * share; nobody else includes it.
 */
#ifndef MODELS_CONTROLLERS_NODELIFECYCLE_INTERNAL_H
#define MODELS_CONTROLLERS_NODELIFECYCLE_INTERNAL_H

#include "models/controller.h"
#include "models/controller_client.h"
#include "models/controllers/nodelifecycle_rules.h"

/* Keys: a node by its id, to be tainted NoSchedule, and: */
#define KEY_MONITOR (UINT64_C(1) << 62) /* the monitor's next pass */
#define KEY_EXECUTE (UINT64_C(1) << 61) /* the next NoExecute taints */

struct node_record {
    sim_time lease; /* the newest that was seen */
    sim_time probe; /* the pass that saw it first */
    node_id next;   /* in its list of nodes to check; NO_ID: last */
    bool listed;
    bool counted; /* in its zone, as: */
    bool was_ready;
    bool troubled; /* looked at in every pass */
    bool chosen;   /* for NoExecute: not again till it was reachable */
};

struct zone {
    enum zone_state state;
    bool known;
    int ready, not_ready; /* nodes that count */
    double rate;          /* of the limiter */
    struct token_bucket limiter;
    VEC_OF(node_id) queue; /* to be tainted NoExecute; from head on */
    size_t head;
};

struct nodelifecycle {
    VEC_OF(struct node_record) nodes;
    VEC_OF(struct zone) zones;
    VEC_OF(node_id) troubled;
    VEC_OF(node_id) due, late; /* scratch, of one pass */
    VEC_OF(pod_id) pods;       /* scratch */
    /* Healthy nodes by when they could first be late: slot i of the ring
     * holds those due in [i, i + 1) monitor periods. */
    node_id *ring;
    size_t ring_size;
    int64_t slot; /* the first that is not yet done */
    /* Times of the last passes, newest last, as a ring. */
    sim_time *passes;
    size_t pass_count;
};

static inline const struct control_plane_params *
nodelifecycle_params(struct controller_run *run)
{
    return &controller_simulation(run)->scenario->cluster.control_plane;
}

struct zone *nodelifecycle_zone(struct nodelifecycle *all, uint16_t index,
                                const struct control_plane_params *params);

/* --- nodelifecycle_zones.c --- */

/* handleDisruption: the states of zones, and the rates that go with them. */
void nodelifecycle_judge_zones(struct controller_run *run,
                               struct nodelifecycle *all);

/* --- nodelifecycle_taint.c --- */

/* The node is to get a NoExecute taint, when its zone's turn comes. */
void nodelifecycle_choose(struct controller_run *run, struct nodelifecycle *all,
                          const struct node *node);
/* Writes: takes its NoExecute taints away. False: there are none. */
bool nodelifecycle_reachable(struct controller_run *run,
                             struct nodelifecycle *all,
                             const struct node *node);
/* Writes: replaces the taint of the other kind, where it has that. */
bool nodelifecycle_swap(struct controller_run *run, const struct node *node);
/* Gives a zone's limiter another rate. */
void nodelifecycle_set_rate(struct controller_run *run, struct zone *zone,
                            double rate);
/* Reconciles KEY_EXECUTE and a node's NoSchedule taints. */
void nodelifecycle_execute(struct controller_run *run,
                           struct nodelifecycle *all);
void nodelifecycle_no_schedule(struct controller_run *run,
                               const struct node *node);

#endif
