/*
 * scheduler_watch - what the scheduler hears of pods and nodes.
 */
#include <assert.h>

#include "models/scheduler/scheduler_private.h"
#include "models/select.h"

/* --- what is heard of pods --- */

/* The node named in the pod's own spec; false: it is not there. */
static bool bind_named(struct scheduler *sch, struct sched_pod *record)
{
    uint32_t node = world_find(sch->world, CHANGE_NODE, "",
                               record->class->template->node_name);

    if (node == NO_ID || node >= framework_node_room(sch->framework))
        return false;
    scheduler_put(sch, record, node, PLACE_BOUND);
    world_pod_bind(sch->world, record->id, node);
    return true;
}

static void pod_added(struct scheduler *sch, const struct pod *pod)
{
    struct sched_pod *record;

    if (!pod || scheduler_record(sch, pod->id) || pod->node != NO_ID ||
        pod->phase >= POD_SUCCEEDED)
        return;
    if (!pod->template->node_name &&
        !framework_handles(sch->framework, pod->template))
        return; /* another scheduler's, which is not there */
    record = scheduler_record_make(sch, pod);
    if (pod->template->node_name) {
        if (!bind_named(sch, record))
            record->place = PLACE_NAMED;
        return;
    }
    sched_queue_activate(&sch->queue, record);
    scheduler_start_cycle(sch);
}

/* Somebody else bound it. */
static void pod_bound(struct scheduler *sch, const struct pod *pod)
{
    struct sched_pod *record;

    if (!pod || pod->node == NO_ID || pod->phase >= POD_SUCCEEDED)
        return;
    record = scheduler_record(sch, pod->id);
    if (!record) {
        record = scheduler_record_make(sch, pod);
    } else if (record->on_node || record == sch->cycle) {
        return;
    } else if (record->place != PLACE_NOWHERE && record->place != PLACE_NAMED) {
        sched_queue_remove(&sch->queue, record);
    }
    record->terminating = pod->deletion != SIM_NEVER;
    scheduler_put(sch, record, pod->node, PLACE_BOUND);
    scheduler_pod_may_help(sch, EVENT_POD_ADDED, record);
}

/* That a pod terminates, and counts no more for spreading, is no event that
 * PodTopologySpread has asked for. */
static void pod_terminates(struct scheduler *sch, struct sched_pod *record)
{
    if (!record || record->terminating)
        return;
    record->terminating = true;
    if (record->on_node)
        framework_pod_terminates(sch->framework, record->class, record->node);
}

/* Deleted, failed or succeeded. */
static void pod_gone(struct scheduler *sch, struct sched_pod *record)
{
    bool held = record && record->on_node;

    if (!record)
        return;
    scheduler_take(sch, record);
    if (held)
        scheduler_pod_may_help(sch, EVENT_POD_GONE, record);
    switch (record->place) {
    case PLACE_ACTIVE:
    case PLACE_BACKOFF:
    case PLACE_UNSCHEDULABLE:
        sched_queue_remove(&sch->queue, record);
        scheduler_record_free(sch, record);
        break;
    case PLACE_ASSUMED:
        record->gone = true; /* freed when its write ends */
        break;
    case PLACE_NOWHERE:
        if (record == sch->cycle)
            record->gone = true;
        else
            scheduler_record_free(sch, record);
        break;
    case PLACE_BOUND:
    case PLACE_NAMED:
        scheduler_record_free(sch, record);
        break;
    }
}

/* Other labels, or another owner: another class, as if one had gone from its
 * node and another come to it. */
static void pod_changed(struct scheduler *sch, struct sched_pod *record,
                        const struct pod *pod)
{
    struct pod_class *old;

    if (!record || !pod || record->gone)
        return;
    old = record->class;
    record->class = scheduler_class_in(sch->world, sch->framework, pod);
    if (record->on_node) {
        framework_pod_remove(sch->framework, old, record->node,
                             record->terminating);
        framework_pod_add(sch->framework, record->class, record->node,
                          record->terminating);
        scheduler_may_help(
            sch, &(struct cluster_change){EVENT_POD_GONE, NO_ID, NULL, old});
        scheduler_pod_may_help(sch, EVENT_POD_ADDED, record);
    }
    framework_class_release(sch->framework, old);
}

static void on_pod_heard(struct sim *sim, void *self, struct event_args args)
{
    struct scheduler *sch = self;
    pod_id id = (pod_id)args.subject;

    (void)sim;
    switch ((enum world_what)args.detail) {
    case WHAT_ADDED:
        pod_added(sch, world_pod(sch->world, id));
        break;
    case WHAT_BOUND:
        pod_bound(sch, world_pod(sch->world, id));
        break;
    case WHAT_TERMINATING:
        pod_terminates(sch, scheduler_record(sch, id));
        break;
    case WHAT_LABELS:
    case WHAT_OWNER:
        pod_changed(sch, scheduler_record(sch, id), world_pod(sch->world, id));
        break;
    default:
        pod_gone(sch, scheduler_record(sch, id));
        break;
    }
}
static const struct event_type pod_heard = {"scheduler.pod", 0, on_pod_heard};

/* --- what is heard of nodes --- */

static bool node_known(const struct scheduler *sch, node_id id)
{
    return id < framework_node_room(sch->framework) &&
           framework_node(sch->framework, id)->present;
}

static void node_read(struct scheduler *sch, const struct node *node)
{
    framework_node_set(sch->framework, node->id, node->unschedulable,
                       node->taints.items, node->taints.count);
}

static void images_read(struct scheduler *sch, const struct node *node)
{
    for (size_t i = 0; i < node->images.count; i++)
        framework_node_image(sch->framework, node->id, &node->images.items[i]);
}

/* Pods that named a node before it was there. */
static void bind_waiting(struct scheduler *sch)
{
    for (size_t i = 0; i < sch->records.count; i++) {
        struct sched_pod *record = sch->records.items[i];

        if (record && record->place == PLACE_NAMED)
            bind_named(sch, record);
    }
}

static void node_may_help(struct scheduler *sch, enum cluster_event event,
                          node_id id, const struct node_info *before)
{
    scheduler_may_help(sch, &(struct cluster_change){event, id, before, NULL});
}

static void node_added(struct scheduler *sch, const struct node *node)
{
    if (node->deleted || node_known(sch, node->id))
        return;
    framework_node_add(sch->framework, node->id, node->spec);
    node_read(sch, node);
    images_read(sch, node);
    if (sim_now(sch->sim) > 0)
        bind_waiting(sch);
    node_may_help(sch, EVENT_NODE_ADDED, node->id, NULL);
}

static void node_removed(struct scheduler *sch, node_id id)
{
    framework_node_remove(sch->framework, id);
    node_may_help(sch, EVENT_NODE_GONE, id, NULL);
}

/* NodeSchedulingPropertiesChange: one event for each thing that changed. */
static void node_updated(struct scheduler *sch, const struct node *node)
{
    const struct node_info *now = framework_node(sch->framework, node->id);
    struct node_info before = {.spec = now->spec,
                               .unschedulable = now->unschedulable};

    for (size_t i = 0; i < now->taints.count; i++)
        VEC_PUSH(before.taints, now->taints.items[i]);
    if (before.spec != node->spec)
        framework_node_relabel(sch->framework, node->id, node->spec);
    node_read(sch, node);
    now = framework_node(sch->framework, node->id);
    if (before.spec != now->spec)
        node_may_help(sch, EVENT_NODE_LABELS, node->id, &before);
    if (!taints_equal(before.taints.items, before.taints.count,
                      now->taints.items, now->taints.count) ||
        (before.unschedulable && !now->unschedulable))
        node_may_help(sch, EVENT_NODE_TAINTS, node->id, &before);
    VEC_FREE(before.taints);
}

static void on_node_heard(struct sim *sim, void *self, struct event_args args)
{
    struct scheduler *sch = self;
    const struct node *node = world_node(sch->world, (node_id)args.subject);

    (void)sim;
    if (args.detail == WHAT_ADDED) {
        node_added(sch, node);
    } else if (!node_known(sch, node->id)) {
        return;
    } else if (args.detail == WHAT_DELETED) {
        node_removed(sch, node->id);
    } else if (args.detail == WHAT_IMAGES) {
        images_read(sch, node);
    } else {
        node_updated(sch, node);
    }
}
static const struct event_type node_heard = {"scheduler.node", 0,
                                             on_node_heard};

/* --- watches --- */

static void hear(struct scheduler *sch, struct informer *informer,
                 const struct event_type *type,
                 const struct world_change *change)
{
    sim_time lag = dist_sample_time(&sch->params->watch_latency, &sch->lag);
    sim_time now = sim_now(sch->sim);

    if (lag == SIM_NEVER)
        return;
    lag = world_api_time(sch->world, lag);
    if (now + lag > informer->last)
        informer->last = now + lag;
    sim_lane_at(sch->sim, informer->lane, informer->last, type, sch,
                (struct event_args){change->id, change->what});
}

/* Its own binds are no news to it. */
static bool is_news(const struct scheduler *sch,
                    const struct world_change *change)
{
    const struct sched_pod *record = scheduler_record(sch, change->id);

    switch (change->what) {
    case WHAT_ADDED:
    case WHAT_DELETED:
    case WHAT_TERMINATING:
    case WHAT_LABELS:
    case WHAT_OWNER:
        return true;
    case WHAT_BOUND:
        return !record || record->place != PLACE_BOUND;
    case WHAT_STATUS:
        return record &&
               world_pod(sch->world, change->id)->phase >= POD_SUCCEEDED;
    default:
        return false;
    }
}

static void on_pod(void *self, const struct world_change *change)
{
    struct scheduler *sch = self;

    if (is_news(sch, change))
        hear(sch, &sch->pods, &pod_heard, change);
}

static void on_node(void *self, const struct world_change *change)
{
    struct scheduler *sch = self;
    struct event_args args = {change->id, change->what};

    switch (change->what) {
    case WHAT_ADDED:
        if (sim_now(sch->sim) == 0) { /* listed before it began */
            on_node_heard(sch->sim, sch, args);
            break;
        }
        hear(sch, &sch->nodes, &node_heard, change);
        break;
    case WHAT_DELETED:
    case WHAT_SPEC:
    case WHAT_TAINTS:
    case WHAT_IMAGES:
    case WHAT_LABELS:
        hear(sch, &sch->nodes, &node_heard, change);
        break;
    default:
        break;
    }
}

void scheduler_watch(struct scheduler *sch)
{
    sch->pods.lane = sim_lane_new(sch->sim);
    sch->nodes.lane = sim_lane_new(sch->sim);
    world_watch(sch->world, 1U << CHANGE_POD, on_pod, sch);
    world_watch(sch->world, 1U << CHANGE_NODE, on_node, sch);
}

void scheduler_set_preference(struct scheduler *sch,
                              node_id (*prefer)(void *self, pod_id pod),
                              void *self)
{
    sch->prefer = prefer;
    sch->prefer_self = self;
}
