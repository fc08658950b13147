/*
 * controller - the reconcile framework. A controller never reacts at once:
 * a change reaches it after a watch lag (FIFO), its key goes into a
 * deduplicated, rate-limited workqueue, one of its workers reconciles,
 * and what it writes passes its client's token bucket (QPS, burst) and takes
 * write latency each, in order; the worker is busy till the last is done.
 *
 * What a controller reads is the API server's present state, not a cache of
 * its own: between the first news of a change and the reconcile it may see
 * more than a real one would, by less than one watch lag. Where it matters
 * that a cache is late, the controller asks controller_cached_time: for the
 * statuses of ReplicaSets and for EndpointSlices.
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
    /* It starts again after it was stopped: what it only remembered is lost.
     * May be NULL. */
    void (*restart)(struct controller_run *run, void *state);
    /* Frees what the state owns. May be NULL. */
    void (*stop)(void *state);
    /* Turns a change of the API into keys: calls controller_enqueue for
     * each. Runs within the write, while the object can still be read, and
     * must not write; the keys arrive after the watch lag. */
    void (*observe)(struct controller_run *run, void *state,
                    const struct world_change *change);
    /* Compares desired with observed; calls controller_write for each
     * write. Runs again later where it calls controller_enqueue_after. */
    void (*reconcile)(struct controller_run *run, void *state, work_key key);
    /* Of controller_retry; 0: the cluster's queue_backoff_base and _max. */
    sim_time backoff_base, backoff_max;
    double qps_factor; /* its client's limits, as a multiple; 0: 1 */
    bool apart; /* a program of its own, not in kube-controller-manager */
    /* The controller before it in the list whose client's limits it shares;
     * NULL, or the function gives NULL: it has a client of its own. */
    const char *(*client)(const struct scenario *scenario);
};

/* All of catalog.def; ends with NULL. */
extern const struct controller *const controller_list[];

struct controllers *controllers_new(struct simulation *s);
void controllers_free(struct controllers *c);
/* The run of a controller by name, for tests and faults; NULL: none. */
struct controller_run *controllers_find(struct controllers *c,
                                        const char *name);
/* One controller by itself, as a part of `c`; for tests. */
struct controllers *controllers_new_list(struct simulation *s,
                                         const struct controller *const *list);

/* --- for controllers --- */
struct simulation *controller_simulation(struct controller_run *run);
struct world *controller_world(struct controller_run *run);
void *controller_state(struct controller_run *run);

/* Adds a key: at once, after a delay, or after its back-off (5 ms doubling
 * to 1000 s, client-go's ItemExponentialFailureRateLimiter, and all keys'
 * retries no more than 10/s after 100). A key that is
 * being reconciled is taken up again when that is done. Of two delayed adds
 * of a key the earlier one counts (client-go's delaying queue). */
void controller_enqueue(struct controller_run *run, work_key key);
void controller_enqueue_after(struct controller_run *run, work_key key,
                              sim_time delay);
void controller_retry(struct controller_run *run, work_key key);
void controller_forget(struct controller_run *run, work_key key);

/* From observe: the controller's cache has the change from then on. From
 * apply: it has what was written. Of its own writes it may be a past time:
 * the answer and the news are under way together, and either may come first
 * (in recordings 31 of 78 statuses of ReplicaSets were refused as computed
 * from what was there before). */
sim_time controller_cached_time(struct controller_run *run);

/*
 * A write request: waits for a token, takes write latency, then apply runs
 * and does world_*() writes (it checks that what it writes to still is).
 * Writes of one reconcile go one after another, but those of one `batch`
 * number > 0 (slow start's goroutines) go side by side: consecutive writes
 * of equal batch number. From reconcile and apply only; what apply adds
 * comes after all that there is.
 */
typedef void controller_apply(struct controller_run *run, void *state,
                              uint64_t a, uint64_t b);
void controller_write(struct controller_run *run, controller_apply *apply,
                      uint64_t a, uint64_t b, unsigned batch);
/* A read past the cache (GET): a token and latency, no effect. */
void controller_read(struct controller_run *run, unsigned batch);
/* A write was refused, as of an older version of the object (409): a read,
 * and the write once more. They wait for tokens; their latency is left out. */
void controller_repeat(struct controller_run *run, controller_apply *apply,
                       uint64_t a, uint64_t b);
/* Runs apply in turn, after the writes before it, and costs nothing. */
void controller_then(struct controller_run *run, controller_apply *apply,
                     uint64_t a, uint64_t b);

/* Records an Event about an object (any number of the controller's that
 * names it): written by a goroutine of its own, one after another, through
 * the same token bucket. False: the spam filter of client-go's
 * tools/record dropped it (25 of one object at once, then one in 300 s), so
 * there is nothing to tell world_event either. */
bool controller_event(struct controller_run *run, uint64_t object);

/* A stopped controller (fault) holds its queue until started again; what
 * its workers had not yet written is lost, their keys are taken up anew. */
void controller_set_stopped(struct controller_run *run, bool stopped);

/*
 * All controllers of one program stop, or all there are: the control plane's
 * kube-controller-manager, and those `apart`. Holds nest. anew: its processes
 * ended meanwhile, and what they only remembered is lost; else they go on.
 */
enum controllers_of { CONTROLLERS_MANAGER, CONTROLLERS_ALL };
void controllers_hold(struct controllers *c, enum controllers_of which);
void controllers_release(struct controllers *c, enum controllers_of which,
                         bool anew);
/* kube-controller-manager's requests, and news, take so many times as long;
 * 1: as usual. */
void controllers_set_slowness(struct controllers *c, double factor);

/* Requests sent so far: writes and reads, and Events. */
uint64_t controller_request_count(const struct controller_run *run);
uint64_t controller_event_count(const struct controller_run *run);

/* --- pure rules of the workload controllers, for tests too --- */
/* util/deployment_util.go ResolveFenceposts: both 0 gives unavailable 1. */
void deployment_fenceposts(struct int_or_percent max_surge,
                           struct int_or_percent max_unavailable, int desired,
                           int *surge, int *unavailable);

#endif
