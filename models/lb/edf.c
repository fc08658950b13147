#include "models/lb/edf.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define LEAST_WEIGHT 1e-12

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
    return 1 / fmax(weight, LEAST_WEIGHT);
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

/* The first one, anew. */
static void requeue(struct edf *e, double deadline)
{
    e->heap.items[0].deadline = deadline;
    e->heap.items[0].order = e->order++;
    sift_down(e, 0);
}

void edf_again(struct edf *e, double weight)
{
    requeue(e, e->now + span_of(weight));
}

/* An item that has been picked `share` times already. */
struct begun {
    double weight, share;
    uint32_t item;
};

static int by_last_pick(const void *a, const void *b)
{
    const struct begun *x = a, *y = b;
    double p = x->share / x->weight, q = y->share / y->weight;

    if (p != q)
        return p < q ? -1 : 1;
    return (x->item > y->item) - (x->item < y->item);
}

/* Everyone's whole share of the picks; returns how many those are. */
static uint64_t deal(struct begun *items, const double *weights, uint32_t count,
                     uint64_t picks)
{
    double sum = 0, dealt = 0;

    for (uint32_t i = 0; i < count; i++) {
        items[i].item = i;
        items[i].weight = fmax(weights[i], LEAST_WEIGHT);
        sum += items[i].weight;
    }
    for (uint32_t i = 0; i < count; i++) {
        items[i].share = floor((double)picks * (items[i].weight / sum));
        dealt += items[i].share;
    }
    return (uint64_t)dealt;
}

/* Deadlines are reckoned from the start, not summed up: what is due at the
 * same time is so exactly. Of those, whoever was picked before the others is
 * due first: it was put in first. */
void edf_start(struct edf *e, const double *weights, uint32_t count,
               uint64_t picks)
{
    struct begun *items = mem_calloc(count, sizeof *items);
    uint64_t made = deal(items, weights, count, picks);

    qsort(items, count, sizeof *items, by_last_pick);
    edf_clear(e);
    for (uint32_t i = 0; i < count; i++)
        push(e, i, (items[i].share + 1) / items[i].weight);
    for (; made < picks; made++) {
        struct begun *next = &items[e->heap.items[0].item];

        next->share++;
        requeue(e, (next->share + 1) / next->weight);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct begun *of = &items[e->heap.items[i].item];

        e->heap.items[i].item = of->item;
        e->now = fmax(e->now, of->share / of->weight);
    }
    free(items);
}
