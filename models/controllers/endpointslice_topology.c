/*
 * Hints of the EndpointSlice controller: reconciler.go reconcileByAddressType
 * from "Check if we need to add/remove hints" on, and
 * checkNodeTopologyDistribution of endpointslice_controller.go.
 */
#include <stdlib.h>
#include <string.h>

#include "models/controllers/endpointslice_internal.h"

bool endpointslice_uses_topology(struct endpointslices *all,
                                 const struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->service_count && !all->asked; i++)
        all->topology |= scenario->services[i].topology_auto;
    all->asked = true;
    return all->topology;
}

/* --- nodes --- */

/* topologycache.go hasExcludedLabels */
static bool is_control_plane(const struct labels *labels)
{
    for (size_t i = 0; i < labels->count; i++) {
        const char *key = labels->items[i].key;

        if (strcmp(key, "node-role.kubernetes.io/control-plane") == 0 ||
            strcmp(key, "node-role.kubernetes.io/master") == 0)
            return true;
    }
    return false;
}

/* Zones as topology_rules.h numbers them. */
static uint16_t zone_number(const struct world *w, uint16_t zone)
{
    return *w->zones.items[zone] ? (uint16_t)(zone + 1) : 0;
}

static void read_nodes(const struct world *w, struct endpointslices *all)
{
    struct topology_node *nodes = mem_calloc(w->nodes.count + 1, sizeof *nodes);
    size_t count = 0;

    all->zones = w->zones.count;
    free(all->ratios);
    all->ratios = mem_calloc(all->zones + 1, sizeof *all->ratios);
    for (size_t i = 0; i < w->nodes.count; i++) {
        const struct node *n = w->nodes.items[i];

        if (!n->deleted)
            nodes[count++] = (struct topology_node){
                .zone = zone_number(w, n->zone),
                .cpu = n->spec->allocatable.cpu,
                .ready = n->ready == NODE_TRUE,
                .control_plane = is_control_plane(&n->spec->labels)};
    }
    all->ratios_known = topology_ratios(nodes, count, all->ratios, all->zones);
    free(nodes);
}

void endpointslice_check_nodes(struct controller_run *run,
                               struct endpointslices *all)
{
    size_t before = all->zones;

    read_nodes(controller_world(run), all);
    for (size_t i = 0; i < all->records.count; i++) {
        struct record *r = &all->records.items[i];

        if (!r->allocated)
            continue;
        r->allocated =
            mem_regrow(r->allocated, (before + 1) * sizeof *r->allocated,
                       (all->zones + 1) * sizeof *r->allocated);
        for (size_t z = before + 1; z <= all->zones; z++)
            r->allocated[z] = 0;
        if (topology_overloaded(r->allocated,
                                all->ratios_known ? all->ratios : NULL,
                                all->zones))
            controller_enqueue(run, i);
    }
}

/* --- hints of what was planned --- */

static void add_slice(const struct world *w, struct endpointslices *all,
                      const struct record *r, size_t index, bool written)
{
    const struct change *c = &r->changes.items[index];
    struct hinted_slice slice = {.count = c->endpoints.v.count,
                                 .written = written};

    for (size_t i = 0; i < slice.count; i++) {
        const struct endpoint *e = &c->endpoints.v.items[i];
        struct hinted h = {.ready = e->flags & ENDPOINT_READY,
                           .zone = zone_number(w, e->zone),
                           .node = e->node + 1};

        if (!written) { /* those written are made anew, without */
            h.zone_hint = e->hint_zone;
            h.node_hint = e->hint_node ? e->node + 1 : 0;
        }

        VEC_PUSH(all->hinted, h);
    }
    VEC_PUSH(all->hinted_slices, slice);
    VEC_PUSH(all->hinted_changes, index);
}

/* What the slices will hold; the endpoints are found once all are there. */
static void take_slices(const struct world *w, struct endpointslices *all,
                        const struct record *r)
{
    size_t old = all->fills.count, at = 0;

    all->hinted_slices.count = all->hinted_changes.count = 0;
    all->hinted.count = 0;
    for (size_t i = 0; i < r->change_count; i++) {
        if (!r->changes.items[i].delete)
            add_slice(w, all, r, i,
                      i >= old || all->fills.items[i].action == SLICE_UPDATE);
    }
    for (size_t i = 0; i < all->hinted_slices.count; i++) {
        struct hinted_slice *s = &all->hinted_slices.items[i];

        s->endpoints = all->hinted.items + at;
        at += s->count;
    }
}

/* Writes the hints into the plan. */
static void give_back(struct endpointslices *all, struct record *r)
{
    for (size_t i = 0; i < all->hinted_slices.count; i++) {
        const struct hinted_slice *s = &all->hinted_slices.items[i];
        size_t index = all->hinted_changes.items[i];
        struct change *c = &r->changes.items[index];

        if (!s->written)
            continue;
        if (index < all->fills.count)
            all->fills.items[index].action = SLICE_UPDATE;
        for (size_t k = 0; k < s->count; k++) {
            c->endpoints.v.items[k].hint_zone = s->endpoints[k].zone_hint;
            c->endpoints.v.items[k].hint_node = s->endpoints[k].node_hint != 0;
        }
    }
}

#define NO_NODE_INFO                                                           \
    "Insufficient Node information: allocatable CPU or zone not "              \
    "specified on one or more nodes"

static const char *const reasons[] = {
    [HINTS_GIVEN] = "Topology Aware Hints has been enabled",
    [HINTS_NO_NODE_INFO] = NO_NODE_INFO,
    [HINTS_FEW] = "Insufficient number of endpoints",
    [HINTS_OVERLOAD] =
        "Minimum allocation of required endpoints exceeds overload threshold",
    [HINTS_NO_ZONE] = "One or more endpoints do not have a zone specified",
    [HINTS_NONE] = "No zones allocated any hints"};

static void tell(struct controller_run *run, const struct service *service,
                 enum topology_result result)
{
    struct world *w = controller_world(run);
    char object[300];

    if (!controller_event(run, service->id) || !w->want_events)
        return;
    snprintf(object, sizeof object, "service/%s", service->spec->meta.name);
    world_event(w, result != HINTS_GIVEN,
                result == HINTS_GIVEN ? "TopologyAwareHintsEnabled"
                                      : "TopologyAwareHintsDisabled",
                object, "%s", reasons[result]);
}

static void hint_by_cpu(struct controller_run *run, struct endpointslices *all,
                        const struct service *service, struct record *r)
{
    bool before = r->allocated != NULL;
    enum topology_result result;

    if (!all->ratios)
        read_nodes(controller_world(run), all);
    if (!before)
        r->allocated = mem_calloc(all->zones + 1, sizeof *r->allocated);
    result = topology_add_hints(
        all->hinted_slices.items, all->hinted_slices.count,
        all->ratios_known ? all->ratios : NULL, all->zones, r->allocated);
    if (result != HINTS_GIVEN || !before)
        tell(run, service, result);
    if (result != HINTS_GIVEN) {
        free(r->allocated);
        r->allocated = NULL;
    }
}

void endpointslice_hint(struct controller_run *run, struct endpointslices *all,
                        const struct service *service, struct record *r)
{
    const struct service_spec *spec = service->spec;

    if (!spec->topology_auto && !spec->traffic_distribution && !r->hinted)
        return;
    r->hinted = true;
    take_slices(controller_world(run), all, r);
    if (spec->topology_auto) {
        hint_by_cpu(run, all, service, r);
    } else {
        free(r->allocated);
        r->allocated = NULL;
        topology_distribution(spec->traffic_distribution,
                              all->hinted_slices.items,
                              all->hinted_slices.count);
    }
    give_back(all, r);
}
