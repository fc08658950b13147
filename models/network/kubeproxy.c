#include "models/network/kubeproxy.h"

#include <assert.h>
#include <stdlib.h>

#include "models/kubelet.h"
#include "models/network/kubeproxy_private.h"
#include "models/version.h"

/* --- delivery --- */

void proxy_deliver(struct proxies *p, node_id id, uint64_t sequence)
{
    struct proxy *n = &p->nodes.items[id];

    if (!n->working || n->cut)
        return;
    if (sequence > n->delivered)
        n->delivered = sequence;
    if (n->delivered > n->programmed)
        proxy_request_sync(p, id);
}

static void on_deliver(struct sim *sim, void *self, struct event_args args)
{
    (void)sim;
    proxy_deliver(self, args.detail, args.subject);
}

/* Every node hears at the same time: one event for all. */
static void on_deliver_all(struct sim *sim, void *self, struct event_args args)
{
    struct proxies *p = self;

    (void)sim;
    for (size_t i = 0; i < p->nodes.count; i++)
        proxy_deliver(p, (node_id)i, args.subject);
}

static const struct event_type deliver_event = {"kubeproxy.hears", 0,
                                                on_deliver};
static const struct event_type deliver_all_event = {"kubeproxy.all-hear", 0,
                                                    on_deliver_all};

static void send(struct proxies *p, node_id id, uint64_t sequence)
{
    struct proxy *n = &p->nodes.items[id];
    sim_time now = sim_now(p->s->sim);
    sim_time delay =
        dist_sample_time(&p->s->scenario->cluster.control_plane.watch_latency,
                         &p->streams.items[id].watch);

    if (delay == SIM_NEVER)
        return;
    delay = world_api_time(p->s->world, delay);
    if (proxy_later(now, delay) > n->heard)
        n->heard = proxy_later(now, delay);
    sim_at(p->s->sim, n->heard, &deliver_event, p,
           (struct event_args){sequence, id});
}

static void send_all(struct proxies *p, uint64_t sequence)
{
    sim_time at = proxy_later(sim_now(p->s->sim),
                              world_api_time(p->s->world, p->watch_latency));

    if (!p->watch_constant) {
        for (size_t i = 0; i < p->nodes.count; i++) {
            if (p->nodes.items[i].counted)
                send(p, (node_id)i, sequence);
        }
    } else if (p->watch_latency != SIM_NEVER) {
        if (at > p->watch_last)
            p->watch_last = at;
        sim_lane_at(p->s->sim, p->watch_lane, p->watch_last, &deliver_all_event,
                    p, (struct event_args){sequence, 0});
    }
}

/* Oldest version that some proxy has programmed. A proxy that has all that
 * concerns it needs nothing older than the newest of all. */
static void raise_floor(struct proxies *p, uint64_t newest)
{
    struct world *w = p->s->world;
    uint64_t floor = newest;

    for (size_t i = 0; i < p->nodes.count; i++) {
        const struct proxy *n = &p->nodes.items[i];

        if (n->counted && n->programmed < p->newest && n->programmed < floor)
            floor = n->programmed;
    }
    if (floor > w->endpoint_floor)
        w->endpoint_floor = floor;
}

/* Forgets the log up to the floor, now and then. */
static void trim_log(struct proxies *p)
{
    size_t drop = proxy_log_after(p, p->s->world->endpoint_floor);

    if (drop < 1024 || drop < p->log.count / 2)
        return;
    p->log.count -= drop;
    for (size_t i = 0; i < p->log.count; i++)
        p->log.items[i] = p->log.items[i + drop];
}

static bool concerns(const struct service *s)
{
    return !s->spec->headless && s->spec->type != SERVICE_EXTERNAL_NAME;
}

static void endpoints_changed(struct proxies *p, service_id id,
                              const struct endpoint_set *old)
{
    const struct service *s = world_service(p->s->world, id);
    const struct endpoint_set *set = s->newest;

    raise_floor(p, set->sequence - 1);
    trim_log(p);
    if (!concerns(s))
        return;
    p->newest = set->sequence;
    p->endpoints += set->count;
    p->endpoints -= old ? old->count : 0;
    VEC_PUSH(p->log, ((struct logged){set->sequence, old ? old->sequence : 0}));
    send_all(p, set->sequence);
}

/* --- nodes --- */

void proxy_begin_work(struct proxies *p, node_id id)
{
    struct proxy *n = &p->nodes.items[id];

    n->unlisted = n->cut;
    n->working = !n->cut;
    if (n->cut)
        return;
    n->need_full = true;
    n->delivered = p->newest;
    n->done = sim_now(p->s->sim) - p->params->min_sync_period;
    n->credit = proxy_times(PROXY_BURST, p->params->min_sync_period);
    n->credit_at = sim_now(p->s->sim);
    if (n->delivered > 0)
        proxy_request_sync(p, id);
    else
        proxy_has_rules(p, id);
}

static void on_booted(struct sim *sim, void *self, struct event_args args)
{
    struct proxies *p = self;

    (void)sim;
    if (p->nodes.items[args.subject].stamp == args.detail)
        proxy_begin_work(p, (node_id)args.subject);
}

static const struct event_type booted_event = {"kubeproxy.booted", 0,
                                               on_booted};

static void node_up(struct proxies *p, node_id id, sim_time after)
{
    struct proxy *n = &p->nodes.items[id];

    n->counted = true;
    n->cut = !world_node(p->s->world, id)->linked;
    n->link++;
    if (n->programmed < p->s->world->endpoint_floor)
        n->programmed = p->s->world->endpoint_floor;
    sim_after(p->s->sim, after, &booted_event, p,
              (struct event_args){id, ++n->stamp});
}

static void node_down(struct proxies *p, node_id id)
{
    struct proxy *n = &p->nodes.items[id];

    n->counted = n->working = n->ruled = n->running = n->waiting = false;
    n->stuck = n->restarting = n->unlisted = false;
    n->stamp++;
}

/* A node of the start has been in step for ever: its last sync is some part
 * of a period ago. One that comes later has all to learn. */
static void add_node(struct proxies *p, node_id id)
{
    const struct node *node = world_node(p->s->world, id);
    sim_time now = sim_now(p->s->sim), period = proxy_idle_period(p);
    struct proxy n = {.counted = node->up,
                      .credit_at = now,
                      .linked = node->linked,
                      .cut = !node->linked};
    struct proxy_streams streams;

    assert(id == p->nodes.count);
    rng_init(&streams.watch, p->s->root, "kubeproxy.watch", node->spec->name,
             0);
    rng_init(&streams.sync, p->s->root, "kubeproxy.sync", node->spec->name, 0);
    n.credit = proxy_times(PROXY_BURST, p->params->min_sync_period);
    n.done = now - p->params->min_sync_period;
    if (period > p->params->min_sync_period && period < SIM_NEVER)
        n.done -= (sim_time)(rng_uniform(&streams.sync) *
                             (double)(period - p->params->min_sync_period));
    n.full = n.done;
    n.working = n.ruled = node->up && p->newest == 0 && !n.cut;
    VEC_PUSH(p->nodes, n);
    VEC_PUSH(p->streams, streams);
    if (node->up && !n.working)
        node_up(p, id, 0);
}

static void node_changed(struct proxies *p, const struct world_change *change)
{
    const struct node *node = world_node(p->s->world, change->id);

    if (change->what == WHAT_ADDED)
        add_node(p, change->id);
    else if (change->what == WHAT_LINK)
        proxy_link_changed(p, change->id);
    else if (change->what == WHAT_DELETED ||
             (change->what == WHAT_UP && !node->up))
        node_down(p, change->id);
    else if (change->what == WHAT_UP && !node->deleted)
        node_up(p, change->id,
                p->s->kubelets ? kubelet_boot_time(p->s->kubelets, change->id)
                               : 0);
}

static void notify(void *self, const struct world_change *change)
{
    struct proxies *p = self;

    if (change->kind == CHANGE_NODE) {
        node_changed(p, change);
    } else if (change->kind == CHANGE_ENDPOINTS) {
        endpoints_changed(p, change->id, change->old);
    } else if (concerns(world_service(p->s->world, change->id))) {
        p->services += change->what == WHAT_ADDED;
        p->services -= change->what == WHAT_DELETED;
    }
}

struct proxies *proxies_new(struct simulation *s)
{
    struct proxies *p = mem_zalloc(sizeof *p);

    p->s = s;
    p->params = &s->scenario->cluster.kube_proxy;
    p->token_bucket =
        s->scenario->cluster.kubernetes_minor < VERSION_proxy_runner;
    p->watch_constant = dist_is_constant(
        &s->scenario->cluster.control_plane.watch_latency, &p->watch_latency);
    p->watch_lane = sim_lane_new(s->sim);
    p->ends.lane = sim_lane_new(s->sim);
    p->waits.lane = sim_lane_new(s->sim);
    p->ends.last = p->waits.last = sim_now(s->sim);
    world_watch(s->world,
                1U << CHANGE_NODE | 1U << CHANGE_ENDPOINTS |
                    1U << CHANGE_SERVICE,
                notify, p);
    return p;
}

void proxies_free(struct proxies *p)
{
    if (!p)
        return;
    VEC_FREE(p->nodes);
    VEC_FREE(p->streams);
    VEC_FREE(p->log);
    free(p);
}

/* --- what others ask --- */

uint64_t proxy_programmed(const struct proxies *p, node_id node)
{
    return p->nodes.items[node].programmed;
}

const struct endpoint_set *proxy_endpoints(const struct proxies *p,
                                           node_id node, service_id service)
{
    return world_endpoints_at(p->s->world, service,
                              p->nodes.items[node].programmed);
}

bool proxy_at_work(const struct proxies *p, node_id node)
{
    return p->nodes.items[node].ruled;
}

uint64_t proxies_started(const struct proxies *p)
{
    return p->started;
}

bool proxies_settled(const struct proxies *p)
{
    for (size_t i = 0; i < p->nodes.count; i++) {
        const struct proxy *n = &p->nodes.items[i];

        if (n->working && n->programmed < p->newest)
            return false;
    }
    return true;
}

bool proxy_set_stuck(struct proxies *p, node_id node, bool stuck)
{
    struct proxy *n = &p->nodes.items[node];

    if (n->stuck == stuck || !n->working)
        return false;
    n->stuck = stuck;
    if (!stuck && n->delivered > n->programmed)
        proxy_request_sync(p, node);
    return true;
}

void proxy_tell_restart(struct proxies *p, node_id id, bool started)
{
    if (p->restarted)
        p->restarted(p->restarted_self, id, started);
}

void proxy_restart(struct proxies *p, node_id node)
{
    struct proxy *n = &p->nodes.items[node];

    n->stuck = false;
    if (!n->working)
        return;
    proxy_tell_restart(p, node, false);
    n->running = n->waiting = false;
    n->stamp++;
    n->restarting = true;
    proxy_begin_work(p, node);
}

void proxies_on_restart(struct proxies *p,
                        void (*restarted)(void *self, node_id node,
                                          bool started),
                        void *self)
{
    p->restarted = restarted;
    p->restarted_self = self;
}

void proxies_on_programmed(struct proxies *p,
                           void (*programmed)(void *self, node_id node,
                                              uint64_t from, uint64_t to),
                           void *self)
{
    p->programmed = programmed;
    p->programmed_self = self;
}
