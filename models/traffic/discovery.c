/*
 * discovery - how gateways and sidecars hear of endpoints.
 *
 * push: one control plane watches all Services. It waits until nothing has
 * changed for a while, or since the first change for long enough, and then
 * tells every instance (Istio pilot/pkg/xds/discovery.go, debounce). It is one
 * for all Services that are balanced by the same keys, and a change of any
 * Service of the cluster counts.
 * poll: each instance looks at what its informer has at times of its own
 * (ingress-nginx rootfs/etc/nginx/lua/balancer.lua).
 * proxy: what the kube-proxy of its node has programmed; nothing to do here.
 */
#include <stdlib.h>

#include "models/traffic/gateway.h"

struct discovery {
    struct traffic *t;
    const struct discovery_spec *spec;
    uint32_t index;
    struct rng rng;
    sim_time heard_at;    /* the last change, on its way */
    uint64_t heard;       /* sequence */
    sim_time first, last; /* changes since the last push */
    bool pending;
};

static void on_heard(struct sim *sim, void *self, struct event_args args);
static void on_quiet(struct sim *sim, void *self, struct event_args args);
static void on_told(struct sim *sim, void *self, struct event_args args);
static const struct event_type heard_event = {"discovery.heard", 0, on_heard};
static const struct event_type quiet_event = {"discovery.quiet", 0, on_quiet};
static const struct event_type told_event = {"discovery.told", 0, on_told};

static sim_time later(sim_time t, sim_time by)
{
    return by > SIM_NEVER - t ? SIM_NEVER : t + by;
}

/* ---------------------------------------------------------------- instances */

static void tell(struct gateway *g, struct endpoint_set *set, sim_time at)
{
    endpoint_set_retain(set);
    VEC_PUSH(g->coming, set);
    g->told_at = at > g->told_at ? at : g->told_at;
    sim_at(g->t->s->sim, g->told_at, &told_event, g->t,
           (struct event_args){.subject = g->id});
}

static void on_told(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;
    struct gateway *g = t->gateways.items[args.subject];

    (void)sim;
    if (g->heard)
        endpoint_set_release(g->heard);
    g->heard = g->coming.items[0];
    g->coming.count--;
    for (size_t i = 0; i < g->coming.count; i++)
        g->coming.items[i] = g->coming.items[i + 1];
    g->stale = true;
    if (g->lb->gateway->health.on)
        gateway_renew(g); /* checks do not wait for requests */
}

static sim_time next_poll(const struct gateway *g, sim_time now)
{
    sim_time every = g->lb->gateway->discovery.every;
    sim_time since = (now - g->phase) % every;

    return now + (since < 0 ? -since : every - since);
}

void discovery_first(struct gateway *g)
{
    g->phase =
        (sim_time)rng_below(&g->rng, (uint64_t)g->lb->gateway->discovery.every);
    if (!g->lb->pushed)
        return;
    endpoint_set_retain(g->lb->pushed);
    g->heard = g->lb->pushed;
}

/* ------------------------------------------------------------- control plane
 */

static void tell_all(struct discovery *d, struct balancing *lb)
{
    sim_time now = sim_now(d->t->s->sim);

    for (size_t i = 0; i < lb->gateways.count; i++) {
        struct gateway *g = lb->gateways.items[i];

        tell(g, lb->pushed,
             d->spec->from == DISCOVERY_POLL
                 ? next_poll(g, now)
                 : later(now, dist_sample_time(&d->spec->push, &d->rng)));
    }
}

/* Takes what has been heard of the Service; false: nothing new. */
static bool take_news(struct discovery *d, struct balancing *lb)
{
    size_t taken = 0;

    while (taken < lb->news.count &&
           lb->news.items[taken]->sequence <= d->heard) {
        if (lb->pushed)
            endpoint_set_release(lb->pushed);
        lb->pushed = lb->news.items[taken++];
    }
    lb->news.count -= taken;
    for (size_t i = 0; i < lb->news.count; i++)
        lb->news.items[i] = lb->news.items[taken + i];
    return taken > 0;
}

static void push(struct discovery *d)
{
    d->pending = false;
    for (size_t i = 0; i < d->t->balancings.count; i++) {
        struct balancing *lb = d->t->balancings.items[i];

        if (lb->discovery == d && take_news(d, lb))
            tell_all(d, lb);
    }
}

static sim_time due(const struct discovery *d)
{
    sim_time quiet = later(d->last, d->spec->quiet);
    sim_time longest = later(d->first, d->spec->longest);

    return quiet < longest ? quiet : longest;
}

static void wait_for_quiet(struct discovery *d)
{
    if (due(d) <= sim_now(d->t->s->sim))
        push(d);
    else
        sim_at(d->t->s->sim, due(d), &quiet_event, d, (struct event_args){0});
}

static void on_quiet(struct sim *sim, void *self, struct event_args args)
{
    (void)sim;
    (void)args;
    wait_for_quiet(self);
}

static void on_heard(struct sim *sim, void *self, struct event_args args)
{
    struct discovery *d = self;

    d->heard = args.subject;
    if (d->spec->from == DISCOVERY_POLL) {
        push(d);
        return;
    }
    d->last = sim_now(sim);
    if (d->pending)
        return;
    d->pending = true;
    d->first = d->last;
    wait_for_quiet(d);
}

static bool is_of(const struct traffic *t, const struct balancing *lb,
                  service_id id)
{
    return world_find(t->s->world, CHANGE_SERVICE, lb->space, lb->service) ==
           id;
}

static void on_change(void *self, const struct world_change *change)
{
    struct traffic *t = self;
    struct endpoint_set *set = world_service(t->s->world, change->id)->newest;
    const struct dist *lag =
        &t->s->scenario->cluster.control_plane.watch_latency;
    sim_time now = sim_now(t->s->sim);

    for (size_t i = 0; i < t->balancings.count; i++) {
        struct balancing *lb = t->balancings.items[i];

        if (!lb->discovery || !is_of(t, lb, change->id))
            continue;
        endpoint_set_retain(set);
        VEC_PUSH(lb->news, set);
    }
    for (size_t i = 0; i < t->discoveries.count; i++) {
        struct discovery *d = t->discoveries.items[i];
        sim_time at = later(
            now, world_api_time(t->s->world, dist_sample_time(lag, &d->rng)));

        d->heard_at = at > d->heard_at ? at : d->heard_at;
        sim_at(t->s->sim, d->heard_at, &heard_event, d,
               (struct event_args){.subject = set->sequence});
    }
}

/* ------------------------------------------------------------------- making */

static bool same(const struct discovery_spec *a, const struct discovery_spec *b)
{
    sim_time pa, pb;

    return a->from == b->from && a->quiet == b->quiet &&
           a->longest == b->longest && a->every == b->every &&
           dist_is_constant(&a->push, &pa) && dist_is_constant(&b->push, &pb) &&
           pa == pb;
}

void discovery_join(struct traffic *t, struct balancing *lb)
{
    const struct discovery_spec *spec = &lb->gateway->discovery;
    struct discovery *d;

    if (spec->from == DISCOVERY_PROXY)
        return;
    for (size_t i = 0; i < t->discoveries.count; i++)
        if (same(t->discoveries.items[i]->spec, spec))
            lb->discovery = t->discoveries.items[i];
    if (lb->discovery)
        return;
    d = mem_zalloc(sizeof *d);
    d->t = t;
    d->spec = spec;
    d->index = (uint32_t)t->discoveries.count;
    rng_init(&d->rng, t->s->root, "discovery", NULL, d->index);
    if (t->discoveries.count == 0)
        world_watch(t->s->world, 1u << CHANGE_ENDPOINTS, on_change, t);
    VEC_PUSH(t->discoveries, d);
    lb->discovery = d;
}

void discoveries_free(struct traffic *t)
{
    for (size_t i = 0; i < t->discoveries.count; i++)
        free(t->discoveries.items[i]);
    VEC_FREE(t->discoveries);
}
