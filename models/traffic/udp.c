/*
 * udp - Services whose port is UDP. There are no connections: nothing is
 * refused or reset but by a host that is there (ICMP), and what a process
 * does not answer is waited for until the time-out.
 *
 * A client either takes a new socket for each request, which a proxy sends
 * where its rules say, or keeps `size` sockets (connections: pool), each used
 * at random: then conntrack sends all packets of a socket where the first
 * went (network/conntrack.h). idleTimeout, maxRequests and maxAge replace a
 * socket by a new one, with another source port.
 */
#include <stdlib.h>

#include "models/network/kubeproxy.h"
#include "models/traffic/traffic_internal.h"

struct udp_socket {
    sim_time opened, last;
    int64_t requests;
    uint32_t number; /* of the source port: another one, another number */
};

struct udp_sockets {
    struct conntrack_params params;
    uint32_t size;                   /* for each client */
    VEC_OF(struct udp_socket) items; /* by client, then by socket */
};

enum { MOST_SOCKETS = 28232 }; /* Linux ip_local_port_range, 32768 to 60999 */

static struct conntrack_params params_of(const struct scenario *c)
{
    const struct kube_proxy_params *k = &c->cluster.kube_proxy;
    bool ipvs = k->mode == PROXY_IPVS;

    return (struct conntrack_params){
        .minor = c->cluster.kubernetes_minor,
        .ipvs = ipvs,
        .unreplied = ipvs ? k->ipvs_udp_timeout : k->udp_timeout,
        .stream = ipvs ? k->ipvs_udp_timeout : k->stream_timeout};
}

void udp_begin(struct entry *e)
{
    const struct traffic_spec *spec = e->spec;

    if (!spec->udp || !spec->pool.on || spec->access != ACCESS_SERVICE ||
        e->lb->at != LB_PROXY)
        return;
    e->sockets = mem_zalloc(sizeof *e->sockets);
    e->sockets->params = params_of(e->traffic->s->scenario);
    e->sockets->size = spec->pool.size < MOST_SOCKETS
                           ? (uint32_t)spec->pool.size
                           : MOST_SOCKETS;
}

void udp_release(struct entry *e)
{
    if (!e->sockets)
        return;
    VEC_FREE(e->sockets->items);
    free(e->sockets);
}

/* --- sockets --- */

static struct udp_socket *socket_of(struct entry *e, uint32_t client)
{
    struct udp_sockets *s = e->sockets;
    struct udp_socket fresh = {.opened = SIM_NEVER};
    size_t i = s->size > 1 ? (size_t)rng_below(&e->rng, s->size) : 0;

    i += (size_t)client * s->size;
    while (s->items.count <= i)
        VEC_PUSH(s->items, fresh);
    return &s->items.items[i];
}

static bool is_old(const struct udp_socket *s, const struct pool_spec *pool,
                   sim_time now)
{
    return s->requests >= pool->max_requests ||
           (pool->max_age != SIM_NEVER && now - s->opened >= pool->max_age) ||
           (pool->idle_timeout != SIM_NEVER &&
            now - s->last >= pool->idle_timeout);
}

/* The socket that the client uses now, by its number among the client's. */
static uint32_t take_socket(struct entry *e, uint32_t client)
{
    struct udp_sockets *all = e->sockets;
    struct udp_socket *s = socket_of(e, client);
    sim_time now = sim_now(e->traffic->s->sim);
    uint32_t first = (uint32_t)(s - all->items.items) - client * all->size;

    if (s->opened == SIM_NEVER || is_old(s, &e->spec->pool, now)) {
        s->number += s->opened == SIM_NEVER ? first : all->size;
        s->opened = now;
        s->requests = 0;
    }
    s->last = now;
    s->requests++;
    return s->number;
}

/* --- packets --- */

struct chosen udp_choose(struct entry *e, uint32_t client, node_id node,
                         struct lb_balancer *b)
{
    struct simulation *s = e->traffic->s;
    struct conntrack *table = &e->lb->conntrack;
    const struct conntrack_params *p = &e->sockets->params;
    const struct endpoint_set *set =
        proxy_endpoints(s->proxies, node, e->service);
    uint32_t boot = world_node(s->world, node)->boot;
    sim_time now = sim_now(s->sim);
    uint32_t flow = conntrack_find(table, node, client_key(e, client),
                                   take_socket(e, client));
    struct chosen choice = {
        .endpoint = conntrack_follow(table, flow, p, set, boot, now)};

    if (!choice.endpoint) {
        choice = client_choose_by(e, client, node, b);
        if (choice.endpoint)
            conntrack_begin(table, flow, p, choice.endpoint, set->sequence,
                            boot, now);
    }
    choice.flow = flow;
    return choice;
}

void udp_answered(struct entry *e, const struct request *r)
{
    if (r->pod != NO_ID)
        conntrack_answered(&e->lb->conntrack, r->pool);
}

/* --- kube-proxies that restart --- */

static void on_restart(void *self, node_id node, bool started)
{
    struct traffic *t = self;

    for (size_t i = 0; i < t->entry_count; i++) {
        struct entry *e = &t->entries[i];

        if (e->sockets && e->service != NO_ID)
            conntrack_restart(&e->lb->conntrack, node, &e->sockets->params,
                              proxy_endpoints(t->s->proxies, node, e->service),
                              started);
    }
}

void udp_listen(struct traffic *t)
{
    for (size_t i = 0; i < t->entry_count; i++) {
        if (!t->entries[i].sockets)
            continue;
        proxies_on_restart(t->s->proxies, on_restart, t);
        return;
    }
}
