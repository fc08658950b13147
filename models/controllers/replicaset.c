/*
 * The ReplicaSet controller: as many active pods as the spec says. A pod
 * that ends or begins to terminate is replaced at once; many are created in
 * batches of 1, 2, 4 .. (slow start), at most 500 a reconcile.
 * Kubernetes v1.36, pkg/controller/replicaset/replica_set.go.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/controller.h"
#include "models/controllers/claim.h"
#include "models/controllers/replicaset_victims.h"
#include "models/version.h"

static const char scaled[] = "Scaled", rolled_out[] = "RolledOut";

enum { POD_ACTIVE = 1, POD_READY = 2, POD_TERMINATING = 4 };

/* The status as a sync reads it: the size it reads from the API server. */
struct copy {
    int status_replicas, status_ready, status_available, status_terminating;
    int observed;     /* spec.replicas at the last status; -1: none */
    uint32_t version; /* counts the object's changes */
};

struct news {
    struct copy copy;
    sim_time at; /* it is in the cache */
};

struct record {
    int active, ready; /* of its pods, as they are now */
    int terminating;
    int told;           /* of those, in the status that is being written */
    struct copy newest; /* as the API server has it, */
    struct copy cached; /* as the informer's cache had it when last read, */
    VEC_OF(struct news) news; /* and what has come to it since, or will */
    uint32_t read;            /* the version that a status is computed from */
    /* What ended pods that it will replace: the new ones' origins. */
    VEC_OF(incident_id) lost;
    struct claims claims;
};

struct replicasets {
    VEC_OF(struct record) records; /* by ReplicaSet */
    VEC_OF(uint8_t) pods;          /* flags by pod: as counted above */
    struct replicaset_victims victims;
};

static void start(struct controller_run *run, void *state)
{
    struct replicasets *all = state;
    struct rng rng;

    rng_init(&rng, controller_simulation(run)->root, "replicaset.uid", NULL, 0);
    all->victims.salt = rng_u64(&rng);
}

static void stop(void *state)
{
    struct replicasets *all = state;

    for (size_t i = 0; i < all->records.count; i++) {
        VEC_FREE(all->records.items[i].lost);
        VEC_FREE(all->records.items[i].news);
        claims_release(&all->records.items[i].claims);
    }
    VEC_FREE(all->records);
    VEC_FREE(all->pods);
    VEC_FREE(all->victims.on_node);
    VEC_FREE(all->victims.ranked);
}

static struct record *record_of(struct replicasets *all, replicaset_id id)
{
    while (all->records.count <= id)
        VEC_PUSH(all->records, (struct record){.newest.observed = -1});
    return &all->records.items[id];
}

/* --- what it hears --- */

static int has(unsigned flags, unsigned flag)
{
    return (flags & flag) != 0;
}

/* Keeps the counts; returns the flags before. */
static unsigned count_pod(struct replicasets *all, struct record *r,
                          const struct pod *pod, bool exists)
{
    unsigned old, now = 0;

    while (all->pods.count <= pod->id)
        VEC_PUSH(all->pods, 0);
    old = all->pods.items[pod->id];
    if (exists && replicaset_is_active(pod))
        now = POD_ACTIVE | (pod->ready ? POD_READY : 0);
    else if (exists && pod->phase != POD_SUCCEEDED && pod->phase != POD_FAILED)
        now = POD_TERMINATING;
    all->pods.items[pod->id] = (uint8_t)now;
    r->active += (int)(now & POD_ACTIVE) - (int)(old & POD_ACTIVE);
    r->ready += has(now, POD_READY) - has(old, POD_READY);
    r->terminating += has(now, POD_TERMINATING) - has(old, POD_TERMINATING);
    return old;
}

/* It meant the pod to go: nothing replaces it. */
static bool deleted_by_itself(const struct pod *pod)
{
    return pod->reason == scaled || pod->reason == rolled_out;
}

/* It is no longer, or now, one of a ReplicaSet's pods. */
static void owner_changed(struct controller_run *run, struct replicasets *all,
                          const struct pod *pod,
                          const struct pod_before *before)
{
    if (before->owner_kind == OWNER_REPLICASET) {
        count_pod(all, record_of(all, before->owner), pod, false);
        controller_enqueue(run, before->owner);
    }
    if (pod->owner_kind == OWNER_REPLICASET) {
        count_pod(all, record_of(all, pod->owner), pod, true);
        controller_enqueue(run, pod->owner);
    }
}

/* Its pods whose labels it does not select any more, and those of nobody that
 * it selects, are looked at in its next reconcile. */
static void labels_changed(struct controller_run *run, struct replicasets *all,
                           const struct pod *pod)
{
    const struct world *w = controller_world(run);

    if (pod->owner_kind == OWNER_REPLICASET)
        claims_add(run, &record_of(all, pod->owner)->claims, pod->owner, pod);
    if (pod->owner_kind != OWNER_NONE)
        return;
    for (size_t i = 0; i < w->replicasets.count; i++) {
        const struct replicaset *rs = w->replicasets.items[i];

        if (claim_adopts(&rs->own, pod) &&
            (rs->deployment == NO_ID ||
             rs->template->hash == pod->template->hash))
            claims_add(run, &record_of(all, rs->id)->claims, rs->id, pod);
    }
}

static void observe_pod(struct controller_run *run, struct replicasets *all,
                        const struct world_change *change)
{
    struct world *w = controller_world(run);
    const struct pod *pod = world_pod(w, change->id);
    const struct replicaset *rs;
    struct record *r;
    unsigned before;

    if (change->what == WHAT_OWNER)
        owner_changed(run, all, pod, change->old);
    if (change->what == WHAT_LABELS ||
        (change->what == WHAT_ADDED && pod->owner_kind == OWNER_NONE))
        labels_changed(run, all, pod);
    if (pod->owner_kind != OWNER_REPLICASET || change->what == WHAT_BOUND ||
        change->what == WHAT_IP || change->what == WHAT_OWNER)
        return;
    rs = w->replicasets.items[pod->owner];
    r = record_of(all, rs->id);
    before = count_pod(all, r, pod, change->what != WHAT_DELETED);
    if (before & POD_ACTIVE && !(all->pods.items[pod->id] & POD_ACTIVE) &&
        !deleted_by_itself(pod) && !rs->deleted)
        VEC_PUSH(r->lost, world_pod_origin(w, pod->id));
    controller_enqueue(run, rs->id);
    if (rs->min_ready > 0 && pod->ready && !(before & POD_READY) &&
        w->scenario->cluster.kubernetes_minor < VERSION_exact_ready_checks)
        controller_enqueue_after(run, rs->id, rs->min_ready + SIM_S);
}

static void observe_itself(struct controller_run *run, struct replicasets *all,
                           const struct world_change *change)
{
    const struct world *w = controller_world(run);
    const struct replicaset *rs = w->replicasets.items[change->id];
    struct record *r = record_of(all, rs->id);
    struct news news;

    if (change->what == WHAT_ADDED && rs->deployment == NO_ID)
        claims_add_orphans(run, &r->claims, change->id, &rs->own);
    r->newest.status_replicas = rs->status_replicas;
    r->newest.status_ready = rs->status_ready;
    r->newest.status_available = rs->status_available;
    r->newest.status_terminating = rs->status_terminating;
    r->newest.version++;
    news.copy = r->newest;
    news.at = controller_cached_time(run);
    if (r->news.count > 0 && news.at < r->news.items[r->news.count - 1].at)
        news.at = r->news.items[r->news.count - 1].at;
    VEC_PUSH(r->news, news);
    controller_enqueue(run, rs->id);
}

static void observe(struct controller_run *run, void *state,
                    const struct world_change *change)
{
    if (change->kind == CHANGE_POD)
        observe_pod(run, state, change);
    else
        observe_itself(run, state, change);
}

/* --- writes --- */

static void tell(struct controller_run *run, const struct replicaset *rs,
                 const char *reason, const char *verb, pod_id id)
{
    struct world *w = controller_world(run);
    char object[300];

    if (!controller_event(run, rs->id) || !w->want_events)
        return;
    snprintf(object, sizeof object, "replicaset/%s", rs->name);
    world_event(w, false, reason, object, "%s pod: %s", verb,
                world_pod(w, id)->name);
}

static void apply_create(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    struct world *w = controller_world(run);
    const struct replicaset *rs = w->replicasets.items[a];
    pod_id id;

    (void)state;
    if (rs->deleted)
        return;
    id = world_pod_create(w, rs->id, rs->template, rs->space, NULL,
                          (incident_id)b);
    tell(run, rs, "SuccessfulCreate", "Created", id);
}

static void apply_delete(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    struct world *w = controller_world(run);
    const struct replicaset *rs = w->replicasets.items[a];
    const struct pod *pod = world_pod(w, (pod_id)b);
    const char *reason = scaled;

    (void)state;
    if (!pod || pod->deletion != SIM_NEVER)
        return;
    if (rs->deployment != NO_ID &&
        w->deployments.items[rs->deployment]->template->hash !=
            rs->template->hash)
        reason = rolled_out;
    tell(run, rs, "SuccessfulDelete", "Deleted", pod->id);
    world_pod_delete(w, pod->id, -1, reason, rs->origin);
}

/* 21 bits for each of three counts. */
enum { COUNT_BITS = 21, COUNT_MASK = (1 << COUNT_BITS) - 1 };

static uint64_t pack(int replicas, int ready, int available)
{
    return (uint64_t)replicas | (uint64_t)ready << COUNT_BITS |
           (uint64_t)available << 2 * COUNT_BITS;
}

static void apply_status_anew(struct controller_run *run, void *state,
                              uint64_t a, uint64_t b)
{
    struct world *w = controller_world(run);
    replicaset_id id = (replicaset_id)(a & UINT32_MAX);

    if (w->replicasets.items[id]->deleted)
        return;
    record_of(state, id)->newest.observed = (int)(a >> 32);
    world_replicaset_set_status(
        w, id, (int)(b & COUNT_MASK), (int)(b >> COUNT_BITS & COUNT_MASK),
        (int)(b >> 2 * COUNT_BITS), record_of(state, id)->told);
}

/* replica_set_utils.go updateReplicaSetStatus: a status of an object that has
 * changed since it was read is refused, and tried once more. */
static void apply_status(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    const struct record *r = record_of(state, (replicaset_id)(a & UINT32_MAX));

    if (r->read != r->newest.version)
        controller_repeat(run, apply_status_anew, a, b);
    else
        apply_status_anew(run, state, a, b);
}

/* --- too few --- */

static void create_pods(struct controller_run *run, struct record *r,
                        const struct replicaset *rs, int64_t count)
{
    const struct control_plane_params *p =
        &controller_simulation(run)->scenario->cluster.control_plane;
    int64_t size = 0, left;
    size_t lost = 0;
    unsigned batch = 0;

    if (count > p->replicaset_burst)
        count = p->replicaset_burst;
    while ((size = replicaset_batch(count, size, p->slow_start_initial)) > 0) {
        batch++;
        for (left = size; left > 0; left--) {
            incident_id origin =
                lost < r->lost.count ? r->lost.items[lost++] : rs->origin;

            controller_write(run, apply_create, rs->id, origin, batch);
        }
        count -= size;
    }
}

/* --- too many --- */

static void delete_pods(struct controller_run *run, struct replicasets *all,
                        const struct replicaset *rs, int64_t count)
{
    struct world *w = controller_world(run);
    int64_t burst = controller_simulation(run)
                        ->scenario->cluster.control_plane.replicaset_burst;

    if (count > burst)
        count = burst;
    replicaset_rank(&all->victims, w, rs, (size_t)count);
    for (int64_t i = 0; i < count; i++)
        controller_write(run, apply_delete, rs->id,
                         all->victims.ranked.items[i].id, 1);
}

/* --- the reconcile --- */

/* Pods that count as available; *next: when to look again. */
static int count_available(const struct world *w, const struct replicaset *rs,
                           const struct record *r, sim_time *next)
{
    sim_time now = sim_now(w->sim);
    int available = 0;

    *next = SIM_NEVER;
    if (rs->min_ready == 0)
        return r->ready;
    for (size_t i = 0; i < rs->pods.count; i++) {
        const struct pod *pod = world_pod(w, rs->pods.items[i]);
        sim_time since = replicaset_api_time(pod->ready_since), wait;

        if (!replicaset_is_active(pod))
            continue;
        available +=
            replicaset_available(pod->ready, since, rs->min_ready, now);
        wait = replicaset_next_check(pod->ready, since, rs->min_ready, now);
        if (wait < *next)
            *next = wait;
    }
    return available;
}

static void write_status(struct controller_run *run,
                         const struct replicaset *rs, struct record *r,
                         const struct copy *cached)
{
    const struct world *w = controller_world(run);
    sim_time next;
    int available = count_available(w, rs, r, &next);

    r->told =
        w->scenario->cluster.kubernetes_minor >= VERSION_terminating_replicas
            ? r->terminating
            : 0;
    if (r->told != cached->status_terminating ||
        r->active != cached->status_replicas ||
        r->ready != cached->status_ready ||
        available != cached->status_available ||
        rs->replicas != cached->observed)
        controller_write(run, apply_status,
                         rs->id | (uint64_t)rs->replicas << 32,
                         pack(r->active, r->ready, available), 0);
    if (w->scenario->cluster.kubernetes_minor >= VERSION_exact_ready_checks)
        controller_enqueue_after(run, rs->id, next);
    else if (rs->min_ready > 0 && r->ready == rs->replicas &&
             available != rs->replicas)
        controller_enqueue_after(run, rs->id, rs->min_ready);
}

/* The object as the cache has it now; before it had any, as it is. */
static const struct copy *look_up(struct record *r, sim_time now)
{
    size_t heard = 0;

    while (heard < r->news.count && r->news.items[heard].at <= now)
        r->cached = r->news.items[heard++].copy;
    if (heard > 0) {
        r->news.count -= heard;
        memmove(r->news.items, r->news.items + heard,
                r->news.count * sizeof *r->news.items);
    }
    return r->cached.version > 0 ? &r->cached : &r->newest;
}

static void reconcile(struct controller_run *run, void *state, work_key key)
{
    struct replicasets *all = state;
    const struct replicaset *rs = controller_world(run)->replicasets.items[key];
    struct record *r = record_of(all, rs->id);
    const struct copy *cached = look_up(r, sim_now(controller_world(run)->sim));

    if (rs->deleted)
        return;
    if (claims_write(run, &r->claims, OWNER_REPLICASET, rs->id))
        return;
    if (r->active < rs->replicas)
        create_pods(run, r, rs, rs->replicas - r->active);
    else if (r->active > rs->replicas)
        delete_pods(run, all, rs, r->active - rs->replicas);
    r->lost.count = 0;
    r->read = cached->version;
    write_status(run, rs, r, cached);
}

static int64_t workers(const struct scenario *scenario)
{
    return scenario->cluster.control_plane.replicaset_workers;
}

const struct controller controller_replicaset = {
    .name = "replicaset",
    .summary = "keeps as many pods as a ReplicaSet says",
    .watches = 1U << CHANGE_REPLICASET | 1U << CHANGE_POD,
    .state_size = sizeof(struct replicasets),
    .workers = workers,
    .start = start,
    .stop = stop,
    .observe = observe,
    .reconcile = reconcile,
};
