/*
 * topology_cases - hints at zones and nodes in EndpointSlices.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/controllers/topology_rules.h"
#include "sim/engine/mem.h"
#include "sim/io/units.h"
#include "tests/conformance/conformance.h"

enum { MOST_ZONES = 64, MOST_SLICES = 64 };

/* Names as numbers, from 1. */
struct names {
    const char *names[MOST_ZONES];
    size_t count;
};

static uint16_t number_of(struct names *all, const char *name)
{
    if (!name)
        return 0;
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->names[i], name) == 0)
            return (uint16_t)(i + 1);
    }
    if (all->count == MOST_ZONES)
        return 0;
    all->names[all->count++] = name;
    return (uint16_t)all->count;
}

struct topology {
    struct names zones, nodes;
    struct hinted_slice slices[MOST_SLICES];
    size_t count, created;
};

/* --- reading --- */

static const char *first_text(struct doc_node *map, const char *key)
{
    struct doc_node *first;

    return get_items(map, key, &first) ? first->text : NULL;
}

static void read_slice(struct test_case *c, struct topology *t,
                       struct doc_node *list, bool written)
{
    struct hinted_slice *s = &t->slices[t->count++];
    struct doc_node *item = list->first;

    s->written = written;
    s->endpoints =
        intern_alloc(c->intern, (list->count + 1) * sizeof *s->endpoints);
    for (; item; item = item->next) {
        struct hinted *e = &s->endpoints[s->count++];

        e->ready = get_bool(item, "ready", false);
        e->zone = number_of(&t->zones, doc_text(item, "zone"));
        e->zone_hint = number_of(&t->zones, first_text(item, "hintZones"));
        e->node = number_of(&t->nodes, doc_text(item, "node"));
        e->node_hint = number_of(&t->nodes, first_text(item, "hintNodes"));
    }
}

static void read_list(struct test_case *c, struct topology *t,
                      struct doc_node *map, const char *key, bool written)
{
    struct doc_node *item;

    get_items(map, key, &item);
    for (; item && t->count < MOST_SLICES; item = item->next)
        read_slice(c, t, item, written);
}

static struct topology *read_slices(struct test_case *c)
{
    struct topology *t = intern_alloc(c->intern, sizeof *t);

    read_list(c, t, c->in, "toCreate", true);
    t->created = t->count;
    read_list(c, t, c->in, "toUpdate", true);
    read_list(c, t, c->in, "unchanged", false);
    return t;
}

/* Numbers by zone; absent ones are 0. */
static void read_counts(struct test_case *c, struct topology *t,
                        struct doc_node *map, int *out)
{
    struct doc_node *item = map ? map->first : NULL;

    memset(out, 0, (MOST_ZONES + 1) * sizeof *out);
    for (; item; item = item->next)
        out[number_of(&t->zones, item->key)] = (int)item_int(c, item);
}

static void expect_counts(struct test_case *c, struct topology *t,
                          const char *key, const int *got)
{
    int wanted[MOST_ZONES + 1];

    read_counts(c, t, doc_get(c->expect, key), wanted);
    for (size_t z = 1; z <= t->zones.count; z++)
        expect_int(
            c, intern_printf(c->intern, "%s of %s", key, t->zones.names[z - 1]),
            wanted[z], got[z]);
}

/* --- the hints of all slices --- */

static void expect_slice(struct test_case *c, struct topology *t,
                         const struct hinted_slice *s, struct doc_node *list)
{
    struct doc_node *item = list->first;

    expect_int(c, "endpoints", (int64_t)list->count, (int64_t)s->count);
    for (size_t i = 0; item && i < s->count; item = item->next, i++) {
        expect_int(c, "zone hint",
                   number_of(&t->zones, first_text(item, "hintZones")),
                   s->endpoints[i].zone_hint);
        expect_int(c, "node hint",
                   number_of(&t->nodes, first_text(item, "hintNodes")),
                   s->endpoints[i].node_hint);
    }
}

/* The slices of a range that are written (or not) are those listed. */
static void expect_slices(struct test_case *c, struct topology *t,
                          const char *key, size_t from, size_t to, bool written)
{
    struct doc_node *list;
    size_t wanted = get_items(c->expect, key, &list), got = 0;

    for (size_t i = from; i < to; i++) {
        if (t->slices[i].written != written)
            continue;
        got++;
        if (list) {
            expect_slice(c, t, &t->slices[i], list);
            list = list->next;
        }
    }
    expect_int(c, key, (int64_t)wanted, (int64_t)got);
}

void case_topology_add_hints(struct test_case *c)
{
    struct doc_node *ratio = doc_get(c->in, "cpuRatios");
    struct topology *t = read_slices(c);
    double ratios[MOST_ZONES + 1] = {0};
    int allocated[MOST_ZONES + 1];

    for (ratio = ratio ? ratio->first : NULL; ratio; ratio = ratio->next)
        ratios[number_of(&t->zones, ratio->key)] = item_double(c, ratio);
    topology_add_hints(t->slices, t->count,
                       doc_get(c->in, "cpuRatios") ? ratios : NULL,
                       t->zones.count, allocated);
    expect_counts(c, t, "allocatedPerZone", allocated);
    expect_slices(c, t, "toCreate", 0, t->created, true);
    expect_slices(c, t, "toUpdate", t->created, t->count, true);
}

void case_traffic_distribution(struct test_case *c)
{
    struct topology *t = read_slices(c);

    topology_distribution(doc_text(c->in, "trafficDistribution"), t->slices,
                          t->count);
    expect_slices(c, t, "toCreate", 0, t->created, true);
    expect_slices(c, t, "toUpdate", t->created, t->count, true);
    expect_slices(c, t, "unchanged", t->created, t->count, false);
}

/* --- parts of it --- */

static int64_t milli(struct test_case *c, const char *text)
{
    int64_t value = 0;

    if (text && !units_quantity(text, 1000, &value))
        case_fail(c, "bad quantity '%s'", text);
    return value;
}

void case_topology_zone_ratios(struct test_case *c)
{
    struct topology *t = intern_alloc(c->intern, sizeof *t);
    double ratios[MOST_ZONES + 1], wanted;
    struct doc_node *item, *expected = doc_get(c->expect, "ratios");
    size_t count = get_items(c->in, "nodes", &item), n = 0;
    struct topology_node *nodes = mem_calloc(count + 1, sizeof *nodes);
    bool enough;

    for (; item; item = item->next) {
        nodes[n++] = (struct topology_node){
            .zone = number_of(&t->zones, doc_text(item, "zone")),
            .cpu = milli(c, doc_text(item, "cpu")),
            .ready = get_bool(item, "ready", false),
            .control_plane = get_bool(item, "controlPlane", false)};
    }
    enough = topology_ratios(nodes, n, ratios, t->zones.count);
    expect_bool(c, "sufficient", get_bool(c->expect, "sufficient", false),
                enough);
    for (size_t z = 1; enough && z <= t->zones.count; z++) {
        wanted = get_double(c, expected, t->zones.names[z - 1], 0);
        expect_near(c, t->zones.names[z - 1], wanted, ratios[z], 1e-9);
    }
    free(nodes);
}

void case_topology_give_receive(struct test_case *c)
{
    struct topology *t = intern_alloc(c->intern, sizeof *t);
    struct zone_allocation wanted[MOST_ZONES + 1] = {{.known = false}};
    struct doc_node *item = doc_get(c->in, "desired");
    int allocated[MOST_ZONES + 1];
    int giving[MOST_ZONES + 1], receiving[MOST_ZONES + 1];

    for (item = item ? item->first : NULL; item; item = item->next)
        wanted[number_of(&t->zones, item->key)] = (struct zone_allocation){
            .known = true, .desired = item_double(c, item)};
    read_counts(c, t, doc_get(c->in, "allocated"), allocated);
    topology_give_receive(wanted, allocated, t->zones.count, giving, receiving);
    expect_counts(c, t, "giving", giving);
    expect_counts(c, t, "receiving", receiving);
}

void case_topology_redistribute(struct test_case *c)
{
    struct topology *t = intern_alloc(c->intern, sizeof *t);
    int giving[MOST_ZONES + 1], receiving[MOST_ZONES + 1];
    int delta[MOST_ZONES + 1];

    read_list(c, t, c->in, "slices", true);
    read_counts(c, t, doc_get(c->in, "giving"), giving);
    read_counts(c, t, doc_get(c->in, "receiving"), receiving);
    topology_redistribute(t->slices, t->count, giving, receiving,
                          t->zones.count, delta);
    expect_counts(c, t, "delta", delta);
}

void case_topology_hints_by_zone(struct test_case *c)
{
    struct topology *t = intern_alloc(c->intern, sizeof *t);
    struct zone_allocation wanted[MOST_ZONES + 1] = {{.known = false}};
    int allocated[MOST_ZONES + 1], hints[MOST_ZONES + 1];
    struct doc_node *item = doc_get(c->in, "maximum");
    struct doc_node *slice = doc_get(c->in, "slice");
    bool valid;

    for (item = item ? item->first : NULL; item; item = item->next)
        wanted[number_of(&t->zones, item->key)] = (struct zone_allocation){
            .known = true, .maximum = (int)item_int(c, item)};
    if (slice)
        read_slice(c, t, slice, false);
    read_counts(c, t, doc_get(c->in, "alreadyAllocated"), allocated);
    valid = topology_hints_by_zone(&t->slices[0], wanted, allocated,
                                   t->zones.count, hints);
    item = doc_get(c->expect, "hintsByZone");
    expect_bool(c, "valid", item && item->kind == DOC_MAPPING, valid);
    if (valid)
        expect_counts(c, t, "hintsByZone", hints);
}

/* --- one reconcile --- */

static void read_zones(struct test_case *c, struct topology *t, double *ratios)
{
    struct doc_node *item = doc_get(c->in, "zones");
    struct topology_node *nodes;
    size_t count = 0, room = 1;

    item = item ? item->first : NULL;
    for (struct doc_node *z = item; z; z = z->next)
        room += (size_t)item_int(c, z);
    nodes = mem_calloc(room, sizeof *nodes);
    for (; item; item = item->next) {
        uint16_t zone = number_of(&t->zones, item->key);

        for (int64_t i = item_int(c, item); i > 0; i--)
            nodes[count++] =
                (struct topology_node){.zone = zone, .cpu = 100, .ready = true};
    }
    topology_ratios(nodes, count, ratios, t->zones.count);
    free(nodes);
}

static void read_existing(struct test_case *c, struct topology *t)
{
    struct doc_node *list, *zone;

    get_items(c->in, "existingSlicesReadyEndpointsByZone", &list);
    for (; list && t->count < MOST_SLICES; list = list->next) {
        struct hinted_slice *s = &t->slices[t->count++];
        int64_t total = 0;

        for (zone = list->first; zone; zone = zone->next)
            total += item_int(c, zone);
        s->endpoints =
            intern_alloc(c->intern, (size_t)(total + 1) * sizeof *s->endpoints);
        for (zone = list->first; zone; zone = zone->next) {
            for (int64_t i = item_int(c, zone); i > 0; i--)
                s->endpoints[s->count++] = (struct hinted){
                    .ready = true, .zone = number_of(&t->zones, zone->key)};
        }
    }
}

void case_topology_end_to_end(struct test_case *c)
{
    struct topology *t = intern_alloc(c->intern, sizeof *t);
    double ratios[MOST_ZONES + 1];
    int allocated[MOST_ZONES + 1] = {0}, got[MOST_ZONES + 1] = {0};
    int64_t across = 0, updated = 0;

    read_zones(c, t, ratios);
    read_existing(c, t);
    if (get_bool(c->in, "topologyCacheEnabled", false) &&
        topology_auto(doc_text(c->in, "hintsAnnotation")))
        topology_add_hints(t->slices, t->count, ratios, t->zones.count,
                           allocated);
    else
        topology_remove_hints(t->slices, t->count);
    for (size_t i = 0; i < t->count; i++) {
        updated += t->slices[i].written;
        for (size_t k = 0; k < t->slices[i].count; k++) {
            const struct hinted *e = &t->slices[i].endpoints[k];

            got[e->zone_hint]++;
            across += e->zone_hint != 0 && e->zone_hint != e->zone;
        }
    }
    expect_counts(c, t, "hintsByZone", got);
    expect_int(c, "crossZoneHints", get_int(c, c->expect, "crossZoneHints", 0),
               across);
    expect_int(c, "slicesUpdated", get_int(c, c->expect, "slicesUpdated", 0),
               updated);
}
