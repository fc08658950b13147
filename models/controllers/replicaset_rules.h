/*
 * replicaset_rules - what the ReplicaSet controller decides, as functions of
 * what it sees (Kubernetes v1.36, pkg/controller/controller_utils.go and
 * pkg/controller/replicaset/replica_set.go).
 */
#ifndef MODELS_CONTROLLERS_REPLICASET_RULES_H
#define MODELS_CONTROLLERS_REPLICASET_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/engine/sim.h"

/* How far a pod has come; the lower goes first. */
enum ranked_phase { RANKED_PENDING, RANKED_UNKNOWN, RANKED_RUNNING };

/* A pod that may be deleted, as ActivePodsWithRanks sees it. */
struct ranked_pod {
    bool assigned; /* has a node */
    enum ranked_phase phase;
    bool ready;
    int64_t deletion_cost;
    int colocated;                  /* related active pods on its node */
    sim_time ready_since, created;  /* SIM_NEVER: not known */
    int restarts, sidecar_restarts; /* the most of any container */
    uint64_t uid;                   /* random: decides in one log bucket */
    uint32_t id;                    /* the caller's */
};

/* Times in the API are whole seconds. */
sim_time replicaset_api_time(sim_time t);

/* Below 0: a is deleted before b; above 0: after; 0: nothing tells them
 * apart. Ages are compared by floor(log2(ns)). */
int replicaset_compare(const struct ranked_pod *a, const struct ranked_pod *b,
                       sim_time now);

/* Puts the `diff` pods to delete first, in order; where all go, the order
 * stays. O(n log n). */
void replicaset_choose(struct ranked_pod *pods, size_t count, size_t diff,
                       sim_time now);

/* The size of the next batch of slow start: `initial`, then doubling, never
 * more than `remaining`. previous: 0 before the first. */
int64_t replicaset_batch(int64_t remaining, int64_t previous, int64_t initial);

/* What slow start comes to where the first `succeeding` calls succeed: a
 * batch with a failure is the last. */
struct slow_start {
    int64_t calls, successes;
    bool failed;
};
struct slow_start replicaset_slow_start(int64_t count, int64_t initial,
                                        int64_t succeeding);

/* Whether a pod counts as available. */
bool replicaset_available(bool ready, sim_time ready_since, sim_time min_ready,
                          sim_time now);
/* How long till a ready pod will be available; SIM_NEVER: it is, or is not
 * ready. ready_since SIM_NEVER: not known. */
sim_time replicaset_next_check(bool ready, sim_time ready_since,
                               sim_time min_ready, sim_time now);

#endif
