#include "models/traffic/call.h"

#include <assert.h>
#include <stdlib.h>

#include "models/traffic/request_private.h"

static void on_next(struct sim *sim, void *self, struct event_args args);
static const struct event_type next_event = {"traffic.call", 0, on_next};

/* The calls of one attempt at a pod. */
struct calling {
    const struct workload *workload; /* NULL: the slot is free */
    uint64_t user;                   /* the attempt */
    uint64_t job;                    /* its place; valid once it waits */
    uint64_t key;                    /* names the draws of its calls */
    pod_id pod;
    uint32_t wanted;       /* bit mask of workload->calls */
    uint32_t next;         /* the first of those that has not begun */
    uint32_t generation;   /* another attempt, another generation */
    uint32_t older, newer; /* of the same pod that wait; NOBODY */
    bool waits, failed;
    incident_id origin;     /* where failed */
    VEC_OF(uint32_t) slots; /* of its calls under way */
};

struct waiting {
    uint32_t oldest, newest; /* NOBODY: none */
};
#define NOBODY UINT32_MAX

struct calls {
    VEC_OF(struct calling) items; /* a slab */
    VEC_OF(uint32_t) free;
    VEC_OF(struct waiting) pods;
};

struct calls *calls_new(void)
{
    return mem_zalloc(sizeof(struct calls));
}

void calls_free(struct calls *all)
{
    if (!all)
        return;
    for (size_t i = 0; i < all->items.count; i++)
        VEC_FREE(all->items.items[i].slots);
    VEC_FREE(all->items);
    VEC_FREE(all->free);
    VEC_FREE(all->pods);
    free(all);
}

/* Valid until the next one is planned. */
static struct calling *at(const struct traffic *t, uint32_t i)
{
    return &t->calls->items.items[i];
}

static uint64_t name_of(const struct traffic *t, uint32_t i)
{
    return (uint64_t)at(t, i)->generation << 32 | i;
}

/* False: it is over. */
static bool is_there(const struct traffic *t, uint64_t name)
{
    const struct calling *c = at(t, (uint32_t)name);

    return c->workload && c->generation == name >> 32;
}

/* ------------------------------------------------------ who waits at a pod */

static struct waiting *waiting_at(struct calls *all, pod_id pod)
{
    const struct waiting none = {NOBODY, NOBODY};

    while (all->pods.count <= pod)
        VEC_PUSH(all->pods, none);
    return &all->pods.items[pod];
}

static void join_pod(struct traffic *t, uint32_t i)
{
    struct calling *c = at(t, i);
    struct waiting *w = waiting_at(t->calls, c->pod);

    c->waits = true;
    c->older = w->newest;
    c->newer = NOBODY;
    if (w->newest == NOBODY)
        w->oldest = i;
    else
        at(t, w->newest)->newer = i;
    w->newest = i;
}

static void leave_pod(struct traffic *t, const struct calling *c)
{
    struct waiting *w = waiting_at(t->calls, c->pod);

    *(c->older == NOBODY ? &w->oldest : &at(t, c->older)->newer) = c->newer;
    *(c->newer == NOBODY ? &w->newest : &at(t, c->newer)->older) = c->older;
}

/* ------------------------------------------------------------- the attempt */

static uint32_t take(struct calls *all)
{
    const struct calling fresh = {0};

    if (all->free.count)
        return all->free.items[--all->free.count];
    VEC_PUSH(all->items, fresh);
    return (uint32_t)all->items.count - 1;
}

/* Its slots stay for the next one; whatever names it names nothing. */
static void release(struct traffic *t, uint32_t i)
{
    struct calling *c = at(t, i);

    if (c->waits)
        leave_pod(t, c);
    c->workload = NULL;
    c->waits = c->failed = false;
    c->generation++;
    VEC_PUSH(t->calls->free, i);
}

static uint32_t draw(const struct workload *w, struct rng *rng)
{
    uint32_t wanted = 0;

    assert(w->call_count <= CALLS_MAX);
    for (uint32_t k = 0; k < w->call_count; k++)
        if (w->calls[k].probability >= 1 ||
            rng_uniform(rng) < w->calls[k].probability)
            wanted |= UINT32_C(1) << k;
    return wanted;
}

uint32_t calls_plan(void *self, const struct pod *pod, uint64_t client,
                    const struct workload *workload, struct rng *rng)
{
    struct traffic *t = self;
    struct request *r = request_find(t, client);
    uint32_t wanted = draw(workload, rng), i;
    struct calling *c;

    assert(r);
    if (!wanted)
        return 0;
    i = take(t->calls);
    c = at(t, i);
    c->workload = workload;
    c->user = client;
    c->key = rng_mix(rng_mix(r->number, r->attempts), r->entry);
    c->pod = pod->id;
    c->wanted = wanted;
    c->next = 0;
    c->slots.count = 0;
    r->calls = i;
    return i + 1;
}

void calls_drop(void *self, uint32_t number)
{
    struct traffic *t = self;
    uint32_t i = number - 1;
    VEC_OF(uint32_t) slots = {0};

    for (size_t k = 0; k < at(t, i)->slots.count; k++)
        VEC_PUSH(slots, at(t, i)->slots.items[k]);
    release(t, i);
    for (size_t k = 0; k < slots.count; k++) {
        struct request *r = &t->requests[slots.items[k]];

        request_abandon(request_entry(t, r), r);
    }
    VEC_FREE(slots);
}

/* It is answered. */
static void finish(struct traffic *t, uint32_t i)
{
    const struct calling *c = at(t, i);
    struct request *r = request_find(t, c->user);
    uint64_t job = c->job;
    bool failed = c->failed;

    if (failed && r) {
        r->origin = c->origin;
        r->blamed = true;
    }
    release(t, i);
    server_called(t->s->servers, job, failed);
}

/* --------------------------------------------------------------- its calls */

static void begin_call(struct traffic *t, uint32_t i, uint32_t k)
{
    const struct calling *c = at(t, i);
    const struct scenario *s = t->s->scenario;
    struct entry *e = &t->entries[s->traffic_count - s->call_count +
                                  c->workload->calls[k].number];

    e->caller = name_of(t, i);
    request_begin_of(e, rng_mix(c->key, k),
                     client_of_pod(e, world_pod(t->s->world, c->pod)));
}

/* Begins the next one and those beside it. False: none is left. */
static bool advance(struct traffic *t, uint32_t i)
{
    const struct workload *w = at(t, i)->workload;
    uint32_t wanted = at(t, i)->wanted, k = at(t, i)->next;
    bool any = false;

    for (; k < w->call_count && !(any && !w->calls[k].parallel); k++) {
        if (!(wanted >> k & 1))
            continue;
        any = true;
        at(t, i)->next = k + 1;
        begin_call(t, i, k);
    }
    at(t, i)->next = k;
    return any;
}

void calls_begin(void *self, uint32_t number, uint64_t job)
{
    struct traffic *t = self;

    at(t, number - 1)->job = job;
    join_pod(t, number - 1);
    advance(t, number - 1);
}

/* Those that were under way have ended. */
static void on_next(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;
    uint32_t i = (uint32_t)args.subject;

    (void)sim;
    if (!is_there(t, args.subject) || at(t, i)->slots.count > 0)
        return;
    if (at(t, i)->failed || !advance(t, i))
        finish(t, i);
}

void call_join(struct entry *e, struct request *r)
{
    struct traffic *t = e->traffic;

    r->caller = e->caller;
    VEC_PUSH(at(t, (uint32_t)r->caller)->slots, (uint32_t)(r - t->requests));
}

static void forget(struct calling *c, uint32_t slot)
{
    size_t k = 0;

    while (c->slots.items[k] != slot)
        k++;
    c->slots.items[k] = c->slots.items[--c->slots.count];
}

/* What is abandoned goes with its pod, whose server will say so. */
void call_ended(struct entry *e, const struct request *r,
                const struct request_end *ended)
{
    struct traffic *t = e->traffic;
    struct calling *c = at(t, (uint32_t)r->caller);

    if (!is_there(t, r->caller))
        return;
    forget(c, (uint32_t)(r - t->requests));
    if (ended->outcome == REQUEST_ABANDONED)
        return;
    if (ended->outcome == REQUEST_FAILED) {
        c->failed = true;
        c->origin = ended->origin;
    }
    if (c->slots.count == 0)
        sim_after(t->s->sim, 0, &next_event, t,
                  (struct event_args){.subject = r->caller});
}

/* ----------------------------------------------------------------- clients */

void callers_leave(struct traffic *t, pod_id id)
{
    const struct pod *pod = world_pod(t->s->world, id);

    if (pod && (pod->serving || server_drains(pod)))
        return;
    for (size_t i = 0; i < t->entry_count; i++) {
        struct entry *e = &t->entries[i];

        if (e->inner && e->spec->pool.on && id < e->callers.count &&
            e->callers.items[id])
            pools_leave(e, e->callers.items[id] - 1);
    }
}

static bool calls_of(const struct workload *w, uint32_t number)
{
    for (size_t k = 0; k < w->call_count; k++)
        if (w->calls[k].number == number)
            return true;
    return false;
}

size_t callers_count(const struct traffic *t, const struct entry *e,
                     uint32_t *by_zone)
{
    const struct world *w = t->s->world;
    const struct scenario *s = t->s->scenario;
    uint32_t number = (uint32_t)(e->index - (s->traffic_count - s->call_count));
    size_t count = 0;

    for (size_t i = 0; i < w->pods.count; i++) {
        const struct pod *pod = w->pods.items[i].pod;

        if (!pod || !calls_of(&s->workloads[pod->template->workload], number))
            continue;
        count++;
        if (by_zone && pod->node != NO_ID)
            by_zone[world_node(w, pod->node)->zone]++;
    }
    return count;
}

/* ------------------------------------------------------------------- blame */

/* Calls that wait for each other in a circle, as they may where a Service's
 * selector is changed into one, are overload. */
enum { DEPTH_MAX = 32 };

static incident_id call_blame(struct traffic *t, const struct entry *e,
                              const struct request *r, enum cause cause)
{
    incident_id origin = INCIDENT_OVERLOAD;

    if (t->blame_depth < DEPTH_MAX) {
        t->blame_depth++;
        origin = blame(t, e, r, cause);
        t->blame_depth--;
    }
    return origin;
}

/* What a call under way would fail of now. */
static incident_id call_origin(struct traffic *t, uint32_t slot)
{
    struct request *r = &t->requests[slot];
    struct entry *e = request_entry(t, r);
    enum cause cause =
        r->state == REQUEST_DEAD ? CAUSE_CONNECT_TIMEOUT : CAUSE_TIMEOUT;

    if (r->state == REQUEST_WAITS && e->hedged)
        return r->in_flight > 0 ? call_origin(t, r->next_hedge)
                                : r->failed_origin;
    if (r->state == REQUEST_WAITS)
        return r->origin;
    if (r->state == REQUEST_QUEUED)
        pool_before_failure(e, r, cause);
    return call_blame(t, e, r, cause);
}

/* What it waits for; NO_ID: nothing. */
static incident_id origin_of(struct traffic *t, uint32_t i)
{
    const struct calling *c = at(t, i);

    if (c->failed)
        return c->origin;
    return c->slots.count > 0 ? call_origin(t, c->slots.items[0])
                              : (incident_id)NO_ID;
}

incident_id calls_origin(struct traffic *t, const struct request *r)
{
    const struct calling *c;

    if (!t->calls || r->calls >= t->calls->items.count)
        return NO_ID;
    c = at(t, r->calls);
    return c->waits && c->user == request_id(t, r) ? origin_of(t, r->calls)
                                                   : (incident_id)NO_ID;
}

incident_id calls_origin_at(struct traffic *t, pod_id pod)
{
    uint32_t i = NOBODY;

    if (t->calls && pod < t->calls->pods.count)
        i = t->calls->pods.items[pod].oldest;
    return i == NOBODY ? (incident_id)NO_ID : origin_of(t, i);
}
