#include "sim/engine/calendar.h"

#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"

enum {
    FIRST_ROOM = 64,
    LINE = 64,               /* bytes in a cache line */
    PREFETCH_FROM = 1 << 14, /* smaller heaps stay in the caches */
    SWEEP_FROM = 16          /* fewer dead events than this are left alone */
};

static size_t key_bytes(size_t room)
{
    return LINE + room * sizeof(struct calendar_key);
}

/* Doubles the room; the address space is taken ahead of use, the memory
 * only as it is touched. */
static void grow_heap(struct calendar_heap *heap)
{
    size_t room = heap->room ? 2 * heap->room : FIRST_ROOM;
    bool fresh = !heap->block;
    char *block = mem_regrow(heap->block, fresh ? 0 : key_bytes(heap->room),
                             key_bytes(room));

    heap->block = block;
    heap->keys = (struct calendar_key *)(void *)(block + LINE -
                                                 sizeof(struct calendar_key));
    heap->room = room;
    for (size_t i = 0; fresh && i < 5; i++)
        heap->keys[i] = CALENDAR_LAST;
}

static void grow_slab(struct calendar *cal)
{
    size_t size = sizeof *cal->slab;
    uint32_t room = cal->slab_room ? 2 * cal->slab_room : FIRST_ROOM;

    assert(cal->slab_count < CALENDAR_SLOTS); /* too many events at once */
    cal->slab = mem_regrow(cal->slab, cal->slab_count * size, room * size);
    cal->slab_room = room;
    cal->heap.slab = cal->heads.slab = cal->slab;
}

/* ------------------------------------------------------------ the heap */

/*
 * In a big heap, misses cost more than compares: while four siblings are
 * compared, the children of all are fetched; and payloads of keys near the
 * top, for their turn is near. (Not in a function of its own: gcc 12 takes
 * one that only prefetches for pure, and drops the call.)
 */
void calendar_sift_down(struct calendar_heap *heap, struct calendar_key key)
{
    struct calendar_key *keys = heap->keys, least;
    size_t count = heap->count, i = 0, child = 1;

    while (child < count) {
        if (count > PREFETCH_FROM) {
            for (size_t c = child; c < child + 4; c++)
                __builtin_prefetch(keys + 4 * c + 1);
            for (size_t c = child; c < child + 4 && i < 5; c++)
                __builtin_prefetch(heap->slab + calendar_slot(keys[c]));
        }
        least = calendar_least(keys + child, &child);
        if (calendar_before(key, least))
            break;
        keys[i] = least;
        i = child;
        child = 4 * i + 1;
    }
    keys[i] = key;
}

void calendar_heap_push(struct calendar_heap *heap, struct calendar_key key)
{
    struct calendar_key above;
    size_t i = heap->count, parent;

    if (i + 4 >= heap->room)
        grow_heap(heap);
    if (i % 4 == 1) /* the first of a family */
        for (size_t c = 1; c < 4; c++)
            heap->keys[i + c] = CALENDAR_LAST;
    heap->count++;
    for (; i > 0; i = parent) {
        parent = (i - 1) / 4;
        above = calendar_load(&heap->keys[parent]);
        if (calendar_before(above, key))
            break;
        heap->keys[i] = above;
    }
    heap->keys[i] = key;
}

void calendar_heap_drop(struct calendar_heap *heap)
{
    struct calendar_key last;

    assert(heap->count > 0);
    last = calendar_load(&heap->keys[--heap->count]);
    heap->keys[heap->count] = CALENDAR_LAST;
    if (heap->count)
        calendar_sift_down(heap, last);
}

static void renumber(struct calendar *cal);

/* Sees to a free slot and a sequence number. */
static void prepare(struct calendar *cal)
{
    if (cal->free == CALENDAR_NO_SLOT) {
        if (cal->slab_count == cal->slab_room)
            grow_slab(cal);
        cal->free = cal->slab_count++;
        cal->slab[cal->free].generation = 1;
        cal->slab[cal->free].type = NULL;
        cal->slab[cal->free].subject = CALENDAR_NO_SLOT;
    }
    if (cal->sequence >> CALENDAR_SEQUENCE_BITS)
        renumber(cal);
    assert(calendar_ready(cal));
}

event_id calendar_push_slow(struct calendar *cal, sim_time at,
                            const struct event_type *type, void *self,
                            struct event_args args)
{
    prepare(cal);
    return calendar_push(cal, at, type, self, args);
}

void calendar_init(struct calendar *cal)
{
    memset(cal, 0, sizeof *cal);
    grow_heap(&cal->heap);
    grow_heap(&cal->heads);
    cal->free = CALENDAR_NO_SLOT;
}

void calendar_release(struct calendar *cal)
{
    for (uint32_t i = 0; i < cal->lane_count; i++)
        free(cal->lanes[i].ring);
    free(cal->lanes);
    free(cal->slab);
    free(cal->heap.block);
    free(cal->heads.block);
}

/* ------------------------------------------------------------- lanes */

uint32_t calendar_lane_new(struct calendar *cal)
{
    uint32_t lane = cal->lane_count;

    assert(lane < CALENDAR_SLOTS);
    if (lane == cal->lane_room) {
        cal->lane_room = lane ? 2 * lane : 16;
        cal->lanes =
            mem_realloc(cal->lanes, cal->lane_room, sizeof *cal->lanes);
    }
    memset(&cal->lanes[lane], 0, sizeof cal->lanes[lane]);
    cal->lane_count++;
    return lane;
}

static struct calendar_key head_of(struct calendar_key key, uint32_t lane)
{
    key.low = (key.low & ~(uint64_t)(CALENDAR_SLOTS - 1)) | lane;
    return key;
}

static void grow_ring(struct calendar_lane *l)
{
    size_t room = l->room ? 2 * l->room : 16;
    struct calendar_key *ring = mem_regrow(NULL, 0, room * sizeof *ring);

    for (size_t i = 0; i < l->count; i++)
        ring[i] = l->ring[(l->first + i) & (l->room - 1)];
    free(l->ring);
    l->ring = ring;
    l->room = room;
    l->first = 0;
}

event_id calendar_lane_push(struct calendar *cal, uint32_t lane, sim_time at,
                            const struct event_type *type, void *self,
                            struct event_args args)
{
    struct calendar_lane *l = &cal->lanes[lane];
    struct calendar_key key;
    event_id id;

    assert(lane < cal->lane_count);
    assert(l->last.high == 0 || at >= calendar_time(l->last));
    prepare(cal);
    id = calendar_hold(cal, at, type, self, args, &key);
    if (calendar_before(key, l->last)) {
        /* The same time but a lower priority: it overtakes the lane. */
        calendar_settle(cal);
        calendar_heap_push(&cal->heap, key);
        return id;
    }
    if (l->count == l->room)
        grow_ring(l);
    if (l->count == 0)
        calendar_heap_push(&cal->heads, head_of(key, lane));
    l->ring[(l->first + l->count++) & (l->room - 1)] = key;
    l->last = key;
    cal->in_lanes++;
    return id;
}

uint32_t calendar_lane_take(struct calendar *cal)
{
    uint32_t lane = calendar_slot(cal->heads.keys[0]);
    struct calendar_lane *l = &cal->lanes[lane];
    struct calendar_key key;

    assert(cal->heads.count > 0 && l->count > 0);
    cal->in_lanes--;
    key = l->ring[l->first];
    l->first = (l->first + 1) & (l->room - 1);
    if (--l->count)
        calendar_replace(&cal->heads, head_of(l->ring[l->first], lane));
    else
        calendar_heap_drop(&cal->heads);
    return calendar_slot(key);
}

/* ------------------------------------------------------- cancellation */

static bool alive(const struct calendar *cal, struct calendar_key key)
{
    return cal->slab[calendar_slot(key)].type != NULL;
}

/* Restores the order of the whole heap (Floyd). */
static void heapify(struct calendar_heap *heap)
{
    struct calendar_key *keys = heap->keys;

    for (size_t top = (heap->count + 2) / 4; top-- > 0;) {
        struct calendar_key key = keys[top];
        size_t i = top, child;

        while ((child = 4 * i + 1) < heap->count) {
            size_t least = child;

            for (size_t c = child + 1; c < child + 4; c++)
                if (calendar_before(keys[c], keys[least]))
                    least = c;
            if (calendar_before(key, keys[least]))
                break;
            keys[i] = keys[least];
            i = least;
        }
        keys[i] = key;
    }
}

static void sweep_heap(struct calendar *cal)
{
    struct calendar_heap *heap = &cal->heap;
    size_t kept = 0;

    for (size_t i = 0; i < heap->count; i++) {
        if (alive(cal, heap->keys[i]))
            heap->keys[kept++] = heap->keys[i];
        else
            calendar_free_slot(cal, calendar_slot(heap->keys[i]));
    }
    for (size_t i = kept; i < heap->count; i++)
        heap->keys[i] = CALENDAR_LAST;
    heap->count = kept;
    if (kept)
        heapify(heap);
}

static void sweep_lane(struct calendar *cal, uint32_t lane)
{
    struct calendar_lane *l = &cal->lanes[lane];
    size_t kept = 0;

    for (size_t i = 0; i < l->count; i++) {
        struct calendar_key key = l->ring[(l->first + i) & (l->room - 1)];

        if (alive(cal, key))
            l->ring[(l->first + kept++) & (l->room - 1)] = key;
        else
            calendar_free_slot(cal, calendar_slot(key));
    }
    l->count = kept;
    cal->in_lanes += kept;
    if (kept)
        calendar_heap_push(&cal->heads, head_of(l->ring[l->first], lane));
}

/* Removes all dead keys. */
static void sweep(struct calendar *cal)
{
    calendar_settle(cal);
    sweep_heap(cal);
    for (size_t i = 0; i < cal->heads.count; i++)
        cal->heads.keys[i] = CALENDAR_LAST;
    cal->heads.count = 0;
    cal->in_lanes = 0;
    for (uint32_t i = 0; i < cal->lane_count; i++)
        sweep_lane(cal, i);
    cal->dead = 0;
}

bool calendar_pending(const struct calendar *cal, event_id id)
{
    uint32_t slot = (uint32_t)id & (CALENDAR_SLOTS - 1);

    return slot < cal->slab_count && cal->slab[slot].type &&
           cal->slab[slot].generation == id >> CALENDAR_SLOT_BITS;
}

bool calendar_cancel(struct calendar *cal, event_id id)
{
    struct calendar_event *ev;

    if (!calendar_pending(cal, id))
        return false;
    ev = &cal->slab[id & (CALENDAR_SLOTS - 1)];
    ev->type = NULL;
    ev->generation++;
    cal->dead++;
    if (cal->dead >= SWEEP_FROM && cal->dead > calendar_live(cal))
        sweep(cal);
    return true;
}

/* -------------------------------------------------------- the sequence */

static uint64_t sequence_of(struct calendar_key key)
{
    return key.low >> CALENDAR_SLOT_BITS &
           ((UINT64_C(1) << CALENDAR_SEQUENCE_BITS) - 1);
}

static int by_sequence(const void *a, const void *b)
{
    uint64_t x = sequence_of(**(struct calendar_key *const *)a);
    uint64_t y = sequence_of(**(struct calendar_key *const *)b);

    return (x > y) - (x < y);
}

static void set_sequence(struct calendar_key *key, uint64_t sequence)
{
    uint64_t mask = ((UINT64_C(1) << CALENDAR_SEQUENCE_BITS) - 1)
                    << CALENDAR_SLOT_BITS;

    key->low = (key->low & ~mask) | sequence << CALENDAR_SLOT_BITS;
}

/* Once in 2^36 events: numbers the pending ones 0, 1, 2, ... in the order
 * they have. No key changes its place by that. */
static void renumber(struct calendar *cal)
{
    size_t room = calendar_live(cal) + cal->dead + 1, count = 0;
    struct calendar_key **keys = mem_calloc(room, sizeof *keys);

    calendar_settle(cal);
    for (size_t i = 0; i < cal->heap.count; i++)
        keys[count++] = &cal->heap.keys[i];
    for (uint32_t lane = 0; lane < cal->lane_count; lane++) {
        struct calendar_lane *l = &cal->lanes[lane];

        for (size_t i = 0; i < l->count; i++)
            keys[count++] = &l->ring[(l->first + i) & (l->room - 1)];
    }
    assert(count < room);
    qsort(keys, count, sizeof *keys, by_sequence);
    for (size_t i = 0; i < count; i++)
        set_sequence(keys[i], i);
    free(keys);
    for (size_t i = 0; i < cal->heads.count; i++) {
        uint32_t lane = calendar_slot(cal->heads.keys[i]);
        struct calendar_lane *l = &cal->lanes[lane];

        cal->heads.keys[i] = head_of(l->ring[l->first], lane);
    }
    /* What an empty lane remembers of its last key: time and priority. */
    for (uint32_t lane = 0; lane < cal->lane_count; lane++) {
        struct calendar_lane *l = &cal->lanes[lane];

        set_sequence(&l->last, 0);
    }
    cal->sequence = count;
}

/* Every key has a slot, so that there were never more keys than slots. */
size_t calendar_bytes(const struct calendar *cal)
{
    size_t bytes =
        cal->slab_count * (sizeof *cal->slab + sizeof(struct calendar_key));

    for (uint32_t i = 0; i < cal->lane_count; i++)
        bytes += sizeof *cal->lanes +
                 cal->lanes[i].room * sizeof *cal->lanes[i].ring;
    return bytes;
}
