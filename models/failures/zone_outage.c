/* All nodes of the zone stop at once; they boot after the repair, or never. */
#include "models/failures/failure.h"
#include "models/kubelet.h"

static bool strike(struct simulation *s, uint32_t zone, const void *config,
                   incident_id origin)
{
    struct world *w = s->world;
    bool any = false;

    (void)config;
    for (size_t i = 0; i < w->nodes.count; i++) {
        const struct node *node = w->nodes.items[i];

        if (node->zone != zone || node->deleted || !node->up)
            continue;
        kubelet_node_down(s->kubelets, node->id, origin);
        any = true;
    }
    return any;
}

/* Those that this outage brought down, and no other failure. */
static void mend(struct simulation *s, uint32_t zone, const void *config,
                 incident_id origin)
{
    struct world *w = s->world;

    (void)config;
    for (size_t i = 0; i < w->nodes.count; i++) {
        const struct node *node = w->nodes.items[i];

        if (node->zone == zone && !node->deleted && !node->up &&
            node->origin == origin)
            kubelet_node_up(s->kubelets, node->id, origin);
    }
}

const struct failure_mode failure_zone_outage = {
    .name = "outage",
    .subject = SUBJECT_ZONE,
    .summary = "all its nodes stop; they boot after the repair, or never",
    .has_repair = true,
    .strike = strike,
    .mend = mend,
};
