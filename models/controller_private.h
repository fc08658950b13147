/*
 * controller_private - what the files of the reconcile framework share;
 * nobody else includes it.
 */
#ifndef MODELS_CONTROLLER_PRIVATE_H
#define MODELS_CONTROLLER_PRIVATE_H

#include "models/controller.h"
#include "models/controller_client.h"
#include "models/controller_queue.h"

enum { KINDS = CHANGE_MEASURE + 1 };

struct write {
    controller_apply *apply; /* NULL: a read */
    uint64_t a, b;
    unsigned batch;
    bool free;  /* no request: a step of the controller's own */
    bool swift; /* waits for its token, and takes no time */
};

/* Busy from the reconcile till its last write is done. */
struct worker {
    work_key key;
    bool busy;
    uint32_t life; /* counts what was dropped: older events are void */
    VEC_OF(struct write) writes;
    size_t next;     /* first not yet sent */
    size_t awaiting; /* sent, not yet done */
};

struct controller_run {
    const struct controller *kind;
    struct controllers *all;
    void *state;
    bool stopped;
    unsigned holds;   /* controllers_hold */
    bool anew;        /* by the last release it will have been restarted */
    bool dispatching; /* workers are being given work, or apply runs */
    /* Watches: while observe runs, `hearing`; the lag is drawn once. */
    bool hearing;
    sim_time heard_at; /* SIM_NEVER: not drawn */
    sim_time last_heard[KINDS];
    enum world_kind hearing_kind;
    struct rng lag[KINDS];
    event_id last_news; /* the newest key on its way, and its event */
    work_key last_key;
    sim_time last_at;
    /* Queue and workers. */
    struct workqueue queue;
    struct worker *workers;
    uint32_t worker_count, idle_count;
    uint32_t *idle;        /* stack of indexes */
    struct worker *worker; /* whose reconcile or apply runs */
    /* Client. */
    struct token_bucket own;
    struct token_bucket *bucket; /* own, or another's */
    struct rng write_latency, event_latency;
    struct spam_filter spam;
    size_t events_waiting; /* the one on its way included */
    uint64_t request_count, event_count;
};

struct controllers {
    struct simulation *simulation;
    const struct control_plane_params *params;
    size_t count;
    struct controller_run *runs;
    double slowness;
};

static inline sim_time controller_now(const struct controller_run *run)
{
    return sim_now(run->all->simulation->sim);
}

/* So long takes now what usually takes t. */
sim_time controller_time(const struct controller_run *run, sim_time t);
/* Works again after controller_set_stopped; anew: as a new process. */
void controller_resume(struct controller_run *run, bool anew);

/* Gives work to idle workers. */
void controller_dispatch(struct controller_run *run);

#endif
