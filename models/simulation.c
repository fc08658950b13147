#include "models/simulation.h"

#include <assert.h>
#include <stdlib.h>

#include "models/controller.h"
#include "models/failures/failure.h"
#include "models/kubectl/timeline.h"
#include "models/kubelet.h"
#include "models/metrics/metrics.h"
#include "models/network/dns.h"
#include "models/network/ipam.h"
#include "models/network/kubeproxy.h"
#include "models/podmetrics.h"
#include "models/scheduler/scheduler.h"
#include "models/traffic/server.h"
#include "models/traffic/traffic.h"

enum { PROGRESS_STEPS = 1000, AUDIT_STEPS = 100, PACE_EVENTS = 1 << 18 };

/* After the measured time, requests without any time-out may be open for
 * ever: so long is waited for them, then their clients give up. */
static const sim_time drain_limit = SIM_HOUR;

/* How often an automatic warm-up looks whether all is available. */
static const sim_time warm_up_step = SIM_S;

static struct simulation *make(const struct scenario *scenario,
                               const struct simulation_options *options)
{
    struct simulation *s = mem_zalloc(sizeof *s);

    s->sim = sim_new(0);
    s->scenario = scenario;
    s->root = (struct rng_root){options->seed, options->replication};
    s->world = world_new(s->sim, scenario, s->root);
    s->world->want_events = options->want_events;
    s->ipam = ipam_new(s);
    s->proxies = proxies_new(s);
    s->metrics = metrics_new(s, options->want_detail, options->want_events);
    s->dns = dns_new(s);
    s->servers = servers_new(s);
    s->pod_metrics = pod_metrics_new(s);
    s->kubelets = kubelets_new(s);
    s->scheduler = scheduler_new(s);
    s->controllers = controllers_new(s);
    s->failures = failures_new(s);
    s->timeline = timeline_new(s);
    s->traffic = traffic_new(s);
    return s;
}

void simulation_free(struct simulation *s)
{
    if (!s)
        return;
    traffic_free(s->traffic);
    timeline_free(s->timeline);
    failures_free(s->failures);
    controllers_free(s->controllers);
    scheduler_free(s->scheduler);
    kubelets_free(s->kubelets);
    pod_metrics_free(s->pod_metrics);
    servers_free(s->servers);
    dns_free(s->dns);
    metrics_free(s->metrics);
    proxies_free(s->proxies);
    ipam_free(s->ipam);
    world_free(s->world);
    sim_free(s->sim);
    free(s);
}

service_id simulation_create_service(struct simulation *s,
                                     const struct service_spec *spec)
{
    uint32_t ip = 0;

    if (!spec->headless && spec->type != SERVICE_EXTERNAL_NAME)
        ip = ipam_cluster_ip(s->ipam, spec->cluster_ip);
    return world_service_create(s->world, spec, ip);
}

static void create_pod(struct simulation *s, const struct pod_object *object)
{
    world_pod_create(s->world, NO_ID, &object->template, object->meta.space,
                     object->meta.name, INCIDENT_STARTUP);
}

/* The objects of the manifests, as if all had been applied at once. */
static void apply_manifests(struct simulation *s)
{
    const struct scenario *c = s->scenario;

    for (size_t i = 0; i < c->cluster.node_count; i++)
        world_node_create(s->world, &c->cluster.nodes[i]);
    for (size_t i = 0; i < c->initial_service_count; i++)
        simulation_create_service(s, &c->services[i]);
    for (size_t i = 0; i < c->deployment_count; i++)
        world_deployment_create(s->world, &c->deployments[i], INCIDENT_STARTUP);
    for (size_t i = 0; i < c->replicaset_count; i++) {
        const struct replicaset_spec *rs = &c->replicasets[i];

        world_replicaset_create(s->world, NO_ID, rs->meta.space, rs->meta.name,
                                &rs->selector, &rs->template, rs->min_ready,
                                rs->replicas, INCIDENT_STARTUP);
    }
    for (size_t i = 0; i < c->pdb_count; i++)
        world_pdb_create(s->world, &c->pdbs[i]);
    for (size_t i = 0; i < c->statefulset_count; i++)
        world_statefulset_create(s->world, &c->statefulsets[i],
                                 INCIDENT_STARTUP);
    for (size_t i = 0; i < c->daemonset_count; i++)
        world_daemonset_create(s->world, &c->daemonsets[i], INCIDENT_STARTUP);
    for (size_t i = 0; i < c->job_count; i++)
        world_job_create(s->world, &c->jobs[i], INCIDENT_STARTUP);
    for (size_t i = 0; i < c->hpa_count; i++)
        world_hpa_create(s->world, &c->hpas[i]);
    for (size_t i = 0; i < c->pod_count; i++)
        create_pod(s, &c->pods[i]);
}

static bool owners_available(const struct world *w)
{
    for (size_t i = 0; i < w->deployments.count; i++) {
        const struct deployment *d = w->deployments.items[i];

        if (!d->deleted && d->status_available < d->replicas)
            return false;
    }
    for (size_t i = 0; i < w->replicasets.count; i++) {
        const struct replicaset *rs = w->replicasets.items[i];

        if (!rs->deleted && rs->status_available < rs->replicas)
            return false;
    }
    for (size_t i = 0; i < w->statefulsets.count; i++) {
        const struct statefulset *set = w->statefulsets.items[i];

        if (!set->deleted && set->status_available < set->replicas)
            return false;
    }
    for (size_t i = 0; i < w->daemonsets.count; i++) {
        const struct daemonset *ds = w->daemonsets.items[i];

        if (!ds->deleted &&
            (!ds->observed || ds->status_available < ds->status_desired))
            return false;
    }
    return true;
}

/* Jobs' pods come and go: nobody waits for them. */
static bool pods_ready(const struct world *w)
{
    for (size_t i = 0; i < w->pods.count; i++) {
        const struct pod *pod = world_pod(w, (pod_id)i);

        if (pod && pod->owner_kind != OWNER_JOB && pod->phase != POD_FAILED &&
            pod->phase != POD_SUCCEEDED && !pod->ready)
            return false;
    }
    return true;
}

/* Every workload is available and every proxy knows. */
static bool warm(const struct simulation *s)
{
    return owners_available(s->world) && pods_ready(s->world) &&
           proxies_settled(s->proxies) && traffic_settled(s->traffic);
}

/* How long names asked for too early may be remembered as without address:
 * by a client's resolver on top of the caches of DNS servers and nodes. */
static sim_time names_forgotten(const struct scenario *c)
{
    const struct dns_params *dns = &c->cluster.dns;
    sim_time time = dns->denial_ttl < 0 ? dns->ttl : dns->denial_ttl;

    if (dns->cache)
        time +=
            dns->cache_denial_ttl < 0 ? dns->cache_ttl : dns->cache_denial_ttl;
    if (dns->node_local.on)
        time += dns->node_local.denial_ttl;
    for (size_t i = 0; i < c->traffic_count; i++) {
        if (c->traffic[i].access == ACCESS_HEADLESS)
            return time;
    }
    return 0;
}

/* How a run gets on, and whether it is to go on. */
struct pace {
    struct simulation *s;
    const struct simulation_options *options;
    sim_time slice;  /* what is run at once: see PACE_EVENTS */
    double fraction; /* of the measured time */
};

static bool go_on(const struct pace *p)
{
    return !p->s->failed &&
           (!p->options->progress ||
            p->options->progress(p->options->progress_self, p->fraction));
}

/* Runs until then. In slices of as much time as PACE_EVENTS events take, so
 * that a run can be stopped whatever happens in it. False: it was. */
static bool run_until(struct pace *p, sim_time until)
{
    struct sim *sim = p->s->sim;

    while (sim_now(sim) < until) {
        uint64_t before = sim_event_count(sim), events;
        sim_time left = until - sim_now(sim);

        sim_run_until(sim, sim_now(sim) + (left < p->slice ? left : p->slice));
        events = sim_event_count(sim) - before;
        if (events > PACE_EVENTS && p->slice > 1)
            p->slice /= 2;
        else if (events < PACE_EVENTS / 4 && p->slice < SIM_DAY)
            p->slice *= 2;
        if (!go_on(p))
            return false;
    }
    sim_run_until(sim, until); /* what is left of this instant */
    return true;
}

static bool warm_up(struct pace *p)
{
    const struct simulation *s = p->s;
    const struct scenario *c = s->scenario;
    sim_time end = c->warm_up;

    if (!c->warm_up_auto)
        return run_until(p, end);
    for (sim_time t = 0; t <= end; t += warm_up_step) {
        if (!run_until(p, t))
            return false;
        if (warm(s))
            return run_until(p, t + names_forgotten(c) + c->warm_up_more);
    }
    return run_until(p, end + c->warm_up_more);
}

/* What must hold whatever happens; else the simulation has failed. */
static void audit(const struct simulation *s)
{
    traffic_audit(s->traffic);
    servers_audit(s->servers);
    metrics_audit(s->metrics);
}

static bool measure(struct pace *p)
{
    struct simulation *s = p->s;
    sim_time start = sim_now(s->sim), duration = s->scenario->duration;

    audit(s);
    world_begin_measure(s->world);
    servers_begin_window(s->servers);
    for (int i = 1; i <= PROGRESS_STEPS; i++) {
        /* In two parts, so that no product overflows. */
        sim_time at = start + duration / PROGRESS_STEPS * i +
                      duration % PROGRESS_STEPS * i / PROGRESS_STEPS;

        if (!run_until(p, at))
            return false;
        p->fraction = (double)i / PROGRESS_STEPS;
        if (i % AUDIT_STEPS == 0)
            audit(s);
    }
    world_end_measure(s->world);
    return true;
}

/* The world goes on until every measured request has ended. */
static bool drain(struct pace *p)
{
    struct simulation *s = p->s;
    sim_time limit = sim_now(s->sim) + drain_limit;

    while (metrics_open(s->metrics) > 0 && sim_now(s->sim) < limit &&
           sim_step(s->sim)) {
        if (sim_event_count(s->sim) % PACE_EVENTS == 0 && !go_on(p))
            return false;
    }
    traffic_give_up(s->traffic);
    audit(s);
    return !s->failed;
}

struct simulation *simulation_run(const struct scenario *scenario,
                                  const struct simulation_options *options)
{
    struct simulation *s = make(scenario, options);
    struct pace pace = {s, options, SIM_US, 0};

    if (options->prepare)
        options->prepare(options->prepare_self, s);
    apply_manifests(s);
    timeline_start(s->timeline);
    if (!warm_up(&pace) || !measure(&pace) || !drain(&pace)) {
        simulation_free(s);
        return NULL;
    }
    return s;
}
