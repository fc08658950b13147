/*
 * controller_queue - a workqueue as client-go's (util/workqueue): FIFO,
 * each key at most once in it; a key that is added while it is processed
 * goes in again when that is done; failures are counted for back-off.
 *
 * An open-addressing table of keys: O(1), no allocation once it has its
 * size. A key about which there is nothing to remember takes no room.
 */
#ifndef MODELS_CONTROLLER_QUEUE_H
#define MODELS_CONTROLLER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/engine/sim.h"

struct work_item {
    uint64_t key;
    event_id timer;    /* of a delayed add; 0: none */
    sim_time ready_at; /* when it is due */
    uint32_t failures;
    bool used, dirty, processing;
};

/* Zeroed: empty. */
struct workqueue {
    struct work_item *items; /* open addressing, linear probing */
    size_t count, room;      /* room: 0 or a power of 2 */
    uint64_t *ring;          /* keys to be processed, oldest first */
    size_t head, length, ring_room;
};

void workqueue_release(struct workqueue *q);

/* Adds; nothing happens where it waits already. */
void workqueue_add(struct workqueue *q, uint64_t key);
/* Takes the oldest. False: there is none. */
bool workqueue_get(struct workqueue *q, uint64_t *key);
/* The processing of a key is over: it goes in again where it was added
 * meanwhile. */
void workqueue_done(struct workqueue *q, uint64_t key);

/* Counts a failure; returns how many there were before. */
uint32_t workqueue_fail(struct workqueue *q, uint64_t key);
void workqueue_forget(struct workqueue *q, uint64_t key);

/* What is known of a key; NULL: nothing. Valid until the next call. */
struct work_item *workqueue_find(struct workqueue *q, uint64_t key);
/* The same, made where there is none; drop it with workqueue_tidy. */
struct work_item *workqueue_item(struct workqueue *q, uint64_t key);
/* Forgets a key that has no state left. */
void workqueue_tidy(struct workqueue *q, uint64_t key);

#endif
