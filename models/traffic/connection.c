#include "models/traffic/connection.h"

#include <assert.h>
#include <stdlib.h>

#include "models/traffic/gateway.h"
#include "models/traffic/pool.h"

/* Linux gives up an open connection: see traffic.h. */
static const sim_time established_limit = 924600 * SIM_MS;

/* grpc-go: MaxConnectionAge +-10 %. */
static const double age_jitter = 0.1;

/* Places of a connection in its stream. */
enum { PLACE_AGE, PLACE_FAREWELL };

static void on_timer(struct sim *sim, void *self, struct event_args args);
static void on_farewell(struct sim *sim, void *self, struct event_args args);
static const struct event_type timer_event = {"traffic.connection", 0,
                                              on_timer};
static const struct event_type farewell_event = {"traffic.farewell", 0,
                                                 on_farewell};

struct connections {
    VEC_OF(struct connection) items; /* a slab */
    VEC_OF(uint32_t) free;
};

struct connections *connections_new(void)
{
    return mem_zalloc(sizeof(struct connections));
}

void connections_free(struct connections *all)
{
    VEC_FREE(all->items);
    VEC_FREE(all->free);
    free(all);
}

static struct connection *at(const struct traffic *t, uint32_t index)
{
    assert(index < t->connections->items.count);
    return &t->connections->items.items[index];
}

static uint32_t index_of(const struct traffic *t, const struct connection *c)
{
    return (uint32_t)(c - t->connections->items.items);
}

static struct pool *pool_of(const struct connection *c)
{
    return &c->entry->clients[c->client].pools->pools.items[c->pool];
}

static struct event_args name_of(const struct traffic *t,
                                 const struct connection *c)
{
    return (struct event_args){.subject = (uint64_t)c->generation << 32 |
                                          index_of(t, c)};
}

/* NULL: it has ended. */
static struct connection *named(const struct traffic *t, struct event_args args)
{
    struct connection *c = at(t, (uint32_t)args.subject);

    return c->generation == args.subject >> 32 ? c : NULL;
}

/* ----------------------------------------------------------------- list */

static void leave_list(struct traffic *t, struct pool *p, struct connection *c)
{
    if (!c->spare)
        return;
    c->spare = false;
    if (c->prev == NO_CONNECTION)
        p->free = c->next;
    else
        at(t, c->prev)->next = c->next;
    if (c->next != NO_CONNECTION)
        at(t, c->next)->prev = c->prev;
}

static void to_front(struct traffic *t, struct pool *p, struct connection *c)
{
    leave_list(t, p, c);
    c->spare = true;
    c->prev = NO_CONNECTION;
    c->next = p->free;
    if (p->free != NO_CONNECTION)
        at(t, p->free)->prev = index_of(t, c);
    p->free = index_of(t, c);
}

struct connection *connection_free(struct traffic *t, const struct pool *p)
{
    return p->free == NO_CONNECTION ? NULL : at(t, p->free);
}

/* ---------------------------------------------------------------- timer */

static sim_time later(sim_time from, sim_time span)
{
    return span >= SIM_NEVER - from ? SIM_NEVER : from + span;
}

/* Idle for too long, or too old. A use only puts the first off: that is
 * found when the timer has run. */
static void set_timer(struct entry *e, struct connection *c)
{
    struct traffic *t = e->traffic;
    sim_time now = sim_now(t->s->sim);
    sim_time when =
        later(c->busy ? now : c->last_used, e->spec->pool.idle_timeout);

    when = when < c->ends ? when : c->ends;
    sim_cancel(t->s->sim, c->timer);
    c->timer = 0;
    if (when != SIM_NEVER && !c->ending)
        c->timer = sim_at(t->s->sim, when > now ? when : now, &timer_event, t,
                          name_of(t, c));
}

static void on_timer(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;
    struct connection *c = named(t, args);
    struct entry *e;

    if (!c)
        return;
    e = c->entry;
    c->timer = 0;
    c->told = sim_now(sim) < c->ends; /* idle: its client ends it */
    if (sim_now(sim) >= c->ends ||
        (c->busy == 0 &&
         sim_now(sim) >= later(c->last_used, e->spec->pool.idle_timeout)))
        connection_retire(e, index_of(t, c));
    else {
        c->told = false;
        set_timer(e, c);
    }
}

/* ----------------------------------------------------------------- life */

static struct connection *new_slot(struct traffic *t)
{
    struct connections *all = t->connections;
    const struct connection fresh = {0};

    if (all->free.count)
        return at(t, all->free.items[--all->free.count]);
    VEC_PUSH(all->items, fresh);
    return &all->items.items[all->items.count - 1];
}

static sim_time old_age(struct entry *e, const struct connection *c)
{
    double age = (double)e->spec->pool.max_age;

    if (e->spec->pool.max_age == SIM_NEVER)
        return SIM_NEVER;
    rng_seek(&e->life, (uint64_t)c->client << 32 | c->ordinal, PLACE_AGE);
    age *= 1 + age_jitter * (2 * rng_uniform(&e->life) - 1);
    return later(c->opened, age < 0x1p62 ? (sim_time)age : SIM_NEVER);
}

struct connection *connection_open(struct entry *e, struct pool *p,
                                   const struct request *r,
                                   const struct chosen *target)
{
    struct traffic *t = e->traffic;
    struct connection *c = new_slot(t);
    uint32_t generation = c->generation;

    *c = (struct connection){.entry = e,
                             .client = r->client,
                             .pool = r->pool,
                             .generation = generation,
                             .ordinal = e->clients[r->client].pools->ordinal++,
                             .endpoint = *target->endpoint,
                             .balancer = target->balancer,
                             .gateway = target->gateway,
                             .through = target->through,
                             .opened = sim_now(t->s->sim),
                             .last_used = sim_now(t->s->sim),
                             .server = NO_ID,
                             .counted = true};
    c->ends = old_age(e, c);
    p->open++;
    p->carrying++;
    set_timer(e, c);
    return c;
}

/* Nothing is on it. */
static void end(struct entry *e, struct connection *c)
{
    struct traffic *t = e->traffic;
    sim_time now = sim_now(t->s->sim);

    assert(c->busy == 0 && !c->spare && !c->counted);
    sim_cancel(t->s->sim, c->timer);
    if (c->balancer) {
        struct lb_end ended = {c->endpoint.slot, c->endpoint.pod,
                               c->broken ? LB_BROKEN : LB_OK, now,
                               now - c->opened};

        lb_balancer_done(c->balancer, &ended);
    }
    pool_of(c)->carrying--;
    c->entry = NULL;
    c->generation++;
    VEC_PUSH(t->connections->free, index_of(t, c));
}

static void retire(struct entry *e, struct connection *c)
{
    struct pool *p = pool_of(c);

    c->ending = true;
    if (__builtin_expect(e->resolves, 0) && !c->told) {
        c->told = true;
        name_lost(e, c->client, &c->endpoint);
    }
    leave_list(e->traffic, p, c);
    if (c->counted && (c->busy == 0 || e->spec->pool.streams > 1)) {
        c->counted = false;
        p->open--;
        pool_wake(e, c->client, c->pool);
    }
    if (c->busy == 0)
        end(e, c);
}

void connection_retire(struct entry *e, uint32_t index)
{
    retire(e, at(e->traffic, index));
}

uint32_t connection_take(struct entry *e, struct pool *p, struct connection *c)
{
    const struct pool_spec *spec = &e->spec->pool;

    assert(!c->ending && c->busy < spec->streams);
    c->busy++;
    c->requests++;
    if (c->requests >= spec->max_requests)
        retire(e, c);
    else if (c->busy >= spec->streams)
        leave_list(e->traffic, p, c);
    else
        to_front(e->traffic, p, c);
    return index_of(e->traffic, c);
}

void pool_release(struct entry *e, struct request *r, enum lb_result result)
{
    struct traffic *t = e->traffic;
    struct connection *c = at(t, r->connection);

    r->connection = NO_CONNECTION;
    assert(c->entry == e && c->busy > 0);
    c->busy--;
    c->last_used = sim_now(t->s->sim);
    c->broken |= result == LB_BROKEN;
    if (c->ending || result == LB_BROKEN || result == LB_GONE) {
        retire(e, c);
        return;
    }
    to_front(t, pool_of(c), c);
    pool_wake(e, c->client, c->pool);
}

void connection_timed_out(struct entry *e, uint32_t index)
{
    if (e->spec->pool.streams == 1)
        retire(e, at(e->traffic, index));
}

static bool came_by(const struct connection *c, uint32_t through, pod_id pod)
{
    return through ? c->through == through : c->endpoint.pod == pod;
}

bool pool_came_by(const struct entry *e, const struct request *r,
                  uint32_t through, pod_id pod)
{
    return r->connection != NO_CONNECTION &&
           came_by(at(e->traffic, r->connection), through, pod);
}

void connections_cut(struct traffic *t, const struct cloud *cloud,
                     uint32_t through, pod_id pod)
{
    for (uint32_t i = 0; i < t->connections->items.count; i++) {
        struct connection *c = at(t, i);

        if (c->entry && c->entry->lb->cloud == cloud && !c->ending &&
            c->entry->homes[c->client].external && came_by(c, through, pod))
            retire(c->entry, c);
    }
}

/* ----------------------------------------------------- at the other end */

bool pool_is_open(const struct entry *e, const struct request *r)
{
    return at(e->traffic, r->connection)->server != NO_ID;
}

void pool_accepted(struct entry *e, const struct request *r,
                   const struct pod *pod)
{
    struct connection *c = at(e->traffic, r->connection);

    c->server = pod->id;
    c->process = server_since(pod);
}

bool pool_reaches(struct entry *e, struct request *r, struct pod **pod)
{
    struct traffic *t = e->traffic;
    struct connection *c = at(t, r->connection);
    sim_time given_up = later(sim_now(t->s->sim), established_limit);

    r->server = c->server;
    *pod = NULL;
    if (!world_node(t->s->world, c->endpoint.node)->up || r->cut) {
        if (given_up < c->ends) {
            c->ends = given_up;
            set_timer(e, c);
        }
        return false;
    }
    *pod = world_pod(t->s->world, c->server);
    if (*pod && server_since(*pod) != c->process)
        *pod = NULL;
    return true;
}

void pool_answered(struct entry *e, const struct request *r)
{
    struct connection *c = at(e->traffic, r->connection);
    const struct pod *pod = world_pod(e->traffic->s->world, c->server);

    if (e->spec->pool.streams == 1 && pod && server_drains(pod))
        c->ending = true; /* Connection: close */
}

static sim_time way_back(struct entry *e, const struct connection *c)
{
    const struct network_path *path =
        &e->traffic->paths[c->gateway ? gateway_path(c->gateway, &c->endpoint)
                                      : client_path(&e->homes[c->client],
                                                    &c->endpoint)];

    if (path->constant)
        return path->delay;
    rng_seek(&e->life, (uint64_t)c->client << 32 | c->ordinal, PLACE_FAREWELL);
    return dist_sample_time(path->dist, &e->life);
}

void pools_drained(struct traffic *t, pod_id id)
{
    const struct pod *pod = world_pod(t->s->world, id);

    if (!pod || !server_drains(pod))
        return;
    for (uint32_t i = 0; i < t->connections->items.count; i++) {
        struct connection *c = at(t, i);

        if (c->entry && c->server == id && !c->ending)
            sim_after(t->s->sim, way_back(c->entry, c), &farewell_event, t,
                      name_of(t, c));
    }
}

static void on_farewell(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;
    struct connection *c = named(t, args);

    (void)sim;
    if (c)
        retire(c->entry, c);
}
