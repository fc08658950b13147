/*
 * call - requests that pods make while they serve one (workloads[].calls).
 *
 * A pod does its own work first, then calls the Services in the given order,
 * each once the one before it has ended; `parallel` begins with the one
 * before it. Meanwhile the request stays in its place: under FIFO it keeps
 * one of the pod's `concurrency`, under PS it uses no processor; it counts
 * against the queue's limit either way. Once a call has failed, by its own
 * time-out and retries, no further one begins; those under way are waited
 * for, and the answer is an error (app_error) whose origin is the call's.
 * Which calls a request makes is drawn with its service time.
 *
 * Each call is a traffic entry of its own whose clients are the pods: they
 * stand on their nodes, ask by those nodes' proxies, and have what clients
 * have: connections, names, time-outs, retries, hedges, a balancer. Its
 * requests are counted as the called Service's, under the entry's name. Those
 * of a process that ends are abandoned.
 *
 * Calls do not go round in a circle: the scenario's reader sees to that.
 */
#ifndef MODELS_TRAFFIC_CALL_H
#define MODELS_TRAFFIC_CALL_H

#include "models/traffic/traffic_internal.h"

struct calls *calls_new(void);
void calls_free(struct calls *calls); /* NULL is nothing to free */

/* --- for servers: see server_client; self is the struct traffic --- */
uint32_t calls_plan(void *self, const struct pod *pod, uint64_t client,
                    const struct workload *workload, struct rng *rng);
void calls_begin(void *self, uint32_t number, uint64_t job);
void calls_drop(void *self, uint32_t number);

/* --- for requests of inner entries --- */
/* It begins, for e->caller. */
void call_join(struct entry *e, struct request *r);
void call_ended(struct entry *e, const struct request *r,
                const struct request_end *ended);

/* --- for clients --- */
/* The pod ceased to serve: where its process is gone, so are the connections
 * that it kept. */
void callers_leave(struct traffic *t, pod_id pod);
/* Pods that may make the entry's calls now; by_zone (NULL: never mind): those
 * that have a node are added there. */
size_t callers_count(const struct traffic *t, const struct entry *e,
                     uint32_t *by_zone);

/* --- for blame --- */
/* What makes slow what the attempt waits for at its pod, or the oldest of all
 * that wait at the pod. NO_ID: nobody waits for a call. */
incident_id calls_origin(struct traffic *t, const struct request *r);
incident_id calls_origin_at(struct traffic *t, pod_id pod);

#endif
