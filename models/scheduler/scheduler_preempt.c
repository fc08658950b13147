/*
 * scheduler_preempt - pods of lower priority go to make room.
 *
 * The pod is promised the node and waits for them to go; until then, pods
 * of lower priority do not get that room. Victims are deleted through the
 * scheduler's client, with their own grace periods; budgets do not bind it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/scheduler/scheduler_private.h"

static int64_t priority_of(const struct sched_pod *record)
{
    return record->class->template->priority;
}

/* --- promises --- */

void scheduler_unnominate(struct scheduler *sch, struct sched_pod *record)
{
    size_t i = 0;

    if (record->nominated == NO_ID)
        return;
    while (sch->nominated.items[i] != record)
        i++;
    sch->nominated.items[i] = sch->nominated.items[--sch->nominated.count];
    record->nominated = NO_ID;
}

static void nominate(struct scheduler *sch, struct sched_pod *record,
                     node_id node)
{
    scheduler_unnominate(sch, record);
    for (size_t i = sch->nominated.count; i-- > 0;) {
        struct sched_pod *other = sch->nominated.items[i];

        if (other->nominated == node &&
            priority_of(other) < priority_of(record))
            scheduler_unnominate(sch, other);
    }
    record->nominated = node;
    VEC_PUSH(sch->nominated, record);
}

void scheduler_hold_promises(struct scheduler *sch,
                             const struct sched_pod *record, int sign)
{
    for (size_t i = 0; i < sch->nominated.count; i++) {
        const struct sched_pod *other = sch->nominated.items[i];

        if (other == record || priority_of(other) < priority_of(record))
            continue;
        if (sign > 0)
            framework_pod_add(sch->framework, other->class, other->nominated,
                              false);
        else
            framework_pod_remove(sch->framework, other->class, other->nominated,
                                 false);
    }
}

/* --- victims --- */

static void on_evict(struct sim *sim, void *self, struct event_args args)
{
    struct scheduler *sch = self;
    pod_id id = (pod_id)args.subject;
    const struct pod *pod = world_pod(sch->world, id);

    (void)sim;
    if (!pod || pod->deletion != SIM_NEVER)
        return;
    scheduler_emit(sch, id, false, "Preempted", "Preempted by another pod");
    world_pod_delete(sch->world, id, -1, "Preempted",
                     world_pod_origin(sch->world, args.detail));
}
static const struct event_type evict_event = {"scheduler.evict", 0, on_evict};

static void evict(struct scheduler *sch, const struct sched_pod *record,
                  pod_id victim)
{
    sim_after(sch->sim, scheduler_write(sch), &evict_event, sch,
              (struct event_args){victim, record->id});
}

/* Pods that are known to be on the node. */
static void list_pods(struct scheduler *sch, node_id id)
{
    const struct node *node = world_node(sch->world, id);

    sch->on_node.count = 0;
    for (size_t i = 0; i < node->pods.count; i++) {
        const struct pod *pod = world_pod(sch->world, node->pods.items[i]);
        const struct sched_pod *record = scheduler_record(sch, pod->id);
        struct preemptable item = {.id = pod->id, .start = pod->scheduled};

        if (!record || !record->on_node || record->node != id)
            continue;
        item.class = record->class;
        item.terminating = record->terminating;
        VEC_PUSH(sch->on_node, item);
    }
}

static void try_node(struct scheduler *sch, const struct sched_pod *record,
                     node_id node)
{
    struct candidate candidate = {.node = node, .first = sch->victims.count};

    list_pods(sch, node);
    candidate.count =
        preemption_victims(sch->framework, record->class, node,
                           sch->on_node.items, sch->on_node.count);
    if (candidate.count == 0)
        return;
    for (size_t i = 0; i < candidate.count; i++)
        VEC_PUSH(sch->victims, sch->on_node.items[i]);
    VEC_PUSH(sch->candidates, candidate);
}

/* Pods of lower priority are on their way out of the promised node. */
static bool is_being_served(struct scheduler *sch,
                            const struct sched_pod *record)
{
    if (record->nominated == NO_ID)
        return false;
    list_pods(sch, record->nominated);
    for (size_t i = 0; i < sch->on_node.count; i++) {
        if (sch->on_node.items[i].terminating &&
            sch->on_node.items[i].class->template->priority <
                priority_of(record))
            return true;
    }
    return false;
}

/* From a random node on, until there are enough. */
static void find_candidates(struct scheduler *sch, struct sched_pod *record)
{
    const struct diagnosis *d = framework_diagnosis(sch->framework);
    size_t count = d->resolvable.count, wanted = preemption_candidates(count);
    const struct pod *pod = world_pod(sch->world, record->id);
    struct rng rng;
    size_t offset;

    sch->victims.count = sch->candidates.count = 0;
    if (count == 0)
        return;
    rng_init(&rng, sch->root, "scheduler.preemption", pod->stream_owner,
             pod->ordinal);
    rng_seek(&rng, record->attempts, 0);
    offset = (size_t)rng_below(&rng, count);
    for (size_t i = 0; i < count && sch->candidates.count < wanted; i++)
        try_node(sch, record, d->resolvable.items[(offset + i) % count]);
}

bool scheduler_preempt(struct scheduler *sch, struct sched_pod *record)
{
    const struct candidate *best;

    if (record->class->template->never_preempts ||
        priority_of(record) <= sch->lowest_priority)
        return false;
    if (is_being_served(sch, record))
        return false;
    scheduler_hold_promises(sch, record, 1);
    find_candidates(sch, record);
    scheduler_hold_promises(sch, record, -1);
    if (sch->candidates.count == 0) {
        scheduler_unnominate(sch, record);
        return false;
    }
    best = &sch->candidates.items[preemption_best(
        sch->candidates.items, sch->candidates.count, sch->victims.items)];
    nominate(sch, record, best->node);
    for (size_t i = 0; i < best->count; i++) {
        const struct preemptable *victim = &sch->victims.items[best->first + i];

        if (!victim->terminating)
            evict(sch, record, victim->id);
    }
    return true;
}

void scheduler_explain(const struct scheduler *sch,
                       const struct sched_pod *record, bool preempted,
                       char *buffer, size_t size)
{
    bool never = record->class->template->never_preempts;
    size_t at;

    framework_explain(sch->framework, preempted || never, buffer, size);
    if (!never || framework_diagnosis(sch->framework)->nodes == 0)
        return;
    at = strlen(buffer); /* PodEligibleToPreemptOthers */
    snprintf(buffer + at, size - at,
             " preemption: not eligible due to preemptionPolicy=Never.");
}
