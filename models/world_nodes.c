#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/resources.h"
#include "models/world_private.h"

static uint16_t zone_index(struct world *w, const char *zone)
{
    for (size_t i = 0; i < w->zones.count; i++) {
        if (strcmp(w->zones.items[i], zone) == 0)
            return (uint16_t)i;
    }
    assert(w->zones.count < UINT16_MAX);
    VEC_PUSH(w->zones, zone);
    return (uint16_t)(w->zones.count - 1);
}

/* Nodes of the start have names of their own. */
static uint32_t count_namesakes(const struct world *w, const char *name)
{
    uint32_t count = 0;

    for (size_t i = 0; sim_now(w->sim) > 0 && i < w->nodes.count; i++)
        count += strcmp(w->nodes.items[i]->spec->name, name) == 0;
    return count;
}

node_id world_node_create(struct world *w, const struct node_spec *spec)
{
    struct node *node = mem_zalloc(sizeof *node);

    node->id = (node_id)w->nodes.count;
    node->spec = spec;
    node->zone = zone_index(w, spec->zone);
    node->namesakes = count_namesakes(w, spec->name);
    node->ready = NODE_TRUE;
    node->ready_since = node->up_since = sim_now(w->sim);
    node->unschedulable = spec->unschedulable;
    node->up = true;
    node->linked = world_links(w, node);
    node->origin = INCIDENT_STARTUP;
    for (size_t i = 0; i < spec->taint_count; i++)
        VEC_PUSH(node->taints, spec->taints[i]);
    for (size_t i = 0; i < spec->image_count; i++)
        VEC_PUSH(node->images, spec->images[i]);
    VEC_PUSH(w->nodes, node);
    world_name_add(w, CHANGE_NODE, "", spec->name, node->id);
    world_tell(w, CHANGE_NODE, WHAT_ADDED, node->id);
    return node->id;
}

void world_node_release(struct node *node)
{
    VEC_FREE(node->taints);
    VEC_FREE(node->images);
    VEC_FREE(node->pods);
    free((void *)node->requested.items);
    free(node);
}

void world_node_account(struct node *node, const struct pod_template *t,
                        int sign)
{
    const struct resources *r = &node->requested;

    resources_account(&node->requested, &t->requests, sign);
    node->scored_cpu += sign * t->scored_cpu;
    node->scored_memory += sign * t->scored_memory;
    assert(r->cpu >= 0 && r->memory >= 0 && r->pods >= 0);
}

void world_node_set_ready(struct world *w, node_id id, enum node_ready ready)
{
    struct node *node = world_node(w, id);

    if (node->ready == ready)
        return;
    node->ready = ready;
    node->ready_since = sim_now(w->sim);
    world_tell(w, CHANGE_NODE, WHAT_STATUS, id);
}

void world_node_set_memory_pressure(struct world *w, node_id id, bool yes)
{
    struct node *node = world_node(w, id);

    if (node->memory_pressure == yes)
        return;
    node->memory_pressure = yes;
    world_tell(w, CHANGE_NODE, WHAT_STATUS, id);
}

static size_t find_taint(const struct node *node, const char *key,
                         enum taint_effect effect)
{
    size_t i = 0;

    while (i < node->taints.count &&
           (node->taints.items[i].effect != effect ||
            strcmp(node->taints.items[i].key, key) != 0))
        i++;
    return i;
}

void world_node_taint(struct world *w, node_id id, struct taint taint)
{
    struct node *node = world_node(w, id);

    if (find_taint(node, taint.key, taint.effect) < node->taints.count)
        return;
    VEC_PUSH(node->taints, taint);
    world_tell(w, CHANGE_NODE, WHAT_TAINTS, id);
}

void world_node_untaint(struct world *w, node_id id, const char *key,
                        enum taint_effect effect)
{
    struct node *node = world_node(w, id);
    size_t at = find_taint(node, key, effect);

    if (at == node->taints.count)
        return;
    node->taints.count--;
    memmove(node->taints.items + at, node->taints.items + at + 1,
            (node->taints.count - at) * sizeof *node->taints.items);
    world_tell(w, CHANGE_NODE, WHAT_TAINTS, id);
}

void world_node_report_image(struct world *w, node_id id,
                             struct node_image image)
{
    VEC_PUSH(world_node(w, id)->images, image);
    world_tell(w, CHANGE_NODE, WHAT_IMAGES, id);
}

void world_node_set_unschedulable(struct world *w, node_id id, bool yes)
{
    struct node *node = world_node(w, id);

    if (node->unschedulable == yes)
        return;
    node->unschedulable = yes;
    world_tell(w, CHANGE_NODE, WHAT_SPEC, id);
}

void world_node_set_labels(struct world *w, node_id id,
                           const struct labels *labels)
{
    struct node *node = world_node(w, id);
    size_t size = labels->count * sizeof *labels->items;
    struct node_spec *spec = world_alloc(w, sizeof *spec + size);

    *spec = *node->spec;
    spec->labels.count = labels->count;
    spec->labels.items = memcpy(spec + 1, labels->items, size);
    node->spec = spec;
    world_tell(w, CHANGE_NODE, WHAT_LABELS, id);
}

void world_node_delete(struct world *w, node_id id, incident_id origin)
{
    struct node *node = world_node(w, id);

    assert(!node->deleted);
    node->deleted = true;
    node->origin = origin;
    world_name_remove(w, CHANGE_NODE, "", node->spec->name);
    world_tell(w, CHANGE_NODE, WHAT_DELETED, id);
}

void world_node_notice(struct world *w, node_id id, incident_id origin)
{
    world_node(w, id)->noticed = true;
    world_node(w, id)->origin = origin;
}

void world_node_lose(struct world *w, node_id id)
{
    assert(!world_node(w, id)->up);
    world_node(w, id)->gone = true;
}

void world_node_set_up(struct world *w, node_id id, bool up, incident_id origin)
{
    struct node *node = world_node(w, id);

    if (node->up == up)
        return;
    node->up = up;
    node->up_since = sim_now(w->sim);
    node->origin = origin;
    if (up)
        node->boot++;
    world_tell(w, CHANGE_NODE, WHAT_UP, id);
}
