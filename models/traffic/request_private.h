/*
 * request_private - what request.c and request_end.c share.
 */
#ifndef MODELS_TRAFFIC_REQUEST_PRIVATE_H
#define MODELS_TRAFFIC_REQUEST_PRIVATE_H

#include "models/traffic/arrivals.h"
#include "models/traffic/gateway.h"
#include "models/traffic/hedge.h"
#include "models/traffic/pool.h"

/* Places of a stream, beside (request, attempt): what is drawn there does
 * not depend on what others draw. Attempts are fewer than 2^32. */
#define PLACE_WORK     (UINT64_C(1) << 32)
#define PLACE_LATENCY  (UINT64_C(2) << 32)
#define PLACE_BACKOFF  (UINT64_C(3) << 32)
#define PLACE_CONNECT  (UINT64_C(4) << 32)
#define PLACE_HOP      (UINT64_C(5) << 32)
#define PLACE_HOP_BACK (UINT64_C(6) << 32)

static inline uint64_t request_id(const struct traffic *t,
                                  const struct request *r)
{
    return (uint64_t)r->generation << 32 | (uint64_t)(r - t->requests);
}

/* NULL: that attempt has ended. */
static inline struct request *request_find(struct traffic *t, uint64_t id)
{
    struct request *r = &t->requests[(uint32_t)id];

    return r->generation == id >> 32 ? r : NULL;
}

static inline struct entry *request_entry(struct traffic *t,
                                          const struct request *r)
{
    return &t->entries[r->entry];
}

/* Its target's name was looked up for it. */
static inline void request_resolves(struct request *r,
                                    const struct chosen *target)
{
    r->resolved = r->sent + target->delay;
    r->origin = target->slow;
}

/* The attempt is over: whatever still names it names nothing. */
static inline void request_close(struct entry *e, struct request *r,
                                 enum lb_result result)
{
    if (__builtin_expect(e->relayed, 0))
        relay_close(e, r);
    if (r->balancer) {
        sim_time now = sim_now(e->traffic->s->sim);
        struct lb_end end = {r->slot, r->pod, result, now, now - r->started};

        lb_balancer_done(r->balancer, &end);
        r->balancer = NULL;
    }
    if (__builtin_expect(r->connection != NO_CONNECTION, 0))
        pool_release(e, r, result);
    if (r->retry) {
        r->retry = false;
        e->retrying--;
    }
    r->generation++;
}

static inline void request_free(struct traffic *t, struct request *r)
{
    r->state = REQUEST_FREE;
    r->next_free = t->free;
    t->free = (uint32_t)(r - t->requests);
}

/* Somebody waits for the end of the entry's requests. */
void request_awaited(struct entry *e, const struct request *r,
                     const struct request_end *ended);

/* The attempt is closed. */
static inline void request_end_as(struct entry *e, struct request *r,
                                  enum outcome outcome, enum cause cause,
                                  incident_id origin)
{
    struct traffic *t = e->traffic;
    struct request_end ended = {.traffic = e->index,
                                .outcome = outcome,
                                .cause = cause,
                                .attempts = r->attempts,
                                .crossed = r->path == CROSS_ZONE,
                                .origin = origin,
                                .arrival = r->arrival,
                                .end = sim_now(t->s->sim)};

    request_free(t, r);
    e->ended[outcome]++;
    metrics_request_end(t->s->metrics, &ended);
    if (__builtin_expect(e->awaited, 0))
        request_awaited(e, r, &ended);
}

/* --- request.c --- */
/* A slot, whatever it held: t->requests may move. */
struct request *request_take(struct traffic *t);
/* The next try. e->rng stands behind r->bits. */
void request_attempt(struct entry *e, struct request *r);
/* Sends it, once a connection carries it. extra: time before. */
void request_send(struct entry *e, struct request *r,
                  const struct chosen *target, sim_time extra);
/* The event comes after `delay` on r->path. */
void request_travel(struct entry *e, const struct request *r, sim_time delay,
                    const struct event_type *type, uint32_t detail);
/* The answer travels for r->back. */
void request_answer(struct entry *e, struct request *r, enum cause cause);
/* There is nothing to send it to. */
void request_no_target(struct entry *e, struct request *r,
                       const struct chosen *target);

/* --- request_end.c --- */
enum lb_result request_result(enum cause cause);
/* A try failed that is followed by another one: for the metrics. */
void request_attempt_failed(struct entry *e, const struct request *r,
                            enum cause cause);
void request_attempt_failed_by(struct entry *e, const struct request *r,
                               enum cause cause, incident_id origin,
                               pod_id pod);
/* The whole request's deadline ends an attempt: it is closed. Returns what it
 * failed of. */
enum cause request_cut(struct entry *e, struct request *r, incident_id *origin);
/* True where the budget allows one more retry or hedge in flight. */
bool request_within_budget(const struct entry *e);
/* The client's time-out of the attempt, by an event of its own. */
void request_expire_at(struct entry *e, const struct request *r, sim_time at);
/* The attempt failed: the next one, or the end. */
void request_fail(struct entry *e, struct request *r, enum cause cause);
/* The first of a client's line that waits (state QUEUED); NULL: nobody. Those
 * that gave up leave. */
struct request *request_queued(struct traffic *t, struct line *line);
/* Its client is gone. */
void request_abandon(struct entry *e, struct request *r);
/* Nobody will answer: it ends with the time-out for connections, or with
 * another one if that comes first. */
void request_dead(struct entry *e, struct request *r);

#endif
