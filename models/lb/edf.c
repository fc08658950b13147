#include "models/lb/edf.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static inline bool before(const struct edf_entry *a, const struct edf_entry *b)
{
    if (a->deadline != b->deadline)
        return a->deadline < b->deadline;
    return a->order < b->order;
}

static void sift_up(struct edf *e, size_t i)
{
    struct edf_entry *heap = e->heap.items, moved = heap[i];

    for (; i > 0 && before(&moved, &heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = moved;
}

static void sift_down(struct edf *e, size_t i)
{
    struct edf_entry *heap = e->heap.items, moved = heap[i];
    size_t count = e->heap.count;

    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= count)
            break;
        if (child + 1 < count && before(&heap[child + 1], &heap[child]))
            child++;
        if (!before(&heap[child], &moved))
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = moved;
}

static double span_of(double weight)
{
    return 1 / (weight > 1e-12 ? weight : 1e-12);
}

void edf_clear(struct edf *e)
{
    e->heap.count = 0;
    e->now = 0;
    e->order = 0;
}

void edf_release(struct edf *e)
{
    VEC_FREE(e->heap);
}

static void push(struct edf *e, uint32_t item, double deadline)
{
    struct edf_entry entry = {deadline, e->order++, item};

    VEC_PUSH(e->heap, entry);
    sift_up(e, e->heap.count - 1);
}

void edf_add(struct edf *e, uint32_t item, double weight)
{
    push(e, item, e->now + span_of(weight));
}

uint32_t edf_next(struct edf *e)
{
    assert(e->heap.count > 0);
    e->now = e->heap.items[0].deadline;
    return e->heap.items[0].item;
}

void edf_again(struct edf *e, double weight)
{
    struct edf_entry *first = &e->heap.items[0];

    first->deadline = e->now + span_of(weight);
    first->order = e->order++;
    sift_down(e, 0);
}

void edf_start(struct edf *e, const double *weights, uint32_t count,
               uint64_t picks)
{
    double sum = 0, last = 0;
    uint64_t made = 0;

    edf_clear(e);
    for (uint32_t i = 0; i < count; i++)
        sum += 1 / span_of(weights[i]);
    for (uint32_t i = 0; i < count; i++) {
        double span = span_of(weights[i]);
        double share = floor((double)picks / span / sum);

        last = fmax(last, share * span);
        made += (uint64_t)share;
        push(e, i, (share + 1) * span);
    }
    e->now = last;
    for (; made < picks; made++) {
        uint32_t item = edf_next(e);

        edf_again(e, weights[item]);
    }
}
