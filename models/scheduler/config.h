/*
 * config - how the scheduler is set up: a profile of
 * KubeSchedulerConfiguration. It knows plug-ins by their row in
 * models/catalog.def.
 */
#ifndef MODELS_SCHEDULER_CONFIG_H
#define MODELS_SCHEDULER_CONFIG_H

#include "models/objects.h"

enum { SCHEDULER_PLUGIN_MAX = 32 };

enum scoring_strategy {
    SCORE_LEAST_ALLOCATED,
    SCORE_MOST_ALLOCATED,
    SCORE_REQUESTED_TO_CAPACITY
};

/* A resource by name ("cpu", "memory", "nvidia.com/gpu"), told apart once,
 * and how much it weighs. */
struct resource_ref {
    enum { RES_CPU, RES_MEMORY, RES_STORAGE, RES_PODS, RES_EXTENDED } kind;
    const char *name;
    int64_t weight;
};
struct resource_ref resource_ref_make(const char *name, int64_t weight);

/* A point of RequestedToCapacityRatio's broken line. */
struct shape_point {
    int64_t utilization; /* 0..100, rising */
    int64_t score;       /* 0..10 */
};

struct space_labels {
    const char *name;
    struct labels labels;
};

/* All arrays are borrowed. */
struct scheduler_config {
    const char *name; /* spec.schedulerName of its pods; NULL: any other's */
    /* What of the plug-ins is on, by row. */
    unsigned filters;                  /* bit mask */
    int weights[SCHEDULER_PLUGIN_MAX]; /* of scores; 0: off */
    bool preempts;                     /* DefaultPreemption is on */
    int percentage;                    /* of nodes to score; 0: adaptive */
    enum scoring_strategy strategy;    /* of NodeResourcesFit */
    size_t resource_count;
    const struct resource_ref *resources;
    size_t shape_count;
    const struct shape_point *shape;
    /* Extended resources that the filter passes over: by name, or by what
     * stands before the slash. */
    size_t ignored_count, ignored_group_count;
    const char *const *ignored, *const *ignored_groups;
    size_t balanced_count; /* of NodeResourcesBalancedAllocation */
    const struct resource_ref *balanced;
    bool balanced_change; /* scores the change that the pod makes (1.36) */
    bool balanced_skips_best_effort;            /* (1.33) */
    const struct node_affinity *added_affinity; /* NULL: none */
    bool inclusion_policies; /* nodeAffinityPolicy, nodeTaintsPolicy */
    bool match_label_keys;
    /* Which events let refused pods be tried again (requeue.c). */
    bool queueing_hints, spread_requeues, taint_requeues;
    bool compares_taints; /* tolerations' operators Gt and Lt; off */
    /* Of pods that say nothing of spreading and belong to a Service or an
     * owner: the system's, or a list's. */
    bool default_spread;
    size_t spread_count;
    const struct spread_constraint *spread;
    bool spread_always; /* scores pods without constraints too (to 1.26) */
    int64_t hard_affinity_weight; /* hardPodAffinityWeight */
    bool ignore_preferred;        /* ignorePreferredTermsOfExistingPods */
    /* DefaultPreemption: minCandidateNodesPercentage and ..Absolute. */
    int64_t candidates_percent, candidates_least;
    /* Namespaces that have labels; others have their name's alone. */
    size_t space_count;
    const struct space_labels *spaces;
};

/* As Kubernetes 1.MINOR's default profile. */
struct scheduler_config scheduler_config_default(int minor);

#endif
