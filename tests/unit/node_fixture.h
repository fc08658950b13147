/*
 * node_fixture - a small cluster made by hand, for tests of what happens on
 * nodes: constant latencies, no controllers, no scheduler; and a log of what
 * the world is told.
 */
#ifndef TESTS_UNIT_NODE_FIXTURE_H
#define TESTS_UNIT_NODE_FIXTURE_H

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "models/simulation.h"

enum { FIXTURE_NODES = 40, FIXTURE_CONTAINERS = 3 };

struct fixture {
    /* To be changed between fixture_init and fixture_start. */
    struct scenario scenario;
    struct workload workload;
    struct node_spec nodes[FIXTURE_NODES];
    size_t node_count;
    struct pod_template template;
    struct container containers[FIXTURE_CONTAINERS];
    /* The run. */
    struct simulation s;
    char log[16384]; /* lines "milliseconds what\n" */
    size_t log_length;
};

static inline void fixture_init_cluster(struct cluster_params *c)
{
    c->kubernetes_minor = 36;
    c->pod_cidr = 0x0af40000; /* 10.244.0.0/16 */
    c->pod_cidr_bits = 16;
    c->node_cidr_bits = 24;
    c->service_cidr = 0x0a600000; /* 10.96.0.0/12 */
    c->service_cidr_bits = 12;
    c->control_plane.watch_latency = dist_constant(0.010);
    c->control_plane.write_latency = dist_constant(0.005);
    c->kubelet.lease_duration = 40 * SIM_S;
    c->kubelet.lease_renew = 10 * SIM_S;
    c->kubelet.sandbox = dist_constant(0.1);
    c->kubelet.sandbox_teardown = dist_constant(0.05);
    c->kubelet.container_exit = dist_constant(0.02);
    c->kubelet.status_latency = dist_constant(0.005);
    c->kubelet.serial_image_pulls = true;
    c->kubelet.crash_backoff_base = 10 * SIM_S;
    c->kubelet.crash_backoff_max = 300 * SIM_S;
    c->kubelet.crash_backoff_reset = 600 * SIM_S;
    c->kubelet.probe_time = dist_constant(0.001);
    c->kubelet.min_grace_after_pre_stop = 2 * SIM_S;
    c->kubelet.boot = dist_constant(5);
    c->kubelet.node_keeps_images = true;
    c->kubelet.image_list_period = 30 * SIM_S;
    c->kubelet.max_parallel_image_pulls = INT64_MAX;
    c->kubelet.registry_pull_qps = 5;
    c->kubelet.registry_burst = 10;
    c->kubelet.image_pull_failure = dist_constant(1);
    c->kubelet.image_backoff_base = 10 * SIM_S;
    c->kubelet.image_backoff_max = 300 * SIM_S;
    c->kube_proxy.min_sync_period = SIM_S;
    c->kube_proxy.sync_period = 30 * SIM_S;
    c->kube_proxy.sync_base = dist_constant(0.1);
    c->kube_proxy.sync_per_service = dist_constant(0);
    c->kube_proxy.sync_per_endpoint = dist_constant(0);
    c->kube_proxy.sync_per_change = dist_constant(0);
    c->kube_proxy.partial_sync = true;
    c->kube_proxy.full_sync_period = SIM_HOUR;
    c->kube_proxy.large_cluster_endpoints = INT64_MAX;
    c->kube_proxy.terminating_fallback = true;
    c->dns.ttl = 30 * SIM_S;
    c->dns.cache_ttl = 30 * SIM_S;
    c->dns.denial_ttl = c->dns.cache_denial_ttl = -1;
    c->dns.client_cache = -1;
    c->dns.latency = dist_constant(0.001);
    c->dns.servers = 2;
}

static inline void fixture_init_template(struct fixture *f)
{
    static const struct container_port port = {.name = NULL, .port = 80};
    static const char *const names[FIXTURE_CONTAINERS] = {"web", "b", "c"};

    for (size_t i = 0; i < FIXTURE_CONTAINERS; i++) {
        f->containers[i].name = names[i];
        f->containers[i].image = "image";
    }
    f->containers[0].port_count = 1;
    f->containers[0].ports = &port;
    f->template.container_count = 1;
    f->template.containers = f->containers;
    f->template.grace_period = 30 * SIM_S;
    f->workload.image_pull = dist_constant(1);
    f->workload.startup = dist_constant(0);
    f->workload.service_time = dist_constant(0);
    f->workload.run_time = dist_never();
    f->workload.init = dist_constant(0);
    f->workload.concurrency = 1;
    f->workload.queue_limit = INT64_MAX;
    f->workload.cold_factor = 1;
    f->workload.on_terminate = TERM_EXIT;
    f->workload.shutdown = dist_constant(0);
    f->workload.pre_stop = -1;
}

/* Defaults: watch 10 ms, writes 5 ms, status 5 ms, sandbox 100 ms, teardown
 * 50 ms, end noticed after 20 ms, boot 5 s; one container "web" with a port
 * and no probes, image pull 1 s, startup 0; exit at SIGTERM; grace 30 s. */
static inline void fixture_init(struct fixture *f, size_t nodes)
{
    static const char *const names[FIXTURE_NODES] = {
        "n0",  "n1",  "n2",  "n3",  "n4",  "n5",  "n6",  "n7",  "n8",  "n9",
        "n10", "n11", "n12", "n13", "n14", "n15", "n16", "n17", "n18", "n19",
        "n20", "n21", "n22", "n23", "n24", "n25", "n26", "n27", "n28", "n29",
        "n30", "n31", "n32", "n33", "n34", "n35", "n36", "n37", "n38", "n39"};

    assert(nodes <= FIXTURE_NODES);
    memset(f, 0, sizeof *f);
    fixture_init_cluster(&f->scenario.cluster);
    fixture_init_template(f);
    f->scenario.workload_count = 1;
    f->scenario.workloads = &f->workload;
    f->node_count = nodes;
    for (size_t i = 0; i < nodes; i++) {
        f->nodes[i].name = names[i];
        f->nodes[i].zone = "";
    }
}

/* --- the log --- */

static inline void fixture_note(struct fixture *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline void fixture_note(struct fixture *f, const char *format, ...)
{
    size_t room = sizeof f->log - f->log_length;
    va_list args;
    int length;

    length = snprintf(f->log + f->log_length, room, "%lld ",
                      (long long)(sim_now(f->s.sim) / SIM_MS));
    assert(length > 0 && (size_t)length < room);
    f->log_length += (size_t)length;
    room -= (size_t)length;
    va_start(args, format);
    length = vsnprintf(f->log + f->log_length, room, format, args);
    va_end(args);
    assert(length > 0 && (size_t)length + 1 < room);
    f->log_length += (size_t)length;
    f->log[f->log_length++] = '\n';
    f->log[f->log_length] = '\0';
}

static inline void fixture_note_pod(struct fixture *f,
                                    const struct world_change *change)
{
    static const char *const phases[] = {"Pending", "Running", "Succeeded",
                                         "Failed"};
    const struct pod *pod = world_pod(f->s.world, change->id);
    unsigned id = change->id;
    char ip[16];

    switch (change->what) {
    case WHAT_SANDBOX:
        fixture_note(f, "pod %u sandbox %s", id,
                     world_format_ip(pod->sandbox_ip, ip));
        break;
    case WHAT_IP:
        fixture_note(f, "pod %u ip %s", id, world_format_ip(pod->ip, ip));
        break;
    case WHAT_STATUS:
        fixture_note(f, "pod %u %s ready %d restarts %u", id,
                     phases[pod->phase], pod->ready, pod->restarts);
        break;
    case WHAT_DELETED:
        fixture_note(f, "pod %u removed", id);
        break;
    default:
        break;
    }
}

static inline void fixture_notify(void *self, const struct world_change *change)
{
    struct fixture *f = self;

    if (change->kind == CHANGE_POD)
        fixture_note_pod(f, change);
    else if (change->what == WHAT_UP || change->what == WHAT_STATUS)
        fixture_note(f, "node %u %s", change->id,
                     change->what == WHAT_STATUS              ? "status"
                     : world_node(f->s.world, change->id)->up ? "up"
                                                              : "down");
}

/* Empties the log. */
static inline void fixture_forget(struct fixture *f)
{
    f->log_length = 0;
    f->log[0] = '\0';
}

/* --- the run --- */

/* Makes the world; the nodes and the parts that a test wants it makes itself.
 */
static inline void fixture_start(struct fixture *f)
{
    f->s.sim = sim_new(0);
    f->s.scenario = &f->scenario;
    f->s.root = (struct rng_root){1, 0};
    f->s.world = world_new(f->s.sim, &f->scenario, f->s.root);
    world_watch(f->s.world, 1U << CHANGE_POD | 1U << CHANGE_NODE,
                fixture_notify, f);
}

/* Frees world and clock; the parts were freed before. */
static inline void fixture_end(struct fixture *f)
{
    world_free(f->s.world);
    sim_free(f->s.sim);
}

/* Creates a pod of the template and binds it. */
static inline pod_id fixture_pod(struct fixture *f, node_id node)
{
    pod_id id = world_pod_create(f->s.world, NO_ID, &f->template, "default",
                                 "pod", INCIDENT_STARTUP);

    world_pod_bind(f->s.world, id, node);
    return id;
}

/* Runs until so many ms. */
static inline void fixture_run(struct fixture *f, int64_t ms)
{
    sim_run_until(f->s.sim, ms * SIM_MS);
}

/* Publishes a version of a Service's endpoints: `ready` ready ones and
 * `terminating` serving terminating ones. Returns its sequence. */
static inline uint64_t fixture_publish(struct fixture *f, service_id service,
                                       uint32_t ready, uint32_t terminating)
{
    struct endpoint_set *set = endpoint_set_new(service, ready + terminating);

    for (uint32_t i = 0; i < ready + terminating; i++) {
        set->endpoints[i].slot = i;
        set->endpoints[i].ip = 1000 + i;
        set->endpoints[i].flags = i < ready
                                      ? ENDPOINT_READY | ENDPOINT_SERVING
                                      : ENDPOINT_SERVING | ENDPOINT_TERMINATING;
    }
    world_service_publish(f->s.world, set);
    return f->s.world->endpoint_sequence;
}

#endif
