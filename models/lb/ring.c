#include "models/lb/ring.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "models/lb/hash.h"
#include "sim/engine/mem.h"

size_t ring_counts(const struct ring_item *items, uint32_t count,
                   uint64_t least, uint64_t most, uint32_t *counts)
{
    double sum = 0, lightest = INFINITY, scale, current = 0, target = 0;

    for (uint32_t i = 0; i < count; i++) {
        sum += items[i].weight;
        lightest = fmin(lightest, items[i].weight);
    }
    lightest /= sum;
    scale = fmin(ceil(lightest * (double)least) / lightest, (double)most);
    for (uint32_t i = 0; i < count; i++) {
        target += scale * (items[i].weight / sum);
        counts[i] = 0;
        for (; current < target; current++)
            counts[i]++;
    }
    return (size_t)current;
}

static int by_hash(const void *a, const void *b)
{
    const struct ring_place *x = a, *y = b;

    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->item > y->item) - (x->item < y->item);
}

struct ring_place *ring_make(const struct ring_item *items, uint32_t count,
                             const uint32_t *counts, size_t total)
{
    struct ring_place *ring = mem_calloc(total, sizeof *ring), *at = ring;

    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < counts[i]; k++, at++) {
            char *text = mem_printf("%s_%u", items[i].key, k);

            *at = (struct ring_place){hash_text(text, 0), i};
            free(text);
        }
    }
    qsort(ring, total, sizeof *ring, by_hash);
    return ring;
}

size_t ring_find(const struct ring_place *ring, size_t size, uint64_t hash)
{
    size_t low = 0, high = size;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (ring[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low < size ? low : 0;
}
