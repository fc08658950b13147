/*
 * simulation - one replication: the world and everything that acts in it.
 *
 * Each part is made by its x_new(struct simulation *) in the order below,
 * watches the world, and finds the others here when events run.
 */
#ifndef MODELS_SIMULATION_H
#define MODELS_SIMULATION_H

#include "models/scenario.h"
#include "models/world.h"

struct ipam;        /* network/ipam.h */
struct proxies;     /* network/kubeproxy.h: all nodes' kube-proxies */
struct dns;         /* network/dns.h */
struct servers;     /* traffic/server.h: pods as servers of requests */
struct pod_metrics; /* podmetrics.h: what autoscalers see */
struct kubelets;    /* kubelet.h */
struct scheduler;   /* scheduler/scheduler.h */
struct controllers; /* controller.h */
struct failures;    /* failures/failure.h */
struct timeline;    /* kubectl/timeline.h */
struct traffic;     /* traffic/traffic.h */
struct metrics;     /* metrics/metrics.h */

struct simulation {
    struct sim *sim;
    const struct scenario *scenario;
    struct rng_root root; /* (seed, replication) for streams */
    struct world *world;
    struct metrics *metrics;
    struct ipam *ipam;
    struct proxies *proxies;
    struct dns *dns;
    struct servers *servers;
    struct pod_metrics *pod_metrics;
    struct kubelets *kubelets;
    struct scheduler *scheduler;
    struct controllers *controllers;
    struct failures *failures;
    struct timeline *timeline;
    struct traffic *traffic;
    bool failed; /* simulation_fail */
};

struct simulation_options {
    uint64_t seed, replication;
    bool want_detail; /* keep rows for timeseries, endpoints, pods ... */
    bool want_events;
    /* Called now and then with simulated progress in [0, 1]; NULL: not.
     * Returns false to abort the replication. */
    bool (*progress)(void *self, double fraction);
    void *progress_self;
    /* Called once all parts exist and before time begins, to watch the
     * world; NULL: not. */
    void (*prepare)(void *self, struct simulation *s);
    void *prepare_self;
};

/* Runs one replication from start to end. The caller owns the result and
 * takes what it wants from ->metrics, then frees it. NULL: aborted. */
struct simulation *simulation_run(const struct scenario *scenario,
                                  const struct simulation_options *options);
void simulation_free(struct simulation *s);

/* This replication cannot go on: it is ended, simulation_run returns NULL, and
 * standard error says why, with seed, replication and time. For what is no
 * fault of the input: a breach of what must hold, a file that has changed. */
void simulation_fail(struct simulation *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Creates a Service with the address it asks for, or the next free one. */
service_id simulation_create_service(struct simulation *s,
                                     const struct service_spec *spec);

#endif
