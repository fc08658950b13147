/*
 * scheduler - kube-scheduler: hears of pods and nodes by watches (FIFO,
 * lagged), schedules one pod at a time (one cycle takes scheduling_latency),
 * binds side by side through its client's token bucket (scheduler_qps,
 * scheduler_burst) and write latency.
 *
 * A pod is accounted on its node as soon as the cycle ends (assumed), so
 * that the next cycle sees it; world_pod_bind comes when the write is done.
 * Where the pod or the node has gone by then, the assumption is dropped.
 *
 * A pod that fits nowhere makes others of lower priority go, where that
 * helps (scheduler/preemption.h), tells the API why, and waits until an event
 * that may help it, by the plug-ins that refused it, or five minutes; and backs
 * off 1 s, 2 s .. 10 s from its last failure, to the next full second.
 * Since 1.33 an idle scheduler takes pods from back-off early.
 *
 * A pod whose spec names a node is bound to it when heard of.
 * A change is heard late, but then the object is read as it is now.
 */
#ifndef MODELS_SCHEDULER_SCHEDULER_H
#define MODELS_SCHEDULER_SCHEDULER_H

#include "models/simulation.h"

struct framework; /* scheduler/framework.h */

struct scheduler *scheduler_new(struct simulation *s);
void scheduler_free(struct scheduler *sch);

/* A stopped scheduler (fault) hears, but begins no cycle until it is started
 * as often as it was stopped. */
void scheduler_set_stopped(struct scheduler *sch, bool stopped);
/* Cycles take this many times as long (fault); 1: as usual. */
void scheduler_set_slowness(struct scheduler *sch, double factor);

struct scheduler_counts {
    uint64_t cycles, bound, failed;        /* so far */
    size_t active, backoff, unschedulable; /* now */
};
/* Pods times time, exactly. */
struct pod_time {
    int64_t seconds, ns; /* ns < 1e9 */
};
/* The integral, from the start until t, of the number of pods that were tried
 * in vain and are not bound (PodScheduled is False). It changes after the
 * world has said WHAT_QUEUE; t: not before the last time that it did. */
struct pod_time scheduler_waited(const struct scheduler *sch, sim_time t);

/* Calls visit for each pod that was tried in vain and is not bound, in order
 * of id: its condition PodScheduled is False. */
void scheduler_each_unschedulable(const struct scheduler *sch,
                                  void (*visit)(void *self, pod_id id),
                                  void *self);
/* The profiles of the cluster's scheduler, in a framework of its own. The
 * caller frees it, before the scheduler. */
struct framework *scheduler_framework_like(const struct scheduler *sch);
/* The pod's class there, made if need be; holds a reference. */
struct pod_class *scheduler_class_in(const struct world *w, struct framework *f,
                                     const struct pod *pod);

struct scheduler_counts scheduler_counts(const struct scheduler *sch);

/* Among nodes that are equally good for a pod it takes prefer(self, pod), if
 * that is one of them (NO_ID: none): to follow a cluster's own dice. */
void scheduler_set_preference(struct scheduler *sch,
                              node_id (*prefer)(void *self, pod_id pod),
                              void *self);

/* What it knows, for tests. */
struct framework *scheduler_framework(struct scheduler *sch);

#endif
