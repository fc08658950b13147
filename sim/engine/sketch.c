#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"
#include "sim/engine/stat.h"

/* Values below 64 have buckets of their own. Above, an octave [2^e, 2^(e+1))
 * is cut in 64 equal parts: a part is at most 1/64 of its values wide, so
 * that its middle is off by at most 1/128. */
enum { PARTS = 64, PART_BITS = 6, BUCKETS = (63 - PART_BITS) * PARTS + PARTS };

static inline uint32_t bucket_of(int64_t value)
{
    int shift = 63 - __builtin_clzll((uint64_t)value | PARTS) - PART_BITS;

    return (uint32_t)(shift * PARTS) + (uint32_t)(value >> shift);
}

static double low_edge(uint32_t bucket)
{
    uint32_t shift = bucket < 2 * PARTS ? 0 : bucket / PARTS - 1;

    return ldexp((double)(bucket - shift * PARTS), (int)shift);
}

/* The first value above the bucket's; widths of 1 hold a single integer. */
static double high_edge(uint32_t bucket)
{
    return low_edge(bucket + 1);
}

void sketch_add_many(struct sketch *s, int64_t value, uint64_t count)
{
    uint32_t bucket;

    assert(value >= 0);
    if (count == 0)
        return;
    bucket = bucket_of(value);
    if (!s->buckets)
        s->buckets = mem_calloc(BUCKETS, sizeof *s->buckets);
    if (s->count == 0) {
        s->min = s->max = value;
        s->low = s->high = bucket;
    } else if (value < s->min) {
        s->min = value;
        s->low = bucket;
    } else if (value > s->max) {
        s->max = value;
        s->high = bucket;
    }
    s->buckets[bucket] += count;
    s->count += count;
    s->sum += (double)value * (double)count;
}

void sketch_add(struct sketch *s, int64_t value)
{
    sketch_add_many(s, value, 1);
}

void sketch_merge(struct sketch *into, const struct sketch *from)
{
    if (from->count == 0)
        return;
    if (!into->buckets)
        into->buckets = mem_calloc(BUCKETS, sizeof *into->buckets);
    if (into->count == 0 || from->min < into->min) {
        into->min = from->min;
        into->low = from->low;
    }
    if (into->count == 0 || from->max > into->max) {
        into->max = from->max;
        into->high = from->high;
    }
    for (uint32_t b = from->low; b <= from->high; b++)
        into->buckets[b] += from->buckets[b];
    into->count += from->count;
    into->sum += from->sum;
}

double sketch_quantile(const struct sketch *s, double probability)
{
    double rank = ceil(probability * (double)s->count), middle;
    uint64_t wanted, seen = 0;
    uint32_t b;

    assert(probability >= 0 && probability <= 1);
    if (s->count == 0)
        return NAN;
    wanted = rank < 1 ? 1 : (uint64_t)rank;
    if (wanted >= s->count)
        return (double)s->max;
    if (wanted == 1)
        return (double)s->min;
    for (b = s->low; b < s->high; b++) {
        seen += s->buckets[b];
        if (seen >= wanted)
            break;
    }
    middle = (low_edge(b) + high_edge(b) - 1.0) / 2.0;
    return fmin(fmax(middle, (double)s->min), (double)s->max);
}

double sketch_mean(const struct sketch *s)
{
    return s->count ? s->sum / (double)s->count : NAN;
}

void sketch_clear(struct sketch *s)
{
    uint64_t *buckets = s->buckets;

    if (buckets)
        memset(buckets + s->low, 0, (s->high - s->low + 1) * sizeof *buckets);
    *s = (struct sketch){.buckets = buckets};
}

void sketch_release(struct sketch *s)
{
    free(s->buckets);
    *s = (struct sketch){0};
}

void sketch_each(const struct sketch *s,
                 void (*visit)(void *self, double low, double high,
                               uint64_t count),
                 void *self)
{
    if (s->count == 0)
        return;
    for (uint32_t b = s->low; b <= s->high; b++)
        if (s->buckets[b])
            visit(self, low_edge(b), high_edge(b), s->buckets[b]);
}
