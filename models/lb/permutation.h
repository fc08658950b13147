/*
 * permutation - Maglev's look-up table (Eisenbud et al., NSDI 2016, section
 * 3.4), with weights as Envoy has them (maglev_lb.cc): items take turns to
 * claim the next free place of their own permutation; one that weighs a
 * third of the heaviest has a turn in every third round.
 */
#ifndef MODELS_LB_PERMUTATION_H
#define MODELS_LB_PERMUTATION_H

#include <stdint.h>

/* Its permutation of 0..size-1: offset + skip * j mod size. */
struct permutation {
    uint32_t offset; /* < size */
    uint32_t skip;   /* 1..size-1 */
    double weight;   /* >= 0; not all 0 */
};

/* By the hashes of a key: XXH64 with seed 0 and with seed 1. */
struct permutation permutation_of(const char *key, uint32_t size,
                                  double weight);
/* Fills table[size] with indexes of items. size is prime, >= 2. */
void permutation_table(const struct permutation *items, uint32_t count,
                       uint32_t size, uint32_t *table);

#endif
