#include "models/scheduler/topology.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/select.h"

static const uint32_t free_bucket = UINT32_MAX;

void topologies_release(struct topologies *t)
{
    for (size_t i = 0; i < t->items.count; i++) {
        VEC_FREE(t->items.items[i].domains);
        VEC_FREE(t->items.items[i].labelled);
        VEC_FREE(t->items.items[i].values);
        free(t->items.items[i].buckets);
    }
    VEC_FREE(t->items);
}

static size_t bucket_of(const struct topology *t, const char *value)
{
    size_t i = rng_hash(value) & (t->room - 1);

    while (t->buckets[i] != free_bucket &&
           strcmp(t->values.items[t->buckets[i]], value) != 0)
        i = (i + 1) & (t->room - 1);
    return i;
}

static void grow(struct topology *t)
{
    free(t->buckets);
    t->room = t->room ? 2 * t->room : 16;
    t->buckets = mem_calloc(t->room, sizeof *t->buckets);
    for (size_t i = 0; i < t->room; i++)
        t->buckets[i] = free_bucket;
    for (size_t d = 0; d < t->values.count; d++)
        t->buckets[bucket_of(t, t->values.items[d])] = (uint32_t)d;
}

static uint32_t domain_of(struct topology *t, const char *value)
{
    size_t bucket;

    if (!value)
        return NO_DOMAIN;
    if (2 * (t->values.count + 1) > t->room)
        grow(t);
    bucket = bucket_of(t, value);
    if (t->buckets[bucket] == free_bucket) {
        t->buckets[bucket] = (uint32_t)t->values.count;
        VEC_PUSH(t->values, value);
    }
    return t->buckets[bucket];
}

static void take_in(struct topology *t, const struct framework *f)
{
    while (t->domains.count < framework_node_room(f)) {
        VEC_PUSH(t->domains, NO_DOMAIN);
        VEC_PUSH(t->labelled, 0);
    }
    for (size_t i = 0; i < t->domains.count; i++) {
        const struct node_info *node = framework_node(f, (node_id)i);

        if (t->labelled.items[i] == node->labelled)
            continue;
        t->labelled.items[i] = node->labelled;
        t->domains.items[i] =
            domain_of(t, labels_get(&node->spec->labels, t->key));
    }
}

void topologies_refresh(struct topologies *t, const struct framework *f)
{
    if (t->generation == framework_generation(f))
        return;
    t->generation = framework_generation(f);
    for (size_t i = 0; i < t->items.count; i++)
        take_in(&t->items.items[i], f);
}

size_t topologies_find(struct topologies *t, const struct framework *f,
                       const char *key)
{
    struct topology made = {.key = key};

    for (size_t i = 0; i < t->items.count; i++) {
        if (strcmp(t->items.items[i].key, key) == 0)
            return i;
    }
    made.hostname = strcmp(key, "kubernetes.io/hostname") == 0;
    VEC_PUSH(t->items, made);
    take_in(&t->items.items[t->items.count - 1], f);
    return t->items.count - 1;
}
