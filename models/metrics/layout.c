#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/metrics/measure.h"

/* --- the Services of a scenario, each name once --- */

struct named {
    const char *space, *name;
    uint32_t position; /* in the scenario, then in the list */
};
struct layout_index {
    size_t count;
    struct named *items; /* sorted by namespace, name */
};

static int by_name(const struct named *a, const struct named *b)
{
    int order = a->space == b->space ? 0 : strcmp(a->space, b->space);

    return order ? order : strcmp(a->name, b->name);
}

static int by_name_position(const void *pa, const void *pb)
{
    const struct named *a = pa, *b = pb;
    int order = by_name(a, b);

    return order ? order
                 : (a->position > b->position) - (a->position < b->position);
}

static int by_number(const void *pa, const void *pb)
{
    uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

    return (a > b) - (a < b);
}

static struct named name_of(const struct service_spec *spec, size_t position)
{
    return (struct named){spec->meta.space, spec->meta.name,
                          (uint32_t)position};
}

uint32_t *layout_services(const struct scenario *c, size_t *count)
{
    struct named *all = mem_calloc(c->service_count, sizeof *all);
    uint32_t *list = mem_calloc(c->service_count, sizeof *list);

    for (size_t i = 0; i < c->service_count; i++)
        all[i] = name_of(&c->services[i], i);
    qsort(all, c->service_count, sizeof *all, by_name_position);
    *count = 0;
    for (size_t i = 0; i < c->service_count; i++) {
        if (i == 0 || by_name(&all[i - 1], &all[i]) != 0)
            list[(*count)++] = all[i].position;
    }
    qsort(list, *count, sizeof *list, by_number);
    free(all);
    return list;
}

struct layout_index *layout_index_new(const struct scenario *c,
                                      const uint32_t *services, size_t count)
{
    struct layout_index *x = mem_zalloc(sizeof *x);

    x->count = count;
    x->items = mem_calloc(count, sizeof *x->items);
    for (size_t i = 0; i < count; i++)
        x->items[i] = name_of(&c->services[services[i]], i);
    qsort(x->items, count, sizeof *x->items, by_name_position);
    return x;
}

uint32_t layout_index_find(const struct layout_index *x, const char *space,
                           const char *name)
{
    struct named wanted = {space, name, 0};
    size_t low = 0, high = x->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = by_name(&x->items[middle], &wanted);

        if (order == 0)
            return x->items[middle].position;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NO_ROW;
}

void layout_index_free(struct layout_index *x)
{
    if (!x)
        return;
    free(x->items);
    free(x);
}

/* --- the rows of metrics.csv --- */

static void add_rows(struct metric_layout *layout, const char *service,
                     const char *traffic, bool hedged, enum metric_level low,
                     enum metric_level high)
{
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        if (i == METRIC_attempts_cancelled && !hedged)
            continue;
        if (metric_infos[i].level >= low && metric_infos[i].level <= high)
            layout->rows[layout->count++] =
                (struct metric_row){service, traffic, i};
    }
}

/* Rows and the names that they show are one block. */
static size_t block_size(const struct scenario *c, const uint32_t *services,
                         size_t count, size_t row_room)
{
    size_t size = row_room * sizeof(struct metric_row);

    for (size_t i = 0; i < count; i++) {
        const struct meta *meta = &c->services[services[i]].meta;

        size += strlen(meta->space) + strlen(meta->name) + 2;
    }
    return size;
}

static char *write_name(char *at, const struct meta *meta)
{
    size_t space = strlen(meta->space), name = strlen(meta->name);

    memcpy(at, meta->space, space);
    at[space] = '/';
    memcpy(at + space + 1, meta->name, name + 1);
    return at + space + name + 2;
}

static void add_service(struct metric_layout *layout, const struct scenario *c,
                        const char *service, const uint32_t *owner,
                        uint32_t row)
{
    bool hedged = false;

    for (size_t i = 0; i < c->traffic_count; i++)
        hedged |= owner[i] == row && c->traffic[i].hedge_max > 0;
    add_rows(layout, service, "", hedged, LEVEL_TRAFFIC, LEVEL_SERVICE);
    for (size_t i = 0; i < c->traffic_count; i++) {
        if (owner[i] == row)
            add_rows(layout, service, c->traffic[i].name,
                     c->traffic[i].hedge_max > 0, LEVEL_TRAFFIC, LEVEL_TRAFFIC);
    }
}

struct metric_layout *metric_layout_new(const struct scenario *c)
{
    struct metric_layout *layout = mem_zalloc(sizeof *layout);
    size_t count, room;
    uint32_t *services = layout_services(c, &count);
    struct layout_index *x = layout_index_new(c, services, count);
    uint32_t *owner = mem_calloc(c->traffic_count, sizeof *owner);
    char *text;

    for (size_t i = 0; i < c->traffic_count; i++)
        owner[i] =
            layout_index_find(x, c->traffic[i].space, c->traffic[i].service);
    room = (count + c->traffic_count + 1) * METRIC_COUNT;
    layout->rows = mem_zalloc(block_size(c, services, count, room));
    text = (char *)(layout->rows + room);
    for (size_t i = 0; i < count; i++) {
        char *name = text;

        text = write_name(text, &c->services[services[i]].meta);
        add_service(layout, c, name, owner, (uint32_t)i);
    }
    add_rows(layout, "", "", false, LEVEL_CLUSTER, LEVEL_CLUSTER);
    assert(layout->count <= room);
    free(owner);
    layout_index_free(x);
    free(services);
    return layout;
}

void metric_layout_free(struct metric_layout *layout)
{
    if (!layout)
        return;
    free(layout->rows);
    free(layout);
}
