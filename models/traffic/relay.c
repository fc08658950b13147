/*
 * relay - requests that an L7 balancer takes in and sends on: a gateway's, a
 * hop away from the client, or a bounded sidecar's.
 *
 * The client's attempt goes on while the balancer tries: each try at a pod is
 * an attempt in the metrics (a retry of the balancer's counts as one), the
 * client's time-out runs over all of them. A try that fails for one of the
 * `on` causes is followed by another, within the bounds for retries; else the
 * client gets its cause. A try that must wait for a connection waits at the
 * balancer, first come first served. A client that leaves ends the try; that
 * says nothing of the endpoint.
 */
#include "models/traffic/downstream.h"
#include "models/traffic/gateway.h"
#include "models/traffic/request_private.h"

/* Where the attempt is. */
enum stage { ON_ITS_WAY, WAITS, TRIED, BACKS_OFF, GOES_BACK };

static void on_arrive(struct sim *sim, void *self, struct event_args args);
static void on_wake(struct sim *sim, void *self, struct event_args args);
static void on_again(struct sim *sim, void *self, struct event_args args);
static void on_late(struct sim *sim, void *self, struct event_args args);
static void on_dead(struct sim *sim, void *self, struct event_args args);
static const struct event_type arrive_event = {"relay.arrive", 0, on_arrive};
static const struct event_type wake_event = {"relay.wake", 0, on_wake};
static const struct event_type again_event = {"relay.retry", 0, on_again};
static const struct event_type late_event = {"relay.timeout", 8, on_late};
static const struct event_type dead_event = {"relay.dead", 8, on_dead};

static struct gateway *gateway_at(const struct entry *e,
                                  const struct request *r)
{
    return e->traffic->gateways.items[r->gateway];
}

static const struct gateway_spec *spec_of(const struct gateway *g)
{
    return g->lb->gateway;
}

static struct event_args name_of(const struct entry *e, const struct request *r)
{
    return (struct event_args){.subject = request_id(e->traffic, r)};
}

/* -------------------------------------------------------------- to and fro */

static enum path hop_path(const struct entry *e, const struct request *r,
                          const struct gateway *g)
{
    const struct client_home *c = &e->homes[r->client];

    if (c->external || g->home.node == NO_ID)
        return EXTERNAL;
    return path_between(&g->home, c->node, c->zone);
}

bool relay_crosses(const struct entry *e, const struct request *r,
                   const struct gateway *g)
{
    return hop_path(e, r, g) == CROSS_ZONE;
}

sim_time relay_hop(struct entry *e, const struct request *r,
                   const struct gateway *g, uint64_t place)
{
    const struct network_path *path = &e->traffic->paths[hop_path(e, r, g)];

    if (path->constant)
        return path->delay;
    rng_seek(&e->more, r->number, r->attempts | place);
    return dist_sample_time(path->dist, &e->more);
}

/* The answer goes to the client. */
static void go_back(struct entry *e, struct request *r, enum cause cause)
{
    const struct gateway *g = gateway_at(e, r);
    bool crossed = r->stage == TRIED && r->path == CROSS_ZONE;

    r->stage = GOES_BACK;
    r->back = e->lb->at == LB_CLIENT ? 0 : relay_hop(e, r, g, PLACE_HOP_BACK);
    r->path = (uint8_t)(crossed ? CROSS_ZONE : hop_path(e, r, g));
    request_answer(e, r, cause);
}

static void refuse(struct entry *e, struct request *r, enum cause cause)
{
    r->pod = r->node = NO_ID;
    if (cause == CAUSE_CIRCUIT_OPEN) {
        r->origin = INCIDENT_OVERLOAD;
        r->blamed = true;
    }
    go_back(e, r, cause);
}

/* --------------------------------------------------------------- waiting */

static void wait_here(struct entry *e, struct request *r)
{
    struct gateway *g = gateway_at(e, r);
    const struct breaker_spec *b = &spec_of(g)->breaker;

    if (g->active >= b->requests ||
        (int64_t)line_count(&g->pending) >= b->pending) {
        refuse(e, r, CAUSE_CIRCUIT_OPEN);
        return;
    }
    r->stage = WAITS;
    line_join(&g->pending, request_id(e->traffic, r));
}

void relay_wake(struct gateway *g)
{
    if (line_count(&g->pending) > 0)
        sim_after(g->t->s->sim, 0, &wake_event, g->t,
                  (struct event_args){.subject = g->id});
}

/* ------------------------------------------------------------------ tries */

static void begin_try(struct entry *e, struct request *r)
{
    struct gateway *g = gateway_at(e, r);
    sim_time each =
        spec_of(g)->retries.on ? spec_of(g)->retries.each : SIM_NEVER;
    struct chosen target;

    rng_seek(&e->rng, r->number, r->attempts | PLACE_CONNECT);
    target = gateway_choose(g, &e->rng, (uint64_t)e->index << 32 | r->client);
    r->server = NO_ID;
    if (!target.endpoint) {
        refuse(e, r, target.cause);
        return;
    }
    r->balancer = target.balancer;
    r->stage = TRIED;
    if (e->downstreams)
        downstream_tried(e, r->client, target.endpoint);
    r->sent = sim_now(e->traffic->s->sim);
    sim_after(e->traffic->s->sim, each, &late_event, e->traffic, name_of(e, r));
    request_send(e, r, &target, 0);
}

static void try_it(struct entry *e, struct request *r)
{
    if (gateway_has_room(gateway_at(e, r)))
        begin_try(e, r);
    else
        wait_here(e, r);
}

static void on_wake(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;
    struct gateway *g = t->gateways.items[args.subject];

    (void)sim;
    while (line_count(&g->pending) > 0 && gateway_has_room(g)) {
        struct request *r = request_find(t, line_first(&g->pending));

        line_drop(&g->pending);
        if (r && r->stage == WAITS)
            begin_try(request_entry(t, r), r);
    }
}

/* The balancer's part in the try is over. */
static void end_try(struct entry *e, struct request *r, enum lb_result result)
{
    sim_time now = sim_now(e->traffic->s->sim);
    struct lb_end end = {r->slot, r->pod, result, now, now - r->sent};
    struct lb_balancer *b = r->balancer;

    r->balancer = NULL;
    if (b)
        lb_balancer_done(b, &end);
}

/* Whatever still names the attempt names nothing; the client's time-out is
 * put in line anew. */
static void name_anew(struct entry *e, struct request *r)
{
    sim_time now = sim_now(e->traffic->s->sim), limit = e->spec->timeout;

    r->generation++;
    if (limit < SIM_NEVER - r->started && r->started + limit >= now)
        request_expire_at(e, r, r->started + limit);
}

static bool may_retry(const struct gateway *g, const struct request *r,
                      enum cause cause)
{
    const struct gateway_retry_spec *retry = &spec_of(g)->retries;

    return retry->on && r->tries < retry->most && retry->causes >> cause & 1;
}

static bool within_bounds(const struct gateway *g)
{
    const struct breaker_spec *b = &spec_of(g)->breaker;
    double all;

    if (!b->on)
        return true;
    if (b->budget < 0)
        return g->retrying < b->retries;
    all = b->budget * (double)(g->active + g->retrying);
    return g->retrying < b->budget_least || (double)(g->retrying + 1) <= all;
}

static void settle_retry(struct gateway *g, struct request *r)
{
    if (r->relay_retry)
        g->retrying--;
    r->relay_retry = false;
}

static void retry(struct entry *e, struct request *r)
{
    struct gateway *g = gateway_at(e, r);
    const struct gateway_retry_spec *spec = &spec_of(g)->retries;
    double span = (double)spec->base;

    for (uint32_t k = r->tries; k > 0 && span < (double)spec->longest; k--)
        span *= 2;
    if (span > (double)spec->longest)
        span = (double)spec->longest;
    r->tries++;
    r->relay_retry = true;
    g->retrying++;
    r->stage = BACKS_OFF;
    r->state = REQUEST_SENT;
    rng_seek(&e->more, r->number, r->attempts | PLACE_BACKOFF);
    sim_after(e->traffic->s->sim,
              (sim_time)(rng_uniform(&e->more) * span + 0.5), &again_event,
              e->traffic, name_of(e, r));
}

/* The try has come to something, at the gateway. */
static void result(struct entry *e, struct request *r, enum cause cause)
{
    struct gateway *g = gateway_at(e, r);
    bool broken = cause == CAUSE_TIMEOUT || cause == CAUSE_CONNECT_TIMEOUT;
    bool again;

    if (!gateway_up(g)) { /* and what it knew is gone */
        end_try(e, r, LB_GONE);
        request_lost(e->traffic, request_id(e->traffic, r));
        return;
    }
    end_try(e, r, cause == CAUSE_NONE ? LB_OK : request_result(cause));
    settle_retry(g, r);
    if (cause != CAUSE_NONE && !r->blamed) {
        r->origin = blame(e->traffic, e, r, cause);
        r->blamed = true;
    }
    again = cause != CAUSE_NONE && may_retry(g, r, cause);
    if (again || broken)
        name_anew(e, r);
    r->state = REQUEST_SENT;
    if (!again) {
        go_back(e, r, cause);
        return;
    }
    request_attempt_failed(e, r, cause);
    r->blamed = false;
    r->attempts++;
    r->more_attempts++;
    if (within_bounds(g))
        retry(e, r);
    else
        refuse(e, r, CAUSE_CIRCUIT_OPEN);
}

bool relay_finish(struct entry *e, struct request *r, enum cause cause)
{
    if (r->stage != TRIED)
        return false;
    result(e, r, cause);
    return true;
}

void relay_dead(struct entry *e, struct request *r)
{
    sim_after(e->traffic->s->sim,
              r->sent + spec_of(gateway_at(e, r))->connect_timeout -
                  sim_now(e->traffic->s->sim),
              &dead_event, e->traffic, name_of(e, r));
}

static void overdue(struct traffic *t, struct event_args args, bool dead)
{
    struct request *r = request_find(t, args.subject);

    if (!r || r->stage != TRIED)
        return;
    result(request_entry(t, r), r,
           dead || r->state == REQUEST_DEAD ? CAUSE_CONNECT_TIMEOUT
                                            : CAUSE_TIMEOUT);
}

static void on_late(struct sim *sim, void *self, struct event_args args)
{
    (void)sim;
    overdue(self, args, false);
}

static void on_dead(struct sim *sim, void *self, struct event_args args)
{
    (void)sim;
    overdue(self, args, true);
}

static void on_again(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;
    struct request *r = request_find(t, args.subject);
    struct entry *e;

    (void)sim;
    if (!r || r->stage != BACKS_OFF)
        return;
    e = request_entry(t, r);
    rng_seek(&e->rng, r->number, r->attempts);
    r->bits = rng_u64(&e->rng);
    try_it(e, r);
}

/* --------------------------------------------------------------- the client */

static void on_arrive(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;
    struct request *r = request_find(t, args.subject);
    struct entry *e;

    (void)sim;
    if (!r)
        return;
    e = request_entry(t, r);
    if (gateway_up(gateway_at(e, r)))
        try_it(e, r);
    else
        request_lost(t, args.subject);
}

static struct gateway *instance(struct entry *e, const struct request *r)
{
    if (e->lb->at == LB_CLIENT)
        return gateway_of_client(e, r->client);
    return e->downstreams ? downstream_gateway(e, r)
                          : gateway_enter(e, r->client);
}

void relay_enter(struct entry *e, struct request *r)
{
    struct gateway *g = instance(e, r);

    if (!g) {
        request_no_target(e, r,
                          &(struct chosen){.cause = CAUSE_CONNECT_TIMEOUT});
        return;
    }
    r->gateway = g->id;
    if (e->lb->at == LB_CLIENT) {
        try_it(e, r);
        return;
    }
    r->path = (uint8_t)hop_path(e, r, g);
    request_travel(e, r, relay_hop(e, r, g, PLACE_HOP), &arrive_event, 0);
}

void relay_attempt(struct entry *e, struct request *r)
{
    patience_attempt(e, r);
    r->stage = ON_ITS_WAY;
    r->tries = 0;
    r->relay_retry = false;
    r->pod = r->node = NO_ID;
    if (!e->downstreams || downstream_take(e, r))
        relay_enter(e, r);
}

void relay_close(struct entry *e, struct request *r)
{
    if (e->downstreams)
        downstream_give(e, r, r->stage == GOES_BACK);
    if (r->stage == ON_ITS_WAY)
        return;
    if (r->stage == TRIED)
        end_try(e, r, LB_GONE);
    settle_retry(gateway_at(e, r), r);
    r->stage = ON_ITS_WAY;
}
