/*
 * pool - connections that clients keep, and the requests on them.
 *
 * A balancer chooses when a connection is opened; what goes over it later
 * goes to the same process, whatever has become of the Service's endpoints:
 * conntrack pins it. A request takes the connection used last among those
 * with a stream to spare; where there is none it opens another below `size`,
 * else it waits, first come first served, and its time-out runs. One stream
 * is HTTP/1.1; more are HTTP/2 and gRPC, where requests share a connection.
 *
 * Where a client's library balances requests (level: request, at: client),
 * it keeps a pool of `size` for each endpoint, and each request goes to the
 * one chosen for it.
 *
 * A connection ends
 *   idleTimeout    at the client, so long after its last answer
 *   maxRequests    with the answer of the last one
 *   maxAge         at that age, +-10 % drawn for each (grpc-go
 *                  internal/transport/http2_server.go, MaxConnectionAge),
 *                  after the answers to what it carries
 *   drain          the server says so (FIN, GOAWAY) at SIGTERM, and with each
 *                  answer; a request that meets this on its way is reset
 *   process gone   found out by the next request on it: reset
 *   node gone      nothing answers. With one stream a time-out closes it;
 *                  shared ones stay until the kernel gives up, 924.6 s after
 *                  the first request that nobody took (Linux tcp_retries2)
 *   broken         refused, reset, or never set up
 *
 * One that ends carries nothing new; shared ones no longer count against
 * `size` then.
 */
#ifndef MODELS_TRAFFIC_POOL_H
#define MODELS_TRAFFIC_POOL_H

#include "models/traffic/traffic_internal.h"

struct connections *connections_new(void);
/* After the clients. */
void connections_free(struct connections *all);

/* What the entry's scenario says; its balancing is known. */
void pools_begin(struct entry *e);
void pools_free(struct client *client);

/* An attempt begins: it is sent, or waits, or ends at once. */
void pool_attempt(struct entry *e, struct request *r);
/* Its connection was open before it arrived. */
bool pool_is_open(const struct entry *e, const struct request *r);
/* It arrives over an open connection. False: nobody is there to answer.
 * *pod: whose process has it; NULL: that process has ended or says goodbye. */
bool pool_reaches(struct entry *e, struct request *r, struct pod **pod);
/* The pod's process has accepted its connection. */
void pool_accepted(struct entry *e, const struct request *r,
                   const struct pod *pod);
/* Its server sends the answer. */
void pool_answered(struct entry *e, const struct request *r);
/* The attempt has failed: before blame and request_close. */
void pool_before_failure(struct entry *e, struct request *r, enum cause cause);
/* The attempt is over; r->connection is not NO_CONNECTION. */
void pool_release(struct entry *e, struct request *r, enum lb_result result);

/* Its connection did: as connections_cut has it. */
bool pool_came_by(const struct entry *e, const struct request *r,
                  uint32_t through, pod_id pod);
/* Ends connections that came by the cloud's target: by node (through: 1 + its
 * id), or to a pod; those that carry a request, after its answer. */
void connections_cut(struct traffic *t, const struct cloud *cloud,
                     uint32_t through, pod_id pod);
/* The pod began or ceased to serve. */
void pools_drained(struct traffic *t, pod_id pod);
/* Clients on the node, or in the pod, are gone (as requests_abandon). */
void pools_abandon(struct traffic *t, node_id node, pod_id pod);
/* The client moves: its connections end. */
void pools_leave(struct entry *e, uint32_t client);

#endif
