#include "models/lb/history.h"

#include <stdlib.h>

struct step {
    sim_time from;
    uint32_t present;
};

/* A ring; room is a power of two. */
struct steps {
    struct step *items;
    size_t first, count, room;
};

struct lb_history {
    sim_time horizon;
    VEC_OF(struct steps) pods;
};

struct lb_history *lb_history_new(sim_time horizon)
{
    struct lb_history *h = mem_zalloc(sizeof *h);

    h->horizon = horizon;
    return h;
}

void lb_history_reach(struct lb_history *h, sim_time horizon)
{
    if (h->horizon < horizon)
        h->horizon = horizon;
}

void lb_history_free(struct lb_history *h)
{
    for (size_t i = 0; h && i < h->pods.count; i++)
        free(h->pods.items[i].items);
    if (h)
        VEC_FREE(h->pods);
    free(h);
}

static inline struct step *step_at(const struct steps *s, size_t i)
{
    return &s->items[(s->first + i) & (s->room - 1)];
}

static void grow(struct steps *s)
{
    size_t room = s->room ? 2 * s->room : 8;
    struct step *items = mem_calloc(room, sizeof *items);

    for (size_t i = 0; i < s->count; i++)
        items[i] = *step_at(s, i);
    free(s->items);
    s->items = items;
    s->room = room;
    s->first = 0;
}

void lb_history_note(struct lb_history *h, pod_id pod, sim_time now,
                     uint64_t present)
{
    const struct steps none = {.room = 0};
    struct steps *s;

    while (h->pods.count <= pod)
        VEC_PUSH(h->pods, none);
    s = &h->pods.items[pod];
    while (s->count > 1 && step_at(s, 1)->from <= now - h->horizon) {
        s->first = (s->first + 1) & (s->room - 1);
        s->count--;
    }
    if (s->count && step_at(s, s->count - 1)->from == now)
        s->count--; /* at one instant the last word counts */
    if (s->count == s->room)
        grow(s);
    *step_at(s, s->count++) = (struct step){now, (uint32_t)present};
}

uint32_t lb_history_at(const struct lb_history *h, pod_id pod, sim_time at)
{
    const struct steps *s;
    size_t low = 0, high;

    if (pod >= h->pods.count)
        return 0;
    s = &h->pods.items[pod];
    high = s->count;
    while (low < high) { /* the first that begins later */
        size_t middle = (low + high) / 2;

        if (step_at(s, middle)->from <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? step_at(s, low - 1)->present : 0;
}
