/* Partitions: what nodes can reach. */
#include <assert.h>

#include "models/world_private.h"

static struct cuts zone_cuts(const struct world *w, uint32_t zone)
{
    return zone < w->zone_cuts.count ? w->zone_cuts.items[zone]
                                     : (struct cuts){0, 0};
}

bool world_links(const struct world *w, const struct node *node)
{
    return !w->api_stopped && node->cuts.control_plane == 0 &&
           zone_cuts(w, node->zone).control_plane == 0;
}

/* Tells of it whatever it was: who watches knows what it had seen. */
static void link_changed(struct world *w, struct node *node, bool lost,
                         incident_id origin)
{
    node->linked = world_links(w, node);
    if (lost && node->up) /* what brought it down stays to blame for that */
        node->origin = origin;
    if (!node->deleted)
        world_tell(w, CHANGE_NODE, WHAT_LINK, node->id);
}

static void count(struct world *w, struct cuts *cuts, unsigned from, bool begin)
{
    int step = begin ? 1 : -1;

    assert(begin || !(from & CUT_CONTROL_PLANE) || cuts->control_plane > 0);
    assert(begin || !(from & CUT_CLIENTS) || cuts->clients > 0);
    if (from & CUT_CONTROL_PLANE)
        cuts->control_plane = (uint16_t)(cuts->control_plane + step);
    if (from & CUT_CLIENTS) {
        cuts->clients = (uint16_t)(cuts->clients + step);
        w->isolations += begin ? 1 : SIZE_MAX;
    }
}

void world_node_cut(struct world *w, node_id id, unsigned from, bool begin,
                    incident_id origin)
{
    count(w, &world_node(w, id)->cuts, from, begin);
    link_changed(w, world_node(w, id), begin, origin);
}

void world_zone_cut(struct world *w, uint32_t zone, unsigned from, bool begin,
                    incident_id origin)
{
    while (w->zone_cuts.count <= zone)
        VEC_PUSH(w->zone_cuts, ((struct cuts){0, 0}));
    count(w, &w->zone_cuts.items[zone], from, begin);
    for (size_t i = 0; i < w->nodes.count; i++) {
        if (w->nodes.items[i]->zone == zone)
            link_changed(w, w->nodes.items[i], begin, origin);
    }
}

void world_api_stop(struct world *w, bool stop, incident_id origin)
{
    assert(w->api_stopped != stop);
    w->api_stopped = stop;
    for (size_t i = 0; i < w->nodes.count; i++)
        link_changed(w, w->nodes.items[i], stop, origin);
}

bool world_reaches_cut(const struct world *w, node_id from, node_id to)
{
    const struct node *a = from == NO_ID ? NULL : world_node(w, from);
    const struct node *b = to == NO_ID ? NULL : world_node(w, to);

    if (a == b)
        return true;
    if ((a && a->cuts.clients > 0) || (b && b->cuts.clients > 0))
        return false;
    if (a && b && a->zone == b->zone)
        return true;
    return (!a || zone_cuts(w, a->zone).clients == 0) &&
           (!b || zone_cuts(w, b->zone).clients == 0);
}
