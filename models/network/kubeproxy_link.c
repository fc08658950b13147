#include "models/network/kubeproxy_private.h"
#include "models/reconnect.h"

/* Its watch is there again. */
static void on_listed(struct sim *sim, void *self, struct event_args args)
{
    struct proxies *p = self;
    node_id id = (node_id)args.subject;
    struct proxy *n = &p->nodes.items[id];

    (void)sim;
    if (n->link != args.detail)
        return;
    n->cut = false;
    if (n->unlisted)
        proxy_begin_work(p, id);
    else
        proxy_deliver(p, id, p->newest);
}

static const struct event_type listed_event = {"kubeproxy.lists", 0, on_listed};

static void link_again(struct proxies *p, node_id id)
{
    struct proxy *n = &p->nodes.items[id];
    struct rng rng;

    rng_init(&rng, p->s->root, "kubeproxy.reconnect",
             world_node(p->s->world, id)->spec->name, 0);
    rng_seek(&rng, ++n->link, 0);
    sim_at(p->s->sim,
           reconnect_time(n->cut_at, sim_now(p->s->sim), n->refused, &rng),
           &listed_event, p, (struct event_args){id, n->link});
}

void proxy_link_changed(struct proxies *p, node_id id)
{
    bool linked = world_node(p->s->world, id)->linked;
    struct proxy *n = &p->nodes.items[id];

    if (linked == n->linked)
        return;
    n->linked = linked;
    if (linked) {
        link_again(p, id);
        return;
    }
    if (!n->cut) {
        n->cut_at = sim_now(p->s->sim);
        n->refused = p->s->world->api_stopped;
    }
    n->cut = true;
    n->link++;
}
