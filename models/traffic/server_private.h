/*
 * server_private - what the server*.c files share.
 */
#ifndef MODELS_TRAFFIC_SERVER_PRIVATE_H
#define MODELS_TRAFFIC_SERVER_PRIVATE_H

#include "models/traffic/queue.h"
#include "models/traffic/server.h"

enum server_state { LISTENING, DRAINING, ENDED };
#define PROBE UINT32_MAX /* detail of a probe's job; else traffic's index */

struct server_fault {
    enum server_fault_kind kind;
    double amount;
    incident_id incident;
};

struct server_pod {
    struct queue queue; /* first: found from it */
    pod_id pod;
    enum server_state state;
    sim_time opened;
    const struct workload *workload;
    size_t index; /* in servers->pods */
    /* of the present process, for autoscalers */
    uint64_t answered;
    sim_time worked; /* service times of those */
    /* What the faults make of it; see server_fault.c. */
    double slowness, error_rate;
    VEC_OF(struct server_fault) faults;
    incident_id fault; /* the one to blame; NO_ID: there is none */
};

/* A probe that waits for its answer. */
struct probe_call {
    server_probed *done; /* NULL: the slot is free */
    void *self;
    struct event_args args;
    struct server_pod *server;
    event_id timeout;
    uint32_t generation;
};

/* Of attempts in a window; see servers_audit. Sums are modulo 2^64. The
 * integral of `present` until T is present x T - moment: each that comes at t
 * adds T - t to it, each that leaves takes as much away. */
struct little {
    uint64_t present, moment;
    uint64_t overlap; /* with the window, of those that have left */
    sim_time begin;
};

struct slow_node {
    double factor; /* 0: none, as yet */
    incident_id incident;
};

struct servers {
    struct simulation *s;
    struct queues queues;
    struct server_client client;
    struct rng probe_rng;
    bool probe_constant;
    sim_time probe_work; /* where constant */
    VEC_OF(struct server_pod *) pods;
    VEC_OF(struct probe_call) probes;
    VEC_OF(uint32_t) free_probes;
    struct little little;
    VEC_OF(struct slow_node) slow_nodes; /* by node */
};

/* --- server_fault.c --- */
/* A new process: what its pod and node suffer from. */
void server_faults_join(const struct servers *v, struct server_pod *server,
                        node_id node);
/* The process ended: what was its own fault is over. */
void server_faults_leave(const struct servers *v, struct server_pod *server);

#endif
