/*
 * view - the endpoints of a Service that a node's proxy uses, where nodes
 * differ: by a traffic policy Local, or by hints. Kept for each node until
 * another version is programmed there, so that a pick costs what it does
 * elsewhere. Nodes of a zone share what hints at zones leave.
 */
#include <stdlib.h>

#include "models/network/categorize.h"
#include "models/traffic/traffic_internal.h"

/* Since when hints at nodes are used (feature PreferSameTrafficDistribution).
 */
enum { NODE_HINTS_MINOR = 34 };

static struct endpoint_set *pick_out(struct traffic *t,
                                     const struct endpoint_set *set,
                                     const struct proxy_endpoint *used,
                                     unsigned use)
{
    struct endpoint_set *view = endpoint_set_new(set->service, set->count);
    uint32_t count = 0;

    for (uint32_t i = 0; i < set->count; i++)
        if (used[i].use & use)
            view->endpoints[count++] = set->endpoints[i];
    view->count = view->usable = count;
    view->slots = set->slots;
    view->sequence = VIEW_SEQUENCE | ++t->view_number;
    return view;
}

static uint8_t hints_for(const struct endpoint *e, node_id node, uint16_t zone)
{
    uint8_t hints = 0;

    if (e->hint_node)
        hints |= e->node == node ? HINT_NODES | HINT_NODE : HINT_NODES;
    if (e->hint_zone)
        hints |= e->hint_zone == zone + 1 ? HINT_ZONES | HINT_ZONE : HINT_ZONES;
    return hints;
}

static void look(struct traffic *t, struct node_view *view,
                 const struct endpoint_set *set, node_id node, bool local)
{
    const struct cluster_params *c = &t->s->scenario->cluster;
    const struct proxy_service service = {
        .cluster = !local,
        .local = local,
        .prefer_node = c->kubernetes_minor >= NODE_HINTS_MINOR,
        .only_ready = !c->kube_proxy.terminating_fallback};
    struct proxy_endpoint *used = mem_calloc(set->count + 1, sizeof *used);
    uint16_t zone = world_node(t->s->world, node)->zone;

    for (uint32_t i = 0; i < set->count; i++) {
        const struct endpoint *e = &set->endpoints[i];

        used[i].flags = e->flags;
        used[i].hints = hints_for(e, node, zone);
        used[i].local = e->node == node;
    }
    view->any = categorize_endpoints(&service, used, set->count);
    view->of = set->sequence;
    view->set = pick_out(t, set, used, local ? USE_LOCAL : USE_CLUSTER);
    free(used);
}

static void forget(struct node_view *view)
{
    if (view->set)
        endpoint_set_release(view->set);
    view->set = NULL;
}

static struct node_view *view_at(struct node_views *all, size_t index)
{
    struct node_view none = {0};

    while (all->items.count <= index)
        VEC_PUSH(all->items, none);
    return &all->items.items[index];
}

static bool hints_at_nodes(const struct endpoint_set *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        if (set->endpoints[i].hint_node)
            return true;
    return false;
}

/* A node that has programmed another version: looks anew, or does as another
 * node of its zone did. */
static void renew(struct traffic *t, struct balancing *lb,
                  struct node_view *view, const struct endpoint_set *set,
                  node_id node, bool local)
{
    struct node_view *zone;

    forget(view);
    if (local || hints_at_nodes(set)) {
        look(t, view, set, node, local);
        return;
    }
    zone = view_at(&lb->by_zone, world_node(t->s->world, node)->zone);
    if (!zone->set || zone->of != set->sequence) {
        forget(zone);
        look(t, zone, set, node, false);
    }
    *view = *zone;
    endpoint_set_retain(view->set);
}

const struct node_view *view_of(struct traffic *t, struct balancing *lb,
                                node_id node, const struct endpoint_set *set,
                                bool local)
{
    struct node_view *view =
        view_at(local ? &lb->by_node_local : &lb->by_node, node);

    if (__builtin_expect(!view->set || view->of != set->sequence, 0))
        renew(t, lb, view, set, node, local);
    return view;
}

static void release(struct node_views *all)
{
    for (size_t i = 0; i < all->items.count; i++)
        forget(&all->items.items[i]);
    VEC_FREE(all->items);
}

void views_release(struct balancing *lb)
{
    release(&lb->by_node);
    release(&lb->by_node_local);
    release(&lb->by_zone);
}
