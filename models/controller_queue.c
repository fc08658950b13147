#include "models/controller_queue.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/engine/mem.h"

enum { FIRST_ROOM = 64 };

static size_t place_of(const struct workqueue *q, uint64_t key)
{
    return (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (q->room - 1);
}

/* Where the key is, or the free place where it would be. */
static struct work_item *probe(struct workqueue *q, uint64_t key)
{
    size_t i = place_of(q, key);

    while (q->items[i].used && q->items[i].key != key)
        i = (i + 1) & (q->room - 1);
    return &q->items[i];
}

static void grow(struct workqueue *q)
{
    struct work_item *old = q->items;
    size_t old_room = q->room;

    q->room = old_room ? 2 * old_room : FIRST_ROOM;
    q->items = mem_calloc(q->room, sizeof *q->items);
    for (size_t i = 0; i < old_room; i++) {
        if (old[i].used)
            *probe(q, old[i].key) = old[i];
    }
    free(old);
}

void workqueue_release(struct workqueue *q)
{
    free(q->items);
    free(q->ring);
    *q = (struct workqueue){0};
}

struct work_item *workqueue_find(struct workqueue *q, uint64_t key)
{
    struct work_item *item = q->room ? probe(q, key) : NULL;

    return item && item->used ? item : NULL;
}

struct work_item *workqueue_item(struct workqueue *q, uint64_t key)
{
    struct work_item *item;

    if (4 * (q->count + 1) > 3 * q->room)
        grow(q);
    item = probe(q, key);
    if (!item->used) {
        *item = (struct work_item){.key = key, .used = true};
        q->count++;
    }
    return item;
}

/* Takes an item out; those after it that it kept from their places move up. */
static void erase(struct workqueue *q, struct work_item *item)
{
    size_t mask = q->room - 1, hole = (size_t)(item - q->items), i = hole;

    for (;;) {
        i = (i + 1) & mask;
        if (!q->items[i].used)
            break;
        if (((i - place_of(q, q->items[i].key)) & mask) >=
            ((i - hole) & mask)) {
            q->items[hole] = q->items[i];
            hole = i;
        }
    }
    q->items[hole].used = false;
    q->count--;
}

void workqueue_tidy(struct workqueue *q, uint64_t key)
{
    struct work_item *item = workqueue_find(q, key);

    if (item && !item->dirty && !item->processing && !item->timer &&
        item->failures == 0)
        erase(q, item);
}

static void push(struct workqueue *q, uint64_t key)
{
    if (q->length == q->ring_room) {
        size_t room = q->ring_room ? 2 * q->ring_room : FIRST_ROOM;
        uint64_t *ring = mem_calloc(room, sizeof *ring);

        for (size_t i = 0; i < q->length; i++)
            ring[i] = q->ring[(q->head + i) & (q->ring_room - 1)];
        free(q->ring);
        q->ring = ring;
        q->ring_room = room;
        q->head = 0;
    }
    q->ring[(q->head + q->length++) & (q->ring_room - 1)] = key;
}

void workqueue_add(struct workqueue *q, uint64_t key)
{
    struct work_item *item = workqueue_item(q, key);

    if (item->dirty)
        return;
    item->dirty = true;
    if (!item->processing)
        push(q, key);
}

bool workqueue_get(struct workqueue *q, uint64_t *key)
{
    struct work_item *item;

    if (q->length == 0)
        return false;
    *key = q->ring[q->head];
    q->head = (q->head + 1) & (q->ring_room - 1);
    q->length--;
    item = workqueue_find(q, *key);
    assert(item && item->dirty && !item->processing);
    item->dirty = false;
    item->processing = true;
    return true;
}

void workqueue_done(struct workqueue *q, uint64_t key)
{
    struct work_item *item = workqueue_find(q, key);

    assert(item && item->processing);
    item->processing = false;
    if (item->dirty)
        push(q, key);
    else
        workqueue_tidy(q, key);
}

uint32_t workqueue_fail(struct workqueue *q, uint64_t key)
{
    return workqueue_item(q, key)->failures++;
}

void workqueue_forget(struct workqueue *q, uint64_t key)
{
    struct work_item *item = workqueue_find(q, key);

    if (!item || item->failures == 0)
        return;
    item->failures = 0;
    workqueue_tidy(q, key);
}
