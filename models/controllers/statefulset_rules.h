/*
 * statefulset_rules - what the StatefulSet controller decides, as functions
 * of what it sees (Kubernetes v1.36,
 * pkg/controller/statefulset/stateful_set_control.go).
 */
#ifndef MODELS_CONTROLLERS_STATEFULSET_RULES_H
#define MODELS_CONTROLLERS_STATEFULSET_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The set. Revisions are told apart by number. */
struct stateful_view {
    int replicas, start, partition;
    bool parallel;            /* podManagementPolicy */
    bool on_delete;           /* updateStrategy; else RollingUpdate */
    bool rolling_given;       /* updateStrategy.rollingUpdate is there */
    int max_unavailable;      /* 0: feature MaxUnavailableStatefulSet is off */
    uint64_t current, update; /* revisions */
    int status_current;       /* currentReplicas, as last written */
};

/* A pod of it. */
struct stateful_pod {
    int index;
    bool terminating;
    bool ended;            /* phase Failed or Succeeded */
    bool ready, available; /* and Running */
    uint64_t revision;
    uint32_t id; /* the caller's */
};

enum stateful_act {
    STATEFUL_CREATE,
    STATEFUL_DELETE_ENDED,
    STATEFUL_DELETE_SCALED,
    STATEFUL_DELETE_OLD
};

struct stateful_step {
    enum stateful_act act;
    int index;       /* of the pod to create */
    bool is_current; /* it is made from the current revision, not the update */
    uint32_t pod;    /* to delete */
    unsigned batch;  /* steps of one batch > 0 go side by side */
};

struct stateful_counts {
    int replicas, ready, available, current, updated;
};

/* What one reconcile does, and the status that it writes. Zeroed before the
 * first use; the arrays are used again, statefulset_plan_release frees. */
struct stateful_plan {
    struct stateful_step *steps;
    size_t count, room;
    struct stateful_counts counts;
    bool complete; /* the rolling update is: current becomes update */
    const struct stateful_pod **slots; /* scratch */
    size_t slot_room;
};

/* pods: any order; they are put in order of falling index. O(n log n). */
void statefulset_plan(const struct stateful_view *set,
                      struct stateful_pod *pods, size_t count,
                      struct stateful_plan *plan);
void statefulset_plan_release(struct stateful_plan *plan);

#endif
