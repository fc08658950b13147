/*
 * controller - the reconcile framework. A controller never reacts at once:
 * a change reaches it after a watch lag (FIFO), its key goes into a
 * deduplicated, rate-limited workqueue, one of its workers reconciles,
 * and what it writes passes its client's token bucket (QPS, burst) and takes
 * write latency each, in order; the worker is busy till the last is done.
 *
 * A controller is one file in models/controllers and one line in
 * catalog.def: a struct controller named controller_<file>.
 */
#ifndef MODELS_CONTROLLER_H
#define MODELS_CONTROLLER_H

#include "models/simulation.h"

struct controller_run; /* one controller in one replication */

/* A key: an object's id, or any number the controller chose. */
typedef uint64_t work_key;

struct controller {
    const char *name;    /* "replicaset" */
    const char *summary; /* for `podchurn list` */
    unsigned watches;    /* bit mask 1 << enum world_kind */
    size_t state_size;   /* zeroed, passed as `state` */
    int64_t (*workers)(const struct scenario *scenario); /* NULL: 1 */
    /* Once, at the start: periodic events and so on. May be NULL. */
    void (*start)(struct controller_run *run, void *state);
    /* Frees what the state owns. May be NULL. */
    void (*stop)(void *state);
    /* Turns a change into keys: calls controller_enqueue. Runs after the
     * watch lag; the object may be gone by then. */
    void (*observe)(struct controller_run *run, void *state,
                    const struct world_change *change);
    /* Compares desired with observed; calls controller_write for each
     * write. Runs again later where it calls controller_requeue_after. */
    void (*reconcile)(struct controller_run *run, void *state, work_key key);
};

struct controllers *controllers_new(struct simulation *s);
void controllers_free(struct controllers *c);
/* The run of a controller by name, for tests and faults; NULL: none. */
struct controller_run *controllers_find(struct controllers *c,
                                        const char *name);

/* --- for controllers --- */
struct simulation *controller_simulation(struct controller_run *run);
struct world *controller_world(struct controller_run *run);

/* Adds a key: at once, after a delay, or after its back-off (5 ms doubling
 * to 1000 s, client-go's ItemExponentialFailureRateLimiter). A key that is
 * being reconciled is taken up again when that is done. */
void controller_enqueue(struct controller_run *run, work_key key);
void controller_enqueue_after(struct controller_run *run, work_key key,
                              sim_time delay);
void controller_retry(struct controller_run *run, work_key key);
void controller_forget(struct controller_run *run, work_key key);

/*
 * A write request: waits for a token, takes write latency, then apply runs
 * and does world_*() writes (it checks that what it writes to still is).
 * Writes of one reconcile go one after another, but those of one `batch`
 * number > 0 (slow start's goroutines) go side by side.
 */
typedef void controller_apply(struct controller_run *run, void *state,
                              uint64_t a, uint64_t b);
void controller_write(struct controller_run *run, controller_apply *apply,
                      uint64_t a, uint64_t b, unsigned batch);

/* A stopped controller (fault) holds its queue until started again. */
void controller_set_stopped(struct controller_run *run, bool stopped);

/* --- pure rules of the workload controllers, for tests too --- */
/* util/deployment_util.go ResolveFenceposts: both 0 gives unavailable 1. */
void deployment_fenceposts(struct int_or_percent max_surge,
                           struct int_or_percent max_unavailable, int desired,
                           int *surge, int *unavailable);

#endif
