/*
 * control_fixture - a cluster in which only the controllers under test are
 * real: pods are bound in turn 10 ms after they are made, run and are ready
 * `start` to `start + jitter` later; `term` after they began to terminate
 * they are unready, and 30 ms later gone.
 */
#ifndef TESTS_UNIT_CONTROL_FIXTURE_H
#define TESTS_UNIT_CONTROL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/controller.h"

enum { CONTROL_NODES_MAX = 200 };

struct control {
    struct scenario scenario;
    struct simulation s;
    struct node_spec nodes[CONTROL_NODES_MAX];
    char names[CONTROL_NODES_MAX][8];
    size_t node_count;
    sim_time start, jitter, term;
    bool manual;  /* nothing is bound, no status is written by itself */
    node_id next; /* the next pod is bound here */
    sim_time stopped[CONTROL_NODES_MAX]; /* SIM_NEVER: the node is up */
    char log[8192]; /* of ReplicaSets' sizes, or what a test writes */
};

static inline struct world *world_of(struct control *c)
{
    return c->s.world;
}

static inline void control_bind(struct sim *sim, void *self,
                                struct event_args args)
{
    struct control *c = self;
    const struct pod *pod = world_pod(c->s.world, (pod_id)args.subject);

    (void)sim;
    if (!pod || pod->node != NO_ID)
        return;
    for (size_t i = 0; i < c->node_count; i++) {
        node_id id = (node_id)((c->next + i) % c->node_count);
        const struct node *node = world_node(c->s.world, id);

        if (node->deleted || node->ready != NODE_TRUE ||
            (pod->target != NO_ID && pod->target != id))
            continue;
        c->next = (node_id)((id + 1) % c->node_count);
        world_pod_bind(c->s.world, pod->id, id);
        return;
    }
}

static inline void control_ready(struct control *c, pod_id id)
{
    world_pod_report_ip(c->s.world, id, 0x0af40000 + id + 1);
    world_pod_set_phase(c->s.world, id, POD_RUNNING, NULL);
    world_pod_set_ready(c->s.world, id, true);
}

static inline void control_start(struct sim *sim, void *self,
                                 struct event_args args)
{
    struct control *c = self;
    const struct pod *pod = world_pod(c->s.world, (pod_id)args.subject);

    (void)sim;
    if (pod && pod->deletion == SIM_NEVER && c->stopped[pod->node] == SIM_NEVER)
        control_ready(c, pod->id);
}

static inline void control_end(struct sim *sim, void *self,
                               struct event_args args);
static const struct event_type control_end_event = {"test.end", 0, control_end};

static inline void control_gone(struct sim *sim, void *self,
                                struct event_args args)
{
    struct control *c = self;
    const struct pod *pod = world_pod(c->s.world, (pod_id)args.subject);

    if (!pod || c->stopped[pod->node] != SIM_NEVER)
        return;
    world_pod_set_ready(c->s.world, pod->id, false);
    sim_after(sim, 30 * SIM_MS, &control_end_event, c, args);
}

static inline void control_end(struct sim *sim, void *self,
                               struct event_args args)
{
    struct control *c = self;

    (void)sim;
    if (world_pod(c->s.world, (pod_id)args.subject))
        world_pod_remove(c->s.world, (pod_id)args.subject);
}

static const struct event_type control_bind_event = {"test.bind", 0,
                                                     control_bind};
static const struct event_type control_start_event = {"test.start", 0,
                                                      control_start};
static const struct event_type control_gone_event = {"test.gone", 0,
                                                     control_gone};

static inline sim_time control_jitter(const struct control *c, pod_id id)
{
    struct rng rng;

    if (c->jitter == 0)
        return 0;
    rng_init(&rng, c->s.root, "test.jitter", NULL, id);
    return (sim_time)rng_below(&rng, (uint64_t)c->jitter);
}

static inline void control_notify(void *self, const struct world_change *change)
{
    struct control *c = self;
    struct event_args args = {change->id, 0};

    if (c->manual)
        return;
    if (change->what == WHAT_ADDED)
        sim_after(c->s.sim, 10 * SIM_MS, &control_bind_event, c, args);
    if (change->what == WHAT_BOUND)
        sim_after(c->s.sim, c->start + control_jitter(c, change->id),
                  &control_start_event, c, args);
    if (change->what == WHAT_TERMINATING)
        sim_after(c->s.sim, c->term, &control_gone_event, c, args);
}

/* Kubernetes' defaults; 5 ms to hear, 3 ms to write. */
static inline void control_defaults(struct scenario *scenario)
{
    scenario->cluster.kubernetes_minor = 36;
    scenario->cluster.kube_proxy.terminating_fallback = true;
    scenario->cluster.kubelet.lease_renew = 10 * SIM_S;
    scenario->cluster.control_plane = (struct control_plane_params){
        .watch_latency = dist_constant(0.005),
        .write_latency = dist_constant(0.003),
        .controller_qps = 20,
        .controller_burst = 30,
        .queue_backoff_base = 5 * SIM_MS,
        .queue_backoff_max = 1000 * SIM_S,
        .node_monitor_period = 5 * SIM_S,
        .node_monitor_grace_period = 50 * SIM_S,
        .node_eviction_rate = 0.1,
        .secondary_node_eviction_rate = 0.01,
        .unhealthy_zone_threshold = 0.55,
        .large_cluster_size_threshold = 50,
        .pod_gc_period = 20 * SIM_S,
        .pod_gc_quarantine = 40 * SIM_S,
        .deployment_workers = 5,
        .replicaset_workers = 5,
        .statefulset_workers = 5,
        .daemonset_workers = 2,
        .job_workers = 5,
        .endpointslice_workers = 5,
        .max_endpoints_per_slice = 100,
        .slow_start_initial = 1,
        .replicaset_burst = 500,
    };
}

/* Without nodes: add some. */
static inline struct control *
control_new(const struct controller *const *controllers)
{
    struct control *c = calloc(1, sizeof *c);

    control_defaults(&c->scenario);
    c->start = 2 * SIM_S;
    c->term = 3 * SIM_S;
    for (size_t i = 0; i < CONTROL_NODES_MAX; i++)
        c->stopped[i] = SIM_NEVER;
    c->s.sim = sim_new(0);
    c->s.scenario = &c->scenario;
    c->s.root = (struct rng_root){1, 0};
    c->s.world = world_new(c->s.sim, &c->scenario, c->s.root);
    c->s.kubelets = (struct kubelets *)c; /* kubelet_last_lease knows */
    world_watch(c->s.world, 1U << CHANGE_POD, control_notify, c);
    c->s.controllers = controllers_new_list(&c->s, controllers);
    return c;
}

static inline void control_free(struct control *c)
{
    controllers_free(c->s.controllers);
    world_free(c->s.world);
    sim_free(c->s.sim);
    free(c);
}

/* zone: static. */
static inline void control_add_nodes(struct control *c, size_t count,
                                     const char *zone)
{
    for (size_t i = 0; i < count; i++) {
        size_t n = c->node_count++;

        snprintf(c->names[n], sizeof c->names[n], "n%zu", n);
        c->nodes[n] = (struct node_spec){.name = c->names[n], .zone = zone};
        world_node_create(c->s.world, &c->nodes[n]);
    }
}

static inline void control_run(struct control *c, double seconds)
{
    sim_run_until(c->s.sim, sim_seconds(seconds));
}

static inline void control_note(struct control *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline void control_note(struct control *c, const char *format, ...)
{
    size_t used = strlen(c->log);
    va_list args;

    va_start(args, format);
    vsnprintf(c->log + used, sizeof c->log - used, format, args);
    va_end(args);
}

/* A pod of its own. */
static inline pod_id control_pod(struct control *c,
                                 const struct pod_template *template,
                                 const char *name)
{
    return world_pod_create(c->s.world, NO_ID, template, "default", name,
                            INCIDENT_NONE);
}

static inline bool control_has_taint(const struct control *c, node_id id,
                                     const char *key, enum taint_effect effect)
{
    const struct node *node = world_node(c->s.world, id);

    for (size_t i = 0; i < node->taints.count; i++) {
        if (node->taints.items[i].effect == effect &&
            strcmp(node->taints.items[i].key, key) == 0)
            return true;
    }
    return false;
}

#endif
