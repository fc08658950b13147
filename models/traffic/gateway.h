/*
 * gateway - a balancer that knows endpoints by itself: an instance of a
 * gateway, or the sidecar (or library) of a client.
 *
 *   discovery.c      how it hears of endpoints
 *   gateway.c        which of them it uses, and the choice among those
 *   gateway_check.c  health checks and outliers
 *   relay.c          requests that it takes in and sends on: bounds, retries
 *
 * Each has everything of its own: what it heard, which endpoints it takes for
 * healthy, its counters. An endpoint is used that is ready (as it heard),
 * healthy by its checks and not ejected; all ready ones where so few are that
 * it panics.
 *
 * Instances stand on nodes, dealt out in turn, or outside. A client enters one
 * at random among those whose node is up; one that keeps connections has an
 * instance for each. What is under way at an instance when its node dies is
 * lost.
 */
#ifndef MODELS_TRAFFIC_GATEWAY_H
#define MODELS_TRAFFIC_GATEWAY_H

#include "models/network/health_check.h"
#include "models/network/outlier.h"
#include "models/traffic/line.h"
#include "models/traffic/traffic_internal.h"

/* An endpoint as one instance knows it. */
struct gateway_host {
    struct endpoint endpoint; /* pod NO_ID: none */
    uint64_t version;         /* of g->heard, that listed it last */
    struct health health;
    struct outlier outlier;
    uint32_t check; /* number of the last check */
    bool waiting;   /* for its answer */
    event_id late;
};

/* Endpoints to choose from, and how often: share of requests. */
struct gateway_route {
    struct endpoint_set *set;
    struct lb_balancer *balancer;
    double share;
};

struct gateway {
    struct traffic *t;
    struct balancing *lb;
    uint32_t id; /* index into t->gateways */
    struct lb_home home;
    struct endpoint_set *heard;           /* retained; NULL: nothing yet */
    VEC_OF(struct endpoint_set *) coming; /* retained; pushes on their way */
    sim_time told_at;                     /* the last of them */
    sim_time phase;                       /* of its polls */
    uint64_t version;                     /* of `heard` */
    VEC_OF(struct gateway_host) hosts;    /* by slot */
    uint32_t host_count, ejected;
    bool stale; /* routes must be made anew */
    VEC_OF(struct gateway_route) routes;
    VEC_OF(struct lb_balancer *) balancers; /* all; by zone or level */
    struct rng rng;                         /* of checks */
    /* of relay.c: */
    int64_t active, retrying;
    struct line pending; /* requests */
};

/* --- gateway.c --- */
/* node NO_ID: outside. The traffic owns it. */
struct gateway *gateway_new(struct traffic *t, struct balancing *lb,
                            node_id node);
void gateways_free(struct traffic *t);
/* The client's sidecar, made at first use. */
struct gateway *gateway_of_client(struct entry *e, uint32_t client);
/* The instance that the client enters; NULL: all are down. Draws from
 * e->rng. */
struct gateway *gateway_enter(struct entry *e, uint32_t client);
/* The same by a connection of the client's, which has a number. */
struct gateway *gateway_by(const struct entry *e, uint32_t client,
                           uint64_t connection);
/* False: its node is down. */
bool gateway_up(const struct gateway *g);
/* False: a bound is reached. */
static inline bool gateway_has_room(const struct gateway *g)
{
    const struct breaker_spec *b = &g->lb->gateway->breaker;

    return !b->on || (g->active < b->connections && g->active < b->requests);
}
static inline enum path gateway_path(const struct gateway *g,
                                     const struct endpoint *e)
{
    return path_between(&g->home, e->node, e->zone);
}
/* A client's sidecar moves with it; NO_ID: nowhere now. */
void gateway_move(struct gateway *g, node_id node);
/* Looks at what it has heard: checks begin, routes are made. */
void gateway_renew(struct gateway *g);
/* At the start: the instances of all gateways. */
void gateways_place(struct traffic *t);
/* Picks an endpoint; none: cause says why. Counts as active until the
 * balancer hears that it ended. Draws from rng. */
struct chosen gateway_choose(struct gateway *g, struct rng *rng, uint64_t key);
struct gateway_host *gateway_host_of(struct gateway *g, uint32_t slot,
                                     pod_id pod);
/* Instances by zone, for as long as they stay. */
const uint32_t *gateway_sources(struct balancing *lb, struct traffic *t);

/* --- discovery.c --- */
void discovery_join(struct traffic *t, struct balancing *lb);
void discoveries_free(struct traffic *t);
/* What a new instance is told. */
void discovery_first(struct gateway *g);

/* --- gateway_check.c --- */
void gateway_check_begin(struct gateway *g, struct gateway_host *host);
void gateway_sweep_begin(struct gateway *g);
/* An attempt at one of its endpoints ended. */
void gateway_ended(void *self, const struct lb_end *end);

/* --- relay.c --- */
void relay_attempt(struct entry *e, struct request *r);
/* It has a connection to the gateway (downstream.h). */
void relay_enter(struct entry *e, struct request *r);
/* An answer has come back: true where the gateway has taken it. */
bool relay_finish(struct entry *e, struct request *r, enum cause cause);
/* The client ends the attempt: before request_close. */
void relay_close(struct entry *e, struct request *r);
/* Nobody will answer at the endpoint. */
void relay_dead(struct entry *e, struct request *r);
/* How long the way between the client and the gateway takes; place: which of
 * the two ways. */
sim_time relay_hop(struct entry *e, const struct request *r,
                   const struct gateway *g, uint64_t place);
/* That way goes from one zone to another. */
bool relay_crosses(const struct entry *e, const struct request *r,
                   const struct gateway *g);
/* Room for one that waits. */
void relay_wake(struct gateway *g);

#endif
