/*
 * traffic_fixture - a small cluster for the tests of traffic: the real
 * world, addresses, servers and clients; proxies and resolvers that know at
 * once; metrics that keep what they are told. One Service, its pods dealt
 * out over the nodes by hand.
 */
#ifndef TESTS_UNIT_TRAFFIC_FIXTURE_H
#define TESTS_UNIT_TRAFFIC_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "models/kubelet.h"
#include "models/lb/lb.h"
#include "models/metrics/metrics.h"
#include "models/network/dns.h"
#include "models/network/ipam.h"
#include "models/network/kubeproxy.h"
#include "models/traffic/server.h"
#include "models/traffic/traffic.h"

enum { FIXTURE_NODES = 4, FIXTURE_PODS = 128, FIXTURE_TRAFFIC = 4 };

struct metrics {
    struct simulation *s;
    uint64_t begun, succeeded, failed, abandoned, attempts;
    uint64_t failed_attempts, by_cause[CAUSE_COUNT], request_cause[CAUSE_COUNT];
    uint64_t by_origin[8];
    uint64_t served, crossed, cancelled;
    double sojourn, waiting, latency, worked; /* sums, s */
    uint64_t waited;
    sim_time last_end, last_attempt_failed;
    sim_time longest_wait; /* between a failure and the end */
    pod_id last_pod, last_server;
    uint64_t server_changes; /* served by another pod than the one before */
    uint32_t last_attempts;
    uint64_t hash; /* of all that was told, in order */
};

struct fixture {
    struct scenario scenario;
    struct workload workload;
    struct traffic_spec traffic[FIXTURE_TRAFFIC];
    struct lb_spec lb;
    struct service_spec service_spec, other_spec;
    struct pod_template template, other_template;
    struct container other_container;
    struct container_port other_port;
    struct service_port service_port;
    struct node_spec node_specs[FIXTURE_NODES];
    struct label label, other_label;
    struct requirement requirement, other_requirement;
    const char *value, *other_value;
    struct simulation s;
    struct metrics metrics;
    service_id service;
    pod_id pods[FIXTURE_PODS];
    uint32_t pod_count;
    pod_id idle; /* the last pod that was told to be idle */
};

/* ---------------------------------------------------------------- fakes */

struct proxies {
    const struct endpoint_set *shown; /* NULL: the newest */
    void (*restarted)(void *self, node_id node, bool started);
    void *restarted_self;
};
struct dns {
    const struct endpoint_set *shown;
    sim_time latency;
    incident_id origin; /* what makes it fail or slow */
    bool failed;
    uint64_t asked; /* look-ups */
};
struct kubelets {
    struct fixture *fixture;
};

static inline const struct endpoint_set *
newest(const struct simulation *s, service_id service,
       const struct endpoint_set *shown)
{
    return shown ? shown : world_service(s->world, service)->newest;
}

/* The fakes know their simulation by the one that runs. */
static struct simulation *fixture_s;

const struct endpoint_set *proxy_endpoints(const struct proxies *p,
                                           node_id node, service_id service)
{
    (void)node;
    return newest(fixture_s, service, p->shown);
}

bool proxy_at_work(const struct proxies *p, node_id node)
{
    (void)p;
    return world_node(fixture_s->world, node)->up;
}

uint64_t proxies_started(const struct proxies *p)
{
    (void)p;
    return 0;
}

void proxies_on_restart(struct proxies *p,
                        void (*restarted)(void *self, node_id node,
                                          bool started),
                        void *self)
{
    p->restarted = restarted;
    p->restarted_self = self;
}

void dns_resolve(struct dns *d, struct dns_cache *cache,
                 const struct dns_question *q, struct dns_answer *answer)
{
    (void)cache;
    *answer =
        (struct dns_answer){.set = newest(fixture_s, q->service, d->shown),
                            .latency = d->latency,
                            .origin = d->origin,
                            .failed = d->failed};
    d->asked++;
}

void dns_cache_release(struct dns_cache *cache)
{
    (void)cache;
}

void kubelet_process_idle(struct kubelets *k, pod_id pod)
{
    k->fixture->idle = pod;
}

void simulation_fail(struct simulation *s, const char *format, ...)
{
    (void)format;
    s->failed = true;
}

static inline void note(struct metrics *m, uint64_t what, uint64_t value)
{
    m->hash = (m->hash ^ what ^ value << 8) * UINT64_C(0x9E3779B97F4A7C15);
    m->hash ^= m->hash >> 29;
}

void metrics_request_begin(struct metrics *m, uint32_t traffic,
                           sim_time arrival)
{
    m->begun++;
    note(m, traffic, (uint64_t)arrival);
}

void metrics_request_end(struct metrics *m, const struct request_end *r)
{
    m->succeeded += r->outcome == REQUEST_SUCCEEDED;
    m->failed += r->outcome == REQUEST_FAILED;
    m->abandoned += r->outcome == REQUEST_ABANDONED;
    m->request_cause[r->cause] += r->outcome == REQUEST_FAILED;
    m->attempts += r->attempts;
    m->crossed += r->crossed;
    m->last_attempts = r->attempts;
    m->last_end = r->end;
    if (r->outcome == REQUEST_SUCCEEDED)
        m->latency += sim_to_seconds(r->end - r->arrival);
    note(m, r->traffic ^ r->cause << 8 ^ r->origin << 16, (uint64_t)r->end);
}

void metrics_attempt_failed(struct metrics *m, uint32_t traffic,
                            sim_time request_arrival, enum cause cause,
                            incident_id origin, pod_id pod, sim_time now)
{
    (void)request_arrival;
    m->failed_attempts++;
    m->by_cause[cause]++;
    m->by_origin[origin % 8]++;
    m->last_pod = pod;
    m->last_attempt_failed = now;
    note(m, traffic ^ cause << 8, (uint64_t)now);
}

void metrics_attempts_cancelled(struct metrics *m, uint32_t traffic,
                                sim_time request_arrival, uint64_t count,
                                sim_time now)
{
    (void)request_arrival;
    m->cancelled += count;
    note(m, traffic ^ count << 8, (uint64_t)now);
}

void metrics_served(struct metrics *m, uint32_t traffic, pod_id pod,
                    sim_time arrival, sim_time start, sim_time end)
{
    m->served++;
    m->server_changes += pod != m->last_server;
    m->last_server = pod;
    m->sojourn += sim_to_seconds(end - arrival);
    if (start == SIM_NEVER)
        start = end;
    m->waiting += sim_to_seconds(start - arrival);
    m->waited += start > arrival;
    note(m, traffic ^ pod << 8, (uint64_t)end);
}

void metrics_worked(struct metrics *m, uint32_t traffic, sim_time start,
                    sim_time end, sim_time work)
{
    (void)traffic;
    (void)start;
    (void)end;
    m->worked += sim_to_seconds(work);
}

/* -------------------------------------------------------------- cluster */

static inline void fixture_labels(struct pod_template *template,
                                  struct selector *selector,
                                  struct label *label,
                                  struct requirement *requirement,
                                  const char **value)
{
    label->key = "app";
    label->value = *value;
    requirement->key = "app";
    requirement->operator= SELECTOR_IN;
    requirement->count = 1;
    requirement->values = value;
    template->labels = (struct labels){.count = 1, .items = label};
    template->grace_period = 30 * SIM_S;
    *selector = (struct selector){.count = 1, .items = requirement};
}

/* Defaults: no latency, exponential service of 10 ms, one server, no
 * time-outs, one traffic entry of 100/s to the Service from node clients. */
static inline void fixture_defaults(struct fixture *f)
{
    struct cluster_params *c = &f->scenario.cluster;
    struct dist zero = dist_constant(0);

    memset(f, 0, sizeof *f);
    f->value = "web";
    f->other_value = "other";
    fixture_labels(&f->template, &f->service_spec.selector, &f->label,
                   &f->requirement, &f->value);
    fixture_labels(&f->other_template, &f->other_spec.selector, &f->other_label,
                   &f->other_requirement, &f->other_value);
    f->service_spec.meta.name = "web";
    f->other_spec.meta.name = "other";
    f->service_spec.meta.space = f->other_spec.meta.space = "default";
    f->service_spec.has_selector = f->other_spec.has_selector = true;
    f->service_port = (struct service_port){.port = 80, .target = 8080};
    f->service_spec.ports = &f->service_port;
    f->service_spec.port_count = 1;
    f->service_spec.affinity_timeout = 10800 * SIM_S;
    f->workload = (struct workload){.service_time = dist_exponential(0.01),
                                    .concurrency = 1,
                                    .queue_limit = INT64_MAX,
                                    .cold_factor = 1};
    for (size_t i = 0; i < FIXTURE_TRAFFIC; i++)
        f->traffic[i] =
            (struct traffic_spec){.name = "users",
                                  .space = "default",
                                  .service = "web",
                                  .arrivals = ARRIVALS_POISSON,
                                  .rate = 100,
                                  .clients = 10,
                                  .connect_timeout = SIM_NEVER,
                                  .timeout = SIM_NEVER,
                                  .deadline = SIM_NEVER,
                                  .retry_budget = -1,
                                  .retry_on = ~0u & ~(1u << CAUSE_APP_ERROR)};
    c->pod_cidr = 10u << 24 | 244u << 16;
    c->pod_cidr_bits = 16;
    c->node_cidr_bits = 24;
    c->latency = (struct network_latency){zero, zero, zero, zero};
    c->kubelet.probe_time = dist_constant(0.001);
    f->scenario.workload_count = 1;
    f->scenario.workloads = &f->workload;
    f->scenario.traffic_count = 1;
    f->scenario.traffic = f->traffic;
    f->scenario.lbs = &f->lb;
}

/* Strategy and place for the Service. */
static inline void fixture_balance(struct fixture *f,
                                   const struct lb_strategy *strategy,
                                   enum lb_at at)
{
    f->lb = (struct lb_spec){.space = "default",
                             .service = "web",
                             .strategy = strategy,
                             .at = (int)at,
                             .instances = 1};
    f->scenario.lb_count = 1;
}

/* Builds the parts and nodes; the world is empty otherwise. */
static inline void fixture_make(struct fixture *f, uint64_t seed)
{
    static const char *const names[FIXTURE_NODES] = {"n0", "n1", "n2", "n3"};
    static const char *const zones[FIXTURE_NODES] = {"a", "a", "b", "b"};
    struct simulation *s = &f->s;

    fixture_s = s;
    s->sim = sim_new(0);
    s->scenario = &f->scenario;
    s->root = (struct rng_root){seed, 0};
    s->world = world_new(s->sim, &f->scenario, s->root);
    s->metrics = &f->metrics;
    f->metrics.s = s;
    s->proxies = mem_zalloc(sizeof *s->proxies);
    s->dns = mem_zalloc(sizeof *s->dns);
    s->kubelets = mem_zalloc(sizeof *s->kubelets);
    s->kubelets->fixture = f;
    s->ipam = ipam_new(s);
    s->servers = servers_new(s);
    for (int i = 0; i < FIXTURE_NODES; i++) {
        f->node_specs[i].name = names[i];
        f->node_specs[i].zone = zones[i];
        world_node_create(s->world, &f->node_specs[i]);
        world_node_set_up(s->world, (node_id)i, true, INCIDENT_STARTUP);
    }
    f->service = world_service_create(s->world, &f->service_spec, 1);
    s->traffic = traffic_new(s);
}

/* A pod with an address whose process serves; not yet listed. */
static inline pod_id fixture_pod(struct fixture *f, node_id node,
                                 const struct pod_template *template)
{
    struct world *w = f->s.world;
    char name[24] = "pod-0000";
    uint32_t ip;
    pod_id id;

    snprintf(name, sizeof name, "pod-%zu", w->pods.count);
    id =
        world_pod_create(w, NO_ID, template, "default", name, INCIDENT_STARTUP);
    world_pod_bind(w, id, node);
    ip = ipam_allocate(f->s.ipam, node, id);
    world_pod_set_sandbox(w, id, ip);
    world_pod_report_ip(w, id, ip);
    world_pod_set_phase(w, id, POD_RUNNING, NULL);
    server_open(f->s.servers, world_pod(w, id));
    return id;
}

/* Lists the fixture's pods, whatever has become of them; the first `ending`
 * of them as serving while they terminate. */
static inline void fixture_publish_ending(struct fixture *f, uint32_t ending)
{
    struct endpoint_set *set = endpoint_set_new(f->service, f->pod_count);

    for (uint32_t i = 0; i < f->pod_count; i++) {
        const struct pod *pod = world_pod(f->s.world, f->pods[i]);

        set->endpoints[i] = (struct endpoint){
            .pod = pod->id,
            .ip = pod->sandbox_ip,
            .node = pod->node,
            .slot = i,
            .zone = world_node(f->s.world, pod->node)->zone,
            .flags = i < ending ? ENDPOINT_SERVING | ENDPOINT_TERMINATING
                                : ENDPOINT_READY | ENDPOINT_SERVING};
    }
    world_service_publish(f->s.world, set);
}

static inline void fixture_publish(struct fixture *f)
{
    fixture_publish_ending(f, 0);
}

static inline void fixture_pods(struct fixture *f, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        f->pods[f->pod_count++] =
            fixture_pod(f, (node_id)(i % FIXTURE_NODES), &f->template);
    fixture_publish(f);
}

static inline void fixture_release(struct fixture *f)
{
    struct simulation *s = &f->s;

    traffic_free(s->traffic);
    servers_free(s->servers);
    ipam_free(s->ipam);
    world_free(s->world);
    sim_free(s->sim);
    free(s->proxies);
    free(s->dns);
    free(s->kubelets);
}

/* ---------------------------------------------- for tests of requests */

static inline void run_to(struct fixture *f, sim_time at)
{
    sim_run_until(f->s.sim, at);
}

static inline uint64_t ended(const struct metrics *m)
{
    return m->succeeded + m->failed + m->abandoned;
}

/* What must hold at every instant. */
static inline void check_conservation(const struct fixture *f)
{
    const struct metrics *m = &f->metrics;
    uint64_t open = 0, causes = 0;

    for (size_t i = 0; i < f->scenario.traffic_count; i++)
        open += traffic_in_flight(f->s.traffic, (uint32_t)i);
    for (size_t i = 0; i < CAUSE_COUNT; i++)
        causes += m->by_cause[i];
    assert_int_equal(m->begun, ended(m) + open);
    assert_int_equal(m->failed_attempts, causes);
}

/* No more arrivals; all that is open comes to its end. */
static inline void let_end(struct fixture *f)
{
    for (size_t i = 0; i < f->scenario.traffic_count; i++)
        traffic_set_rate(f->s.traffic, (uint32_t)i, 0);
    sim_run(f->s.sim);
    check_conservation(f);
    assert_int_equal(f->metrics.begun, ended(&f->metrics));
    if (f->metrics.abandoned == 0) /* attempts = successes + failures */
        assert_int_equal(f->metrics.attempts, f->metrics.succeeded +
                                                  f->metrics.failed_attempts +
                                                  f->metrics.cancelled);
}

/* One request a second, the first at 1 s; service of 10 ms. */
static inline void steady(struct fixture *f)
{
    fixture_defaults(f);
    f->traffic[0].arrivals = ARRIVALS_CONSTANT;
    f->traffic[0].rate = 1;
    f->workload.service_time = dist_constant(0.01);
}

static inline incident_id incident(struct fixture *f, const char *action)
{
    return world_incident(f->s.world, "test", action, "object", NO_ID);
}

/* The pod's sandbox goes, and nobody has its address. */
static inline void free_address(struct fixture *f, struct pod *pod)
{
    server_free(f->s.servers, pod);
    ipam_release(f->s.ipam, pod->sandbox_ip);
    world_pod_set_sandbox(f->s.world, pod->id, 0);
}

#endif
