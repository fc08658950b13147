/*
 * connection - one connection of a pool from its first request to its end:
 * what pool.c and connection.c share.
 */
#ifndef MODELS_TRAFFIC_CONNECTION_H
#define MODELS_TRAFFIC_CONNECTION_H

#include "models/traffic/line.h"
#include "models/traffic/traffic_internal.h"

struct connection {
    struct entry *entry; /* NULL: the slot is free */
    uint32_t client, pool;
    uint32_t generation;
    uint32_t next, prev; /* with a stream to spare, the last used first */
    uint64_t ordinal;    /* of its client's */
    struct endpoint endpoint;
    struct lb_balancer *balancer;     /* that counts it; NULL: none */
    struct gateway *gateway;          /* that it goes through; NULL: none */
    uint32_t through;                 /* as of chosen */
    sim_time opened, last_used, ends; /* ends: of old age */
    event_id timer;
    sim_time process; /* of the server, see server_since */
    pod_id server;    /* that has accepted it; NO_ID: none yet */
    int64_t busy, requests;
    bool spare;   /* it is in the list */
    bool counted; /* against the pool's size */
    bool ending;  /* it carries nothing new, */
    bool broken;  /* because it failed */
    bool told;    /* that it ends, to who looks names up */
};

/* A client's connections that do the same. Zero but for last.pod, free. */
struct pool {
    struct endpoint last;    /* the one that the last request went to */
    struct gateway *gateway; /* that chose it; NULL: none */
    uint32_t free;           /* the list's first; NO_CONNECTION */
    int64_t open;            /* of those counted */
    int64_t carrying;        /* of all that there are */
    struct line waiting;     /* requests */
    bool armed;
};

struct client_pools {
    VEC_OF(struct pool) pools; /* one, or one for each endpoint */
    VEC_OF(uint32_t) by_slot;  /* of the pool; a guess */
    uint64_t ordinal;          /* of the next connection */
};

/* One with a stream to spare, the last used; NULL: none. */
struct connection *connection_free(struct traffic *t, const struct pool *p);
/* To the target, whose balancer counts it. r: the first request. */
struct connection *connection_open(struct entry *e, struct pool *p,
                                   const struct request *r,
                                   const struct chosen *target);
/* One more request on it; returns its index. */
uint32_t connection_take(struct entry *e, struct pool *p, struct connection *c);
/* It carries nothing new, and is closed once it carries nothing. */
void connection_retire(struct entry *e, uint32_t index);
/* A request on it has timed out. */
void connection_timed_out(struct entry *e, uint32_t index);

/* --- pool.c --- */
/* A stream, or the room for a connection, has become free: who waits comes
 * next, in an event of its own. */
void pool_wake(struct entry *e, uint32_t client, uint32_t index);

#endif
