#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/network/ipam.h"
#include "models/traffic/traffic_internal.h"

/* Linux, where the scenario gives no time-out: see traffic.h. */
static const sim_time syn_limit = 127 * SIM_S;
static const sim_time established_limit = 924600 * SIM_MS;

/* Retries always allowed, whatever the budget: models.md. */
enum { FREE_RETRIES = 3 };

/* Places of a stream, beside (request, attempt): what is drawn there does
 * not depend on what others draw. Attempts are fewer than 2^32. */
#define PLACE_WORK    (UINT64_C(1) << 32)
#define PLACE_LATENCY (UINT64_C(2) << 32)
#define PLACE_BACKOFF (UINT64_C(3) << 32)

static void on_arrive(struct sim *sim, void *self, struct event_args args);
static void on_answer(struct sim *sim, void *self, struct event_args args);
static void on_expire(struct sim *sim, void *self, struct event_args args);
static void on_retry(struct sim *sim, void *self, struct event_args args);
static const struct event_type arrive_event = {"traffic.arrive", 0, on_arrive};
static const struct event_type answer_event = {"traffic.answer", 0, on_answer};
static const struct event_type retry_event = {"traffic.retry", 0, on_retry};
/* An answer at the very instant is in time. */
static const struct event_type expire_event = {"traffic.expire", 8, on_expire};

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

static inline uint64_t id_of(const struct traffic *t, const struct request *r)
{
    return (uint64_t)r->generation << 32 | (uint64_t)(r - t->requests);
}

/* NULL: that attempt has ended. */
static inline struct request *find(struct traffic *t, uint64_t id)
{
    struct request *r = &t->requests[(uint32_t)id];

    return r->generation == id >> 32 ? r : NULL;
}

static inline struct entry *entry_of(struct traffic *t, const struct request *r)
{
    return &t->entries[r->entry];
}

/* --------------------------------------------------------- how it ends */

/* The attempt is over: whatever still names it names nothing. */
static inline void close_attempt(struct entry *e, struct request *r,
                                 enum lb_result result)
{
    if (r->balancer) {
        sim_time now = sim_now(e->traffic->s->sim);
        struct lb_end end = {r->slot, r->pod, result, now, now - r->started};

        lb_balancer_done(r->balancer, &end);
        r->balancer = NULL;
    }
    if (r->retry) {
        r->retry = false;
        e->retrying--;
    }
    r->generation++;
}

/* The attempt is closed. */
static void end(struct entry *e, struct request *r, enum outcome outcome,
                enum cause cause, incident_id origin)
{
    struct traffic *t = e->traffic;
    struct request_end ended = {.traffic = e->index,
                                .outcome = outcome,
                                .cause = cause,
                                .attempts = r->attempts,
                                .origin = origin,
                                .arrival = r->arrival,
                                .end = sim_now(t->s->sim)};

    r->state = REQUEST_FREE;
    r->next_free = t->free;
    t->free = (uint32_t)(r - t->requests);
    e->in_flight--;
    metrics_request_end(t->s->metrics, &ended);
}

static sim_time backoff(struct entry *e, const struct request *r)
{
    const struct traffic_spec *spec = e->spec;
    uint32_t k = r->attempts - 1;
    double most = (double)spec->backoff_max;
    double span = (double)spec->backoff_base;

    for (; k > 0 && span < most; k--)
        span *= 2;
    span = span < most ? span : most;
    rng_seek(&e->more, r->number, r->attempts | PLACE_BACKOFF);
    return (sim_time)(rng_uniform(&e->more) * span + 0.5);
}

static bool within_budget(const struct entry *e)
{
    double allowed = e->spec->retry_budget * (double)e->in_flight;

    return e->spec->retry_budget < 0 || e->retrying < FREE_RETRIES ||
           (double)(e->retrying + 1) <= allowed;
}

static void attempt_failed(struct entry *e, const struct request *r,
                           enum cause cause, incident_id origin, pod_id pod)
{
    struct simulation *s = e->traffic->s;

    metrics_attempt_failed(s->metrics, e->index, r->arrival, cause, origin, pod,
                           sim_now(s->sim));
}

static enum lb_result result_of(enum cause cause)
{
    return cause == CAUSE_CONNECT_REFUSED || cause == CAUSE_CONNECT_TIMEOUT ||
                   cause == CAUSE_RESET
               ? LB_BROKEN
               : LB_ERROR;
}

/* The attempt failed: the next one, or the end. */
static void fail(struct entry *e, struct request *r, enum cause cause)
{
    struct traffic *t = e->traffic;
    incident_id origin = blame(t, e, r, cause);

    attempt_failed(e, r, cause, origin, r->pod);
    close_attempt(e, r, result_of(cause));
    if (r->attempts > e->spec->retries_max || cause == CAUSE_CIRCUIT_OPEN ||
        !(e->spec->retry_on >> cause & 1)) {
        end(e, r, REQUEST_FAILED, cause, origin);
        return;
    }
    if (!within_budget(e)) {
        r->attempts++;
        attempt_failed(e, r, CAUSE_CIRCUIT_OPEN, origin, NO_ID);
        end(e, r, REQUEST_FAILED, CAUSE_CIRCUIT_OPEN, origin);
        return;
    }
    r->retry = true;
    e->retrying++;
    r->state = REQUEST_WAITS;
    r->cause = (uint8_t)cause;
    r->origin = origin;
    sim_after(t->s->sim, backoff(e, r), &retry_event, t,
              (struct event_args){.subject = id_of(t, r)});
}

static inline void finish(struct entry *e, struct request *r, enum cause cause)
{
    if (__builtin_expect(cause != CAUSE_NONE, 0)) {
        fail(e, r, cause);
        return;
    }
    close_attempt(e, r, LB_OK);
    end(e, r, REQUEST_SUCCEEDED, CAUSE_NONE, INCIDENT_NONE);
}

void request_expired(struct entry *e, struct request *r)
{
    fail(e, r,
         r->state == REQUEST_DEAD ? CAUSE_CONNECT_TIMEOUT : CAUSE_TIMEOUT);
}

/* ---------------------------------------------------------- on the wire */

static inline void after_delay(struct traffic *t, const struct request *r,
                               sim_time delay, const struct event_type *type,
                               uint32_t detail)
{
    const struct network_path *path = &t->paths[r->path];
    struct event_args args = {.subject = id_of(t, r), .detail = detail};

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

/* Nobody will answer: it ends with the time-out for connections, or with
 * another one if that comes first. */
static void dead(struct entry *e, struct request *r)
{
    const struct traffic_spec *spec = e->spec;
    struct traffic *t = e->traffic;
    sim_time limit = spec->connect_timeout, at, now = sim_now(t->s->sim);

    r->origin = blame(t, e, r, CAUSE_CONNECT_TIMEOUT);
    r->blamed = true;
    r->state = REQUEST_DEAD;
    if (limit == SIM_NEVER && spec->timeout == SIM_NEVER)
        limit = syn_limit;
    if (limit == SIM_NEVER || limit >= spec->timeout)
        return;
    at = r->started + limit;
    sim_at(t->s->sim, at > now ? at : now, &expire_event, t,
           (struct event_args){.subject = id_of(t, r)});
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

static inline enum cause submit(struct entry *e, struct request *r,
                                struct pod *pod)
{
    struct traffic *t = e->traffic;

    if (pod->id != r->pod && !in_service(pod, e->known))
        return pod_listens_for(pod, world_service(t->s->world, e->known)->spec,
                               e->spec->port)
                   ? CAUSE_MISROUTED
                   : CAUSE_CONNECT_REFUSED;
    /* One output was drawn when the attempt began; more come from places
     * that no one else uses. */
    e->work.counter[2] = r->number;
    e->work.counter[3] = r->attempts | PLACE_WORK;
    e->work.counter[0] = 0;
    e->work.next = RNG_BUFFER - 1;
    e->work.buffer[RNG_BUFFER - 1] = r->bits;
    r->server = pod->id;
    return server_submit(t->s->servers, pod, e->index, id_of(t, r), &e->work);
}

/* The attempt arrives at its address. */
static inline void arrive(struct entry *e, struct request *r)
{
    struct pod *pod = resolve(e->traffic, r);
    enum cause cause;

    if (__builtin_expect(!pod, 0)) {
        dead(e, r);
        return;
    }
    cause = submit(e, r, pod);
    if (__builtin_expect(cause != CAUSE_NONE, 0))
        answer(e, r, cause);
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

/* Nothing to send it to. */
static void no_target(struct entry *e, struct request *r,
                      const struct chosen *target)
{
    r->back = target->delay;
    r->path = SAME_NODE;
    patience_attempt(e, r);
    if (target->cause == CAUSE_CONNECT_TIMEOUT)
        dead(e, r);
    else
        answer(e, r, target->cause);
}

/* One try. e->rng stands behind r->bits and what chose the client. */
static inline void attempt(struct entry *e, struct request *r)
{
    struct chosen target = client_choose(e, r->client);
    const struct endpoint *endpoint = target.endpoint;
    sim_time delay;

    r->started = sim_now(e->traffic->s->sim);
    r->state = REQUEST_SENT;
    r->balancer = target.balancer;
    r->blamed = false;
    r->server = NO_ID;
    r->attempts++;
    if (__builtin_expect(!endpoint, 0)) {
        r->pod = NO_ID;
        r->node = NO_ID;
        no_target(e, r, &target);
        return;
    }
    r->pod = endpoint->pod;
    r->slot = endpoint->slot;
    r->ip = endpoint->ip;
    r->node = endpoint->node;
    r->path = (uint8_t)client_path(&e->clients[r->client], endpoint);
    delay = draw_delays(e, r) + target.delay;
    patience_attempt(e, r);
    if (delay == 0)
        arrive(e, r);
    else
        after_delay(e->traffic, r, delay, &arrive_event, 0);
}

/* ---------------------------------------------------------------- events */

void request_begin(struct entry *e)
{
    struct traffic *t = e->traffic;
    uint64_t number = e->number++, bits;
    struct request *r;
    uint32_t client;

    rng_seek(&e->rng, number, 0);
    bits = rng_u64(&e->rng);
    client = (uint32_t)rng_below(&e->rng, e->client_count);
    if (__builtin_expect(!client_offers(e, client), 0))
        return;
    r = take_slot(t);
    r->number = number;
    r->arrival = sim_now(t->s->sim);
    r->entry = (uint16_t)e->index;
    r->client = client;
    r->bits = bits;
    r->attempts = 0;
    r->retry = false;
    e->in_flight++;
    metrics_request_begin(t->s->metrics, e->index, r->arrival);
    if (e->spec->deadline != SIM_NEVER)
        patience_request(e, r);
    attempt(e, r);
}

static void on_retry(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;
    struct request *r = find(t, args.subject);
    struct entry *e;

    (void)sim;
    if (!r)
        return;
    e = entry_of(t, r);
    rng_seek(&e->rng, r->number, r->attempts);
    r->bits = rng_u64(&e->rng);
    attempt(e, r);
}

static void on_arrive(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;
    struct request *r = find(t, args.subject);

    (void)sim;
    if (r)
        arrive(entry_of(t, r), r);
}

void request_answered(void *self, uint64_t id, enum cause cause)
{
    struct traffic *t = self;
    struct request *r = find(t, id);

    if (r)
        answer(entry_of(t, r), r, cause);
}

static void on_answer(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;
    struct request *r = find(t, args.subject);

    (void)sim;
    if (r)
        finish(entry_of(t, r), r, (enum cause)args.detail);
}

/* The node with the request on it vanished. */
void request_lost(void *self, uint64_t id)
{
    struct traffic *t = self;
    struct request *r = find(t, id);
    struct entry *e;

    if (!r)
        return;
    e = entry_of(t, r);
    r->origin = blame(t, e, r, CAUSE_TIMEOUT);
    r->blamed = true;
    if (e->spec->timeout == SIM_NEVER)
        sim_after(t->s->sim, established_limit, &expire_event, t,
                  (struct event_args){.subject = id});
}

static void on_expire(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;
    struct request *r = find(t, args.subject);

    (void)sim;
    if (r)
        request_expired(entry_of(t, r), r);
}

void request_deadline(struct entry *e, struct request *r)
{
    enum cause cause = (enum cause)r->cause;
    incident_id origin = r->origin;

    if (r->state != REQUEST_WAITS) {
        cause =
            r->state == REQUEST_DEAD ? CAUSE_CONNECT_TIMEOUT : CAUSE_TIMEOUT;
        origin = blame(e->traffic, e, r, cause);
        attempt_failed(e, r, cause, origin, r->pod);
    }
    close_attempt(e, r, result_of(cause));
    end(e, r, REQUEST_FAILED, cause, origin);
}

void requests_abandon(struct traffic *t, node_id node, pod_id pod)
{
    for (uint32_t i = 0; i < t->count; i++) {
        struct request *r = &t->requests[i];
        const struct client *client;
        struct entry *e;

        if (r->state == REQUEST_FREE)
            continue;
        e = entry_of(t, r);
        client = &e->clients[r->client];
        if (client->external ||
            (pod == NO_ID ? client->node != node : client->pod != pod))
            continue;
        close_attempt(e, r, LB_GONE);
        end(e, r, REQUEST_ABANDONED, CAUSE_NONE, INCIDENT_NONE);
    }
}
