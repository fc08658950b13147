#include "sim/engine/calendar.h"

#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"

enum {
    FIRST_ROOM = 64,
    LINE = 64,      /* bytes in a cache line */
    SWEEP_FROM = 16 /* fewer dead events than this are left alone */
};

static size_t key_bytes(size_t room)
{
    return LINE + room * sizeof(calendar_key);
}

/* Doubles the room; the address space is taken ahead of use, the memory
 * only as it is touched. */
void calendar_grow_heap(struct calendar_heap *heap)
{
    size_t room = heap->room ? 2 * heap->room : FIRST_ROOM;
    bool fresh = !heap->block;
    char *block = mem_regrow(heap->block, fresh ? 0 : key_bytes(heap->room),
                             key_bytes(room));

    heap->block = block;
    heap->keys = (calendar_key *)(void *)(block + LINE - sizeof(calendar_key));
    heap->room = room;
    if (fresh)
        heap->keys[0] = CALENDAR_LAST;
}

void calendar_grow_slab(struct calendar *cal)
{
    size_t size = sizeof *cal->slab;
    uint32_t room = cal->slab_room ? 2 * cal->slab_room : FIRST_ROOM;

    assert(cal->slab_count < CALENDAR_SLOTS); /* too many events at once */
    cal->slab = mem_regrow(cal->slab, cal->slab_count * size, room * size);
    cal->slab_room = room;
}

void calendar_init(struct calendar *cal)
{
    memset(cal, 0, sizeof *cal);
    calendar_grow_heap(&cal->heap);
    calendar_grow_heap(&cal->heads);
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

static calendar_key head_of(calendar_key key, uint32_t lane)
{
    return (key & ~(calendar_key)(CALENDAR_SLOTS - 1)) | lane;
}

static void grow_ring(struct calendar_lane *l)
{
    size_t room = l->room ? 2 * l->room : 16;
    calendar_key *ring = mem_regrow(NULL, 0, room * sizeof *ring);

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
    calendar_key key;
    event_id id;

    assert(lane < cal->lane_count);
    assert(l->last == 0 || at >= calendar_time(l->last));
    id = calendar_hold(cal, at, type, self, args, &key);
    if (key < l->last) {
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
    return id;
}

uint32_t calendar_lane_take(struct calendar *cal)
{
    uint32_t lane = calendar_slot(cal->heads.keys[0]);
    struct calendar_lane *l = &cal->lanes[lane];
    calendar_key key;

    assert(cal->heads.count > 0 && l->count > 0);
    key = l->ring[l->first];
    l->first = (l->first + 1) & (l->room - 1);
    if (--l->count)
        calendar_sift_down(&cal->heads, head_of(l->ring[l->first], lane));
    else
        calendar_heap_drop(&cal->heads);
    return calendar_slot(key);
}

/* ------------------------------------------------------- cancellation */

static bool alive(const struct calendar *cal, calendar_key key)
{
    return cal->slab[calendar_slot(key)].type != NULL;
}

/* Restores the order of the whole heap (Floyd). */
static void heapify(struct calendar_heap *heap)
{
    calendar_key *keys = heap->keys;

    for (size_t top = (heap->count + 2) / 4; top-- > 0;) {
        calendar_key key = keys[top];
        size_t i = top, child;

        while ((child = 4 * i + 1) < heap->count) {
            size_t least = child;

            for (size_t c = child + 1; c < child + 4; c++)
                if (keys[c] < keys[least])
                    least = c;
            if (key < keys[least])
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
        calendar_key key = l->ring[(l->first + i) & (l->room - 1)];

        if (alive(cal, key))
            l->ring[(l->first + kept++) & (l->room - 1)] = key;
        else
            calendar_free_slot(cal, calendar_slot(key));
    }
    l->count = kept;
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
    cal->live--;
    cal->dead++;
    if (cal->dead > cal->live && cal->dead >= SWEEP_FROM)
        sweep(cal);
    return true;
}

/* -------------------------------------------------------- the sequence */

static uint64_t sequence_of(calendar_key key)
{
    return (uint64_t)key >> CALENDAR_SLOT_BITS &
           ((UINT64_C(1) << CALENDAR_SEQUENCE_BITS) - 1);
}

static int by_sequence(const void *a, const void *b)
{
    uint64_t x = sequence_of(**(calendar_key *const *)a);
    uint64_t y = sequence_of(**(calendar_key *const *)b);

    return (x > y) - (x < y);
}

static void set_sequence(calendar_key *key, uint64_t sequence)
{
    uint64_t mask = ((UINT64_C(1) << CALENDAR_SEQUENCE_BITS) - 1)
                    << CALENDAR_SLOT_BITS;

    *key = (*key & ~(calendar_key)mask) | sequence << CALENDAR_SLOT_BITS;
}

/* Once in 2^36 events: numbers the pending ones 0, 1, 2, ... in the order
 * they have. No key changes its place by that. */
void calendar_renumber(struct calendar *cal)
{
    size_t room = cal->live + cal->dead + 1, count = 0;
    calendar_key **keys = mem_calloc(room, sizeof *keys);

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
    size_t bytes = cal->slab_count * (sizeof *cal->slab + sizeof(calendar_key));

    for (uint32_t i = 0; i < cal->lane_count; i++)
        bytes += sizeof *cal->lanes +
                 cal->lanes[i].room * sizeof *cal->lanes[i].ring;
    return bytes;
}
