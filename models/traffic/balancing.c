/*
 * balancing - who balances a Service, and what its balancers share.
 */
#include <stdlib.h>
#include <string.h>

#include "models/lb/history.h"
#include "models/traffic/call.h"
#include "models/traffic/cloud.h"
#include "models/traffic/gateway.h"

static const struct lb_spec *find_spec(const struct scenario *c,
                                       const char *space, const char *service)
{
    for (size_t i = 0; i < c->lb_count; i++)
        if (strcmp(c->lbs[i].space, space) == 0 &&
            strcmp(c->lbs[i].service, service) == 0)
            return &c->lbs[i];
    return NULL;
}

/* kube-proxy's own rule, where the scenario says nothing. */
static const struct lb_strategy *own_rule(const struct scenario *c)
{
    return c->cluster.kube_proxy.mode == PROXY_IPVS ? &lb_ipvs_rr : &lb_random;
}

/* What the pod's server would report. */
static uint64_t present_at(void *self, pod_id id)
{
    const struct traffic *t = self;
    const struct pod *pod = world_pod(t->s->world, id);

    return pod ? server_present(pod) : 0;
}

static double servers_at(void *self, pod_id id)
{
    const struct traffic *t = self;
    const struct pod *pod = world_pod(t->s->world, id);

    if (!pod)
        return 1;
    return (double)t->s->scenario->workloads[pod->template->workload]
        .concurrency;
}

/* A late view needs to know what loads were. */
static void want_history(struct traffic *t, struct balancing *lb)
{
    const struct lb_view *view = &lb->group.view;

    if (view->kind != LB_VIEW_DELAY && view->kind != LB_VIEW_EVERY)
        return;
    if (!t->history)
        t->history = lb_history_new(0);
    lb_history_reach(t->history, view->time);
    lb->group.history = t->history;
}

static void found_group(struct traffic *t, struct balancing *lb,
                        const struct lb_spec *spec)
{
    lb->group.world = t->s->world;
    lb->group.present = present_at;
    lb->group.servers = servers_at;
    lb->group.self = t;
    lb->group.probe = lb->strategy->probed ? probe_send : NULL;
    if (spec && spec->view_given)
        lb->group.view = spec->view;
    else if (lb->strategy->oracle)
        lb->group.view.kind = LB_VIEW_TRUE;
    want_history(t, lb);
    lb->group.key = rng_hash(lb->service) ^ rng_hash(lb->space) << 1;
    rng_init(&lb->group.rng, t->s->root, "lb.group", lb->service,
             rng_hash(lb->space));
}

/* How many balancers there will be, as far as one can tell. */
uint32_t balancing_peers(const struct traffic *t, const struct balancing *lb)
{
    size_t peers = 0;

    if (lb->at == LB_GATEWAY)
        return lb->instances;
    if (lb->at == LB_PROXY)
        return (uint32_t)t->s->world->nodes.count;
    for (size_t i = 0; i < t->entry_count; i++) {
        const struct entry *e = &t->entries[i];

        if (e->lb == lb)
            peers +=
                e->inner ? callers_count(t, e, NULL) : (size_t)e->spec->clients;
    }
    return (uint32_t)peers;
}

struct balancing *balancing_of(struct traffic *t, const char *space,
                               const char *service)
{
    const struct scenario *c = t->s->scenario;
    const struct lb_spec *spec = find_spec(c, space, service);
    struct balancing *lb;

    for (size_t i = 0; i < t->balancings.count; i++) {
        lb = t->balancings.items[i];
        if (strcmp(lb->space, space) == 0 && strcmp(lb->service, service) == 0)
            return lb;
    }
    lb = mem_zalloc(sizeof *lb);
    lb->space = space;
    lb->service = service;
    lb->strategy = spec ? spec->strategy : own_rule(c);
    lb->config = spec ? spec->config : NULL;
    lb->at = spec ? (enum lb_at)spec->at : LB_PROXY;
    lb->per_request = spec && spec->per_request;
    lb->instances = spec && spec->instances > 1 ? (uint32_t)spec->instances : 1;
    lb->stateless = !lb->strategy->counts && lb->strategy->state_size == 0 &&
                    lb->strategy->group_size == 0;
    if (lb->at != LB_PROXY) {
        lb->gateway = &spec->gateway;
        discovery_join(t, lb);
    }
    lb->cloud = cloud_find(t, space, service);
    lb_balancer_init(&lb->plain, lb->strategy, lb->config);
    found_group(t, lb, spec);
    VEC_PUSH(t->balancings, lb);
    return lb;
}

void balancing_free(struct balancing *lb)
{
    for (size_t i = 0; i < lb->balancers.count; i++) {
        if (!lb->balancers.items[i])
            continue;
        lb_balancer_release(lb->balancers.items[i]);
        free(lb->balancers.items[i]);
    }
    VEC_FREE(lb->balancers);
    views_release(lb);
    affinity_release(&lb->affinity);
    conntrack_release(&lb->conntrack);
    lb_balancer_release(&lb->plain);
    lb_group_release(&lb->group);
    free(lb);
}
