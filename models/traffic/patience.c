/*
 * patience - time-outs of attempts and deadlines of requests.
 *
 * Both are constant for a traffic entry, so what begins later ends later: a
 * line of them, and one calendar event for the first. Most have ended by
 * then and leave the line without one.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/traffic/traffic_internal.h"

static void on_timeouts(struct sim *sim, void *self, struct event_args args);
static void on_deadlines(struct sim *sim, void *self, struct event_args args);
/* An answer at the very instant is in time. */
static const struct event_type timeouts_event = {"traffic.timeout", 8,
                                                 on_timeouts};
static const struct event_type deadlines_event = {"traffic.deadline", 8,
                                                  on_deadlines};

/* How many that have ended leave the line when one joins it. */
enum { LEAVE = 2 };

void due_ring_release(struct due_ring *ring)
{
    free(ring->items);
    memset(ring, 0, sizeof *ring);
}

static void grow_ring(struct due_ring *ring)
{
    size_t room = ring->room ? 2 * ring->room : 64;
    struct due *items = mem_calloc(room, sizeof *items);

    for (size_t i = 0; i < ring->count; i++)
        items[i] = ring->items[(ring->first + i) & (ring->room - 1)];
    free(ring->items);
    ring->items = items;
    ring->room = room;
    ring->first = 0;
}

static inline void ring_drop(struct due_ring *ring)
{
    assert(ring->count > 0);
    ring->first = (ring->first + 1) & (ring->room - 1);
    ring->count--;
}

static inline void ring_push(struct due_ring *ring, struct due due)
{
    if (ring->count == ring->room)
        grow_ring(ring);
    ring->items[(ring->first + ring->count++) & (ring->room - 1)] = due;
}

static inline void ring_arm(struct entry *e, struct due_ring *ring,
                            const struct event_type *type)
{
    if (ring->armed || ring->count == 0)
        return;
    ring->armed = true;
    sim_at(e->traffic->s->sim, ring->items[ring->first].at, type, e,
           (struct event_args){0});
}

/* Attempts: `what` is the generation. */
static inline bool timeout_void(const struct entry *e, const struct due *due)
{
    return e->traffic->requests[due->slot].generation != due->what;
}

/* Requests: `what` is the number. */
static inline bool deadline_void(const struct entry *e, const struct due *due)
{
    const struct request *r = &e->traffic->requests[due->slot];

    return r->state == REQUEST_FREE || r->number != due->what ||
           r->entry != e->index;
}

void patience_attempt(struct entry *e, const struct request *r)
{
    struct due_ring *ring = &e->timeouts;
    struct due due;

    if (e->spec->timeout >= SIM_NEVER - r->started)
        return;
    for (int i = 0; i < LEAVE && ring->count; i++) {
        if (!timeout_void(e, &ring->items[ring->first]))
            break;
        ring_drop(ring);
    }
    due.at = r->started + e->spec->timeout;
    due.what = r->generation;
    due.slot = (uint32_t)(r - e->traffic->requests);
    ring_push(ring, due);
    ring_arm(e, ring, &timeouts_event);
}

void patience_request(struct entry *e, const struct request *r)
{
    struct due_ring *ring = &e->deadlines;
    struct due due;

    if (e->spec->deadline >= SIM_NEVER - r->arrival)
        return;
    for (int i = 0; i < LEAVE && ring->count; i++) {
        if (!deadline_void(e, &ring->items[ring->first]))
            break;
        ring_drop(ring);
    }
    due.at = r->arrival + e->spec->deadline;
    due.what = r->number;
    due.slot = (uint32_t)(r - e->traffic->requests);
    ring_push(ring, due);
    ring_arm(e, ring, &deadlines_event);
}

static void on_timeouts(struct sim *sim, void *self, struct event_args args)
{
    struct entry *e = self;
    struct due_ring *ring = &e->timeouts;

    (void)args;
    ring->armed = false;
    while (ring->count) {
        struct due due = ring->items[ring->first];
        bool over = timeout_void(e, &due);

        if (!over && due.at > sim_now(sim))
            break;
        ring_drop(ring);
        if (!over)
            request_expired(e, &e->traffic->requests[due.slot]);
    }
    ring_arm(e, ring, &timeouts_event);
}

static void on_deadlines(struct sim *sim, void *self, struct event_args args)
{
    struct entry *e = self;
    struct due_ring *ring = &e->deadlines;

    (void)args;
    ring->armed = false;
    while (ring->count) {
        struct due due = ring->items[ring->first];
        bool over = deadline_void(e, &due);

        if (!over && due.at > sim_now(sim))
            break;
        ring_drop(ring);
        if (!over)
            request_deadline(e, &e->traffic->requests[due.slot]);
    }
    ring_arm(e, ring, &deadlines_event);
}
