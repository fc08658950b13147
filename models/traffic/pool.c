#include "models/traffic/pool.h"

#include <assert.h>
#include <stdlib.h>

#include "models/traffic/connection.h"
#include "models/traffic/downstream.h"
#include "models/traffic/request_private.h"

static void on_dispatch(struct sim *sim, void *self, struct event_args args);
static const struct event_type dispatch_event = {"traffic.dispatch", 0,
                                                 on_dispatch};

/* ---------------------------------------------------------------- pools */

void pools_begin(struct entry *e)
{
    const struct balancing *lb = e->lb;
    bool by_request =
        lb->gateway && lb->per_request && e->spec->access == ACCESS_SERVICE;

    e->relayed = by_request && (lb->at == LB_GATEWAY ||
                                (lb->gateway->breaker.on && !e->spec->pool.on));
    e->pooled = e->spec->pool.on && !e->relayed && !e->spec->udp;
    e->per_endpoint = e->pooled && e->lb->per_request &&
                      e->lb->at == LB_CLIENT &&
                      e->spec->access != ACCESS_POD_IP;
    downstream_begin(e);
    rng_init(&e->life, e->traffic->s->root, "traffic.connection", e->spec->name,
             rng_hash(e->spec->service) ^ rng_hash(e->spec->space) << 1);
}

void pools_free(struct client *client)
{
    if (!client->pools)
        return;
    for (size_t i = 0; i < client->pools->pools.count; i++)
        VEC_FREE(client->pools->pools.items[i].waiting.ids);
    VEC_FREE(client->pools->pools);
    VEC_FREE(client->pools->by_slot);
    free(client->pools);
}

static const struct pool fresh_pool = {.last.pod = NO_ID,
                                       .free = NO_CONNECTION};

/* Where a pool goes to whatever was chosen, there is one: the first. */
static struct client_pools *pools_of(struct entry *e, uint32_t client)
{
    struct client *c = &e->clients[client];

    if (__builtin_expect(!c->pools, 0)) {
        c->pools = mem_zalloc(sizeof *c->pools);
        VEC_PUSH(c->pools->pools, fresh_pool);
    }
    return c->pools;
}

static bool is_unused(const struct pool *p)
{
    return p->open == 0 && p->carrying == 0 && line_count(&p->waiting) == 0;
}

/* The pool to that pod, else one that nobody uses, else a new one. */
static uint32_t find_pool(struct client_pools *all, pod_id pod)
{
    uint32_t unused = (uint32_t)all->pools.count;

    for (uint32_t i = 0; i < all->pools.count; i++) {
        const struct pool *p = &all->pools.items[i];

        if (p->last.pod == pod)
            return i;
        if (unused == all->pools.count && is_unused(p))
            unused = i;
    }
    if (unused == all->pools.count)
        VEC_PUSH(all->pools, fresh_pool);
    return unused;
}

static uint32_t pool_to(struct client_pools *all,
                        const struct endpoint *endpoint)
{
    uint32_t *hint;

    while (all->by_slot.count <= endpoint->slot)
        VEC_PUSH(all->by_slot, 0);
    hint = &all->by_slot.items[endpoint->slot];
    if (*hint >= all->pools.count ||
        all->pools.items[*hint].last.pod != endpoint->pod)
        *hint = find_pool(all, endpoint->pod);
    return *hint;
}

/* -------------------------------------------------------------- waiting */

static void queue_up(struct entry *e, struct pool *p, struct request *r)
{
    r->state = REQUEST_QUEUED;
    line_join(&p->waiting, request_id(e->traffic, r));
}

void pool_wake(struct entry *e, uint32_t client, uint32_t index)
{
    struct pool *p = &e->clients[client].pools->pools.items[index];

    if (p->armed || line_count(&p->waiting) == 0)
        return;
    p->armed = true;
    sim_after(e->traffic->s->sim, 0, &dispatch_event, e,
              (struct event_args){.subject = client, .detail = index});
}

/* ------------------------------------------------------------- requests */

static void carry(struct entry *e, struct pool *p, struct connection *c,
                  struct request *r, sim_time extra)
{
    struct endpoint endpoint = c->endpoint;

    if (e->per_endpoint) /* the balancer may know it by another by now */
        endpoint.slot = r->slot;
    p->last = endpoint;
    r->state = REQUEST_SENT;
    r->sent = sim_now(e->traffic->s->sim);
    r->connection = connection_take(e, p, c);
    request_send(e, r,
                 &(struct chosen){.endpoint = &endpoint, .gateway = c->gateway},
                 extra);
}

static bool may_open(const struct entry *e, const struct pool *p)
{
    return p->open < e->spec->pool.size;
}

/* Opens a connection for it; e->rng stands where nobody else draws. */
static void open_for(struct entry *e, struct pool *p, struct request *r)
{
    struct chosen target = {0};

    if (e->per_endpoint) {
        target.endpoint = &p->last;
        target.gateway = p->gateway;
    } else {
        target = client_choose(e, r->client);
        r->sent = sim_now(e->traffic->s->sim);
        request_resolves(r, &target);
        if (!target.endpoint) {
            r->state = REQUEST_SENT;
            request_no_target(e, r, &target);
            return;
        }
    }
    carry(e, p, connection_open(e, p, r, &target), r, target.delay);
}

/* Chooses the endpoint of this request; false: there is none. */
static bool choose_endpoint(struct entry *e, struct client_pools *all,
                            struct request *r, sim_time *delay)
{
    struct chosen target = client_choose(e, r->client);
    const struct endpoint *endpoint = target.endpoint;

    request_resolves(r, &target);
    if (!endpoint) {
        request_no_target(e, r, &target);
        return false;
    }
    r->pool = pool_to(all, endpoint);
    all->pools.items[r->pool].last = *endpoint;
    r->balancer = target.balancer;
    all->pools.items[r->pool].gateway = target.gateway;
    r->pod = endpoint->pod;
    r->slot = endpoint->slot;
    r->node = endpoint->node;
    *delay = target.delay;
    return true;
}

void pool_attempt(struct entry *e, struct request *r)
{
    struct traffic *t = e->traffic;
    struct client_pools *all = pools_of(e, r->client);
    struct connection *c;
    struct pool *p;
    sim_time delay = 0;

    patience_attempt(e, r);
    r->pool = 0;
    r->resolved = 0;
    r->pod = r->node = NO_ID;
    if (e->per_endpoint && !choose_endpoint(e, all, r, &delay))
        return;
    p = &all->pools.items[r->pool];
    c = connection_free(t, p);
    if (request_queued(t, &p->waiting) || (!c && !may_open(e, p)))
        queue_up(e, p, r);
    else if (c)
        carry(e, p, c, r, delay);
    else if (e->per_endpoint)
        carry(e, p,
              connection_open(e, p, r,
                              &(struct chosen){.endpoint = &p->last,
                                               .gateway = p->gateway}),
              r, delay);
    else
        open_for(e, p, r);
}

/* What has become free goes to those who wait. */
static void on_dispatch(struct sim *sim, void *self, struct event_args args)
{
    struct entry *e = self;
    struct client_pools *all = e->clients[args.subject].pools;
    struct request *r;

    (void)sim;
    all->pools.items[args.detail].armed = false;
    for (;;) {
        struct pool *p = &all->pools.items[args.detail];
        struct connection *c = connection_free(e->traffic, p);

        r = request_queued(e->traffic, &p->waiting);
        if (!r || (!c && !may_open(e, p)))
            return;
        line_drop(&p->waiting);
        if (c) {
            carry(e, p, c, r, 0);
            continue;
        }
        rng_seek(&e->rng, r->number, r->attempts | PLACE_CONNECT);
        open_for(e, p, r);
    }
}

void pool_before_failure(struct entry *e, struct request *r, enum cause cause)
{
    if (e->downstreams && r->state == REQUEST_QUEUED)
        downstream_waited(e, r);
    if (!e->pooled)
        return;
    if (r->state == REQUEST_QUEUED) {
        const struct pool *p =
            &e->clients[r->client].pools->pools.items[r->pool];

        r->server = p->last.pod; /* it waited for that one */
        r->node = p->last.node;
    } else if (r->connection != NO_CONNECTION && cause == CAUSE_TIMEOUT) {
        connection_timed_out(e, r->connection);
    } else if (r->connection != NO_CONNECTION && cause == CAUSE_DNS) {
        connection_retire(e, r->connection); /* it was never begun */
    }
}

/* -------------------------------------------------------------- clients */

static void leave(struct entry *e, const struct client *client)
{
    for (size_t i = 0; client->pools && i < client->pools->pools.count; i++) {
        struct pool *p = &client->pools->pools.items[i];

        while (p->free != NO_CONNECTION)
            connection_retire(e, p->free);
    }
}

void pools_leave(struct entry *e, uint32_t client)
{
    leave(e, &e->clients[client]);
    if (e->downstreams)
        downstream_leave(e, client);
}

void pools_abandon(struct traffic *t, node_id node, pod_id pod)
{
    for (size_t i = 0; i < t->entry_count; i++) {
        struct entry *e = &t->entries[i];

        for (uint32_t k = 0; e->spec->pool.on && k < e->client_count; k++) {
            const struct client_home *home = &e->homes[k];

            if (!home->external &&
                (pod == NO_ID ? home->node == node : e->clients[k].pod == pod))
                pools_leave(e, k);
        }
    }
}
