/*
 * line - ids of those that wait, first come first served. Whoever gave up is
 * found out when its turn comes. Zeroed: empty; VEC_FREE(line.ids).
 */
#ifndef MODELS_TRAFFIC_LINE_H
#define MODELS_TRAFFIC_LINE_H

#include <stdint.h>

#include "sim/engine/mem.h"

struct line {
    VEC_OF(uint64_t) ids; /* from head on */
    size_t head;
};

static inline size_t line_count(const struct line *l)
{
    return l->ids.count - l->head;
}

/* O(1) on average: room at the front is used once it is more than the rest. */
static inline void line_join(struct line *l, uint64_t id)
{
    size_t left = line_count(l);

    if (left == 0)
        l->head = l->ids.count = 0;
    if (l->head > 64 && l->head > left) {
        for (size_t i = 0; i < left; i++)
            l->ids.items[i] = l->ids.items[l->head + i];
        l->ids.count = left;
        l->head = 0;
    }
    VEC_PUSH(l->ids, id);
}

/* Of one that is not empty. */
static inline uint64_t line_first(const struct line *l)
{
    return l->ids.items[l->head];
}

static inline void line_drop(struct line *l)
{
    l->head++;
}

#endif
