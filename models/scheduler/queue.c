#include "models/scheduler/queue.h"

#include <assert.h>
#include <stdlib.h>

static bool goes_first(const struct sched_pod *a, const struct sched_pod *b)
{
    int64_t pa = a->class->template->priority;
    int64_t pb = b->class->template->priority;

    if (pa != pb)
        return pa > pb;
    if (a->stamp != b->stamp)
        return a->stamp < b->stamp;
    return a->id < b->id;
}

static bool ends_first(const struct sched_pod *a, const struct sched_pod *b)
{
    if (a->until != b->until)
        return a->until < b->until;
    return goes_first(a, b);
}

typedef bool pod_order(const struct sched_pod *a, const struct sched_pod *b);

static void put(struct sched_pod **heap, size_t i, struct sched_pod *pod)
{
    heap[i] = pod;
    pod->index = i;
}

static void sift_up(struct sched_pod **heap, size_t i, pod_order *before)
{
    struct sched_pod *pod = heap[i];

    while (i > 0 && before(pod, heap[(i - 1) / 2])) {
        put(heap, i, heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(heap, i, pod);
}

static void sift_down(struct sched_pod **heap, size_t count, size_t i,
                      pod_order *before)
{
    struct sched_pod *pod = heap[i];

    for (;;) {
        size_t child = 2 * i + 1;

        if (child + 1 < count && before(heap[child + 1], heap[child]))
            child++;
        if (child >= count || !before(heap[child], pod))
            break;
        put(heap, i, heap[child]);
        i = child;
    }
    put(heap, i, pod);
}

/* Takes the i-th out of a heap of `count` pods. */
static void heap_remove(struct sched_pod **heap, size_t count, size_t i,
                        pod_order *before)
{
    struct sched_pod *last = heap[count - 1];

    if (i == count - 1)
        return;
    put(heap, i, last);
    sift_down(heap, count - 1, i, before);
    sift_up(heap, last->index, before);
}

void sched_queue_release(struct sched_queue *q)
{
    VEC_FREE(q->active);
    VEC_FREE(q->backoff);
    VEC_FREE(q->unschedulable);
}

void sched_queue_activate(struct sched_queue *q, struct sched_pod *pod)
{
    assert(pod->place == PLACE_NOWHERE);
    pod->place = PLACE_ACTIVE;
    VEC_PUSH(q->active, pod);
    sift_up(q->active.items, q->active.count - 1, goes_first);
}

void sched_queue_back_off(struct sched_queue *q, struct sched_pod *pod)
{
    assert(pod->place == PLACE_NOWHERE);
    pod->place = PLACE_BACKOFF;
    VEC_PUSH(q->backoff, pod);
    sift_up(q->backoff.items, q->backoff.count - 1, ends_first);
}

void sched_queue_park(struct sched_queue *q, struct sched_pod *pod)
{
    assert(pod->place == PLACE_NOWHERE);
    pod->place = PLACE_UNSCHEDULABLE;
    pod->index = q->unschedulable.count;
    VEC_PUSH(q->unschedulable, pod);
}

void sched_queue_remove(struct sched_queue *q, struct sched_pod *pod)
{
    switch (pod->place) {
    case PLACE_ACTIVE:
        heap_remove(q->active.items, q->active.count--, pod->index, goes_first);
        break;
    case PLACE_BACKOFF:
        heap_remove(q->backoff.items, q->backoff.count--, pod->index,
                    ends_first);
        break;
    case PLACE_UNSCHEDULABLE:
        put(q->unschedulable.items, pod->index,
            q->unschedulable.items[--q->unschedulable.count]);
        break;
    case PLACE_NOWHERE:
    case PLACE_ASSUMED:
    case PLACE_BOUND:
    case PLACE_NAMED:
        assert(false); /* waits nowhere */
    }
    pod->place = PLACE_NOWHERE;
}

/* The first that back-off alone holds. NULL: none. */
static struct sched_pod *first_refused(const struct sched_queue *q)
{
    struct sched_pod *first = NULL;

    for (size_t i = 0; i < q->backoff.count; i++) {
        struct sched_pod *pod = q->backoff.items[i];

        if (pod->rejectors && (!first || ends_first(pod, first)))
            first = pod;
    }
    return first;
}

struct sched_pod *sched_queue_pop(struct sched_queue *q, bool early)
{
    struct sched_pod *pod = NULL;

    if (q->active.count > 0)
        pod = q->active.items[0];
    else if (early && q->backoff.count > 0)
        pod = q->backoff.items[0]->rejectors ? q->backoff.items[0]
                                             : first_refused(q);
    if (pod)
        sched_queue_remove(q, pod);
    return pod;
}

sim_time sched_queue_next_backoff(const struct sched_queue *q)
{
    return q->backoff.count > 0 ? q->backoff.items[0]->until : SIM_NEVER;
}

void sched_queue_end_backoffs(struct sched_queue *q, sim_time now)
{
    while (q->backoff.count > 0 && q->backoff.items[0]->until <= now) {
        struct sched_pod *pod = q->backoff.items[0];

        sched_queue_remove(q, pod);
        sched_queue_activate(q, pod);
    }
}
