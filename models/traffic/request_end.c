/*
 * request_end - how requests end other than well: failures, retries,
 * time-outs, deadlines, clients that leave.
 */
#include "models/traffic/call.h"
#include "models/traffic/request_private.h"

/* Linux, where the scenario gives no time-out: see traffic.h. */
static const sim_time syn_limit = 127 * SIM_S;
static const sim_time established_limit = 924600 * SIM_MS;

/* Retries always allowed, whatever the budget: models.md. */
enum { FREE_RETRIES = 3 };

static void on_expire(struct sim *sim, void *self, struct event_args args);
static void on_retry(struct sim *sim, void *self, struct event_args args);
static const struct event_type retry_event = {"traffic.retry", 0, on_retry};
/* An answer at the very instant is in time. */
static const struct event_type expire_event = {"traffic.expire", 8, on_expire};

/* -------------------------------------------------------------- retries */

static sim_time backoff(struct entry *e, const struct request *r)
{
    const struct traffic_spec *spec = e->spec;
    uint32_t k = r->attempts - r->more_attempts - 1;
    double most = (double)spec->backoff_max;
    double span = (double)spec->backoff_base;

    for (; k > 0 && span < most; k--)
        span *= 2;
    span = span < most ? span : most;
    rng_seek(&e->more, r->number, r->attempts | PLACE_BACKOFF);
    return (sim_time)(rng_uniform(&e->more) * span + 0.5);
}

bool request_within_budget(const struct entry *e)
{
    double allowed = e->spec->retry_budget * (double)entry_in_flight(e);

    return e->spec->retry_budget < 0 || e->retrying < FREE_RETRIES ||
           (double)(e->retrying + 1) <= allowed;
}

void request_attempt_failed_by(struct entry *e, const struct request *r,
                               enum cause cause, incident_id origin, pod_id pod)
{
    struct simulation *s = e->traffic->s;

    metrics_attempt_failed(s->metrics, e->index, r->arrival, cause, origin, pod,
                           sim_now(s->sim));
}

void request_attempt_failed(struct entry *e, const struct request *r,
                            enum cause cause)
{
    request_attempt_failed_by(e, r, cause, r->origin, r->pod);
}

void request_expire_at(struct entry *e, const struct request *r, sim_time at)
{
    sim_at(e->traffic->s->sim, at, &expire_event, e->traffic,
           (struct event_args){.subject = request_id(e->traffic, r)});
}

enum lb_result request_result(enum cause cause)
{
    if (cause == CAUSE_OVERLOADED)
        return LB_BUSY;
    if (cause == CAUSE_TIMEOUT)
        return LB_LATE;
    return cause == CAUSE_CONNECT_REFUSED || cause == CAUSE_CONNECT_TIMEOUT ||
                   cause == CAUSE_RESET
               ? LB_BROKEN
               : LB_ERROR;
}

void request_fail(struct entry *e, struct request *r, enum cause cause)
{
    struct traffic *t = e->traffic;
    incident_id origin;

    pool_before_failure(e, r, cause);
    origin = blame(t, e, r, cause);
    request_attempt_failed_by(e, r, cause, origin, r->pod);
    request_close(e, r, request_result(cause));
    if (e->hedged) {
        hedge_failed(e, r, cause, origin);
        return;
    }
    if (r->attempts - r->more_attempts > e->spec->retries_max ||
        !(e->spec->retry_on >> cause & 1)) {
        request_end_as(e, r, REQUEST_FAILED, cause, origin);
        return;
    }
    if (!request_within_budget(e)) {
        r->attempts++;
        request_attempt_failed_by(e, r, CAUSE_CIRCUIT_OPEN, origin, NO_ID);
        request_end_as(e, r, REQUEST_FAILED, CAUSE_CIRCUIT_OPEN, origin);
        return;
    }
    r->retry = true;
    e->retrying++;
    r->state = REQUEST_WAITS;
    r->cause = (uint8_t)cause;
    r->origin = origin;
    sim_after(t->s->sim, backoff(e, r), &retry_event, t,
              (struct event_args){.subject = request_id(t, r)});
}

static void on_retry(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;
    struct request *r = request_find(t, args.subject);
    struct entry *e;

    (void)sim;
    if (!r)
        return;
    e = request_entry(t, r);
    rng_seek(&e->rng, r->number, r->attempts);
    r->bits = rng_u64(&e->rng);
    request_attempt(e, r);
}

/* ------------------------------------------------------------ time-outs */

void request_dead(struct entry *e, struct request *r)
{
    const struct traffic_spec *spec = e->spec;
    struct traffic *t = e->traffic;
    sim_time limit = spec->connect_timeout, at, now = sim_now(t->s->sim);

    r->origin = blame(t, e, r, CAUSE_CONNECT_TIMEOUT);
    r->blamed = true;
    r->state = REQUEST_DEAD;
    if (__builtin_expect(e->relayed, 0) && r->balancer) {
        relay_dead(e, r);
        return;
    }
    if (limit == SIM_NEVER && spec->timeout == SIM_NEVER)
        limit = syn_limit;
    if (limit == SIM_NEVER || limit >= spec->timeout)
        return;
    at = r->sent + limit;
    sim_at(t->s->sim, at > now ? at : now, &expire_event, t,
           (struct event_args){.subject = request_id(t, r)});
}

/* What its client has waited for in vain. What makes look-ups slow is to blame
 * for the time that they took. */
static enum cause late_cause(const struct entry *e, struct request *r)
{
    if (r->state == REQUEST_DEAD)
        return CAUSE_CONNECT_TIMEOUT;
    if (!e->resolves || r->state != REQUEST_SENT || r->resolved <= r->started)
        return CAUSE_TIMEOUT;
    r->blamed |= r->origin != INCIDENT_NONE;
    return sim_now(e->traffic->s->sim) < r->resolved ? CAUSE_DNS
                                                     : CAUSE_TIMEOUT;
}

void request_expired(struct entry *e, struct request *r)
{
    request_fail(e, r, late_cause(e, r));
}

/* The node with the request on it vanished. */
void request_lost(void *self, uint64_t id)
{
    struct traffic *t = self;
    struct request *r = request_find(t, id);
    struct entry *e;

    if (!r)
        return;
    e = request_entry(t, r);
    r->origin = blame(t, e, r, CAUSE_TIMEOUT);
    r->blamed = true;
    if (e->spec->timeout == SIM_NEVER)
        sim_after(t->s->sim, established_limit, &expire_event, t,
                  (struct event_args){.subject = id});
}

static void on_expire(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;
    struct request *r = request_find(t, args.subject);

    (void)sim;
    if (r)
        request_expired(request_entry(t, r), r);
}

enum cause request_cut(struct entry *e, struct request *r, incident_id *origin)
{
    enum cause cause = late_cause(e, r);

    pool_before_failure(e, r, cause);
    *origin = blame(e->traffic, e, r, cause);
    request_attempt_failed_by(e, r, cause, *origin, r->pod);
    request_close(e, r, request_result(cause));
    return cause;
}

void request_deadline(struct entry *e, struct request *r)
{
    enum cause cause = (enum cause)r->cause;
    incident_id origin = r->origin;

    if (e->hedged) {
        hedge_deadline(e, r);
        return;
    }
    if (r->state == REQUEST_WAITS)
        request_close(e, r, request_result(cause));
    else
        cause = request_cut(e, r, &origin);
    request_end_as(e, r, REQUEST_FAILED, cause, origin);
}

void request_abandon(struct entry *e, struct request *r)
{
    if (e->hedged) {
        hedge_abandon(e, r);
        return;
    }
    request_close(e, r, LB_GONE);
    request_end_as(e, r, REQUEST_ABANDONED, CAUSE_NONE, INCIDENT_NONE);
}

struct request *request_queued(struct traffic *t, struct line *line)
{
    for (; line_count(line) > 0; line_drop(line)) {
        struct request *r = request_find(t, line_first(line));

        if (r && r->state == REQUEST_QUEUED)
            return r;
    }
    return NULL;
}

static bool came_by(const struct entry *e, const struct request *r,
                    uint32_t through, pod_id pod)
{
    if (r->state != REQUEST_SENT && r->state != REQUEST_DEAD)
        return false;
    if (e->pooled)
        return pool_came_by(e, r, through, pod);
    return through ? r->pool == through : r->pod == pod;
}

void requests_reset(struct traffic *t, const struct cloud *cloud,
                    uint32_t through, pod_id pod)
{
    for (uint32_t i = 0; i < t->count; i++) {
        struct request *r = &t->requests[i];
        struct entry *e = request_entry(t, r);

        if (r->state != REQUEST_FREE && e->lb->cloud == cloud &&
            !e->spec->udp && e->homes[r->client].external &&
            came_by(e, r, through, pod))
            request_answer(e, r, CAUSE_RESET);
    }
}

void request_awaited(struct entry *e, const struct request *r,
                     const struct request_end *ended)
{
    if (e->closed)
        closed_ended(e, r->client, ended->end == r->arrival);
    else
        call_ended(e, r, ended);
}

void requests_abandon(struct traffic *t, node_id node, pod_id pod)
{
    for (uint32_t i = 0; i < t->count; i++) {
        struct request *r = &t->requests[i];
        const struct client_home *home;
        struct entry *e;

        if (r->state == REQUEST_FREE)
            continue;
        e = request_entry(t, r);
        if (is_hedge(t, e, r))
            continue;
        home = &e->homes[r->client];
        if (home->external || (pod == NO_ID ? home->node != node
                                            : e->clients[r->client].pod != pod))
            continue;
        request_abandon(e, r);
    }
    pools_abandon(t, node, pod);
}
