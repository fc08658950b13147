#include "sim/experiment/design.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"
#include "sim/engine/rng.h"

static struct design make(const size_t *lengths, size_t factors, size_t points)
{
    struct design d = {.points = points, .factors = factors};

    assert(points > 0);
    d.lengths = mem_calloc(factors, sizeof *d.lengths);
    memcpy(d.lengths, lengths, factors * sizeof *d.lengths);
    d.places = mem_calloc(points * factors, sizeof *d.places);
    return d;
}

void design_release(struct design *design)
{
    free(design->lengths);
    free(design->places);
    *design = (struct design){0};
}

static struct design_place *at(struct design *d, size_t point, size_t factor)
{
    return &d->places[point * d->factors + factor];
}

/* The number of values that a factor takes. */
static size_t levels_of(size_t length)
{
    return length > 0 ? length : DESIGN_LEVELS;
}

static struct design_place place_of(size_t level, size_t length)
{
    struct design_place place = {level, 0};

    assert(level < levels_of(length));
    if (length == 0)
        place.u = ((double)level + 0.5) / DESIGN_LEVELS;
    else if (length > 1)
        place.u = (double)level / (double)(length - 1);
    return place;
}

static struct rng stream(uint64_t seed, const char *name, size_t factor)
{
    struct rng rng;

    rng_init(&rng, (struct rng_root){seed, 0}, name, NULL, factor);
    return rng;
}

/* ------------------------------------------------------------- factorial */

size_t design_factorial_points(const size_t *lengths, size_t factors)
{
    size_t points = 1;

    for (size_t f = 0; f < factors; f++) {
        assert(lengths[f] > 0);
        if (points > SIZE_MAX / lengths[f])
            return SIZE_MAX;
        points *= lengths[f];
    }
    return points;
}

struct design design_factorial(const size_t *lengths, size_t factors)
{
    struct design d =
        make(lengths, factors, design_factorial_points(lengths, factors));

    for (size_t p = 0; p < d.points; p++) {
        size_t rest = p;

        for (size_t f = factors; f-- > 0;) {
            *at(&d, p, f) = place_of(rest % lengths[f], lengths[f]);
            rest /= lengths[f];
        }
    }
    return d;
}

struct design design_one_at_a_time(const size_t *lengths, const size_t *base,
                                   size_t factors)
{
    size_t points = 1, p = 0;
    struct design d;

    for (size_t f = 0; f < factors; f++) {
        assert(lengths[f] > 0 && base[f] < lengths[f]);
        points += lengths[f] - 1;
    }
    d = make(lengths, factors, points);
    for (p = 0; p < points; p++) {
        for (size_t f = 0; f < factors; f++)
            *at(&d, p, f) = place_of(base[f], lengths[f]);
    }
    p = 1;
    for (size_t f = 0; f < factors; f++) {
        for (size_t level = 0; level < lengths[f]; level++) {
            if (level != base[f])
                *at(&d, p++, f) = place_of(level, lengths[f]);
        }
    }
    assert(p == points);
    return d;
}

/* --------------------------------------------------------------- sampled */

/* Fisher and Yates. */
static void shuffle(size_t *items, size_t count, struct rng *rng)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)rng_below(rng, i), other = items[i - 1];

        items[i - 1] = items[j];
        items[j] = other;
    }
}

/* A numbering 0..count-1, in random order. The caller frees it. */
static size_t *permutation(size_t count, struct rng *rng)
{
    size_t *items = mem_calloc(count, sizeof *items);

    for (size_t i = 0; i < count; i++)
        items[i] = i;
    shuffle(items, count, rng);
    return items;
}

/* In the open interval: quantiles of 0 may be infinite. */
static double inside(size_t part, size_t parts, struct rng *rng)
{
    double place = (double)(rng_u64(rng) >> 12) + 0.5; /* of 2^52 */

    return ((double)part + place * 0x1.0p-52) / (double)parts;
}

struct design design_latin_hypercube(const size_t *lengths, size_t factors,
                                     size_t samples, uint64_t seed)
{
    struct design d = make(lengths, factors, samples);

    for (size_t f = 0; f < factors; f++) {
        struct rng rng = stream(seed, "design.latin-hypercube", f);
        size_t *parts = permutation(samples, &rng);

        for (size_t p = 0; p < samples; p++) {
            double u = inside(parts[p], samples, &rng);

            if (lengths[f] == 0)
                *at(&d, p, f) = (struct design_place){0, u};
            else
                *at(&d, p, f) =
                    place_of((size_t)(u * (double)lengths[f]), lengths[f]);
        }
        free(parts);
    }
    return d;
}

/* ---------------------------------------------------------------- Morris */

/* A start, and where a move by half of the levels leads from there. */
static void draw_move(size_t levels, struct rng *rng, size_t *from, size_t *to)
{
    size_t jump = levels / 2;
    bool up;

    assert(levels >= 2);
    *from = (size_t)rng_below(rng, levels);
    up = *from + jump < levels;
    if (up && *from >= jump)
        up = rng_below(rng, 2) == 1;
    *to = up ? *from + jump : *from - jump;
}

static void draw_trajectory(struct design *d, size_t first, struct rng *rngs,
                            struct rng *order)
{
    size_t *turns = permutation(d->factors, order);

    for (size_t f = 0; f < d->factors; f++) {
        size_t from, to, step = 0;

        draw_move(levels_of(d->lengths[f]), &rngs[f], &from, &to);
        while (turns[step] != f)
            step++;
        for (size_t s = 0; s <= d->factors; s++)
            *at(d, first + s, f) =
                place_of(s <= step ? from : to, d->lengths[f]);
    }
    free(turns);
}

struct design design_morris(const size_t *lengths, size_t factors,
                            size_t trajectories, uint64_t seed)
{
    struct design d = make(lengths, factors, trajectories * (factors + 1));
    struct rng order = stream(seed, "design.morris.order", 0);
    struct rng *rngs = mem_calloc(factors, sizeof *rngs);

    for (size_t f = 0; f < factors; f++)
        rngs[f] = stream(seed, "design.morris", f);
    for (size_t t = 0; t < trajectories; t++)
        draw_trajectory(&d, t * (factors + 1), rngs, &order);
    free(rngs);
    return d;
}
