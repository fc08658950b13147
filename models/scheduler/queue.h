/*
 * queue - pods that wait to be scheduled (pkg/scheduler/backend/queue).
 *
 * active: by priority, then by the time of their last failure or of their
 * arrival, then by id. back-off: by the end of their back-off.
 * unschedulable: until an event that may help, or the flush.
 */
#ifndef MODELS_SCHEDULER_QUEUE_H
#define MODELS_SCHEDULER_QUEUE_H

#include "models/scheduler/framework.h"

enum pod_place {
    PLACE_NOWHERE,       /* in a cycle, or just made */
    PLACE_ACTIVE,        /* next by priority and age */
    PLACE_BACKOFF,       /* until `until` */
    PLACE_UNSCHEDULABLE, /* until something helps */
    PLACE_ASSUMED,       /* a node was chosen; the write is under way */
    PLACE_BOUND,         /* on a node */
    PLACE_NAMED          /* names a node that is not there (yet) */
};

/* The scheduler's record of a pod. */
struct sched_pod {
    pod_id id;
    struct pod_class *class;
    enum pod_place place;
    bool terminating;
    bool gone;          /* to be freed when its cycle or write is over */
    bool on_node;       /* accounted on `node` */
    node_id node;       /* ASSUMED, BOUND */
    node_id nominated;  /* pods were made to go from there; NO_ID: nowhere */
    uint32_t attempts;  /* that failed */
    bool waits;         /* tried in vain, and not yet bound */
    bool preempting;    /* its victims are being deleted: not to be tried */
    unsigned rejectors; /* plug-ins that refused nodes the last time */
    uint64_t told;      /* fingerprint of why, as the API has it; 0: not */
    sim_time stamp;     /* arrival, or the last failure */
    sim_time until;     /* end of the back-off */
    size_t index;       /* in its heap or list */
    size_t node_index;  /* among those accounted on its node */
    struct sched_pod *next_free;
};

struct sched_queue {
    VEC_OF(struct sched_pod *) active, backoff; /* heaps */
    VEC_OF(struct sched_pod *) unschedulable;   /* no order */
};

void sched_queue_release(struct sched_queue *q);
void sched_queue_activate(struct sched_queue *q, struct sched_pod *pod);
void sched_queue_back_off(struct sched_queue *q, struct sched_pod *pod);
void sched_queue_park(struct sched_queue *q, struct sched_pod *pod);
/* The next to be scheduled; NULL: none. Takes it out. early: where none is
 * active, the first of the back-off queue (SchedulerPopFromBackoffQ), but for
 * those that failed by an error. */
struct sched_pod *sched_queue_pop(struct sched_queue *q, bool early);
/* The earliest end of a back-off; SIM_NEVER: none. */
sim_time sched_queue_next_backoff(const struct sched_queue *q);
/* Makes those active whose back-off ended at or before now. */
void sched_queue_end_backoffs(struct sched_queue *q, sim_time now);
/* Takes a pod out of wherever it waits. */
void sched_queue_remove(struct sched_queue *q, struct sched_pod *pod);

#endif
