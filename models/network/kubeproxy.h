/*
 * kubeproxy - each node's kube-proxy with its own late view of all Services.
 *
 * Versions of endpoints are numbered over all Services (endpoint_set
 * .sequence) and delivered to each node in that order (a watch is FIFO), so
 * one number says all that a node's proxy has programmed: it routes a
 * Service by the newest version whose sequence is <= that number. Costs one
 * small record a node, whatever the number of Services; events: one for all
 * nodes a change where the watch latency is constant, and at most two a node
 * and sync. Nothing is scheduled while nothing changes.
 *
 * Headless Services are not kube-proxy's: their versions are not delivered.
 * A node that is down keeps its rules and syncs in full after its boot; one
 * that is cut off from the API server keeps them till its watch is there again
 * (models/reconnect.h).
 * world->endpoint_floor is kept up here.
 */
#ifndef MODELS_NETWORK_KUBEPROXY_H
#define MODELS_NETWORK_KUBEPROXY_H

#include "models/simulation.h"

struct proxies *proxies_new(struct simulation *s);
void proxies_free(struct proxies *p);

/* The sequence that a node's proxy has programmed. */
uint64_t proxy_programmed(const struct proxies *p, node_id node);

/* What the node's proxy routes the Service by; never NULL, may be empty. */
const struct endpoint_set *proxy_endpoints(const struct proxies *p,
                                           node_id node, service_id service);

/* False while the node is down, boots, and until its first sync: its rules
 * are gone, and nothing that could send has been started. */
bool proxy_at_work(const struct proxies *p, node_id node);
/* Changes whenever the above becomes true for some node. */
uint64_t proxies_started(const struct proxies *p);

/* True where every working proxy has programmed all there is. */
bool proxies_settled(const struct proxies *p);

/* A stuck proxy (fault) begins no sync until it is released or its node
 * boots; it still hears. False: it is stuck already, or not, or not at work. */
bool proxy_set_stuck(struct proxies *p, node_id node, bool stuck);
/* kube-proxy ends and is started anew: the node's rules stay as they are
 * until its first sync, which is a full one, at once. */
void proxy_restart(struct proxies *p, node_id node);
/* Called when a kube-proxy ends (started false), and when its first sync
 * after that is done (true). */
void proxies_on_restart(struct proxies *p,
                        void (*restarted)(void *self, node_id node,
                                          bool started),
                        void *self);

/* For metrics: called when a node's proxy has programmed versions up to
 * `to` (those after `from` are new to it). */
void proxies_on_programmed(struct proxies *p,
                           void (*programmed)(void *self, node_id node,
                                              uint64_t from, uint64_t to),
                           void *self);

#endif
