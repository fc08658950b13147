/*
 * The cluster autoscaler: every scan interval it makes nodes for pods that
 * fit nowhere, and takes away those that are not needed.
 * kubernetes/autoscaler, cluster-autoscaler/core/static_autoscaler.go.
 */
#include <stdlib.h>
#include <string.h>

#include "models/controllers/clusterautoscaler_internal.h"

enum { KEY_SCAN = 1 };

/* --kube-client-qps 5, burst 10: a quarter of a controller's. */
#define CLIENT_FACTOR 0.25

struct autoscaler_slot *autoscaler_slot_of(struct clusterautoscaler *ca,
                                           node_id node,
                                           struct autoscaler_group **group)
{
    for (size_t g = 0; g < ca->group_count; g++) {
        for (size_t i = 0; i < ca->groups[g].room; i++) {
            if (ca->groups[g].slots[i].node != node)
                continue;
            *group = &ca->groups[g];
            return &ca->groups[g].slots[i];
        }
    }
    return NULL;
}

static void start(struct controller_run *run, void *state)
{
    const struct simulation *s = controller_simulation(run);
    const struct cluster_params *c = &s->scenario->cluster;
    struct clusterautoscaler *ca = state;

    if (c->group_count == 0)
        return;
    ca->run = run;
    ca->added = ca->deleted = ca->failed = -1;
    ca->group_count = c->group_count;
    ca->groups = mem_calloc(ca->group_count, sizeof *ca->groups);
    rng_init(&ca->rng, s->root, "clusterautoscaler.choice", NULL, 0);
    rng_init(&ca->delay, s->root, "clusterautoscaler.provisioning", NULL, 0);
    for (size_t g = 0; g < ca->group_count; g++) {
        const struct node_group *spec = &c->groups[g];
        struct autoscaler_group *group = &ca->groups[g];

        group->spec = spec;
        group->room = (size_t)spec->max > spec->initial ? (size_t)spec->max
                                                        : spec->initial;
        group->slots = mem_calloc(group->room, sizeof *group->slots);
        for (size_t i = 0; i < group->room; i++)
            group->slots[i] = (struct autoscaler_slot){NO_ID, SIM_NEVER};
    }
    controller_enqueue_after(run, KEY_SCAN, c->autoscaler.scan_interval);
}

static void stop(void *state)
{
    struct clusterautoscaler *ca = state;

    for (size_t g = 0; g < ca->group_count; g++)
        free(ca->groups[g].slots);
    free(ca->groups);
    VEC_FREE(ca->unneeded);
    VEC_FREE(ca->drains);
    VEC_FREE(ca->pending);
}

/* "pool-2" or, of a machine that came for it, "pool-2-2". */
static bool is_named_for(const char *name, const char *slot)
{
    size_t length = strlen(slot);

    return strncmp(name, slot, length) == 0 &&
           (name[length] == '\0' || name[length] == '-');
}

/* The cloud keeps the size of the pool: it brings a machine for the slot. */
static bool awaits(const struct world *w, const struct autoscaler_slot *slot)
{
    return slot->node == NO_ID ? slot->requested != SIM_NEVER
                               : world_node(w, slot->node)->gone;
}

/* A Node of a pool that the autoscaler did not ask for: it was there, or comes
 * for one that was taken back. */
static void adopt(struct clusterautoscaler *ca, const struct world *w,
                  const struct node *node)
{
    for (size_t g = 0; g < ca->group_count; g++) {
        struct autoscaler_group *group = &ca->groups[g];

        for (size_t i = 0; i < group->room; i++) {
            struct autoscaler_slot *slot = &group->slots[i];
            bool awaited = awaits(w, slot);

            if (!is_named_for(node->spec->name, group->spec->nodes[i].name) ||
                (slot->node != NO_ID && !awaited))
                continue;
            slot->node = node->id;
            slot->requested = SIM_NEVER;
            group->size += !awaited;
            return;
        }
    }
}

/* Somebody else deleted it. */
static void lose(struct clusterautoscaler *ca, const struct node *node,
                 sim_time now)
{
    struct autoscaler_group *group;
    struct autoscaler_slot *slot = autoscaler_slot_of(ca, node->id, &group);

    if (!slot)
        return;
    slot->node = NO_ID;
    if (node->gone)
        slot->requested = now;
    else
        group->size--;
}

static void observe(struct controller_run *run, void *state,
                    const struct world_change *change)
{
    const struct world *w = controller_world(run);

    if (change->what == WHAT_ADDED)
        adopt(state, w, world_node(w, change->id));
    else if (change->what == WHAT_DELETED)
        lose(state, world_node(w, change->id), sim_now(w->sim));
}

/* Machines that never come are given up. */
static void forget_late(struct clusterautoscaler *ca, sim_time now,
                        sim_time most)
{
    for (size_t g = 0; g < ca->group_count; g++) {
        for (size_t i = 0; i < ca->groups[g].room; i++) {
            struct autoscaler_slot *slot = &ca->groups[g].slots[i];

            if (slot->requested == SIM_NEVER || now < slot->requested + most)
                continue;
            slot->requested = SIM_NEVER;
            ca->groups[g].size--;
        }
    }
}

static void apply_scan(struct controller_run *run, void *state, uint64_t a,
                       uint64_t b)
{
    struct clusterautoscaler *ca = state;
    const struct cluster_autoscaler_params *p =
        &controller_simulation(run)->scenario->cluster.autoscaler;
    bool grown;

    (void)a;
    (void)b;
    forget_late(ca, sim_now(controller_world(run)->sim), p->max_provision_time);
    grown = autoscaler_grow(ca);
    autoscaler_shrink(ca, !grown && ca->pending.count == 0);
    controller_enqueue_after(run, KEY_SCAN, p->scan_interval);
}

static void reconcile(struct controller_run *run, void *state, work_key key)
{
    (void)state;
    (void)key;
    controller_then(run, apply_scan, 0, 0);
}

const struct controller controller_clusterautoscaler = {
    .name = "clusterautoscaler",
    .summary = "nodes for pods that fit nowhere; none that are not needed",
    .watches = 1U << CHANGE_NODE,
    .state_size = sizeof(struct clusterautoscaler),
    .start = start,
    .stop = stop,
    .observe = observe,
    .reconcile = reconcile,
    .qps_factor = CLIENT_FACTOR,
    .apart = true,
};
