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

/* How many places each item gets; all sum up to between least and most, or
 * somewhat below `least` where `most` forbids more. */
size_t ring_counts(const struct ring_item *items, uint32_t count,
                   uint64_t least, uint64_t most, uint32_t *counts);
/* The places in order; owned by the caller. total: sum of counts, >= 1. */
struct ring_place *ring_make(const struct ring_item *items, uint32_t count,
                             const uint32_t *counts, size_t total);
/* Index of the place for a hash. */
size_t ring_find(const struct ring_place *ring, size_t size, uint64_t hash);

#endif
