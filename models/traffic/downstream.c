#include "models/traffic/downstream.h"

#include <stdlib.h>

#include "models/traffic/gateway.h"
#include "models/traffic/request_private.h"

static void on_next(struct sim *sim, void *self, struct event_args args);
static const struct event_type next_event = {"downstream.next", 0, on_next};

struct link {
    bool open;
    sim_time opened, last;
    int64_t requests, busy;
    uint64_t number; /* of the connection: what it leads to */
};

/* Of one client. */
struct downstream {
    VEC_OF(struct link) links;
    struct line waiting; /* requests */
    uint64_t number;     /* of the next connection */
    bool armed;
    pod_id pod; /* where a request went last; NO_ID: nowhere yet */
    node_id node;
};

struct downstreams {
    VEC_OF(struct downstream) clients;
};

void downstream_begin(struct entry *e)
{
    if (e->relayed && e->spec->pool.on)
        e->downstreams = mem_zalloc(sizeof *e->downstreams);
}

void downstream_release(struct entry *e)
{
    if (!e->downstreams)
        return;
    for (size_t i = 0; i < e->downstreams->clients.count; i++) {
        VEC_FREE(e->downstreams->clients.items[i].links);
        VEC_FREE(e->downstreams->clients.items[i].waiting.ids);
    }
    VEC_FREE(e->downstreams->clients);
    free(e->downstreams);
}

static struct downstream *of_client(struct downstreams *all, uint32_t client)
{
    const struct downstream fresh = {.pod = NO_ID, .node = NO_ID};

    while (all->clients.count <= client)
        VEC_PUSH(all->clients, fresh);
    return &all->clients.items[client];
}

/* ------------------------------------------------------------- connections */

static bool is_old(const struct link *x, const struct pool_spec *pool,
                   sim_time now)
{
    return x->requests >= pool->max_requests ||
           (pool->max_age != SIM_NEVER && now - x->opened >= pool->max_age) ||
           (x->busy == 0 && pool->idle_timeout != SIM_NEVER &&
            now - x->last >= pool->idle_timeout);
}

/* The one used last of those with a stream to spare; NULL: none. Closes those
 * that are idle and old. */
static struct link *find_open(struct entry *e, struct downstream *d)
{
    const struct pool_spec *pool = &e->spec->pool;
    sim_time now = sim_now(e->traffic->s->sim);
    struct link *best = NULL;

    for (size_t i = 0; i < d->links.count; i++) {
        struct link *x = &d->links.items[i];
        bool old = is_old(x, pool, now);

        if (old && x->busy == 0)
            x->open = false;
        if (x->open && !old && x->busy < pool->streams &&
            (!best || x->last > best->last))
            best = x;
    }
    return best;
}

/* A place for a new one; NULL: there are `size` already. */
static struct link *find_place(struct entry *e, struct downstream *d)
{
    const struct link fresh = {.open = false};

    for (size_t i = 0; i < d->links.count; i++)
        if (!d->links.items[i].open && d->links.items[i].busy == 0)
            return &d->links.items[i];
    if ((int64_t)d->links.count >= e->spec->pool.size)
        return NULL;
    VEC_PUSH(d->links, fresh);
    return &d->links.items[d->links.count - 1];
}

static bool take(struct entry *e, struct downstream *d, struct request *r)
{
    sim_time now = sim_now(e->traffic->s->sim);
    struct link *x = find_open(e, d);

    if (!x)
        x = find_place(e, d);
    if (!x)
        return false;
    if (!x->open)
        *x = (struct link){.open = true, .opened = now, .number = d->number++};
    x->busy++;
    x->requests++;
    x->last = now;
    r->pool = (uint32_t)(x - d->links.items);
    return true;
}

bool downstream_take(struct entry *e, struct request *r)
{
    struct downstream *d = of_client(e->downstreams, r->client);

    r->pool = NO_CONNECTION;
    if (!request_queued(e->traffic, &d->waiting) && take(e, d, r))
        return true;
    r->state = REQUEST_QUEUED;
    line_join(&d->waiting, request_id(e->traffic, r));
    return false;
}

struct gateway *downstream_gateway(const struct entry *e,
                                   const struct request *r)
{
    const struct downstream *d = &e->downstreams->clients.items[r->client];

    return gateway_by(e, r->client, d->links.items[r->pool].number);
}

void downstream_give(struct entry *e, struct request *r, bool answered)
{
    struct downstream *d = of_client(e->downstreams, r->client);
    struct link *x;

    if (r->pool == NO_CONNECTION)
        return;
    x = &d->links.items[r->pool];
    r->pool = NO_CONNECTION;
    x->busy--;
    x->last = sim_now(e->traffic->s->sim);
    if (!answered && e->spec->pool.streams == 1)
        x->open = false;
    if (d->armed || !request_queued(e->traffic, &d->waiting))
        return;
    d->armed = true;
    sim_after(e->traffic->s->sim, 0, &next_event, e,
              (struct event_args){.subject = r->client});
}

static void on_next(struct sim *sim, void *self, struct event_args args)
{
    struct entry *e = self;
    struct request *r;

    of_client(e->downstreams, (uint32_t)args.subject)->armed = false;
    for (;;) {
        struct downstream *d =
            of_client(e->downstreams, (uint32_t)args.subject);

        r = request_queued(e->traffic, &d->waiting);
        if (!r || !take(e, d, r))
            return;
        line_drop(&d->waiting);
        r->state = REQUEST_SENT;
        r->sent = sim_now(sim);
        relay_enter(e, r);
    }
}

/* ----------------------------------------------------------------- clients */

void downstream_tried(struct entry *e, uint32_t client,
                      const struct endpoint *endpoint)
{
    struct downstream *d = of_client(e->downstreams, client);

    d->pod = endpoint->pod;
    d->node = endpoint->node;
}

void downstream_waited(const struct entry *e, struct request *r)
{
    const struct downstream *d = &e->downstreams->clients.items[r->client];

    r->server = d->pod;
    r->node = d->node;
}

void downstream_leave(struct entry *e, uint32_t client)
{
    struct downstream *d = of_client(e->downstreams, client);

    for (size_t i = 0; i < d->links.count; i++)
        d->links.items[i].open = false;
}
