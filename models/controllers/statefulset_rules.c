#include "models/controllers/statefulset_rules.h"

#include <stdlib.h>
#include <string.h>

#include "models/controllers/replicaset_rules.h"
#include "sim/engine/mem.h"

enum { BATCH_MAX = 500 }; /* MaxBatchSize */

/* One reconcile. */
struct planning {
    const struct stateful_view *set;
    const struct stateful_pod *pods; /* by falling index */
    size_t count;
    struct stateful_plan *plan;
    const struct stateful_pod *first_unavailable; /* NULL: none, or a pod that
                                                     is yet to be created */
    unsigned batch;                               /* the last one given out */
};

static void push(struct planning *p, struct stateful_step step)
{
    struct stateful_plan *plan = p->plan;

    if (plan->count == plan->room) {
        plan->room = plan->room ? 2 * plan->room : 8;
        plan->steps = mem_realloc(plan->steps, plan->room, sizeof *plan->steps);
    }
    plan->steps[plan->count++] = step;
}

static void delete_pod(struct planning *p, const struct stateful_pod *pod,
                       enum stateful_act act, unsigned batch)
{
    push(p, (struct stateful_step){.act = act, .pod = pod->id, .batch = batch});
}

static bool in_range(const struct stateful_view *set, int index)
{
    return index >= set->start && index - set->start < set->replicas;
}

static bool unavailable(const struct stateful_pod *pod)
{
    return !pod || !pod->available || pod->terminating;
}

static int by_falling_index(const void *a, const void *b)
{
    int x = ((const struct stateful_pod *)a)->index;
    int y = ((const struct stateful_pod *)b)->index;

    return (y > x) - (y < x);
}

/* Pods at their places, NULL where there is none; the counts. */
static void place_pods(struct planning *p)
{
    struct stateful_plan *plan = p->plan;
    struct stateful_counts *c = &plan->counts;
    size_t replicas = (size_t)p->set->replicas;

    if (plan->slot_room < replicas) {
        plan->slot_room = replicas;
        plan->slots = mem_realloc(plan->slots, replicas, sizeof *plan->slots);
    }
    if (replicas > 0)
        memset(plan->slots, 0, replicas * sizeof *plan->slots);
    for (size_t i = 0; i < p->count; i++) {
        const struct stateful_pod *pod = &p->pods[i];

        if (in_range(p->set, pod->index))
            plan->slots[pod->index - p->set->start] = pod;
        c->replicas++;
        c->ready += pod->ready;
        c->available += pod->ready && pod->available;
        c->current += !pod->terminating && pod->revision == p->set->current;
        c->updated += !pod->terminating && pod->revision == p->set->update;
    }
}

/* The lowest index first, then the condemned from the lowest up. */
static void find_unavailable(struct planning *p)
{
    for (int i = 0; i < p->set->replicas; i++) {
        if (unavailable(p->plan->slots[i])) {
            p->first_unavailable = p->plan->slots[i];
            return;
        }
    }
    for (size_t i = p->count; i-- > 0;) {
        const struct stateful_pod *pod = &p->pods[i];

        if (!in_range(p->set, pod->index) && unavailable(pod)) {
            p->first_unavailable = pod;
            return;
        }
    }
}

/* newVersionedStatefulSetPod */
static bool made_from_current(const struct stateful_view *set, int place)
{
    if (set->rolling_given)
        return place < set->partition;
    return !set->on_delete && place < set->status_current;
}

/* processReplica. True: in order, nothing more is done now. */
static bool process(struct planning *p, int place, unsigned batch)
{
    const struct stateful_pod *pod = p->plan->slots[place];

    if (pod && pod->ended) {
        if (!pod->terminating)
            delete_pod(p, pod, STATEFUL_DELETE_ENDED, batch);
        return true;
    }
    if (!pod) {
        push(p, (struct stateful_step){.act = STATEFUL_CREATE,
                                       .index = place + p->set->start,
                                       .is_current =
                                           made_from_current(p->set, place),
                                       .batch = batch});
        return true;
    }
    return pod->terminating || !pod->ready || !pod->available;
}

/* True: the rest of the reconcile waits. Parallel: slowStartBatch over all
 * of them. */
static bool process_replicas(struct planning *p)
{
    int64_t size = 0, left = p->set->replicas;
    int place = 0;

    if (!p->set->parallel) {
        for (; place < p->set->replicas; place++) {
            if (process(p, place, 0))
                return true;
        }
        return false;
    }
    while ((size = replicaset_batch(left, size, 1)) > 0) {
        size = size > BATCH_MAX ? BATCH_MAX : size;
        left -= size;
        p->batch++;
        for (int64_t k = 0; k < size; k++)
            process(p, place++, p->batch);
    }
    return false;
}

/* processCondemned. True: in order, nothing more is done now. */
static bool condemn(struct planning *p, const struct stateful_pod *pod)
{
    bool in_order = !p->set->parallel;

    if (pod->terminating)
        return in_order;
    if (in_order && (!pod->ready || !pod->available) &&
        pod != p->first_unavailable)
        return true;
    delete_pod(p, pod, STATEFUL_DELETE_SCALED, in_order ? 0 : p->batch);
    return in_order;
}

static bool process_condemned(struct planning *p)
{
    p->batch++;
    for (size_t i = 0; i < p->count; i++) {
        if (!in_range(p->set, p->pods[i].index) && condemn(p, &p->pods[i]))
            return true;
    }
    return false;
}

static bool is_old(const struct planning *p, const struct stateful_pod *pod)
{
    return pod && pod->revision != p->set->update && !pod->terminating;
}

static void replace(struct planning *p, const struct stateful_pod *pod)
{
    delete_pod(p, pod, STATEFUL_DELETE_OLD, 0);
    p->plan->counts.current--;
}

/* One at a time, from the highest down to the partition. */
static void roll(struct planning *p)
{
    int last = p->set->rolling_given ? p->set->partition : 0;

    for (int place = p->set->replicas - 1; place >= last; place--) {
        const struct stateful_pod *pod = p->plan->slots[place];

        if (is_old(p, pod)) {
            replace(p, pod);
            return;
        }
        if (unavailable(pod))
            return;
    }
}

/* updateStatefulSetAfterInvariantEstablished */
static void roll_several(struct planning *p)
{
    int last = p->set->rolling_given ? p->set->partition : 0;
    int left = p->set->rolling_given ? p->set->max_unavailable : 1;

    for (int place = 0; place < p->set->replicas; place++)
        left -= unavailable(p->plan->slots[place]);
    for (int place = p->set->replicas - 1; place >= last && left > 0; place--) {
        if (is_old(p, p->plan->slots[place])) {
            replace(p, p->plan->slots[place]);
            left--;
        }
    }
}

void statefulset_plan(const struct stateful_view *set,
                      struct stateful_pod *pods, size_t count,
                      struct stateful_plan *plan)
{
    struct planning p = {
        .set = set, .pods = pods, .count = count, .plan = plan};

    plan->count = 0;
    plan->counts = (struct stateful_counts){0};
    if (count > 0)
        qsort(pods, count, sizeof *pods, by_falling_index);
    place_pods(&p);
    find_unavailable(&p);
    if (!process_replicas(&p) && !process_condemned(&p) && !set->on_delete) {
        if (set->max_unavailable > 0)
            roll_several(&p);
        else
            roll(&p);
    }
    plan->complete = !set->on_delete && plan->counts.updated == set->replicas &&
                     plan->counts.ready == set->replicas &&
                     plan->counts.replicas == set->replicas;
    if (plan->complete)
        plan->counts.current = plan->counts.updated;
}

void statefulset_plan_release(struct stateful_plan *plan)
{
    free(plan->steps);
    free(plan->slots);
    *plan = (struct stateful_plan){0};
}
