/*
 * queue - one station: jobs of given work come, wait, are served and leave.
 * Knows no pods and draws nothing: who is served when follows from arrivals
 * and work alone.
 *
 * `servers` is the speed, `sharers` how many are in service at once:
 *   FIFO     sharers = servers: each at full speed, the others wait in order
 *   PS       sharers unlimited: n jobs progress at min(1, servers / n) each
 *   limited  in between: PS among `sharers`, the others wait in order
 * `limit` bounds those beyond the servers: waiting, or under PS sharing.
 *
 * FIFO costs one calendar event a job, whose time is known when its service
 * starts. A shared station has one event pending, for its next departure,
 * and a heap of virtual finishing times (O(log n) an arrival).
 *
 * A job may stay when its work is done: it waits for something else, in its
 * place, until queue_leave. FIFO, it keeps its server; shared, it uses none.
 *
 * Departures at one instant leave in order of arrival. A job that leaves
 * makes room first and is reported then: what comes back at once queues
 * behind those who wait.
 */
#ifndef MODELS_TRAFFIC_QUEUE_H
#define MODELS_TRAFFIC_QUEUE_H

#include "sim/engine/mem.h"
#include "sim/engine/sim.h"

#define QUEUE_UNLIMITED INT64_MAX
/* A job whose flag is that or more stays. */
#define QUEUE_STAYS 2U

struct queue;

/* One job: a slot of the slab. */
struct queue_job {
    sim_time arrival;
    sim_time start;        /* of service; SIM_NEVER: not yet */
    sim_time work;         /* at full speed, ns */
    uint64_t user;         /* the caller's */
    struct queue *queue;   /* NULL: the slot is free */
    uint32_t detail, flag; /* the caller's */
    uint32_t generation;
    uint32_t next;  /* in the queue, or the free list */
    uint64_t found; /* jobs that were there when it came */
};

/* A job left: served, or (lost) with its queue cleared. A copy: the job is
 * no more. Under service since job->start; it ends now. `work` is what it got
 * where it was lost while sharing. */
typedef void queue_left(void *self, struct queue *queue,
                        const struct queue_job *job);

/* The work of a job that stays is done; job: names it for queue_leave. */
typedef void queue_worked(void *self, struct queue *queue, uint64_t job,
                          uint32_t flag);

/* All queues of one simulation: they share the slab and the calendar. */
struct queues {
    struct sim *sim;
    queue_left *served;
    queue_worked *worked; /* NULL: nobody stays */
    void *self;
    struct queue_job *jobs; /* owned */
    uint32_t count, room, free;
};

/* A shared job by the virtual time at which it is done. */
struct queue_share {
    double finish;
    uint64_t order;
    uint32_t job;
};

struct queue {
    struct queues *all;
    int64_t servers, limit; /* QUEUE_UNLIMITED: no bound */
    int64_t busy, waiting;  /* in service, in line */
    int64_t staying;        /* shared: beside those */
    uint32_t head, tail;    /* of the line; valid if waiting */
    int64_t sharers;
    bool shared; /* sharers > servers */
    bool hung;
    int64_t bound;        /* the limit, while it hangs */
    VEC_OF(uint64_t) due; /* while it hangs: jobs whose time is up, FIFO */
    /* shared only: */
    VEC_OF(struct queue_share) heap;
    double virtual; /* work that a job in service has got so far, ns */
    sim_time since; /* of `virtual` */
    uint64_t order;
    event_id next; /* the next departure */
};

/* `served` is called within the event of each departure. */
void queues_init(struct queues *qs, struct sim *sim, queue_left *served,
                 void *self);
void queues_release(struct queues *qs);

/* servers, sharers >= 1, sharers >= servers; limit >= 0. The queue must not
 * move in memory. */
void queue_init(struct queue *q, struct queues *all, int64_t servers,
                int64_t sharers, int64_t limit);
/* It must be empty. */
void queue_release(struct queue *q);

/* True where the next job would be refused. */
static inline bool queue_full(const struct queue *q)
{
    int64_t present = q->busy + q->waiting + q->staying;

    return present >= q->servers && present - q->servers >= q->limit;
}

static inline int64_t queue_present(const struct queue *q)
{
    return q->busy + q->waiting + q->staying;
}

/* A job comes now. False: full, nothing happened. work SIM_NEVER: it never
 * ends by itself. */
bool queue_enter(struct queue *q, sim_time work, uint64_t user, uint32_t detail,
                 uint32_t flag);

/* A job that stayed leaves, with that flag (< QUEUE_STAYS); while the queue
 * hangs, once it goes on. */
void queue_leave(struct queues *qs, uint64_t job, uint32_t flag);

/* A hung queue takes every job in, and none leaves: FIFO, those whose time
 * comes meanwhile leave when it goes on; shared, nobody gets on. To be cleared
 * ends it too. */
void queue_hang(struct queue *q);
void queue_resume(struct queue *q);

/* Empties the queue, then reports each job in order of arrival (ties: of
 * slots) to `lost` (NULL: to nobody). O(slots of the slab). */
void queue_clear(struct queue *q, queue_left *lost, void *self);

#endif
