/*
 * calendar - the future event list; only for sim.c, tests and benchmarks.
 *
 * Order: time, then priority, then order of scheduling; no two events
 * compare equal, so a run never depends on the shape of the heap.
 *
 * An event is a key of 16 bytes (time; priority, sequence, slot) and a
 * payload of 32 bytes in a slab, found by the slot. Keys stand in a 4-ary
 * heap whose four siblings share a cache line, or in lanes: rings of keys
 * that never decrease. The head of every lane that is not empty has a second
 * key, with the lane's number for its slot, in a small heap of its own; the
 * next event is the lesser of the two heaps' tops.
 *
 * Cancelling empties the payload and leaves the key (a dead event); when
 * more are dead than alive, all dead keys are swept out. A generation number
 * in the payload tells an event's id from those of its slot's other tenants.
 *
 * Taking the heap's top leaves a hole there, which the next push fills:
 * handlers mostly schedule as they run, and this halves the work.
 */
#ifndef SIM_ENGINE_CALENDAR_H
#define SIM_ENGINE_CALENDAR_H

#include <assert.h>

#include "sim/engine/sim.h"

enum {
    CALENDAR_SLOT_BITS = 24,
    CALENDAR_SEQUENCE_BITS = 36,
    CALENDAR_SLOTS = 1 << CALENDAR_SLOT_BITS,
    CALENDAR_NO_SLOT = CALENDAR_SLOTS,
    CALENDAR_PREFETCH = 1 << 14 /* heaps below this fit the caches */
};

/* High 64 bits: time, biased so that it compares unsigned. Low: priority,
 * sequence, slot, from the top. */
__extension__ typedef unsigned __int128 calendar_key;
#define CALENDAR_LAST (~(calendar_key)0) /* after every event */

/* An event's payload. Free or cancelled: type is NULL. */
struct calendar_event {
    const struct event_type *type;
    void *self;
    uint64_t subject; /* in the free list: the next free slot */
    uint32_t detail;
    uint32_t generation; /* of the present, or else the next, tenant; >= 1;
                            0: worn out, the slot is never used again */
};

/* keys[i] has children keys[4i+1 .. 4i+4]; keys beyond count in the last
 * family, and keys[0] of an empty heap, are CALENDAR_LAST. */
struct calendar_heap {
    calendar_key *keys; /* keys + 1 is aligned to a cache line */
    size_t count, room;
    void *block; /* owned: what holds keys */
};

struct calendar_lane {
    calendar_key *ring;        /* owned */
    size_t first, count, room; /* room: a power of two */
    calendar_key last;         /* key last put in; 0: none yet */
};

struct calendar {
    struct calendar_heap heap;
    struct calendar_heap heads;  /* of lanes */
    struct calendar_event *slab; /* owned */
    uint32_t slab_count, slab_room;
    uint32_t free;     /* first free slot, or CALENDAR_NO_SLOT */
    bool hole;         /* keys[0] of heap has been taken */
    uint64_t sequence; /* of the next event */
    size_t live, dead;
    struct calendar_lane *lanes; /* owned */
    uint32_t lane_count, lane_room;
};

/* An empty calendar in *cal; and what it owns, freed. */
void calendar_init(struct calendar *cal);
void calendar_release(struct calendar *cal);

/* Adds a lane; returns its number. */
uint32_t calendar_lane_new(struct calendar *cal);
/* As calendar_push, in a lane: `at` is no earlier than the lane's last
 * (asserted). O(1). */
event_id calendar_lane_push(struct calendar *cal, uint32_t lane, sim_time at,
                            const struct event_type *type, void *self,
                            struct event_args args);
/* Takes the first event of the first lane; for calendar_pop. */
uint32_t calendar_lane_take(struct calendar *cal);

bool calendar_cancel(struct calendar *cal, event_id id);
bool calendar_pending(const struct calendar *cal, event_id id);
size_t calendar_bytes(const struct calendar *cal);

/* Slow paths of the inline functions below. */
void calendar_grow_slab(struct calendar *cal);
void calendar_grow_heap(struct calendar_heap *heap);
void calendar_renumber(struct calendar *cal);

static inline calendar_key calendar_key_of(sim_time at, int priority,
                                           uint64_t sequence, uint32_t slot)
{
    uint64_t high = (uint64_t)at ^ UINT64_C(1) << 63;
    uint64_t low = (uint64_t)priority
                       << (CALENDAR_SEQUENCE_BITS + CALENDAR_SLOT_BITS) |
                   sequence << CALENDAR_SLOT_BITS | slot;

    return (calendar_key)high << 64 | low;
}

static inline sim_time calendar_time(calendar_key key)
{
    return (sim_time)((uint64_t)(key >> 64) ^ UINT64_C(1) << 63);
}

static inline uint32_t calendar_slot(calendar_key key)
{
    return (uint32_t)key & (CALENDAR_SLOTS - 1);
}

/* Puts `key` where the top of the heap was, and restores order. */
static inline void calendar_sift_down(struct calendar_heap *heap,
                                      calendar_key key)
{
    calendar_key *keys = heap->keys;
    size_t count = heap->count, i = 0, child = 1;

    while (child < count) {
        const calendar_key *k = keys + child;
        size_t a = k[1] < k[0], b = 2 + (size_t)(k[3] < k[2]), least;

        if (count > CALENDAR_PREFETCH)
            for (size_t c = 0; c < 4; c++)
                __builtin_prefetch(keys + 4 * (child + c) + 1);
        least = k[b] < k[a] ? b : a;
        if (key < k[least])
            break;
        keys[i] = k[least];
        i = child + least;
        child = 4 * i + 1;
    }
    keys[i] = key;
}

static inline void calendar_heap_push(struct calendar_heap *heap,
                                      calendar_key key)
{
    size_t i = heap->count, parent;

    if (i + 4 >= heap->room)
        calendar_grow_heap(heap);
    if (i % 4 == 1) /* the first of a family */
        for (size_t c = 1; c < 4; c++)
            heap->keys[i + c] = CALENDAR_LAST;
    heap->count++;
    for (; i > 0 && key < heap->keys[parent = (i - 1) / 4]; i = parent)
        heap->keys[i] = heap->keys[parent];
    heap->keys[i] = key;
}

/* Removes the top. */
static inline void calendar_heap_drop(struct calendar_heap *heap)
{
    calendar_key last;

    assert(heap->count > 0);
    last = heap->keys[--heap->count];
    heap->keys[heap->count] = CALENDAR_LAST;
    if (heap->count)
        calendar_sift_down(heap, last);
}

/* Closes the hole, if there is one. */
static inline void calendar_settle(struct calendar *cal)
{
    if (cal->hole) {
        cal->hole = false;
        calendar_heap_drop(&cal->heap);
    }
}

/* A slot filled with an event; its key is stored in *key. */
static inline event_id calendar_hold(struct calendar *cal, sim_time at,
                                     const struct event_type *type, void *self,
                                     struct event_args args, calendar_key *key)
{
    uint32_t slot = cal->free;
    struct calendar_event *ev;

    assert(type && type->handle);
    assert(type->priority >= 0 && type->priority < 16);
    if (slot == CALENDAR_NO_SLOT) {
        if (cal->slab_count == cal->slab_room)
            calendar_grow_slab(cal);
        slot = cal->slab_count++;
        ev = &cal->slab[slot];
        ev->generation = 1;
    } else {
        ev = &cal->slab[slot];
        cal->free = (uint32_t)ev->subject;
    }
    ev->type = type;
    ev->self = self;
    ev->subject = args.subject;
    ev->detail = args.detail;
    if (cal->sequence >> CALENDAR_SEQUENCE_BITS)
        calendar_renumber(cal);
    *key = calendar_key_of(at, type->priority, cal->sequence++, slot);
    cal->live++;
    return (event_id)ev->generation << CALENDAR_SLOT_BITS | slot;
}

/* Puts a slot that no key names any more in the free list. */
static inline void calendar_free_slot(struct calendar *cal, uint32_t slot)
{
    struct calendar_event *ev = &cal->slab[slot];

    if (ev->generation == 0)
        return;
    ev->subject = cal->free;
    cal->free = slot;
}

/* Adds an event; returns its id. O(log n), mostly less. */
static inline event_id calendar_push(struct calendar *cal, sim_time at,
                                     const struct event_type *type, void *self,
                                     struct event_args args)
{
    calendar_key key;
    event_id id = calendar_hold(cal, at, type, self, args, &key);

    if (cal->hole) {
        cal->hole = false;
        calendar_sift_down(&cal->heap, key);
    } else {
        calendar_heap_push(&cal->heap, key);
    }
    return id;
}

/* Removes the earliest event if its time is <= until (< SIM_NEVER) into *ev
 * and *at. False, both untouched: there is none. */
static inline bool calendar_pop(struct calendar *cal, sim_time until,
                                struct calendar_event *ev, sim_time *at)
{
    for (;;) {
        calendar_key key;
        uint32_t slot;

        calendar_settle(cal);
        key = cal->heap.keys[0];
        slot = calendar_slot(key);
        if (cal->heads.keys[0] < key) {
            key = cal->heads.keys[0];
            if (calendar_time(key) > until)
                return false;
            slot = calendar_lane_take(cal);
        } else {
            if (calendar_time(key) > until)
                return false;
            cal->hole = true;
        }
        *ev = cal->slab[slot];
        cal->slab[slot].type = NULL;
        if (ev->type) {
            cal->slab[slot].generation++;
            calendar_free_slot(cal, slot);
            cal->live--;
            *at = calendar_time(key);
            return true;
        }
        calendar_free_slot(cal, slot); /* was cancelled */
        cal->dead--;
    }
}

#endif
