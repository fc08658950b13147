#include "models/traffic/cloud.h"

#include <stdlib.h>
#include <string.h>

#include "models/network/health_check.h"
#include "models/network/kubeproxy.h"
#include "models/traffic/pool.h"

struct cloud_target {
    uint32_t id;              /* node_id, or pod_id */
    struct endpoint endpoint; /* of a pod */
    uint16_t zone;
    bool used;
    struct health health;
    uint32_t check; /* number of the last */
    bool waiting;   /* for its answer */
    event_id late;
};

struct cloud {
    struct traffic *t;
    const struct cloud_spec *spec;
    uint32_t index;
    struct rng rng;
    service_id service; /* NO_ID: not now */
    VEC_OF(struct cloud_target) targets;
    VEC_OF(struct endpoint_set *) coming; /* retained; pods, in order */
    sim_time last;                        /* of them is in use */
    uint64_t pending;                     /* changes on their way */
    bool stale;                           /* what follows is */
    VEC_OF(uint32_t) usable;              /* targets, zone by zone */
    VEC_OF(uint32_t) zones;               /* where each begins */
};

static void on_node(struct sim *sim, void *self, struct event_args args);
static void on_pods(struct sim *sim, void *self, struct event_args args);
static void on_check(struct sim *sim, void *self, struct event_args args);
static void on_good(struct sim *sim, void *self, struct event_args args);
static void on_bad(struct sim *sim, void *self, struct event_args args);
static void on_cut(struct sim *sim, void *self, struct event_args args);
static const struct event_type node_event = {"cloud.node", 0, on_node};
static const struct event_type pods_event = {"cloud.pods", 0, on_pods};
static const struct event_type check_event = {"cloud.check", 0, on_check};
static const struct event_type good_event = {"cloud.check_good", 0, on_good};
static const struct event_type bad_event = {"cloud.check_bad", 8, on_bad};
static const struct event_type cut_event = {"cloud.cut", 0, on_cut};

bool cloud_by_pods(const struct cloud *c)
{
    return c->spec->targets == CLOUD_PODS;
}

/* ------------------------------------------------------------------- checks */

static const struct service_spec *spec_of(const struct cloud *c)
{
    return world_service(c->t->s->world, c->service)->spec;
}

/* The Service's health port: a ready endpoint on this node. */
static bool has_local(const struct cloud *c, node_id node)
{
    const struct endpoint_set *set =
        proxy_endpoints(c->t->s->proxies, node, c->service);

    for (uint32_t i = 0; i < set->count; i++)
        if (set->endpoints[i].node == node &&
            set->endpoints[i].flags & ENDPOINT_READY)
            return true;
    return false;
}

static bool node_answers_well(const struct cloud *c, node_id node)
{
    if (c->service == NO_ID || !proxy_at_work(c->t->s->proxies, node))
        return false;
    return !spec_of(c)->external_local || has_local(c, node);
}

/* The pod at the target's address, its node up; NULL: nobody answers. */
static struct pod *pod_of(const struct cloud *c, const struct cloud_target *x)
{
    const struct world *w = c->t->s->world;
    struct pod *pod = world_pod(w, x->id);

    if (!pod || pod->sandbox_ip != x->endpoint.ip || pod->node == NO_ID ||
        !world_node(w, pod->node)->up || !world_reaches(w, NO_ID, pod->node))
        return NULL;
    return pod;
}

static struct event_args name_of(const struct cloud *c,
                                 const struct cloud_target *x)
{
    return (struct event_args){.subject = (uint64_t)c->index << 32 |
                                          (uint64_t)(x - c->targets.items),
                               .detail = x->check};
}

static struct cloud_target *named(struct traffic *t, struct event_args args,
                                  struct cloud **c)
{
    struct cloud_target *x;

    *c = t->clouds.items[args.subject >> 32];
    x = &(*c)->targets.items[(uint32_t)args.subject];
    return x->used && x->check == args.detail ? x : NULL;
}

static void on_answer(void *self, struct event_args args, bool ok)
{
    struct traffic *t = self;

    sim_after(t->s->sim, 0, ok ? &good_event : &bad_event, t, args);
}

static void ask_node(struct cloud *c, const struct cloud_target *x)
{
    const struct world *w = c->t->s->world;

    if (world_node(w, x->id)->up && world_reaches(w, NO_ID, x->id))
        on_answer(c->t, name_of(c, x), node_answers_well(c, x->id));
}

static void on_check(struct sim *sim, void *self, struct event_args args)
{
    struct cloud *c;
    struct cloud_target *x = named(self, args, &c);
    struct pod *pod;

    if (!x)
        return;
    x->waiting = true;
    x->late = sim_after(sim, c->spec->health.timeout, &bad_event, c->t, args);
    if (!cloud_by_pods(c)) {
        ask_node(c, x);
        return;
    }
    pod = pod_of(c, x);
    if (pod)
        server_probe(c->t->s->servers, pod, c->spec->health.timeout, on_answer,
                     c->t, args);
}

/* Connections through the target end. */
static void cut(struct cloud *c, uint32_t id)
{
    connections_cut(c->t, c, cloud_by_pods(c) ? 0 : id + 1,
                    cloud_by_pods(c) ? id : NO_ID);
}

/* And at once: what they carry is reset. */
static void terminate(struct cloud *c, uint32_t id)
{
    requests_reset(c->t, c, cloud_by_pods(c) ? 0 : id + 1,
                   cloud_by_pods(c) ? id : NO_ID);
    cut(c, id);
}

static void result(struct traffic *t, struct event_args args, bool ok)
{
    struct cloud *c;
    struct cloud_target *x = named(t, args, &c);

    if (!x || !x->waiting)
        return;
    x->waiting = false;
    sim_cancel(t->s->sim, x->late);
    if (health_result(&x->health, &c->spec->health, ok)) {
        c->stale = true;
        if (!x->health.healthy && c->spec->terminates)
            terminate(c, x->id);
    }
    x->check++;
    sim_after(t->s->sim, c->spec->health.interval, &check_event, t,
              name_of(c, x));
}

static void on_good(struct sim *sim, void *self, struct event_args args)
{
    (void)sim;
    result(self, args, true);
}

static void on_bad(struct sim *sim, void *self, struct event_args args)
{
    (void)sim;
    result(self, args, false);
}

/* ------------------------------------------------------------------ targets */

static struct cloud_target *find(struct cloud *c, uint32_t id)
{
    for (size_t i = 0; i < c->targets.count; i++)
        if (c->targets.items[i].used && c->targets.items[i].id == id)
            return &c->targets.items[i];
    return NULL;
}

static void join(struct cloud *c, uint32_t id, const struct endpoint *endpoint,
                 uint16_t zone)
{
    struct cloud_target fresh = {.id = id, .zone = zone, .used = true};
    struct cloud_target *x = NULL;

    for (size_t i = 0; i < c->targets.count && !x; i++)
        if (!c->targets.items[i].used)
            x = &c->targets.items[i];
    if (!x) {
        VEC_PUSH(c->targets, fresh);
        x = &c->targets.items[c->targets.count - 1];
    }
    fresh.check = x->check + 1;
    fresh.health = health_new(&c->spec->health);
    if (endpoint)
        fresh.endpoint = *endpoint;
    *x = fresh;
    c->stale = true;
    sim_after(c->t->s->sim, 0, &check_event, c->t, name_of(c, x));
}

static void leave(struct cloud *c, struct cloud_target *x)
{
    x->used = false;
    x->check++;
    sim_cancel(c->t->s->sim, x->late);
    c->stale = true;
    sim_after(c->t->s->sim, c->spec->deregistration, &cut_event, c,
              (struct event_args){.subject = x->id});
}

/* Connections through a target that left, and has not come back. */
static void on_cut(struct sim *sim, void *self, struct event_args args)
{
    struct cloud *c = self;
    uint32_t id = (uint32_t)args.subject;

    (void)sim;
    if (!find(c, id))
        cut(c, id);
}

static void on_node(struct sim *sim, void *self, struct event_args args)
{
    struct cloud *c = self;
    node_id id = (node_id)args.subject;
    struct cloud_target *x = find(c, id);
    const struct node *node = world_node(c->t->s->world, id);

    (void)sim;
    c->pending--;
    if (node->deleted && x)
        leave(c, x);
    else if (!node->deleted && !x)
        join(c, id, NULL, node->zone);
}

static bool is_in(const struct endpoint_set *set, uint32_t ready, pod_id pod)
{
    for (uint32_t i = 0; i < ready; i++)
        if (set->endpoints[i].pod == pod)
            return true;
    return false;
}

static void on_pods(struct sim *sim, void *self, struct event_args args)
{
    struct cloud *c = self;
    struct endpoint_set *set = c->coming.items[0];
    uint32_t ready = set->ready < set->usable ? set->ready : set->usable;

    (void)sim;
    (void)args;
    c->pending--;
    c->coming.count--;
    for (size_t i = 0; i < c->coming.count; i++)
        c->coming.items[i] = c->coming.items[i + 1];
    for (size_t i = 0; i < c->targets.count; i++)
        if (c->targets.items[i].used &&
            !is_in(set, ready, c->targets.items[i].id))
            leave(c, &c->targets.items[i]);
    for (uint32_t i = 0; i < ready; i++)
        if (!find(c, set->endpoints[i].pod))
            join(c, set->endpoints[i].pod, &set->endpoints[i],
                 set->endpoints[i].zone);
    endpoint_set_release(set);
}

/* ------------------------------------------------------------------ choices */

static int by_zone(const struct cloud *c, uint32_t a, uint32_t b)
{
    const struct cloud_target *x = c->targets.items;

    return (x[a].zone > x[b].zone) - (x[a].zone < x[b].zone);
}

static void add(struct cloud *c, uint32_t i)
{
    size_t k = c->usable.count;

    VEC_PUSH(c->usable, i);
    for (; k > 0 && by_zone(c, c->usable.items[k - 1], i) > 0; k--)
        c->usable.items[k] = c->usable.items[k - 1];
    c->usable.items[k] = i;
}

static void renew(struct cloud *c)
{
    c->stale = false;
    c->usable.count = c->zones.count = 0;
    for (int open = 0; open < 2 && c->usable.count == 0; open++)
        for (uint32_t i = 0; i < c->targets.count; i++)
            if (c->targets.items[i].used &&
                (open || c->targets.items[i].health.healthy))
                add(c, i);
    for (uint32_t i = 0; i < c->usable.count; i++)
        if (i == 0 ||
            (!c->spec->cross_zone &&
             by_zone(c, c->usable.items[i - 1], c->usable.items[i]) != 0))
            VEC_PUSH(c->zones, i);
}

node_id cloud_enter(struct cloud *c, struct entry *e,
                    const struct endpoint **endpoint)
{
    uint32_t zone = 0, from, to;
    const struct cloud_target *x;

    *endpoint = NULL;
    if (__builtin_expect(c->stale, 0))
        renew(c);
    if (c->usable.count == 0)
        return NO_ID;
    if (c->zones.count > 1)
        zone = (uint32_t)rng_below(&e->rng, c->zones.count);
    from = c->zones.items[zone];
    to = zone + 1 < c->zones.count ? c->zones.items[zone + 1]
                                   : (uint32_t)c->usable.count;
    x = &c->targets
             .items[c->usable.items[from + rng_below(&e->rng, to - from)]];
    if (!cloud_by_pods(c))
        return x->id;
    *endpoint = &x->endpoint;
    return NO_ID;
}

static bool is_well(const struct cloud *c, const struct cloud_target *x)
{
    struct pod *pod;

    if (!cloud_by_pods(c))
        return node_answers_well(c, x->id);
    pod = pod_of(c, x);
    return pod && server_listens(pod);
}

bool clouds_settled(const struct traffic *t)
{
    for (size_t i = 0; i < t->clouds.count; i++) {
        const struct cloud *c = t->clouds.items[i];

        if (c->pending)
            return false;
        for (size_t k = 0; k < c->targets.count; k++) {
            const struct cloud_target *x = &c->targets.items[k];

            if (x->used &&
                (!x->health.checked || x->health.healthy != is_well(c, x)))
                return false;
        }
    }
    return true;
}

/* -------------------------------------------------------------------- making
 */

static void node_changed(struct cloud *c, const struct world_change *change)
{
    sim_time now = sim_now(c->t->s->sim);

    if (cloud_by_pods(c) ||
        (change->what != WHAT_ADDED && change->what != WHAT_DELETED))
        return;
    c->pending++; /* the nodes of the start have been there for long */
    sim_after(c->t->s->sim,
              now == 0 ? 0 : dist_sample_time(&c->spec->registration, &c->rng),
              &node_event, c, (struct event_args){.subject = change->id});
}

static void pods_changed(struct cloud *c, service_id id)
{
    struct simulation *s = c->t->s;
    sim_time at;

    c->service =
        world_find(s->world, CHANGE_SERVICE, c->spec->space, c->spec->service);
    if (id != c->service || !cloud_by_pods(c))
        return;
    at = sim_now(s->sim) + dist_sample_time(&c->spec->registration, &c->rng);
    c->last = at > c->last ? at : c->last;
    endpoint_set_retain(world_service(s->world, id)->newest);
    VEC_PUSH(c->coming, world_service(s->world, id)->newest);
    c->pending++;
    sim_at(s->sim, c->last, &pods_event, c, (struct event_args){0});
}

static void on_change(void *self, const struct world_change *change)
{
    struct cloud *c = self;

    if (change->kind == CHANGE_NODE)
        node_changed(c, change);
    else
        pods_changed(c, change->id);
}

void clouds_new(struct traffic *t)
{
    const struct scenario *s = t->s->scenario;

    for (size_t i = 0; i < s->cloud_count; i++) {
        struct cloud *c = mem_zalloc(sizeof *c);

        c->t = t;
        c->spec = &s->clouds[i];
        c->index = (uint32_t)i;
        c->service = NO_ID;
        c->stale = true;
        rng_init(&c->rng, t->s->root, "cloud", c->spec->service,
                 rng_hash(c->spec->space));
        VEC_PUSH(t->clouds, c);
        world_watch(t->s->world, 1u << CHANGE_NODE | 1u << CHANGE_ENDPOINTS,
                    on_change, c);
    }
}

void clouds_free(struct traffic *t)
{
    for (size_t i = 0; i < t->clouds.count; i++) {
        struct cloud *c = t->clouds.items[i];

        for (size_t k = 0; k < c->coming.count; k++)
            endpoint_set_release(c->coming.items[k]);
        VEC_FREE(c->coming);
        VEC_FREE(c->targets);
        VEC_FREE(c->usable);
        VEC_FREE(c->zones);
        free(c);
    }
    VEC_FREE(t->clouds);
}

struct cloud *cloud_find(struct traffic *t, const char *space,
                         const char *service)
{
    for (size_t i = 0; i < t->clouds.count; i++) {
        struct cloud *c = t->clouds.items[i];

        if (strcmp(c->spec->space, space) == 0 &&
            strcmp(c->spec->service, service) == 0)
            return c;
    }
    return NULL;
}
