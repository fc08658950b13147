/*
 * scheduler_private - what the scheduler's own files share.
 */
#ifndef MODELS_SCHEDULER_SCHEDULER_PRIVATE_H
#define MODELS_SCHEDULER_SCHEDULER_PRIVATE_H

#include "models/controller_client.h"
#include "models/scheduler/framework.h"
#include "models/scheduler/preemption.h"
#include "models/scheduler/queue.h"
#include "models/scheduler/scheduler.h"

/* A stream of changes that arrive in order, late. */
struct informer {
    sim_lane lane;
    sim_time last;
};

/* Pods accounted on a node. */
struct node_records {
    VEC_OF(struct sched_pod *) items;
};

struct scheduler {
    struct world *world;
    struct sim *sim;
    const struct control_plane_params *params;
    struct rng_root root;
    struct space_labels *spaces; /* of the scenario's namespaces */
    struct framework *framework;
    struct sched_queue queue;
    struct token_bucket bucket;
    struct informer pods, nodes;
    struct rng lag, work, writes;       /* streams */
    VEC_OF(struct sched_pod *) records; /* by pod id; NULL: none */
    struct sched_pod *free_records;
    VEC_OF(const struct selector *) selectors; /* scratch */
    VEC_OF(struct sched_pod *)
    nominated;               /* pods that have been promised room */
    int64_t lowest_priority; /* of all pods ever heard of */
    VEC_OF(struct node_records) by_node;
    struct disruption_budgets budgets;           /* scratch */
    VEC_OF(struct preemptable) on_node, victims; /* scratch */
    VEC_OF(struct candidate) candidates;         /* scratch */
    struct sched_pod *cycle; /* pod that is being scheduled; NULL: idle */
    unsigned stopped;        /* so many faults hold it */
    unsigned writing;        /* writes that the loop waits for */
    bool waits_for_writes;   /* failed cycles do */
    bool async_preemption;   /* (1.33) */
    bool pops_early;         /* SchedulerPopFromBackoffQ (1.33) */
    size_t waiting;          /* pods that were tried in vain */
    struct pod_time waited;
    sim_time waiting_since; /* `waited` is up to then */
    double slowness;
    event_id backoff_timer, flush_timer;
    unsigned interested[EVENT_POD_ADDED + 1]; /* plug-ins by event */
    struct scheduler_counts counts;
    node_id (*prefer)(void *self, pod_id pod); /* NULL: nobody does */
    void *prefer_self;
};

/* A pod was tried in vain, or has its node, or went. */
void scheduler_set_waits(struct scheduler *sch, struct sched_pod *record,
                         bool waits);
/* Begins the next cycle where none runs and a pod waits. */
void scheduler_start_cycle(struct scheduler *sch);
/* Something happened that may let pods in. */
void scheduler_may_help(struct scheduler *sch,
                        const struct cluster_change *change);
/* The same of a pod that came to a node, or went from one. */
void scheduler_pod_may_help(struct scheduler *sch, enum cluster_event event,
                            const struct sched_pod *record);

/* Takes a token and draws a latency: how long till a write is done that begins
 * `after` from now at the earliest. */
sim_time scheduler_write(struct scheduler *sch, sim_time after);
/* The loop waits so long for a write. */
void scheduler_wait(struct scheduler *sch, sim_time delay);

/* NULL: unknown. */
struct sched_pod *scheduler_record(const struct scheduler *sch, pod_id id);
struct sched_pod *scheduler_record_make(struct scheduler *sch,
                                        const struct pod *pod);
void scheduler_record_free(struct scheduler *sch, struct sched_pod *record);
/* Accounts it on the node. */
void scheduler_put(struct scheduler *sch, struct sched_pod *record,
                   node_id node, enum pod_place place);
void scheduler_take(struct scheduler *sch, struct sched_pod *record);

/* The pod fits nowhere: makes pods of lower priority go, where that would
 * help. True: some go, and the pod has been promised their room. */
bool scheduler_preempt(struct scheduler *sch, struct sched_pod *record);
/* Why the pod of the last cycle fits nowhere, as FailedScheduling says. */
void scheduler_explain(const struct scheduler *sch,
                       const struct sched_pod *record, bool preempted,
                       char *buffer, size_t size);
/* The promise is kept, or void. */
void scheduler_unnominate(struct scheduler *sch, struct sched_pod *record);
/* Room that was promised to pods of the same or higher priority is taken
 * (sign 1) and given back (-1). */
void scheduler_hold_promises(struct scheduler *sch,
                             const struct sched_pod *record, int sign);
/* An Event of the pod. */
void scheduler_emit(const struct scheduler *sch, pod_id id, bool warning,
                    const char *reason, const char *message);

/* Starts watching the world. */
void scheduler_watch(struct scheduler *sch);

#endif
