/*
 * ranks - items in order of a small number each, to draw one of the least in
 * O(1): an array sorted by number, where an item whose number changes by one
 * changes places with the end of its equals.
 */
#ifndef MODELS_LB_RANKS_H
#define MODELS_LB_RANKS_H

#include <stdint.h>

#include "sim/engine/mem.h"

/* Zeroed: empty. */
struct ranks {
    uint32_t count;
    uint32_t *order;        /* items, rising by number */
    uint32_t *place;        /* of an item in order */
    uint32_t *number;       /* of an item */
    VEC_OF(uint32_t) first; /* by number: where those of it, or more, begin */
};

void ranks_release(struct ranks *r);
/* Items 0..count-1 with these numbers; O(count + largest). */
void ranks_start(struct ranks *r, const uint32_t *numbers, uint32_t count);
void ranks_up(struct ranks *r, uint32_t item);
void ranks_down(struct ranks *r, uint32_t item); /* its number is > 0 */

/* How many items have the least number: they are order[0..]. */
static inline uint32_t ranks_least(const struct ranks *r)
{
    return r->first.items[r->number[r->order[0]] + 1];
}

#endif
