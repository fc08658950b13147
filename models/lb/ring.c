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

/* About as many stretches as places, at least two. */
static unsigned shift_for(size_t total)
{
    unsigned bits = 1;

    while (bits < 24 && (size_t)1 << bits < total)
        bits++;
    return 64 - bits;
}

static void find_starts(struct ring *ring)
{
    uint32_t place = 0;

    for (size_t i = 0; i < (size_t)1 << (64 - ring->shift); i++) {
        while (place < ring->count &&
               ring->places[place].hash >> ring->shift < i)
            place++;
        ring->starts[i] = place;
    }
}

struct ring *ring_make(const struct ring_item *items, uint32_t count,
                       const uint32_t *counts, size_t total)
{
    unsigned shift = shift_for(total);
    size_t places = total * sizeof(struct ring_place);
    size_t starts = ((size_t)1 << (64 - shift)) * sizeof(uint32_t);
    struct ring *ring = mem_alloc(sizeof *ring + places + starts);
    struct ring_place *at = ring->places;

    ring->count = total;
    ring->shift = shift;
    ring->starts = (uint32_t *)(ring->places + total);
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < counts[i]; k++, at++) {
            char *text = mem_printf("%s_%u", items[i].key, k);

            *at = (struct ring_place){hash_text(text, 0), i};
            free(text);
        }
    }
    qsort(ring->places, total, sizeof *at, by_hash);
    find_starts(ring);
    return ring;
}
