/*
 * client - where clients are, what they know, and what they choose.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/network/kubeproxy.h"
#include "models/select.h"
#include "models/traffic/cloud.h"
#include "models/traffic/gateway.h"
#include "models/traffic/pool.h"

/* ------------------------------------------------------------ placement */

static void place(struct entry *e, uint32_t client, node_id node)
{
    e->homes[client].node = node;
    e->homes[client].zone = world_node(e->traffic->s->world, node)->zone;
}

/* Deals the clients out over the nodes, in a zone or everywhere. */
static void place_on_nodes(struct entry *e)
{
    struct world *w = e->traffic->s->world;
    VEC_OF(node_id) nodes = {0};

    for (size_t i = 0; i < w->nodes.count; i++) {
        const struct node *node = w->nodes.items[i];

        if (node->deleted ||
            (e->spec->location == AT_ZONE &&
             strcmp(w->zones.items[node->zone], e->spec->zone) != 0))
            continue;
        VEC_PUSH(nodes, node->id);
    }
    for (uint32_t i = 0; i < e->client_count && nodes.count; i++)
        place(e, i, nodes.items[i % nodes.count]);
    VEC_FREE(nodes);
}

void clients_place(struct entry *e)
{
    bool external = e->spec->location == AT_EXTERNAL;

    if (e->inner)
        return; /* as they call */
    assert(!e->clients && e->spec->clients >= 1);
    e->client_count = (uint32_t)e->spec->clients;
    e->clients = mem_calloc(e->client_count, sizeof *e->clients);
    e->homes = mem_calloc(e->client_count, sizeof *e->homes);
    for (uint32_t i = 0; i < e->client_count; i++) {
        e->homes[i].node = NO_ID;
        e->clients[i].pod = NO_ID;
        e->homes[i].external = external;
    }
    if (e->spec->location == AT_PODS)
        e->pods_stale = true;
    else if (!external)
        place_on_nodes(e);
}

uint32_t client_of_pod(struct entry *e, const struct pod *pod)
{
    while (e->callers.count <= pod->id)
        VEC_PUSH(e->callers, 0);
    if (e->callers.items[pod->id])
        return e->callers.items[pod->id] - 1;
    if (e->client_count == e->client_room) {
        e->client_room = e->client_room ? 2 * e->client_room : 8;
        e->clients =
            mem_realloc(e->clients, e->client_room, sizeof *e->clients);
        e->homes = mem_realloc(e->homes, e->client_room, sizeof *e->homes);
    }
    e->clients[e->client_count] = (struct client){.pod = pod->id};
    e->homes[e->client_count] = (struct client_home){.external = false};
    place(e, e->client_count, pod->node);
    e->callers.items[pod->id] = ++e->client_count;
    return e->client_count - 1;
}

void clients_free(struct entry *e)
{
    for (uint32_t i = 0; i < e->client_count; i++) {
        struct client *c = &e->clients[i];

        pools_free(c);
        name_release(c);
        if (c->balancer) {
            lb_balancer_release(c->balancer);
            free(c->balancer);
        }
    }
    free(e->clients);
    free(e->homes);
    VEC_FREE(e->fixed);
    VEC_FREE(e->pods);
    VEC_FREE(e->callers);
}

static void settle(const struct traffic *t, struct lb_balancer *b, node_id node)
{
    b->home.node = node;
    if (node != NO_ID)
        b->home.zone = world_node(t->s->world, node)->zone;
}

static bool can_live_in(const struct entry *e, const struct pod *pod)
{
    return pod && pod->phase == POD_RUNNING && pod->node != NO_ID &&
           pod->deletion == SIM_NEVER &&
           selector_matches(&e->spec->client_pods, pod->labels);
}

/* Clients whose pod runs stay; the others move. */
static void move_clients(struct entry *e)
{
    struct world *w = e->traffic->s->world;

    e->pods_stale = false;
    e->pods.count = 0;
    for (size_t i = 0; i < w->pods.count; i++)
        if (can_live_in(e, w->pods.items[i].pod))
            VEC_PUSH(e->pods, (pod_id)i);
    for (uint32_t i = 0; i < e->client_count; i++) {
        struct client *c = &e->clients[i];
        struct pod *pod = c->pod == NO_ID ? NULL : world_pod(w, c->pod);

        if (pod && pod->phase == POD_RUNNING)
            continue;
        c->pod = e->homes[i].node = NO_ID;
        pools_leave(e, i);
        name_leave(e, i);
        if (e->pods.count == 0)
            continue;
        c->pod = e->pods.items[i % e->pods.count];
        place(e, i, world_pod(w, c->pod)->node);
        if (c->balancer)
            settle(e->traffic, c->balancer, e->homes[i].node);
        if (c->gateway)
            gateway_move(c->gateway, e->homes[i].node);
    }
}

bool client_offers(struct entry *e, uint32_t client)
{
    const struct client_home *home = &e->homes[client];

    if (home->external)
        return true;
    if (__builtin_expect(e->pods_stale, 0))
        move_clients(e);
    return home->node != NO_ID &&
           proxy_at_work(e->traffic->s->proxies, home->node);
}

/* ------------------------------------------------------------ balancers */

static inline struct lb_balancer *made(const struct traffic *t,
                                       struct balancing *lb,
                                       struct lb_balancer **place_of,
                                       node_id home)
{
    if (__builtin_expect(!*place_of, 0)) {
        *place_of = mem_zalloc(sizeof **place_of);
        lb_balancer_init(*place_of, lb->strategy, lb->config);
        lb->group.peers = balancing_peers(t, lb);
        settle(t, *place_of, home);
        lb_group_add(&lb->group, *place_of);
    }
    return *place_of;
}

/* The one of a node's proxy or a gateway's instance. */
static inline struct lb_balancer *
balancer_at(const struct traffic *t, struct balancing *lb, uint32_t index)
{
    if (lb->stateless)
        return &lb->plain;
    while (lb->balancers.count <= index)
        VEC_PUSH(lb->balancers, NULL);
    return made(t, lb, &lb->balancers.items[index],
                lb->at == LB_PROXY ? (node_id)index : NO_ID);
}

/* -------------------------------------------------------------- choices */

static inline struct chosen failed(enum cause cause)
{
    return (struct chosen){.cause = cause};
}

static inline struct chosen chosen(const struct endpoint *endpoint,
                                   struct lb_balancer *balancer)
{
    return chosen_by(endpoint, balancer);
}

/* ClientIP affinity: a client's connections by a node go where its last one
 * went. */
static struct chosen choose_sticky(struct entry *e, uint32_t client,
                                   node_id node, const struct endpoint_set *set,
                                   struct lb_balancer *b, sim_time timeout)
{
    struct affinity *table = &e->lb->affinity;
    uint64_t key = client_key(e, client);
    sim_time now = sim_now(e->traffic->s->sim);
    const struct endpoint *endpoint =
        affinity_find(table, node, key, set, now, timeout);
    struct chosen choice = {.endpoint = endpoint};

    if (!endpoint) {
        endpoint = lb_balancer_pick(b, set, &e->rng, key, now);
        choice = chosen(endpoint, b);
    }
    affinity_note(table, node, key, endpoint->pod, now);
    return choice;
}

static inline bool is_local(const struct entry *e, uint32_t client,
                            const struct service_spec *spec)
{
    return e->homes[client].external ? spec->external_local
                                     : spec->internal_local;
}

/* By what the proxy on `node` has programmed. Where there is no endpoint
 * packets are rejected; without one that policy Local allows they are dropped
 * (Kubernetes v1.36 pkg/proxy/iptables/proxier.go). */
static inline struct chosen choose_by(struct entry *e, uint32_t client,
                                      node_id node, struct lb_balancer *b)
{
    struct simulation *s = e->traffic->s;
    const struct endpoint_set *set =
        proxy_endpoints(s->proxies, node, e->service);
    const struct service_spec *spec = world_service(s->world, e->service)->spec;
    enum cause none = CAUSE_NO_ENDPOINTS;

    if (__builtin_expect(set->hinted || is_local(e, client, spec), 0)) {
        const struct node_view *view =
            view_of(e->traffic, e->lb, node, set, is_local(e, client, spec));

        set = view->set;
        none = view->any ? CAUSE_CONNECT_TIMEOUT : CAUSE_NO_ENDPOINTS;
    }
    if (__builtin_expect(set->usable == 0, 0))
        return failed(none);
    if (__builtin_expect(spec->client_ip_affinity, 0))
        return choose_sticky(e, client, node, set, b, spec->affinity_timeout);
    return chosen(lb_balancer_pick(b, set, &e->rng, client_key(e, client),
                                   sim_now(s->sim)),
                  b);
}

struct chosen client_choose_by(struct entry *e, uint32_t client, node_id node,
                               struct lb_balancer *b)
{
    return choose_by(e, client, node, b);
}

/* The node whose proxy the client's packets meet; NO_ID: all are down. */
static inline node_id entry_node(struct entry *e, uint32_t client)
{
    struct traffic *t = e->traffic;
    size_t up;

    if (!e->homes[client].external)
        return e->homes[client].node;
    up = traffic_up_nodes(t);
    return up ? t->up.items[rng_below(&e->rng, up)] : NO_ID;
}

/* A gateway or sidecar that passes connections on; requests go by relay.c. */
static struct chosen choose_by_gateway(struct entry *e, uint32_t client)
{
    struct gateway *g = e->lb->at == LB_CLIENT ? gateway_of_client(e, client)
                                               : gateway_enter(e, client);

    if (!g)
        return failed(CAUSE_CONNECT_TIMEOUT);
    if (!gateway_has_room(g))
        return failed(CAUSE_CIRCUIT_OPEN);
    return gateway_choose(g, &e->rng, client_key(e, client));
}

/* By a cloud load balancer's target. */
static struct chosen choose_by_cloud(struct entry *e, uint32_t client)
{
    struct cloud *c = e->lb->cloud;
    const struct endpoint *endpoint;
    node_id node = cloud_enter(c, e, &endpoint);
    struct chosen target = {.endpoint = endpoint};

    if (endpoint)
        return target;
    if (node == NO_ID)
        return failed(cloud_by_pods(c) ? CAUSE_NO_ENDPOINTS
                                       : CAUSE_CONNECT_TIMEOUT);
    target =
        proxy_at_work(e->traffic->s->proxies, node) &&
                world_reaches(e->traffic->s->world, NO_ID, node)
            ? choose_by(e, client, node, balancer_at(e->traffic, e->lb, node))
            : failed(CAUSE_CONNECT_TIMEOUT);
    target.through = node + 1;
    if (!e->sockets)
        target.flow = target.through;
    return target;
}

static inline struct chosen choose_service(struct entry *e, uint32_t client)
{
    node_id node;

    if (e->lb->gateway)
        return choose_by_gateway(e, client);
    if (__builtin_expect(e->lb->cloud != NULL, 0) && e->homes[client].external)
        return choose_by_cloud(e, client);
    node = entry_node(e, client);
    if (__builtin_expect(node == NO_ID, 0))
        return failed(CAUSE_CONNECT_TIMEOUT);
    if (__builtin_expect(e->sockets != NULL, 0))
        return udp_choose(e, client, node,
                          balancer_at(e->traffic, e->lb, node));
    return choose_by(e, client, node, balancer_at(e->traffic, e->lb, node));
}

struct chosen client_choose_service(struct entry *e, uint32_t client)
{
    return choose_service(e, client);
}

struct lb_balancer *client_balancer(struct entry *e, uint32_t client)
{
    struct client *c = &e->clients[client];

    return made(e->traffic, e->lb, &c->balancer, e->homes[client].node);
}

void clients_fix_addresses(struct entry *e)
{
    const struct endpoint_set *set;

    e->fixed.count = 0;
    if (e->service == NO_ID)
        return;
    set = world_service(e->traffic->s->world, e->service)->newest;
    for (uint32_t i = 0; i < set->count; i++)
        if (set->endpoints[i].flags & ENDPOINT_READY)
            VEC_PUSH(e->fixed, set->endpoints[i]);
}

struct chosen client_choose(struct entry *e, uint32_t client)
{
    if (e->spec->access == ACCESS_POD_IP) {
        if (e->fixed.count == 0)
            return failed(CAUSE_NO_ENDPOINTS);
        return (struct chosen){
            .endpoint = &e->fixed.items[rng_below(&e->rng, e->fixed.count)]};
    }
    if (__builtin_expect(e->service == NO_ID, 0) && !name_known(e, client))
        return failed(CAUSE_DNS); /* deleted, and its name with it */
    if (__builtin_expect(e->resolves, 0))
        return name_choose(e, client);
    return choose_service(e, client);
}
