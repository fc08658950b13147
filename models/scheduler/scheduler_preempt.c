/*
 * scheduler_preempt - pods of lower priority go to make room.
 *
 * The pod is promised the node and waits for them to go; until then, pods
 * of lower priority do not get that room. Victims are deleted through the
 * scheduler's client, with their own grace periods; budgets are kept where
 * that is possible.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/scheduler/scheduler_private.h"

/* The reason that the API shows of a victim. */
static const char preempted[] = "Preempted";

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
    const struct sched_pod *record = scheduler_record(sch, id);
    const struct pod *pod = world_pod(sch->world, id);
    const struct pod *by = world_pod(sch->world, (pod_id)args.detail);
    char *message;

    (void)sim;
    if (!pod || pod->deletion != SIM_NEVER || !record || !record->on_node ||
        sch->world->api_stopped)
        return;
    message = mem_printf("Preempted by pod %s on node %s", by ? by->name : "",
                         world_node(sch->world, record->node)->spec->name);
    scheduler_emit(sch, id, false, preempted, message);
    free(message);
    world_pod_delete(sch->world, id, -1, preempted,
                     world_pod_origin(sch->world, args.detail));
}
static const struct event_type evict_event = {"scheduler.evict", 0, on_evict};

/* The preemptor may be tried again: it waits for its victims to be gone. */
static void on_evicted(struct sim *sim, void *self, struct event_args args)
{
    struct sched_pod *record = scheduler_record(self, (pod_id)args.subject);

    (void)sim;
    if (record)
        record->preempting = false;
}
static const struct event_type evicted_event = {"scheduler.evicted", 0,
                                                on_evicted};

/* The condition DisruptionTarget is written, then the pod deleted. Returns
 * when that is done; it begins `after` from now. */
static sim_time evict(struct scheduler *sch, const struct sched_pod *record,
                      pod_id victim, sim_time after)
{
    sim_time delay = scheduler_write(sch, scheduler_write(sch, after));

    sim_after(sch->sim, delay, &evict_event, sch,
              (struct event_args){victim, record->id});
    return delay;
}

/* prepareCandidate of preemption/executor.go: all at once, the loop waits;
 * prepareCandidateAsync: the last one after all others, and the pod is not
 * tried again till then. */
static void evict_all(struct scheduler *sch, struct sched_pod *record,
                      const struct candidate *from)
{
    const struct preemptable *victims = sch->victims.items + from->first;
    sim_time done = 0;
    size_t last = from->count;

    for (size_t i = 0; i < from->count; i++)
        last = victims[i].terminating ? last : i;
    if (last == from->count)
        return; /* all are on their way out */
    for (size_t i = 0; i <= last; i++) {
        bool alone = sch->async_preemption && i == last;
        sim_time at;

        if (victims[i].terminating)
            continue;
        at = evict(sch, record, victims[i].id, alone ? done : 0);
        done = at > done ? at : done;
    }
    if (!sch->async_preemption) {
        scheduler_wait(sch, done);
        return;
    }
    record->preempting = true;
    sim_after(sch->sim, done, &evicted_event, sch,
              (struct event_args){record->id, 0});
}

/* A budget has let it go already (status.disruptedPods). */
static bool is_disrupted(const struct world *w, pod_id id)
{
    for (size_t i = 0; i < w->pdbs.count; i++) {
        const struct pdb *pdb = w->pdbs.items[i];

        for (size_t k = 0; !pdb->deleted && k < pdb->disrupted.count; k++) {
            if (pdb->disrupted.items[k].pod == id)
                return true;
        }
    }
    return false;
}

/* Pods that are known to be on the node, assumed ones too. */
static void list_pods(struct scheduler *sch, node_id node)
{
    sch->on_node.count = 0;
    if (node >= sch->by_node.count)
        return;
    for (size_t i = 0; i < sch->by_node.items[node].items.count; i++) {
        const struct sched_pod *record =
            sch->by_node.items[node].items.items[i];
        const struct pod *pod = world_pod(sch->world, record->id);
        struct preemptable item = {.id = record->id,
                                   .class = record->class,
                                   .terminating = record->terminating,
                                   .start = sim_now(sch->sim)};

        /* status.startTime, in whole seconds as all times of the API */
        if (pod && pod->node != NO_ID)
            item.start = pod->scheduled / SIM_S * SIM_S;
        item.disrupted = is_disrupted(sch->world, record->id);
        VEC_PUSH(sch->on_node, item);
    }
}

static void try_node(struct scheduler *sch, const struct sched_pod *record,
                     node_id node)
{
    struct candidate candidate = {.node = node, .first = sch->victims.count};

    list_pods(sch, node);
    candidate.count = preemption_victims(sch->framework, record->class, node,
                                         sch->on_node.items, sch->on_node.count,
                                         &sch->budgets);
    if (candidate.count == 0)
        return;
    for (size_t i = 0; i < candidate.count; i++) {
        candidate.violations += sch->on_node.items[i].protected;
        VEC_PUSH(sch->victims, sch->on_node.items[i]);
    }
    VEC_PUSH(sch->candidates, candidate);
}

static bool is_resolvable(const struct scheduler *sch, node_id node)
{
    const struct diagnosis *d = framework_diagnosis(sch->framework);

    for (size_t i = 0; i < d->resolvable.count; i++) {
        if (d->resolvable.items[i] == node)
            return true;
    }
    return false;
}

/* Pods of lower priority are on their way out of the promised node, because
 * of a preemption (PodEligibleToPreemptOthers). */
static bool is_being_served(struct scheduler *sch,
                            const struct sched_pod *record)
{
    if (record->nominated == NO_ID || !is_resolvable(sch, record->nominated))
        return false;
    list_pods(sch, record->nominated);
    for (size_t i = 0; i < sch->on_node.count; i++) {
        const struct preemptable *item = &sch->on_node.items[i];
        const struct pod *pod = world_pod(sch->world, item->id);

        if (item->terminating && pod && pod->reason &&
            strcmp(pod->reason, preempted) == 0 &&
            item->class->template->priority < priority_of(record))
            return true;
    }
    return false;
}

static void list_budgets(struct scheduler *sch)
{
    sch->budgets.items.count = 0;
    for (size_t i = 0; i < sch->world->pdbs.count; i++) {
        const struct pdb *pdb = sch->world->pdbs.items[i];

        if (!pdb->deleted)
            VEC_PUSH(sch->budgets.items,
                     ((struct disruption_budget){
                         .space = pdb->spec->meta.space,
                         .selector = &pdb->spec->selector,
                         .allowed = pdb->disruptions_allowed}));
    }
}

/* From a random node on, until there are enough, and one among them that
 * breaks no budget (DryRunPreemption). */
static void find_candidates(struct scheduler *sch, struct sched_pod *record)
{
    const struct diagnosis *d = framework_diagnosis(sch->framework);
    size_t count = d->resolvable.count, harmless = 0;
    size_t wanted = preemption_candidates(record->class->config, count);
    const struct pod *pod = world_pod(sch->world, record->id);
    struct rng rng;
    size_t offset;

    sch->victims.count = sch->candidates.count = 0;
    if (count == 0)
        return;
    list_budgets(sch);
    rng_init(&rng, sch->root, "scheduler.preemption", pod->stream_owner,
             pod->ordinal);
    rng_seek(&rng, record->attempts, 0);
    offset = (size_t)rng_below(&rng, count);
    for (size_t i = 0; i < count; i++) {
        size_t before = sch->candidates.count;

        if (harmless > 0 && before >= wanted)
            break;
        try_node(sch, record, d->resolvable.items[(offset + i) % count]);
        if (sch->candidates.count > before)
            harmless += sch->candidates.items[before].violations == 0;
    }
}

bool scheduler_preempt(struct scheduler *sch, struct sched_pod *record)
{
    const struct candidate *best;

    if (!record->class->config->preempts ||
        record->class->template->never_preempts ||
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
    evict_all(sch, record, best);
    return true;
}

void scheduler_explain(const struct scheduler *sch,
                       const struct sched_pod *record, bool found, char *buffer,
                       size_t size)
{
    bool never = record->class->template->never_preempts;
    size_t at;

    framework_explain(sch->framework, found || never, buffer, size);
    if (!never || framework_diagnosis(sch->framework)->nodes == 0)
        return;
    at = strlen(buffer); /* PodEligibleToPreemptOthers */
    snprintf(buffer + at, size - at,
             " preemption: not eligible due to preemptionPolicy=Never.");
}
