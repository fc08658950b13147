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
    bool disrupted; /* a budget has let it go already (disruptedPods) */
    bool protected; /* set here: to evict it would break a budget */
    sim_time start;
};

/* A node, and the pods that would have to go. */
struct candidate {
    node_id node;
    size_t first, count; /* of victims, in the caller's array */
    size_t violations;   /* protected ones among them */
};

/* A PodDisruptionBudget. */
struct disruption_budget {
    const char *space;
    const struct selector *selector; /* empty: no pod is meant */
    int64_t allowed;                 /* status.disruptionsAllowed */
    int64_t left;                    /* scratch */
};
struct disruption_budgets {
    VEC_OF(struct disruption_budget) items;
};

/*
 * Puts first, the most important first, those of the pods on a node that
 * have to go so that a pod of the class fits; returns how many. 0: it would
 * not fit, or none has a lower priority. Those that budgets (NULL: none)
 * protect are kept rather than others. The pods' room is as before afterwards.
 */
size_t preemption_victims(struct framework *f, struct pod_class *class,
                          node_id node, struct preemptable *pods, size_t count,
                          struct disruption_budgets *budgets);

/* The index of the best of `count` >= 1 candidates: fewest budgets broken,
 * lowest highest priority, lowest sum of priorities, fewest victims, latest
 * start of the most important; then the first. */
size_t preemption_best(const struct candidate *candidates, size_t count,
                       const struct preemptable *victims);

/* How many candidates are looked for among so many nodes: a share of them,
 * and so many at least. */
size_t preemption_candidates(const struct scheduler_config *config,
                             size_t nodes);

#endif
