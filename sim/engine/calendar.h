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
    CALENDAR_NO_SLOT = CALENDAR_SLOTS
};

/* High: time, biased so that it compares unsigned. Low: priority, sequence,
 * slot, from the top. A zeroed key is before, CALENDAR_LAST after all. */
struct calendar_key {
    uint64_t low, high;
};
#define CALENDAR_LAST ((struct calendar_key){UINT64_MAX, UINT64_MAX})

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
    struct calendar_key *keys; /* keys + 1 is aligned to a cache line */
    size_t count, room;
    void *block;                       /* owned: what holds keys */
    const struct calendar_event *slab; /* borrowed, to prefetch from */
};

struct calendar_lane {
    struct calendar_key *ring; /* owned */
    size_t first, count, room; /* room: a power of two */
    struct calendar_key last;  /* key last put in; 0: none yet */
};

struct calendar {
    struct calendar_heap heap;
    struct calendar_heap heads;  /* of lanes */
    struct calendar_event *slab; /* owned */
    uint32_t slab_count, slab_room;
    uint32_t free;               /* first free slot, or CALENDAR_NO_SLOT */
    bool hole;                   /* keys[0] of heap has been taken */
    uint64_t sequence;           /* of the next event */
    size_t in_lanes, dead;       /* events */
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
/* Events that will run, unless cancelled. */
static inline size_t calendar_live(const struct calendar *cal)
{
    return cal->heap.count - cal->hole + cal->in_lanes - cal->dead;
}
size_t calendar_bytes(const struct calendar *cal);

/* Slow paths of the inline functions below. */
event_id calendar_push_slow(struct calendar *cal, sim_time at,
                            const struct event_type *type, void *self,
                            struct event_args args);

/* Puts `key` where the top was and sifts it down; adds; removes the top. */
void calendar_sift_down(struct calendar_heap *heap, struct calendar_key key);
void calendar_heap_push(struct calendar_heap *heap, struct calendar_key key);
void calendar_heap_drop(struct calendar_heap *heap);

static inline struct calendar_key
calendar_key_of(sim_time at, int priority, uint64_t sequence, uint32_t slot)
{
    struct calendar_key key = {
        .low = (uint64_t)priority
                   << (CALENDAR_SEQUENCE_BITS + CALENDAR_SLOT_BITS) |
               sequence << CALENDAR_SLOT_BITS | slot,
        .high = (uint64_t)at ^ UINT64_C(1) << 63};

    return key;
}

static inline sim_time calendar_time(struct calendar_key key)
{
    return (sim_time)(key.high ^ UINT64_C(1) << 63);
}

static inline uint32_t calendar_slot(struct calendar_key key)
{
    return (uint32_t)key.low & (CALENDAR_SLOTS - 1);
}

__extension__ typedef unsigned __int128 calendar_u128;

static inline bool calendar_before(struct calendar_key a, struct calendar_key b)
{
    return ((calendar_u128)a.high << 64 | a.low) <
           ((calendar_u128)b.high << 64 | b.low);
}

/* All ones where a is before b, else 0. The empty statement hides from the
 * compiler where it comes from, so that no branch is made of it: which
 * sibling is least cannot be predicted. */
static inline uint64_t calendar_mask(struct calendar_key a,
                                     struct calendar_key b)
{
    uint64_t mask = -(uint64_t)calendar_before(a, b);

    __asm__("" : "+r"(mask));
    return mask;
}

/* The key at *p. The empty statement keeps its halves out of a vector
 * register: a processor cannot forward two narrow stores to a wide load. */
static inline struct calendar_key calendar_load(const struct calendar_key *p)
{
    struct calendar_key key = *p;

    __asm__("" : "+r"(key.low));
    return key;
}

/* b where mask is all ones, a where it is 0; not in vectors either. */
static inline struct calendar_key
calendar_choose(struct calendar_key a, struct calendar_key b, uint64_t mask)
{
    a.low ^= (a.low ^ b.low) & mask;
    a.high ^= (a.high ^ b.high) & mask;
    __asm__("" : "+r"(a.low));
    return a;
}

/* The least of four siblings; adds its index, 0..3, to *index. */
static inline struct calendar_key calendar_least(const struct calendar_key *k,
                                                 size_t *index)
{
    uint64_t b = calendar_mask(k[1], k[0]), d = calendar_mask(k[3], k[2]);
    struct calendar_key ab = calendar_choose(k[0], k[1], b);
    struct calendar_key cd = calendar_choose(k[2], k[3], d);
    uint64_t second = calendar_mask(cd, ab);

    *index += (-b & ~second) | ((2 - d) & second);
    return calendar_choose(ab, cd, second);
}

/* Puts `key` where the top of the heap was, and restores order. */
static inline void calendar_replace(struct calendar_heap *heap,
                                    struct calendar_key key)
{
    struct calendar_key *keys = heap->keys, other;

    if (heap->count > 2) {
        calendar_sift_down(heap, key);
        return;
    }
    other = calendar_load(&keys[1]);
    if (calendar_before(key, other)) {
        keys[0] = key;
    } else {
        keys[0] = other;
        keys[1] = key;
    }
}

/* Closes the hole, if there is one. */
static inline void calendar_settle(struct calendar *cal)
{
    if (cal->hole) {
        cal->hole = false;
        calendar_heap_drop(&cal->heap);
    }
}

/* False: no free slot is at hand, or no sequence number. */
static inline bool calendar_ready(const struct calendar *cal)
{
    return cal->free != CALENDAR_NO_SLOT &&
           cal->sequence >> CALENDAR_SEQUENCE_BITS == 0;
}

/* A slot filled with an event; its key is stored in *key. */
static inline event_id calendar_hold(struct calendar *cal, sim_time at,
                                     const struct event_type *type, void *self,
                                     struct event_args args,
                                     struct calendar_key *key)
{
    uint32_t slot = cal->free;
    struct calendar_event *ev = &cal->slab[slot];

    assert(type->priority >= 0 && type->priority < 16);
    cal->free = (uint32_t)ev->subject;
    ev->type = type;
    ev->self = self;
    ev->subject = args.subject;
    ev->detail = args.detail;
    *key = calendar_key_of(at, type->priority, cal->sequence++, slot);
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
    struct calendar_key key;
    event_id id;

    if (!calendar_ready(cal))
        return calendar_push_slow(cal, at, type, self, args);
    id = calendar_hold(cal, at, type, self, args, &key);
    if (cal->hole) {
        cal->hole = false;
        calendar_replace(&cal->heap, key);
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
        struct calendar_key key;
        uint32_t slot;

        calendar_settle(cal);
        key = calendar_load(&cal->heap.keys[0]);
        slot = calendar_slot(key);
        if (calendar_before(cal->heads.keys[0], key)) {
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
            *at = calendar_time(key);
            return true;
        }
        calendar_free_slot(cal, slot); /* was cancelled */
        cal->dead--;
    }
}

#endif
