/*
 * hedge - attempts of one request beside each other (gRPC proposal A6,
 * "Hedging policy").
 *
 * While a request is not answered, another attempt of it is sent each `after`,
 * up to `max` in all; each is balanced anew. The first success is the
 * request's, and the client cancels the others; servers go on with what they
 * have of them. An attempt that fails of a cause in `on` lets the next one go
 * at once; any other failure is the request's, and ends all. Where attempts
 * are over and all have failed, the last failure is the request's. Whatever
 * else clients do goes with it (pools, gateways, UDP, closed loops) but
 * retries of their own.
 *
 * Hedges count against the budget as retries do. One that it does not allow
 * is not sent, nor any later one of its request (grpc-java
 * RetriableStream.freezeHedging); where nothing else is under way then, the
 * request fails as circuit_open.
 *
 * The first attempt's slot stands for the request until its end (state WAITS
 * once that attempt is over); hedges have slots of their own. What is counted:
 * every attempt sent is one of `attempts`; each ends as the request's success,
 * as a failed attempt of some cause, as cancelled, since another one decided
 * (attempts_cancelled), or, at most one of a request, abandoned with its
 * client. So of requests that have ended
 * attempts = succeeded + failed attempts + cancelled + abandoned.
 */
#ifndef MODELS_TRAFFIC_HEDGE_H
#define MODELS_TRAFFIC_HEDGE_H

#include "models/traffic/traffic_internal.h"

/* A request begins: before its first attempt. */
void hedge_begin(struct entry *e, struct request *r);
/* One of its attempts succeeded, or failed; it is closed. */
void hedge_won(struct entry *e, struct request *r);
void hedge_failed(struct entry *e, struct request *r, enum cause cause,
                  incident_id origin);
/* The whole request ends: by its deadline, or with its client. */
void hedge_deadline(struct entry *e, struct request *lead);
void hedge_abandon(struct entry *e, struct request *lead);
/* True where it stands for no request of its own. */
static inline bool is_hedge(const struct traffic *t, const struct entry *e,
                            const struct request *r)
{
    return e->hedged && r->lead != (uint32_t)(r - t->requests);
}
/* False: there are hedges that belong to no request. */
bool hedges_audit(const struct traffic *t);

#endif
