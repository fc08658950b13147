/*
 * trace - what a control plane did, recorded or simulated: its pods with
 * the times of their lives, and steps in order of time.
 *
 * Times are seconds since the recording began; NaN: not (yet). Texts are
 * interned in the trace: equal texts are the same pointer.
 */
#ifndef TESTS_ORACLE_TRACE_H
#define TESTS_ORACLE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/intern.h"
#include "sim/engine/mem.h"

struct trace_pod {
    const char *name;
    const char *owner;  /* Deployment, StatefulSet ...: the top owner's name;
                           of a bare pod its own */
    const char *parent; /* ReplicaSet's name, where it has one */
    size_t generation;  /* of its ReplicaSet among the owner's */
    size_t rank;        /* among its ReplicaSet's (or owner's) pods */
    size_t name_rank;   /* among the owner's pods of its name */
    double created, bound, ready, failed, succeeded, deletion, gone;
    double grace;
    const char *node; /* NULL: not bound */
    bool is_ready;
    int restarts;
    double unready; /* last time it became so */
};

enum step_kind {
    STEP_POD_CREATED, /* subject: index of the pod */
    STEP_POD_BOUND,
    STEP_POD_READY,
    STEP_POD_UNREADY,
    STEP_POD_FAILED,
    STEP_POD_TERMINATING,
    STEP_POD_GONE,
    STEP_POD_COST,   /* a: its annotation pod-deletion-cost */
    STEP_REPLICASET, /* name, owner; a: spec.replicas, b: how many the owner
                        had before it */
    STEP_OWNER,      /* name: status of a Deployment: a spec, b updated, c
                        ready, d available */
    STEP_ENDPOINTS,  /* name: Service; a ready, b terminating, c others, d
                        slices; text: hints by zone, NULL: not recorded */
    STEP_NODE_ADDED, /* name */
    STEP_NODE_READY, /* a: 1 true, 0 false, -1 unknown */
    STEP_NODE_TAINT, /* text: key, a: enum taint_effect, b: there or not */
    STEP_NODE_GONE,
    STEP_SERVICE_GONE
};

struct trace_step {
    double t;
    enum step_kind kind;
    size_t subject;
    const char *name, *owner, *text;
    int a, b, c, d;
};

/* A write of a slice. */
struct trace_write {
    double t;
    const char *service;
};

/* Somebody connected to a Service. */
struct trace_hit {
    double t;
    size_t pod; /* index of the one that answered; SIZE_MAX: none did */
};

/* From t on an address is a pod's. */
struct trace_address {
    double t;
    const char *address;
    size_t pod;
};

/* Of many connections to a Service, one after another: how many a pod
 * answered. */
struct trace_share {
    size_t pod;
    double count;
};
struct trace_measure {
    size_t input;                      /* index of the `measure` */
    const char *service;               /* NULL: there is none like it */
    bool sticky;                       /* sessionAffinity ClientIP */
    VEC_OF(struct trace_share) shares; /* of all that could answer */
    double answered, unanswered;
    double repeats; /* answered by the pod that answered the one before */
};

struct trace {
    struct intern *intern;
    VEC_OF(struct trace_pod) pods; /* in order of creation */
    VEC_OF(struct trace_step) steps;
    VEC_OF(struct trace_write) writes;
    VEC_OF(bool) granted;          /* answers of the eviction API, in order */
    VEC_OF(struct trace_hit) hits; /* probes, in order */
    VEC_OF(struct trace_address) addresses; /* of a recording */
    VEC_OF(struct trace_measure) measures;  /* of a replay */
    /* Of a replay: which recorded pod each one stands for; SIZE_MAX: none. */
    VEC_OF(size_t) stands_for;
    /* Of a replay: pods placed, those of them not where they were recorded;
     * things done to pods, those that found no pod to be done to. */
    size_t placed, unlike, faults, missed;
};

struct trace *trace_new(void);
void trace_free(struct trace *t);

/* A new pod, created at `at`; its index. */
size_t trace_add_pod(struct trace *t, const char *name, const char *owner,
                     const char *parent, double at);
/* The newest pod of that name; SIZE_MAX: none. name: interned. */
size_t trace_find_pod(const struct trace *t, const char *name);
/* Numbers the pod of this index among those before it, by its owners. */
void trace_rank_pod(struct trace *t, size_t pod);
void trace_step(struct trace *t, struct trace_step step);
/* A step of a pod, which is entered into its life too. */
void trace_pod_step(struct trace *t, size_t pod, enum step_kind kind,
                    double at);
/* A pod's deletion cost is set. */
void trace_cost(struct trace *t, size_t pod, double at, int cost);
/* What it is at a time; 0 where it was not set. */
int trace_cost_at(const struct trace *t, size_t pod, double at);
/* Whose address it is at t; SIZE_MAX: nobody's. */
size_t trace_pod_at(const struct trace *t, const char *address, double at);
/* Puts the steps in order of time; equal times stay as they are. */
void trace_sort(struct trace *t);

/* "a 4, b 3" of the zones that endpoints are hinted for, in any order. */
const char *trace_hints(struct trace *t, const char **zones, size_t count);
/* The names of owners of pods, in order of first creation; the caller frees
 * the array. */
const char **trace_owners(const struct trace *t, size_t *count);
/* The same of Services. */
const char **trace_services(const struct trace *t, size_t *count);

#endif
