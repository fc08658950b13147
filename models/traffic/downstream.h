/*
 * downstream - connections that clients keep to a gateway which balances
 * requests (connections: pool, at: gateway, level: request). What the gateway
 * keeps to pods is its own affair: circuitBreaker.maxConnections.
 *
 * A client has `size` of them at most, with `streams` requests at once on
 * each; a request takes the one used last among those with a stream to spare,
 * else opens another, else waits at its client, first come first served, and
 * its time-out runs. Each leads to one instance, drawn for it; where that is
 * down, to the next one that is up. idleTimeout, maxRequests and maxAge let
 * another one take its place, which may lead elsewhere. So does a client that
 * gives up waiting for an answer, where there are no streams to end alone.
 */
#ifndef MODELS_TRAFFIC_DOWNSTREAM_H
#define MODELS_TRAFFIC_DOWNSTREAM_H

#include "models/traffic/traffic_internal.h"

void downstream_begin(struct entry *e);
void downstream_release(struct entry *e);

/* Takes a connection for the attempt. False: it waits; relay_enter follows. */
bool downstream_take(struct entry *e, struct request *r);
/* The instance that its connection leads to; NULL: all are down. */
struct gateway *downstream_gateway(const struct entry *e,
                                   const struct request *r);
/* The attempt is over; answered: by the gateway. */
void downstream_give(struct entry *e, struct request *r, bool answered);
/* Where the client's requests went last: to blame where one only waited. */
void downstream_tried(struct entry *e, uint32_t client,
                      const struct endpoint *endpoint);
void downstream_waited(const struct entry *e, struct request *r);
/* The client's connections end: it moved, or its process did. */
void downstream_leave(struct entry *e, uint32_t client);

#endif
