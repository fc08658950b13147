#include "models/traffic/gateway.h"

#include <stdlib.h>
#include <string.h>

#include "models/network/kubeproxy.h"
#include "models/network/priority_load.h"
#include "models/network/zone_aware.h"
#include "models/traffic/call.h"

/* Of sets that are made here: balancers tell sets apart by it. Sets of view.c
 * have the same bit; both count by t->view_number. */
#define OWN_SEQUENCE (UINT64_C(1) << 63)

/* -------------------------------------------------------------------- hosts */

struct gateway_host *gateway_host_of(struct gateway *g, uint32_t slot,
                                     pod_id pod)
{
    if (slot >= g->hosts.count || g->hosts.items[slot].endpoint.pod != pod)
        return NULL;
    return &g->hosts.items[slot];
}

static void forget(struct gateway *g, struct gateway_host *host)
{
    if (host->endpoint.pod == NO_ID)
        return;
    g->host_count--;
    g->ejected -= host->outlier.ejected;
    host->endpoint.pod = NO_ID;
    host->check++;
    sim_cancel(g->t->s->sim, host->late);
}

static void list(struct gateway *g, const struct endpoint *e)
{
    const struct gateway_host none = {.endpoint.pod = NO_ID};
    struct gateway_host *host;

    while (g->hosts.count <= e->slot)
        VEC_PUSH(g->hosts, none);
    host = &g->hosts.items[e->slot];
    if (host->endpoint.pod != e->pod) {
        forget(g, host);
        *host =
            (struct gateway_host){.health = health_new(&g->lb->gateway->health),
                                  .check = host->check};
        g->host_count++;
        host->endpoint = *e;
        if (g->lb->gateway->health.on)
            gateway_check_begin(g, host);
    }
    host->endpoint = *e;
    host->version = g->version;
}

/* Ready endpoints come first in a set. */
static uint32_t ready_of(const struct endpoint_set *set)
{
    return set->ready < set->usable ? set->ready : set->usable;
}

static void list_all(struct gateway *g)
{
    uint32_t count = g->heard ? ready_of(g->heard) : 0;

    g->version++;
    for (uint32_t i = 0; i < count; i++)
        list(g, &g->heard->endpoints[i]);
    for (size_t i = 0; i < g->hosts.count; i++)
        if (g->hosts.items[i].version != g->version)
            forget(g, &g->hosts.items[i]);
}

static bool is_healthy(const struct gateway *g, uint32_t slot)
{
    const struct gateway_host *host = &g->hosts.items[slot];

    return host->health.healthy && !host->outlier.ejected;
}

/* ------------------------------------------------------------------- routes */

/* Which endpoints: of a zone, of all but it, or of all. */
struct chosen_zone {
    bool all, other;
    uint16_t zone;
};

static bool in_zone(const struct chosen_zone *z, uint16_t zone)
{
    return z->all || (zone == z->zone) != z->other;
}

static struct priority_level count_level(const struct gateway *g,
                                         struct chosen_zone z)
{
    struct priority_level level = {.hosts = 0};

    for (uint32_t i = 0; g->heard && i < ready_of(g->heard); i++) {
        const struct endpoint *e = &g->heard->endpoints[i];

        if (!in_zone(&z, e->zone))
            continue;
        level.hosts++;
        level.healthy += is_healthy(g, e->slot);
    }
    return level;
}

/* The ones that are wanted; all: whatever their health. Balancers of one group
 * share what they make of a set, so where it is all of it, it stays. */
static struct endpoint_set *set_of(struct gateway *g, struct chosen_zone z,
                                   bool all)
{
    uint32_t ready = ready_of(g->heard), count = 0;
    struct endpoint_set *set = endpoint_set_new(g->heard->service, ready);

    for (uint32_t i = 0; i < ready; i++) {
        const struct endpoint *e = &g->heard->endpoints[i];

        if (in_zone(&z, e->zone) && (all || is_healthy(g, e->slot)))
            set->endpoints[count++] = *e;
    }
    if (count == g->heard->usable) {
        endpoint_set_release(set);
        endpoint_set_retain(g->heard);
        return g->heard;
    }
    set->count = set->usable = set->ready = count;
    set->slots = g->heard->slots;
    set->sequence = OWN_SEQUENCE | ++g->t->view_number;
    return set;
}

static struct lb_balancer *balancer_of(struct gateway *g, uint32_t number)
{
    struct lb_balancer **place;

    while (g->balancers.count <= number)
        VEC_PUSH(g->balancers, NULL);
    place = &g->balancers.items[number];
    if (!*place) {
        *place = mem_zalloc(sizeof **place);
        lb_balancer_init(*place, g->lb->strategy, g->lb->config);
        (*place)->home = g->home;
        (*place)->ended = gateway_ended;
        (*place)->ended_self = g;
        g->lb->group.peers = balancing_peers(g->t, g->lb);
        lb_group_add(&g->lb->group, *place);
    }
    return *place;
}

static void add_route(struct gateway *g, struct endpoint_set *set,
                      uint32_t number, double share)
{
    struct gateway_route route = {set, balancer_of(g, number), share};

    VEC_PUSH(g->routes, route);
}

static void drop_routes(struct gateway *g)
{
    for (size_t i = 0; i < g->routes.count; i++)
        endpoint_set_release(g->routes.items[i].set);
    g->routes.count = 0;
}

static uint32_t overprovisioning(const struct gateway *g)
{
    return (uint32_t)g->lb->gateway->zones.overprovisioning;
}

static uint32_t panic_threshold(const struct gateway *g)
{
    return (uint32_t)g->lb->gateway->panic;
}

static const struct chosen_zone everywhere = {.all = true};

/* One level. True: it panics. */
static bool route_all(struct gateway *g)
{
    struct priority_level level = count_level(g, everywhere);

    priority_loads(&level, 1, overprovisioning(g), panic_threshold(g));
    add_route(g, set_of(g, everywhere, level.panic), 0, 1);
    return level.panic;
}

/* Its own zone first, then the others. */
static void route_failover(struct gateway *g)
{
    const struct chosen_zone zones[] = {{.zone = g->home.zone},
                                        {.zone = g->home.zone, .other = true}};
    struct priority_level levels[2];

    for (size_t i = 0; i < 2; i++)
        levels[i] = count_level(g, zones[i]);
    priority_loads(levels, 2, overprovisioning(g), panic_threshold(g));
    for (uint32_t i = 0; i < 2; i++)
        if (levels[i].healthy_load > 0)
            add_route(g, set_of(g, zones[i], levels[i].panic), 1 + i,
                      levels[i].healthy_load / 100.0);
}

/* Each zone by itself. False: not to be done now. */
static bool route_zones(struct gateway *g)
{
    size_t count = g->t->s->world->zones.count;
    struct priority_level all = count_level(g, everywhere);
    uint32_t *hosts;
    double *shares;

    priority_loads(&all, 1, overprovisioning(g), panic_threshold(g));
    if (all.panic || all.healthy == 0 ||
        all.healthy < g->lb->gateway->zones.least_hosts)
        return false;
    hosts = mem_calloc(count, sizeof *hosts);
    shares = mem_calloc(count, sizeof *shares);
    for (size_t z = 0; z < count; z++)
        hosts[z] =
            count_level(g, (struct chosen_zone){.zone = (uint16_t)z}).healthy;
    zone_shares(gateway_sources(g->lb, g->t), hosts, count, g->home.zone,
                shares);
    for (size_t z = 0; z < count; z++)
        if (shares[z] > 0)
            add_route(
                g, set_of(g, (struct chosen_zone){.zone = (uint16_t)z}, false),
                (uint32_t)(1 + z), shares[z]);
    free(hosts);
    free(shares);
    return true;
}

void gateway_renew(struct gateway *g)
{
    enum zone_mode mode = (enum zone_mode)g->lb->gateway->zones.mode;

    g->stale = false;
    list_all(g);
    drop_routes(g);
    if (!g->heard || g->host_count == 0)
        return;
    if (g->home.node == NO_ID)
        mode = ZONES_ANY;
    if (mode == ZONES_FAILOVER)
        route_failover(g);
    else if (mode == ZONES_ANY || !route_zones(g))
        route_all(g);
}

/* Routes are where health is looked at; checks go on without requests. */
static void look(struct gateway *g)
{
    struct simulation *s = g->t->s;
    service_id service;
    struct endpoint_set *set;

    if (g->lb->gateway->discovery.from != DISCOVERY_PROXY)
        return;
    service =
        world_find(s->world, CHANGE_SERVICE, g->lb->space, g->lb->service);
    if (service == NO_ID || g->home.node == NO_ID)
        set = NULL;
    else
        set = (struct endpoint_set *)proxy_endpoints(s->proxies, g->home.node,
                                                     service);
    if (set == g->heard)
        return;
    if (set)
        endpoint_set_retain(set);
    if (g->heard)
        endpoint_set_release(g->heard);
    g->heard = set;
    g->stale = true;
}

/* ------------------------------------------------------------------ choices */

static struct chosen none(enum cause cause)
{
    return (struct chosen){.cause = cause};
}

struct chosen gateway_choose(struct gateway *g, struct rng *rng, uint64_t key)
{
    const struct gateway_route *route;
    struct chosen chosen = {.gateway = g};

    look(g);
    if (__builtin_expect(g->stale, 0))
        gateway_renew(g);
    if (__builtin_expect(g->routes.count == 0, 0))
        return none(CAUSE_NO_ENDPOINTS);
    route = g->routes.items;
    if (__builtin_expect(g->routes.count > 1, 0)) {
        const struct gateway_route *last = route + g->routes.count - 1;
        double place = rng_uniform(rng);

        for (; route < last && place >= route->share; route++)
            place -= route->share;
    }
    if (__builtin_expect(route->set->usable == 0, 0))
        return none(CAUSE_NO_ENDPOINTS);
    chosen.balancer = route->balancer;
    chosen.endpoint = lb_balancer_pick(route->balancer, route->set, rng, key,
                                       sim_now(g->t->s->sim));
    g->active++;
    return chosen;
}

bool gateway_up(const struct gateway *g)
{
    return g->home.node == NO_ID ||
           proxy_at_work(g->t->s->proxies, g->home.node);
}

static bool reaches(const struct entry *e, uint32_t client,
                    const struct gateway *g)
{
    return world_reaches(g->t->s->world, e->homes[client].node, g->home.node);
}

/* The first from there on that is up, and can be reached; NULL: none. */
static inline struct gateway *first_up(const struct entry *e, uint32_t client,
                                       uint64_t first)
{
    const struct balancing *lb = e->lb;
    uint64_t count = lb->gateways.count;

    for (uint64_t i = 0; i < count; i++) {
        struct gateway *g = lb->gateways.items[(first + i) % count];

        if (__builtin_expect(gateway_up(g) && reaches(e, client, g), 1))
            return g;
    }
    return NULL;
}

struct gateway *gateway_by(const struct entry *e, uint32_t client,
                           uint64_t connection)
{
    uint64_t place = rng_mix((uint64_t)e->index << 32 | client, connection);

    return first_up(e, client, place % e->lb->gateways.count);
}

struct gateway *gateway_enter(struct entry *e, uint32_t client)
{
    if (e->spec->pool.on) /* one for each of its connections */
        return gateway_by(e, client,
                          rng_below(&e->rng, (uint64_t)e->spec->pool.size));
    return first_up(e, client, rng_below(&e->rng, e->lb->gateways.count));
}

/* -------------------------------------------------------------------- making
 */

struct gateway *gateway_new(struct traffic *t, struct balancing *lb,
                            node_id node)
{
    struct gateway *g = mem_zalloc(sizeof *g);

    g->t = t;
    g->lb = lb;
    g->id = (uint32_t)t->gateways.count;
    g->home.node = node;
    if (node != NO_ID)
        g->home.zone = world_node(t->s->world, node)->zone;
    g->stale = true;
    rng_init(&g->rng, t->s->root, "gateway", lb->service, lb->gateways.count);
    VEC_PUSH(t->gateways, g);
    VEC_PUSH(lb->gateways, g);
    discovery_first(g);
    if (lb->gateway->health.on)
        gateway_renew(g);
    gateway_sweep_begin(g);
    return g;
}

void gateway_move(struct gateway *g, node_id node)
{
    g->home.node = node;
    if (node != NO_ID)
        g->home.zone = world_node(g->t->s->world, node)->zone;
    for (size_t i = 0; i < g->balancers.count; i++)
        if (g->balancers.items[i])
            g->balancers.items[i]->home = g->home;
    g->stale = true;
}

void gateways_place(struct traffic *t)
{
    for (size_t i = 0; i < t->balancings.count; i++) {
        struct balancing *lb = t->balancings.items[i];
        VEC_OF(node_id) nodes = {0};

        if (lb->at != LB_GATEWAY)
            continue;
        for (size_t n = 0; n < t->s->world->nodes.count; n++) {
            const struct node *node = t->s->world->nodes.items[n];
            const char *zone = t->s->world->zones.items[node->zone];

            if (!node->deleted && (lb->gateway->location == AT_NODES ||
                                   (lb->gateway->location == AT_ZONE &&
                                    strcmp(zone, lb->gateway->zone) == 0)))
                VEC_PUSH(nodes, node->id);
        }
        for (uint32_t k = 0; k < lb->instances; k++)
            gateway_new(t, lb,
                        nodes.count ? nodes.items[k % nodes.count] : NO_ID);
        VEC_FREE(nodes);
    }
}

struct gateway *gateway_of_client(struct entry *e, uint32_t client)
{
    struct client *c = &e->clients[client];

    if (__builtin_expect(!c->gateway, 0))
        c->gateway = gateway_new(
            e->traffic, e->lb,
            e->homes[client].external ? NO_ID : e->homes[client].node);
    return c->gateway;
}

const uint32_t *gateway_sources(struct balancing *lb, struct traffic *t)
{
    size_t zones = t->s->world->zones.count;

    if (lb->sources)
        return lb->sources;
    lb->sources = mem_calloc(zones, sizeof *lb->sources);
    for (size_t i = 0; lb->at == LB_GATEWAY && i < lb->gateways.count; i++)
        if (lb->gateways.items[i]->home.node != NO_ID)
            lb->sources[lb->gateways.items[i]->home.zone]++;
    for (size_t i = 0; lb->at == LB_CLIENT && i < t->entry_count; i++) {
        const struct entry *e = &t->entries[i];

        if (e->lb == lb && e->inner)
            callers_count(t, e, lb->sources);
        for (uint32_t k = 0; e->lb == lb && !e->inner && k < e->client_count;
             k++)
            if (!e->homes[k].external && e->homes[k].node != NO_ID)
                lb->sources[e->homes[k].zone]++;
    }
    return lb->sources;
}

static void gateway_free(struct gateway *g)
{
    drop_routes(g);
    if (g->heard)
        endpoint_set_release(g->heard);
    for (size_t i = 0; i < g->coming.count; i++)
        endpoint_set_release(g->coming.items[i]);
    for (size_t i = 0; i < g->balancers.count; i++) {
        if (!g->balancers.items[i])
            continue;
        lb_balancer_release(g->balancers.items[i]);
        free(g->balancers.items[i]);
    }
    VEC_FREE(g->coming);
    VEC_FREE(g->hosts);
    VEC_FREE(g->routes);
    VEC_FREE(g->balancers);
    VEC_FREE(g->pending.ids);
    free(g);
}

void gateways_free(struct traffic *t)
{
    for (size_t i = 0; i < t->gateways.count; i++)
        gateway_free(t->gateways.items[i]);
    VEC_FREE(t->gateways);
    for (size_t i = 0; i < t->balancings.count; i++) {
        struct balancing *lb = t->balancings.items[i];

        for (size_t k = 0; k < lb->news.count; k++)
            endpoint_set_release(lb->news.items[k]);
        if (lb->pushed)
            endpoint_set_release(lb->pushed);
        VEC_FREE(lb->news);
        VEC_FREE(lb->gateways);
        free(lb->sources);
    }
}
