/*
 * request - a request that goes well: it begins, travels, is served and
 * answered. How it ends otherwise: request_end.c.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/network/ipam.h"
#include "models/traffic/call.h"
#include "models/traffic/request_private.h"

static void on_arrive(struct sim *sim, void *self, struct event_args args);
static void on_answer(struct sim *sim, void *self, struct event_args args);
static const struct event_type arrive_event = {"traffic.arrive", 0, on_arrive};
static const struct event_type answer_event = {"traffic.answer", 0, on_answer};

/* ------------------------------------------------------------- slab */

static void grow(struct traffic *t)
{
    uint32_t room = t->room ? 2 * t->room : 256;

    assert(room > t->room);
    t->requests = mem_regrow(t->requests, t->room * sizeof *t->requests,
                             room * sizeof *t->requests);
    memset(t->requests + t->room, 0, (room - t->room) * sizeof *t->requests);
    t->room = room;
}

static inline struct request *take_slot(struct traffic *t)
{
    uint32_t i = t->free;

    if (i != UINT32_MAX) {
        t->free = t->requests[i].next_free;
        return &t->requests[i];
    }
    if (t->count == t->room)
        grow(t);
    return &t->requests[t->count++];
}

struct request *request_take(struct traffic *t)
{
    return take_slot(t);
}

/* The answer is with the client. */
static inline void finish(struct entry *e, struct request *r, enum cause cause)
{
    if (__builtin_expect(e->relayed, 0) && relay_finish(e, r, cause))
        return;
    if (__builtin_expect(e->sockets != NULL, 0) &&
        cause != CAUSE_CONNECT_REFUSED)
        udp_answered(e, r);
    if (__builtin_expect(cause != CAUSE_NONE, 0)) {
        request_fail(e, r, cause);
        return;
    }
    request_close(e, r, LB_OK);
    if (__builtin_expect(e->hedged, 0))
        hedge_won(e, r);
    else
        request_end_as(e, r, REQUEST_SUCCEEDED, CAUSE_NONE, INCIDENT_NONE);
}

/* ---------------------------------------------------------- on the wire */

static inline void after_delay(struct traffic *t, const struct request *r,
                               sim_time delay, const struct event_type *type,
                               uint32_t detail)
{
    const struct network_path *path = &t->paths[r->path];
    struct event_args args = {.subject = request_id(t, r), .detail = detail};

    if (path->constant && delay == path->delay)
        sim_lane_at(t->s->sim, path->lane, sim_now(t->s->sim) + delay, type, t,
                    args);
    else
        sim_after(t->s->sim, delay, type, t, args);
}

static inline void answer(struct entry *e, struct request *r, enum cause cause)
{
    if (r->back == 0)
        finish(e, r, cause);
    else
        after_delay(e->traffic, r, r->back, &answer_event, cause);
}

void request_travel(struct entry *e, const struct request *r, sim_time delay,
                    const struct event_type *type, uint32_t detail)
{
    after_delay(e->traffic, r, delay, type, detail);
}

void request_answer(struct entry *e, struct request *r, enum cause cause)
{
    answer(e, r, cause);
}

static bool in_service(const struct pod *pod, service_id service)
{
    for (size_t i = 0; i < pod->service_count; i++)
        if (pod->services[i] == service)
            return true;
    return false;
}

static struct pod *owner_of(const struct traffic *t, uint32_t ip)
{
    pod_id owner = ipam_owner(t->s->ipam, ip);

    return owner == NO_ID ? NULL : world_pod(t->s->world, owner);
}

/* The pod that has the address now, and its node up; NULL: nobody. Mostly
 * the one that the endpoint named still has it. */
static inline struct pod *resolve(const struct traffic *t,
                                  const struct request *r)
{
    struct pod *pod = world_pod(t->s->world, r->pod);

    if (__builtin_expect(!pod || pod->sandbox_ip != r->ip, 0))
        pod = owner_of(t, r->ip);
    if (!pod || pod->node == NO_ID || !world_node(t->s->world, pod->node)->up)
        return NULL;
    return pod;
}

static bool listens(const struct entry *e, const struct pod *pod)
{
    const struct world *w = e->traffic->s->world;

    return pod_listens_for(pod, world_service(w, e->known)->spec,
                           e->spec->port);
}

static inline enum cause submit(struct entry *e, struct request *r,
                                struct pod *pod)
{
    struct traffic *t = e->traffic;

    if (__builtin_expect(e->picky, 0) && !listens(e, pod))
        return CAUSE_CONNECT_REFUSED;
    if (pod->id != r->pod && !in_service(pod, e->known))
        return listens(e, pod) ? CAUSE_MISROUTED : CAUSE_CONNECT_REFUSED;
    /* One output was drawn when the attempt began; more come from places
     * that no one else uses. */
    e->work.counter[2] = r->number;
    e->work.counter[3] = r->attempts | PLACE_WORK;
    e->work.counter[0] = 0;
    e->work.next = RNG_BUFFER - 1;
    e->work.buffer[RNG_BUFFER - 1] = r->bits;
    r->server = pod->id;
    return server_submit(t->s->servers, pod, e->index, request_id(t, r),
                         r->work, &e->work);
}

/* The attempt arrives at its address. */
static inline void arrive_new(struct entry *e, struct request *r)
{
    struct pod *pod = resolve(e->traffic, r);
    enum cause cause;

    if (__builtin_expect(!pod || r->cut, 0)) {
        request_dead(e, r);
        return;
    }
    cause = submit(e, r, pod);
    if (__builtin_expect(e->pooled, 0) && cause != CAUSE_CONNECT_REFUSED)
        pool_accepted(e, r, pod);
    if (__builtin_expect(cause != CAUSE_NONE, 0))
        answer(e, r, cause);
}

/* It arrives over a connection that was open before. */
static void arrive_again(struct entry *e, struct request *r)
{
    struct pod *pod;
    enum cause cause = CAUSE_RESET;

    if (!pool_reaches(e, r, &pod)) {
        request_lost(e->traffic, request_id(e->traffic, r));
        return;
    }
    if (pod)
        cause = submit(e, r, pod);
    if (cause != CAUSE_NONE)
        answer(e, r, cause);
}

static inline void arrive(struct entry *e, struct request *r)
{
    if (__builtin_expect(e->pooled, 0) && pool_is_open(e, r))
        arrive_again(e, r);
    else
        arrive_new(e, r);
}

/* Both ways of this attempt; returns the way there. */
static inline sim_time draw_delays(struct entry *e, struct request *r)
{
    const struct network_path *path = &e->traffic->paths[r->path];

    if (path->constant) {
        r->back = path->delay;
        return path->delay;
    }
    rng_seek(&e->more, r->number, r->attempts | PLACE_LATENCY);
    r->back = dist_sample_time(path->dist, &e->more);
    return dist_sample_time(path->dist, &e->more);
}

void request_no_target(struct entry *e, struct request *r,
                       const struct chosen *target)
{
    r->pod = NO_ID;
    r->node = target->through ? target->through - 1 : NO_ID;
    r->back = target->delay;
    r->path = SAME_NODE;
    r->blamed = target->cause == CAUSE_DNS && target->slow != INCIDENT_NONE;
    if (target->cause == CAUSE_CONNECT_TIMEOUT)
        request_dead(e, r);
    else
        answer(e, r, target->cause);
}

/* Where the packets of a request come from; NO_ID: outside. */
static node_id source_of(const struct entry *e, const struct request *r,
                         const struct chosen *target)
{
    if (target->gateway)
        return target->gateway->home.node;
    return target->through ? target->through - 1 : e->homes[r->client].node;
}

static inline void aim(struct entry *e, struct request *r,
                       const struct chosen *target)
{
    const struct endpoint *endpoint = target->endpoint;
    const struct world *w = e->traffic->s->world;

    r->cut = __builtin_expect(w->isolations > 0, 0) &&
             !world_reaches(w, source_of(e, r, target), endpoint->node);

    r->pod = endpoint->pod;
    r->slot = endpoint->slot;
    r->ip = endpoint->ip;
    r->node = endpoint->node;
    r->path = (uint8_t)(target->gateway
                            ? gateway_path(target->gateway, endpoint)
                            : client_path(&e->homes[r->client], endpoint));
}

static inline void send_after(struct entry *e, struct request *r,
                              sim_time delay)
{
    if (delay == 0)
        arrive(e, r);
    else
        after_delay(e->traffic, r, delay, &arrive_event, 0);
}

/* Both ways between the client and a gateway that passes it on. */
static sim_time pass(struct entry *e, struct request *r,
                     const struct chosen *target)
{
    if (e->lb->at != LB_GATEWAY || e->relayed)
        return 0;
    r->back += relay_hop(e, r, target->gateway, PLACE_HOP_BACK);
    if (relay_crosses(e, r, target->gateway))
        r->path = CROSS_ZONE; /* one of the two ways is enough */
    return relay_hop(e, r, target->gateway, PLACE_HOP);
}

void request_send(struct entry *e, struct request *r,
                  const struct chosen *target, sim_time extra)
{
    sim_time delay;

    aim(e, r, target);
    delay = draw_delays(e, r) + extra;
    if (target->gateway)
        delay += pass(e, r, target);
    send_after(e, r, delay);
}

/* A connection of its own. */
static inline void attempt_alone(struct entry *e, struct request *r)
{
    struct chosen target = client_choose(e, r->client);
    sim_time delay;

    r->balancer = target.balancer;
    r->pool = target.flow;
    if (__builtin_expect(e->resolves, 0))
        request_resolves(r, &target);
    if (__builtin_expect(!target.endpoint, 0)) {
        patience_attempt(e, r);
        request_no_target(e, r, &target);
        return;
    }
    aim(e, r, &target);
    delay = draw_delays(e, r) + target.delay;
    if (__builtin_expect(target.gateway != NULL, 0))
        delay += pass(e, r, &target);
    patience_attempt(e, r);
    send_after(e, r, delay);
}

/* One try. e->rng stands behind r->bits and what chose the client. */
static inline void attempt(struct entry *e, struct request *r)
{
    r->started = r->sent = sim_now(e->traffic->s->sim);
    r->state = REQUEST_SENT;
    r->balancer = NULL;
    r->blamed = r->cut = false;
    r->server = NO_ID;
    r->connection = NO_CONNECTION;
    r->attempts++;
    if (__builtin_expect(e->pooled, 0))
        pool_attempt(e, r);
    else if (__builtin_expect(e->relayed, 0))
        relay_attempt(e, r);
    else
        attempt_alone(e, r);
}

void request_attempt(struct entry *e, struct request *r)
{
    attempt(e, r);
}

/* ---------------------------------------------------------------- events */

static void prepare(struct entry *e, struct request *r)
{
    if (e->spec->deadline != SIM_NEVER)
        patience_request(e, r);
    if (e->hedged)
        hedge_begin(e, r);
    if (e->inner)
        call_join(e, r);
}

/* e->rng stands behind `bits` and what chose the client. */
static inline void begin(struct entry *e, uint64_t number, uint32_t client,
                         uint64_t bits, sim_time work)
{
    struct traffic *t = e->traffic;
    struct request *r = take_slot(t);

    r->number = number;
    r->arrival = sim_now(t->s->sim);
    r->entry = (uint16_t)e->index;
    r->client = client;
    r->bits = bits;
    r->attempts = 0;
    r->retry = false;
    r->more_attempts = 0;
    r->connection = NO_CONNECTION;
    r->work = work;
    e->offered++;
    metrics_request_begin(t->s->metrics, e->index, r->arrival);
    if (__builtin_expect(e->prepared, 0))
        prepare(e, r);
    attempt(e, r);
}

void request_begin(struct entry *e, sim_time work)
{
    uint64_t number = e->number++, bits;
    uint32_t client;

    rng_seek(&e->rng, number, 0);
    bits = rng_u64(&e->rng);
    client = (uint32_t)rng_below(&e->rng, e->client_count);
    if (__builtin_expect(client_offers(e, client), 1))
        begin(e, number, client, bits, work);
}

void request_begin_of(struct entry *e, uint64_t number, uint32_t client)
{
    rng_seek(&e->rng, number, 0);
    begin(e, number, client, rng_u64(&e->rng), SIM_NEVER);
}

static void on_arrive(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;
    struct request *r = request_find(t, args.subject);

    (void)sim;
    if (r)
        arrive(request_entry(t, r), r);
}

/* A partition that began since keeps the answer. */
static bool keeps_answer(const struct traffic *t, const struct entry *e,
                         const struct request *r)
{
    const struct pod *pod = world_pod(t->s->world, r->server);
    node_id to = e->relayed ? t->gateways.items[r->gateway]->home.node
                            : e->homes[r->client].node;

    return pod && !world_reaches(t->s->world, to, pod->node);
}

void request_answered(void *self, uint64_t id, enum cause cause)
{
    struct traffic *t = self;
    struct request *r = request_find(t, id);

    struct entry *e;

    if (!r)
        return;
    e = request_entry(t, r);
    if (__builtin_expect(cause == CAUSE_RESET && e->spec->udp, 0) ||
        (__builtin_expect(t->s->world->isolations > 0, 0) &&
         keeps_answer(t, e, r))) {
        request_lost(t, id);
        return;
    }
    if (__builtin_expect(e->pooled, 0))
        pool_answered(e, r);
    answer(e, r, cause);
}

static void on_answer(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;
    struct request *r = request_find(t, args.subject);

    (void)sim;
    if (r)
        finish(request_entry(t, r), r, (enum cause)args.detail);
}
