#include "models/controllers/nodelifecycle_internal.h"

static void set_state(struct controller_run *run, struct zone *zone,
                      enum zone_state state)
{
    zone->state = state;
    nodelifecycle_set_rate(run, zone,
                           nodelifecycle_rate(state,
                                              zone->ready + zone->not_ready,
                                              nodelifecycle_params(run)));
}

/* Nobody answers: it is more likely the controller that is cut off. */
static void enter_master_disruption(struct controller_run *run,
                                    struct nodelifecycle *all)
{
    const struct world *w = controller_world(run);

    for (size_t i = 0; i < all->nodes.count; i++) {
        if (!world_node(w, (node_id)i)->deleted)
            nodelifecycle_reachable(run, all, world_node(w, (node_id)i));
    }
    for (size_t i = 0; i < all->zones.count; i++) {
        if (!all->zones.items[i].known)
            continue;
        nodelifecycle_set_rate(run, &all->zones.items[i], 0);
        all->zones.items[i].state = ZONE_FULL_DISRUPTION;
    }
}

static void leave_master_disruption(struct controller_run *run,
                                    struct nodelifecycle *all)
{
    sim_time now = sim_now(controller_world(run)->sim);

    for (size_t i = 0; i < all->nodes.count; i++)
        all->nodes.items[i].probe = now;
    for (size_t i = 0; i < all->zones.count; i++) {
        struct zone *zone = &all->zones.items[i];

        if (zone->known)
            set_state(run, zone,
                      nodelifecycle_zone_state(
                          zone->ready, zone->not_ready,
                          nodelifecycle_params(run)->unhealthy_zone_threshold));
    }
}

void nodelifecycle_judge_zones(struct controller_run *run,
                               struct nodelifecycle *all)
{
    double threshold = nodelifecycle_params(run)->unhealthy_zone_threshold;
    bool all_are = true, all_were = true;

    for (size_t i = 0; i < all->zones.count; i++) {
        struct zone *z = &all->zones.items[i];

        z->known = z->ready + z->not_ready > 0;
        if (!z->known) {
            z->state = ZONE_INITIAL;
            continue;
        }
        all_were &= z->state == ZONE_FULL_DISRUPTION;
        all_are &= nodelifecycle_zone_state(z->ready, z->not_ready,
                                            threshold) == ZONE_FULL_DISRUPTION;
    }
    if (all_are && !all_were)
        enter_master_disruption(run, all);
    else if (!all_are && all_were)
        leave_master_disruption(run, all);
    for (size_t i = 0; !all_are && !all_were && i < all->zones.count; i++) {
        struct zone *z = &all->zones.items[i];
        enum zone_state now =
            nodelifecycle_zone_state(z->ready, z->not_ready, threshold);

        if (z->known && z->state != now)
            set_state(run, z, now);
    }
}
