#include "models/controllers/topology_rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"

/* No endpoint may get more than so much over its fair share
 * (topologycache.go overloadThreshold). */
static const double overload_threshold = 0.2;

bool topology_auto(const char *annotation)
{
    return annotation &&
           (strcmp(annotation, "Auto") == 0 || strcmp(annotation, "auto") == 0);
}

/* --- nodes --- */

bool topology_ratios(const struct topology_node *nodes, size_t count,
                     double *ratios, size_t zones)
{
    double total = 0;
    size_t used = 0;

    for (size_t z = 0; z <= zones; z++)
        ratios[z] = 0;
    for (size_t i = 0; i < count; i++) {
        const struct topology_node *n = &nodes[i];

        if (n->control_plane || !n->ready)
            continue;
        if (n->zone == 0 || n->cpu == 0)
            return false;
        ratios[n->zone] += (double)n->cpu;
        total += (double)n->cpu;
    }
    for (size_t z = 1; z <= zones; z++) {
        used += ratios[z] > 0;
        ratios[z] = total > 0 ? ratios[z] / total : 0;
    }
    return used >= 2;
}

static int least(double share)
{
    return (int)ceil(share * (1 / (1 + overload_threshold)));
}

/* --- what zones should have --- */

enum topology_result topology_allocations(const double *ratios, size_t zones,
                                          int endpoints,
                                          struct zone_allocation *out)
{
    int used = 0, least_total = 0;

    memset(out, 0, (zones + 1) * sizeof *out);
    for (size_t z = 1; ratios && z <= zones; z++)
        used += ratios[z] > 0;
    if (used < 2)
        return HINTS_NO_NODE_INFO;
    if (used > endpoints)
        return HINTS_FEW;
    for (size_t z = 1; z <= zones; z++) {
        double desired = ratios[z] * endpoints;

        if (ratios[z] <= 0)
            continue;
        out[z].known = true;
        out[z].minimum = least(desired);
        out[z].desired = fmax(desired, out[z].minimum);
        least_total += out[z].minimum;
    }
    if (least_total > endpoints)
        return HINTS_OVERLOAD;
    for (size_t z = 1; z <= zones; z++)
        out[z].maximum =
            out[z].known ? out[z].minimum + endpoints - least_total : 0;
    return HINTS_GIVEN;
}

/* The zone with the most; 0: none has any. */
static size_t most(const double *by_zone, size_t zones)
{
    size_t best = 0;
    double largest = 0;

    for (size_t z = 1; z <= zones; z++) {
        if (by_zone[z] > largest) {
            best = z;
            largest = by_zone[z];
        }
    }
    return best;
}

/* Moves whole endpoints from the zone with the most to spare to the one that
 * lacks most, until less than half a one, or of both less than one, is left. */
static void round_moves(double *spare, double *lack, size_t zones, int *giving,
                        int *receiving)
{
    for (;;) {
        size_t from = most(spare, zones), to = most(lack, zones);

        if (from == 0 || to == 0 || (spare[from] < 1 && lack[to] < 1) ||
            spare[from] < 0.5 || lack[to] < 0.5)
            return;
        giving[from]++;
        spare[from]--;
        receiving[to]++;
        lack[to]--;
    }
}

void topology_give_receive(const struct zone_allocation *wanted,
                           const int *allocated, size_t zones, int *giving,
                           int *receiving)
{
    double *spare = mem_calloc(zones + 1, sizeof *spare);
    double *lack = mem_calloc(zones + 1, sizeof *lack);

    for (size_t z = 0; z <= zones; z++) {
        double over =
            z > 0 && wanted[z].known ? allocated[z] - wanted[z].desired : 0;

        giving[z] = receiving[z] = 0;
        spare[z] = over > 0 ? over : 0;
        lack[z] = over < 0 ? -over : 0;
    }
    round_moves(spare, lack, zones, giving, receiving);
    free(spare);
    free(lack);
}

/* The first zone that still receives; 0: none. */
static size_t receiver(const int *receiving, size_t zones)
{
    for (size_t z = 1; z <= zones; z++) {
        if (receiving[z] > 0)
            return z;
    }
    return 0;
}

void topology_redistribute(struct hinted_slice *slices, size_t count,
                           int *giving, int *receiving, size_t zones,
                           int *delta)
{
    for (size_t z = 0; z <= zones; z++)
        delta[z] = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; slices[i].written && k < slices[i].count; k++) {
            struct hinted *e = &slices[i].endpoints[k];
            size_t to = receiver(receiving, zones);

            if (to == 0)
                return;
            if (!e->ready || e->zone == 0 || giving[e->zone] <= 0)
                continue;
            e->zone_hint = (uint16_t)to;
            giving[e->zone]--;
            receiving[to]--;
            delta[e->zone]--;
            delta[to]++;
        }
    }
}

/* --- all of a Service --- */

bool topology_hints_by_zone(const struct hinted_slice *slice,
                            const struct zone_allocation *wanted,
                            const int *allocated, size_t zones, int *hints)
{
    for (size_t z = 0; z <= zones; z++)
        hints[z] = 0;
    for (size_t i = 0; i < slice->count; i++) {
        const struct hinted *e = &slice->endpoints[i];

        if (!e->ready)
            continue;
        if (e->zone_hint == 0 || e->zone_hint > zones ||
            !wanted[e->zone_hint].known)
            return false;
        hints[e->zone_hint]++;
    }
    for (size_t z = 1; z <= zones; z++) {
        if (hints[z] > 0 && hints[z] + allocated[z] > wanted[z].maximum)
            return false;
    }
    return true;
}

/* Counts the hints of slices that stay as they are; marks the others. */
static void count_unchanged(struct hinted_slice *slices, size_t count,
                            const struct zone_allocation *wanted, size_t zones,
                            int *allocated)
{
    int *hints = mem_calloc(zones + 1, sizeof *hints);

    for (size_t i = 0; i < count; i++) {
        if (slices[i].written)
            continue;
        if (!topology_hints_by_zone(&slices[i], wanted, allocated, zones,
                                    hints)) {
            slices[i].written = true;
            continue;
        }
        for (size_t z = 1; z <= zones; z++)
            allocated[z] += hints[z];
    }
    free(hints);
}

/* Each ready endpoint is for its own zone. False: one is in none. */
static bool hint_own_zones(struct hinted_slice *slices, size_t count,
                           int *allocated)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; slices[i].written && k < slices[i].count; k++) {
            struct hinted *e = &slices[i].endpoints[k];

            if (!e->ready)
                continue;
            if (e->zone == 0)
                return false;
            allocated[e->zone]++;
            e->zone_hint = e->zone;
            e->node_hint = 0;
        }
    }
    return true;
}

static void level_out(struct hinted_slice *slices, size_t count,
                      const struct zone_allocation *wanted, size_t zones,
                      int *allocated)
{
    int *giving = mem_calloc(zones + 1, sizeof *giving);
    int *receiving = mem_calloc(zones + 1, sizeof *receiving);
    int *delta = mem_calloc(zones + 1, sizeof *delta);

    topology_give_receive(wanted, allocated, zones, giving, receiving);
    topology_redistribute(slices, count, giving, receiving, zones, delta);
    for (size_t z = 1; z <= zones; z++)
        allocated[z] += delta[z];
    free(giving);
    free(receiving);
    free(delta);
}

static int ready_endpoints(const struct hinted_slice *slices, size_t count)
{
    int ready = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < slices[i].count; k++)
            ready += slices[i].endpoints[k].ready;
    }
    return ready;
}

static enum topology_result add_hints(struct hinted_slice *slices, size_t count,
                                      const double *ratios, size_t zones,
                                      int *allocated,
                                      struct zone_allocation *wanted)
{
    enum topology_result result = topology_allocations(
        ratios, zones, ready_endpoints(slices, count), wanted);

    if (result != HINTS_GIVEN)
        return result;
    count_unchanged(slices, count, wanted, zones, allocated);
    if (!hint_own_zones(slices, count, allocated))
        return HINTS_NO_ZONE;
    level_out(slices, count, wanted, zones, allocated);
    for (size_t z = 1; z <= zones; z++) {
        if (allocated[z] > 0)
            return HINTS_GIVEN;
    }
    return HINTS_NONE;
}

enum topology_result topology_add_hints(struct hinted_slice *slices,
                                        size_t count, const double *ratios,
                                        size_t zones, int *allocated)
{
    struct zone_allocation *wanted = mem_calloc(zones + 1, sizeof *wanted);
    enum topology_result result;

    memset(allocated, 0, (zones + 1) * sizeof *allocated);
    result = add_hints(slices, count, ratios, zones, allocated, wanted);
    free(wanted);
    if (result != HINTS_GIVEN) {
        memset(allocated, 0, (zones + 1) * sizeof *allocated);
        topology_remove_hints(slices, count);
    }
    return result;
}

void topology_remove_hints(struct hinted_slice *slices, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < slices[i].count; k++) {
            struct hinted *e = &slices[i].endpoints[k];

            slices[i].written |= e->zone_hint != 0 || e->node_hint != 0;
            e->zone_hint = 0;
            e->node_hint = 0;
        }
    }
}

bool topology_overloaded(const int *allocated, const double *ratios,
                         size_t zones)
{
    int total = 0;

    for (size_t z = 1; z <= zones; z++)
        total += allocated[z];
    if (total == 0)
        return false;
    for (size_t z = 1; ratios && z <= zones; z++) {
        if (ratios[z] > 0 && allocated[z] < least(total * ratios[z]))
            return true;
    }
    return !ratios;
}

/* --- spec.trafficDistribution --- */

static bool fits(const struct hinted *e, bool nodes)
{
    return !e->ready ||
           (e->zone_hint == e->zone && e->node_hint == (nodes ? e->node : 0));
}

void topology_distribution(const char *distribution,
                           struct hinted_slice *slices, size_t count)
{
    bool nodes = distribution && strcmp(distribution, "PreferSameNode") == 0;

    if (!nodes && (!distribution || (strcmp(distribution, "PreferClose") != 0 &&
                                     strcmp(distribution, "PreferSameZone")))) {
        topology_remove_hints(slices, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct hinted_slice *s = &slices[i];

        for (size_t k = 0; k < s->count; k++)
            s->written |= !fits(&s->endpoints[k], nodes);
        for (size_t k = 0; s->written && k < s->count; k++) {
            struct hinted *e = &s->endpoints[k];

            if (!e->ready)
                continue;
            e->zone_hint = e->zone;
            e->node_hint = nodes ? e->node : 0;
        }
    }
}
