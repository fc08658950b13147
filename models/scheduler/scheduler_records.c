/*
 * scheduler_records - what the scheduler knows of each pod: made when it is
 * heard of, accounted on a node, freed when it is gone.
 */
#include <assert.h>
#include <stdlib.h>

#include "models/scheduler/scheduler_private.h"

struct sched_pod *scheduler_record(const struct scheduler *sch, pod_id id)
{
    return id < sch->records.count ? sch->records.items[id] : NULL;
}

struct pod_time scheduler_waited(const struct scheduler *sch, sim_time t)
{
    sim_time dt = t - sch->waiting_since;
    struct pod_time sum = sch->waited;

    assert(dt >= 0);
    sum.seconds += (int64_t)sch->waiting * (dt / SIM_S);
    sum.ns += (int64_t)sch->waiting * (dt % SIM_S);
    sum.seconds += sum.ns / SIM_S;
    sum.ns %= SIM_S;
    return sum;
}

void scheduler_set_waits(struct scheduler *sch, struct sched_pod *record,
                         bool waits)
{
    if (record->waits == waits)
        return;
    world_queue_changes(sch->world);
    sch->waited = scheduler_waited(sch, sim_now(sch->sim));
    sch->waiting_since = sim_now(sch->sim);
    sch->waiting += waits;
    sch->waiting -= !waits;
    record->waits = waits;
}

static void owner_of(const struct world *w, const struct pod *pod,
                     const struct selector **selector, bool *hashed)
{
    /* plugins/helper/spread.go: of these two kinds only. */
    bool spreads = pod->owner_kind == OWNER_REPLICASET ||
                   pod->owner_kind == OWNER_STATEFULSET;

    *selector = spreads ? world_pod_owner(w, pod)->selector : NULL;
    *hashed = pod->owner_kind == OWNER_REPLICASET &&
              w->replicasets.items[pod->owner]->deployment != NO_ID;
}

struct pod_class *scheduler_class_in(const struct world *w, struct framework *f,
                                     const struct pod *pod)
{
    const struct selector *owner;
    bool hashed;

    owner_of(w, pod, &owner, &hashed);
    return framework_class(f, pod->template, pod->space, owner, hashed);
}

void scheduler_each_unschedulable(const struct scheduler *sch,
                                  void (*visit)(void *self, pod_id id),
                                  void *self)
{
    for (size_t i = 0; sch->waiting > 0 && i < sch->records.count; i++) {
        if (sch->records.items[i] && sch->records.items[i]->waits)
            visit(self, (pod_id)i);
    }
}

struct sched_pod *scheduler_record_make(struct scheduler *sch,
                                        const struct pod *pod)
{
    struct sched_pod *record = sch->free_records;

    if (record)
        sch->free_records = record->next_free;
    else
        record = mem_alloc(sizeof *record);
    *record =
        (struct sched_pod){.id = pod->id, .node = NO_ID, .nominated = NO_ID};
    record->class = scheduler_class_in(sch->world, sch->framework, pod);
    record->stamp = sim_now(sch->sim);
    if (pod->template->priority < sch->lowest_priority)
        sch->lowest_priority = pod->template->priority;
    while (sch->records.count <= pod->id)
        VEC_PUSH(sch->records, NULL);
    assert(!sch->records.items[pod->id]);
    sch->records.items[pod->id] = record;
    return record;
}

void scheduler_record_free(struct scheduler *sch, struct sched_pod *record)
{
    scheduler_set_waits(sch, record, false);
    scheduler_unnominate(sch, record);
    sch->records.items[record->id] = NULL;
    framework_class_release(sch->framework, record->class);
    record->next_free = sch->free_records;
    sch->free_records = record;
}

void scheduler_put(struct scheduler *sch, struct sched_pod *record,
                   node_id node, enum pod_place place)
{
    record->node = node;
    record->place = place;
    record->on_node = true;
    if (place == PLACE_BOUND)
        scheduler_set_waits(sch, record, false);
    framework_pod_add(sch->framework, record->class, node, record->terminating);
    while (sch->by_node.count <= node)
        VEC_PUSH(sch->by_node, (struct node_records){0});
    record->node_index = sch->by_node.items[node].items.count;
    VEC_PUSH(sch->by_node.items[node].items, record);
}

void scheduler_take(struct scheduler *sch, struct sched_pod *record)
{
    struct node_records *there;
    struct sched_pod *last;

    if (!record->on_node)
        return;
    record->on_node = false;
    there = &sch->by_node.items[record->node];
    last = there->items.items[--there->items.count];
    there->items.items[record->node_index] = last;
    last->node_index = record->node_index;
    framework_pod_remove(sch->framework, record->class, record->node,
                         record->terminating);
}
