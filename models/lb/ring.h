/*
 * ring - consistent hashing on a ring of 64 bits: an item stands at the
 * hashes of "<key>_0", "<key>_1"... (XXH64); a request goes to the first
 * place at or behind its own hash. Sizes as in Envoy (ring_hash_lb.cc) and
 * gRPC (ringhash/ring.go): in proportion to weights, so that the lightest
 * item has a whole number of places.
 */
#ifndef MODELS_LB_RING_H
#define MODELS_LB_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring_item {
    const char *key;
    double weight; /* > 0 */
};

struct ring_place {
    uint64_t hash;
    uint32_t item;
};

/* One block of memory. */
struct ring {
    size_t count;
    unsigned shift;   /* of a hash: the rest names its stretch of the ring */
    uint32_t *starts; /* by stretch: the first place in it or behind it */
    struct ring_place places[]; /* in order */
};

/* How many places each item gets; all sum up to between least and most, or
 * somewhat below `least` where `most` forbids more. */
size_t ring_counts(const struct ring_item *items, uint32_t count,
                   uint64_t least, uint64_t most, uint32_t *counts);
/* total: sum of counts, >= 1. Release it with free(). */
struct ring *ring_make(const struct ring_item *items, uint32_t count,
                       const uint32_t *counts, size_t total);
/* The place for a hash; O(1) on average. */
static inline const struct ring_place *ring_find(const struct ring *ring,
                                                 uint64_t hash)
{
    size_t i = ring->starts[hash >> ring->shift];

    while (i < ring->count && ring->places[i].hash < hash)
        i++;
    return &ring->places[i < ring->count ? i : 0];
}

#endif
