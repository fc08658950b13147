/*
 * traffic - clients and their requests: arrivals, choice of a target,
 * network, time-outs, retries. See models.md, "A request's life".
 *
 * Every request ends exactly once: it succeeds, it fails with its last
 * attempt's cause and origin, or it is abandoned with its client.
 *
 * Of a TCP connection that nobody answers, where the scenario gives no
 * time-out: a new one is given up after 127 s (six SYN retransmissions), an
 * open one after 924.6 s (fifteen retransmissions; Linux
 * Documentation/networking/ip-sysctl, tcp_syn_retries, tcp_retries2).
 *
 * A new connection travels with its request: its set-up costs no round trip
 * of its own. Connections that are kept: pool.h.
 *
 * Clients: on nodes and in zones they are dealt out in turn when the
 * simulation starts, and stay; in pods, client i lives in one of the running
 * pods that match, and moves to another when that pod goes. External clients
 * enter by a node drawn anew for each attempt among those that are up, as
 * a load balancer that checks the nodes would choose.
 *
 * Requests are numbered from time 0 afresh, and so are arrivals: a longer
 * warm-up changes nothing of what is offered in the measured time.
 */
#ifndef MODELS_TRAFFIC_TRAFFIC_H
#define MODELS_TRAFFIC_TRAFFIC_H

#include "models/simulation.h"

/* Made last: the parts that it uses exist. Arrivals to a Service begin when
 * it exists, first in an event at this time (so once the start-up objects
 * are there); with access podIP at time 0 of the measurement. */
struct traffic *traffic_new(struct simulation *s);
void traffic_free(struct traffic *t);

/* The rate of scenario->traffic[index] from now on, 1/s over all clients,
 * >= 0. The time to the next arrival is stretched or shrunk by old / new. */
void traffic_set_rate(struct traffic *t, uint32_t index, double rate);
double traffic_rate(const struct traffic *t, uint32_t index);

/* Ends every measured request that is still open as failed, by the cause of
 * a time-out: for those whose clients would wait for ever. */
void traffic_give_up(struct traffic *t);

/* Conservation: fails the simulation unless of each entry what was offered is
 * what succeeded, failed, was abandoned and is under way. O(open requests). */
void traffic_audit(struct traffic *t);

/* Cloud load balancers have found out about their targets: for the warm-up. */
bool traffic_settled(const struct traffic *t);

/* Requests of one traffic entry that have begun and not ended. */
uint64_t traffic_in_flight(const struct traffic *t, uint32_t index);

#endif
