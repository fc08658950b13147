/*
 * preemption - which pods of lower priority would have to go from a node so
 * that a pod fits, and which node is best (framework/preemption/
 * preemption.go, plugins/defaultpreemption).
 */
#ifndef MODELS_SCHEDULER_PREEMPTION_H
#define MODELS_SCHEDULER_PREEMPTION_H

#include "models/scheduler/framework.h"

/* A pod on a node. */
struct preemptable {
    uint32_t id; /* the caller's; decides where all else is equal */
    struct pod_class *class;
    bool terminating;
    bool protected; /* to evict it would break a disruption budget */
    sim_time start;
};

/* A node, and the pods that would have to go. */
struct candidate {
    node_id node;
    size_t first, count; /* of victims, in the caller's array */
    size_t violations;   /* protected ones among them */
};

/*
 * Puts first, the most important first, those of the pods on a node that
 * have to go so that a pod of the class fits; returns how many. 0: it would
 * not fit, or none has a lower priority. The pods' room is as before
 * afterwards.
 */
size_t preemption_victims(struct framework *f, struct pod_class *class,
                          node_id node, struct preemptable *pods, size_t count);

/* The index of the best of `count` >= 1 candidates: fewest budgets broken,
 * lowest highest priority, lowest sum of priorities, fewest victims, latest
 * start of the most important; then the first. */
size_t preemption_best(const struct candidate *candidates, size_t count,
                       const struct preemptable *victims);

/* How many candidates are looked for among so many nodes: 10 %, at least
 * 100. */
size_t preemption_candidates(size_t nodes);

#endif
