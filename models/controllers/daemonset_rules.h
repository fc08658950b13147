/*
 * daemonset_rules - what the DaemonSet controller decides, as functions of
 * what it sees (Kubernetes v1.36, pkg/controller/daemon/daemon_controller.go,
 * update.go).
 */
#ifndef MODELS_CONTROLLERS_DAEMONSET_RULES_H
#define MODELS_CONTROLLERS_DAEMONSET_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/engine/sim.h"

/* A node, and the pods that are meant for it: `count` from `first` on. */
struct daemon_node {
    bool exists;     /* else its object is gone */
    bool should_run; /* a pod is to be made where there is none */
    bool may_stay;   /* one that is there goes on */
    size_t first, count;
};

/* Pods of one node stand together: bound ones first, then older ones. */
struct daemon_pod {
    uint32_t node; /* index of its node */
    bool bound;
    sim_time created;
    uint32_t id; /* the caller's */
    bool terminating, failed, succeeded;
    bool held; /* failed, and its deletion is backed off */
    bool ready, available;
    bool updated; /* of the present template */
};

struct daemon_view {
    bool surges;    /* maxSurge is not 0: two pods may be on a node */
    bool on_delete; /* no rolling update */
    int max_surge, max_unavailable; /* of the nodes desired */
    int burst;                      /* at most so many at once */
    const struct daemon_node *nodes;
    size_t node_count;
    const struct daemon_pod *pods;
    size_t pod_count;
    /* In which order a rolling update goes through the nodes. */
    const uint32_t *order;
};

struct daemon_counts {
    int desired, current, misscheduled, ready, available, updated;
};

struct daemon_plan {
    uint32_t *creates; /* indexes of nodes */
    size_t create_count, create_room;
    uint32_t *deletes; /* indexes of pods */
    size_t delete_count, delete_room;
    bool rolls; /* the deletions are a rolling update's */
    struct daemon_counts counts;
};

/* Order in which a node's pods stand: scheduled, then older, then id. */
int daemonset_compare(const void *a, const void *b);

/* How many nodes should run a pod. */
int daemonset_desired(const struct daemon_node *nodes, size_t count);

/* What one sync does: either nodes' pods are put right, or, where they are, a
 * rolling update goes on. The arrays of the plan are used again;
 * daemonset_plan_release frees them. O(nodes + pods). */
void daemonset_plan(const struct daemon_view *view, struct daemon_plan *plan);
void daemonset_plan_release(struct daemon_plan *plan);

#endif
