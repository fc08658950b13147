#include "models/scheduler/scheduler.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include "models/scheduler/scheduler_private.h"

enum { EXPLAIN_SIZE = 480 };

/* scheduling_queue.go: unschedulable pods are looked through each 30 s, the
 * back-off queue each second. */
static const sim_time flush_period = 30 * SIM_S;
static const sim_time backoff_tick = SIM_S;

/* --- the queue --- */

static void on_backoff(struct sim *sim, void *self, struct event_args args);
static const struct event_type backoff_event = {"scheduler.backoff", 0,
                                                on_backoff};

static void set_backoff_timer(struct scheduler *sch)
{
    sim_cancel(sch->sim, sch->backoff_timer);
    sch->backoff_timer = sim_at(sch->sim, sched_queue_next_backoff(&sch->queue),
                                &backoff_event, sch, (struct event_args){0, 0});
}

static void on_backoff(struct sim *sim, void *self, struct event_args args)
{
    struct scheduler *sch = self;

    (void)args;
    sched_queue_end_backoffs(&sch->queue, sim_now(sim));
    set_backoff_timer(sch);
    scheduler_start_cycle(sch);
}

static sim_time backoff_length(const struct scheduler *sch, uint32_t attempts)
{
    sim_time length = sch->params->scheduler_backoff_base;

    while (--attempts > 0 && length < sch->params->scheduler_backoff_max)
        length *= 2;
    return length < sch->params->scheduler_backoff_max
               ? length
               : sch->params->scheduler_backoff_max;
}

/* The tick at which a back-off that ends at `until` is over: the loop looks
 * at the queue each second. Where an idle scheduler takes pods from it, ends
 * are rounded down to seconds, and a second must have passed. */
static sim_time tick_after(const struct scheduler *sch, sim_time until)
{
    if (sch->pops_early)
        return (until / backoff_tick + 1) * backoff_tick;
    return (until + backoff_tick - 1) / backoff_tick * backoff_tick;
}

/* To the back-off queue's next tick. Cycles begin when all have moved. */
static void wait_or_go(struct scheduler *sch, struct sched_pod *record)
{
    sim_time now = sim_now(sch->sim);
    sim_time until = record->stamp + backoff_length(sch, record->attempts);

    record->until = tick_after(sch, until);
    if (sch->pops_early ? record->until <= now : until <= now) {
        sched_queue_activate(&sch->queue, record);
    } else {
        sched_queue_back_off(&sch->queue, record);
        set_backoff_timer(sch);
    }
}

static void set_flush_timer(struct scheduler *sch);

static void on_flush(struct sim *sim, void *self, struct event_args args)
{
    struct scheduler *sch = self;
    sim_time late = sim_now(sim) - sch->params->scheduler_flush;

    (void)args;
    for (size_t i = sch->queue.unschedulable.count; i-- > 0;) {
        struct sched_pod *record = sch->queue.unschedulable.items[i];

        if (record->stamp < late && !record->preempting) {
            sched_queue_remove(&sch->queue, record);
            wait_or_go(sch, record);
        }
    }
    set_flush_timer(sch);
    scheduler_start_cycle(sch);
}
static const struct event_type flush_event = {"scheduler.flush", 0, on_flush};

static void set_flush_timer(struct scheduler *sch)
{
    sim_time now = sim_now(sch->sim);

    if (sch->queue.unschedulable.count == 0 ||
        sim_pending(sch->sim, sch->flush_timer))
        return;
    sch->flush_timer = sim_at(sch->sim, (now / flush_period + 1) * flush_period,
                              &flush_event, sch, (struct event_args){0, 0});
}

void scheduler_may_help(struct scheduler *sch,
                        const struct cluster_change *change)
{
    unsigned mask = sch->interested[change->event];

    for (size_t i = sch->queue.unschedulable.count; i-- > 0;) {
        struct sched_pod *record = sch->queue.unschedulable.items[i];

        if (!(record->rejectors & mask) || record->preempting ||
            !framework_helps(sch->framework, record->class, record->rejectors,
                             change))
            continue;
        sched_queue_remove(&sch->queue, record);
        wait_or_go(sch, record);
    }
    scheduler_start_cycle(sch);
}

void scheduler_pod_may_help(struct scheduler *sch, enum cluster_event event,
                            const struct sched_pod *record)
{
    scheduler_may_help(
        sch, &(struct cluster_change){event, NO_ID, NULL, record->class});
}

/* --- binding --- */

void scheduler_emit(const struct scheduler *sch, pod_id id, bool warning,
                    const char *reason, const char *message)
{
    const struct pod *pod = world_pod(sch->world, id);
    char *object;

    if (!sch->world->want_events || !pod)
        return;
    object = mem_printf("pod/%s", pod->name);
    world_event(sch->world, warning, reason, object, "%s", message);
    free(object);
}

sim_time scheduler_write(struct scheduler *sch, sim_time after)
{
    sim_time now = sim_now(sch->sim);
    sim_time sent = token_bucket_take(&sch->bucket, now) - now;
    sim_time latency =
        world_api_time(sch->world, dist_sample_time(&sch->params->write_latency,
                                                    &sch->writes));

    if (sent < after)
        sent = after;
    return latency > SIM_NEVER - sent ? SIM_NEVER : sent + latency;
}

static void bind_now(struct scheduler *sch, struct sched_pod *record)
{
    const struct node *node = world_node(sch->world, record->node);
    const struct pod *pod = world_pod(sch->world, record->id);
    char *message = mem_printf("Successfully assigned %s/%s to %s", pod->space,
                               pod->name, node->spec->name);

    record->place = PLACE_BOUND;
    scheduler_set_waits(sch, record, false);
    sch->counts.bound++;
    world_pod_bind(sch->world, record->id, record->node);
    scheduler_emit(sch, record->id, false, "Scheduled", message);
    free(message);
}

static void fail(struct scheduler *sch, struct sched_pod *record)
{
    record->attempts++;
    record->stamp = sim_now(sch->sim);
    scheduler_set_waits(sch, record, true);
    sch->counts.failed++;
}

/* The write is done. */
static void on_written(struct sim *sim, void *self, struct event_args args)
{
    struct scheduler *sch = self;
    struct sched_pod *record = scheduler_record(sch, (pod_id)args.subject);
    const struct pod *pod = world_pod(sch->world, (pod_id)args.subject);

    (void)sim;
    assert(record && record->place == PLACE_ASSUMED);
    if (record->gone || !pod || pod->deletion != SIM_NEVER) {
        scheduler_take(sch, record);
        if (record->gone)
            scheduler_record_free(sch, record);
        else
            record->place = PLACE_NOWHERE; /* until its end is heard of */
        return;
    }
    if (pod->node != NO_ID) { /* somebody was faster */
        scheduler_take(sch, record);
        scheduler_put(sch, record, pod->node, PLACE_BOUND);
        return;
    }
    if (world_node(sch->world, record->node)->deleted ||
        sch->world->api_stopped) {
        scheduler_take(sch, record);
        scheduler_pod_may_help(sch, EVENT_POD_GONE, record);
        record->place = PLACE_NOWHERE;
        record->rejectors = 0; /* an error */
        fail(sch, record);
        wait_or_go(sch, record);
        scheduler_start_cycle(sch);
        return;
    }
    bind_now(sch, record);
}
static const struct event_type written_event = {"scheduler.bound", 0,
                                                on_written};

static void assume(struct scheduler *sch, struct sched_pod *record,
                   node_id node)
{
    scheduler_unnominate(sch, record);
    scheduler_put(sch, record, node, PLACE_ASSUMED);
    scheduler_pod_may_help(sch, EVENT_POD_ADDED, record);
    sim_after(sch->sim, scheduler_write(sch, 0), &written_event, sch,
              (struct event_args){record->id, 0});
}

/* --- cycles --- */

/* The Services that select the pod, for the default spreading. */
static void tell_services(struct scheduler *sch, struct sched_pod *record,
                          const struct pod *pod)
{
    sch->selectors.count = 0;
    for (size_t i = 0; i < pod->service_count; i++)
        VEC_PUSH(sch->selectors,
                 &world_service(sch->world, pod->services[i])->spec->selector);
    framework_class_services(sch->framework, record->class,
                             sch->selectors.items, sch->selectors.count);
}

static void on_told(struct sim *sim, void *self, struct event_args args)
{
    struct scheduler *sch = self;

    (void)sim;
    (void)args;
    sch->writing--;
    scheduler_start_cycle(sch);
}
static const struct event_type told_event = {"scheduler.told", 0, on_told};

void scheduler_wait(struct scheduler *sch, sim_time delay)
{
    sch->writing++;
    sim_after(sch->sim, delay, &told_event, sch, (struct event_args){0, 0});
}

/*
 * The condition PodScheduled says why, where that is news: a write through
 * the client that binds, for which the loop waits (schedule_one.go
 * handleSchedulingFailure), unless API calls are made beside it.
 */
static void tell_api(struct scheduler *sch, struct sched_pod *record)
{
    uint64_t why = framework_fingerprint(sch->framework);
    sim_time delay;

    if (why == record->told)
        return;
    record->told = why;
    delay = scheduler_write(sch, 0);
    if (sch->waits_for_writes)
        scheduler_wait(sch, delay);
}

static void refuse(struct scheduler *sch, struct sched_pod *record)
{
    const struct diagnosis *d = framework_diagnosis(sch->framework);
    char message[EXPLAIN_SIZE];
    bool preempted;

    record->rejectors = d->nodes > 0 ? d->rejectors : ~0U;
    fail(sch, record);
    preempted = scheduler_preempt(sch, record);
    if (sch->world->want_events) {
        scheduler_explain(sch, record, preempted, message, sizeof message);
        scheduler_emit(sch, record->id, true, "FailedScheduling", message);
    }
    tell_api(sch, record);
    sched_queue_park(&sch->queue, record);
    set_flush_timer(sch);
}

/* The promised node, where it fits by now; else the best of all. */
static node_id choose(struct scheduler *sch, struct sched_pod *record,
                      const struct pod *pod)
{
    struct rng rng;
    node_id node;

    scheduler_hold_promises(sch, record, 1);
    if (record->nominated != NO_ID &&
        framework_node(sch->framework, record->nominated)->present &&
        framework_passes(sch->framework, record->class, record->nominated,
                         ~0U)) {
        node = record->nominated;
    } else if (pod->target != NO_ID) {
        node =
            framework_schedule_on(sch->framework, record->class, pod->target);
    } else {
        rng_init(&rng, sch->root, "scheduler.ties", pod->stream_owner,
                 pod->ordinal);
        rng_seek(&rng, record->attempts, 0);
        if (sch->prefer)
            framework_prefer(sch->framework,
                             sch->prefer(sch->prefer_self, record->id));
        node = framework_schedule(sch->framework, record->class, &rng);
    }
    scheduler_hold_promises(sch, record, -1);
    return node;
}

static void on_cycle(struct sim *sim, void *self, struct event_args args)
{
    struct scheduler *sch = self;
    struct sched_pod *record = sch->cycle;
    const struct pod *pod = world_pod(sch->world, record->id);
    node_id node;

    (void)sim;
    (void)args;
    sch->cycle = NULL;
    sch->counts.cycles++;
    if (record->gone) {
        scheduler_record_free(sch, record);
    } else if (pod && pod->node != NO_ID) { /* somebody bound it */
        scheduler_put(sch, record, pod->node, PLACE_BOUND);
    } else if (pod) {
        tell_services(sch, record, pod);
        node = choose(sch, record, pod);
        if (node == NO_ID)
            refuse(sch, record);
        else
            assume(sch, record, node);
    }
    scheduler_start_cycle(sch);
}
static const struct event_type cycle_event = {"scheduler.cycle", 0, on_cycle};

void scheduler_start_cycle(struct scheduler *sch)
{
    sim_time length;

    if (sch->cycle || sch->stopped > 0 || sch->writing > 0)
        return;
    sch->cycle = sched_queue_pop(&sch->queue, sch->pops_early);
    if (!sch->cycle)
        return;
    length = dist_sample_time(&sch->params->scheduling_latency, &sch->work);
    if (sch->slowness != 1)
        length = sim_seconds(sim_to_seconds(length) * sch->slowness);
    sim_after(sch->sim, length, &cycle_event, sch, (struct event_args){0, 0});
}

/* --- life --- */

/* Terms of pod affinity may mean namespaces by their labels. */
static void read_spaces(struct scheduler *sch, const struct scenario *from)
{
    sch->spaces = mem_calloc(from->namespace_count, sizeof *sch->spaces);
    for (size_t i = 0; i < from->namespace_count; i++)
        sch->spaces[i] = (struct space_labels){from->namespaces[i].name,
                                               from->namespaces[i].labels};
}

/* Without profiles: the default one. */
static struct framework *make_framework(const struct scheduler *sch,
                                        const struct scenario *from)
{
    const struct cluster_params *c = &from->cluster;
    size_t count = c->profile_count > 0 ? c->profile_count : 1;
    struct scheduler_config *profiles = mem_calloc(count, sizeof *profiles);
    struct framework *framework;

    for (size_t i = 0; i < count; i++) {
        profiles[i] = c->profile_count > 0
                          ? c->profiles[i]
                          : scheduler_config_default(c->kubernetes_minor);
        profiles[i].space_count = from->namespace_count;
        profiles[i].spaces = sch->spaces;
    }
    framework = framework_new(profiles, count);
    free(profiles);
    return framework;
}

struct framework *scheduler_framework_like(const struct scheduler *sch)
{
    return make_framework(sch, sch->world->scenario);
}

struct scheduler *scheduler_new(struct simulation *s)
{
    struct scheduler *sch = mem_zalloc(sizeof *sch);

    sch->world = s->world;
    sch->sim = s->sim;
    sch->params = &s->scenario->cluster.control_plane;
    sch->root = s->root;
    read_spaces(sch, s->scenario);
    sch->framework = make_framework(sch, s->scenario);
    sch->bucket = token_bucket_make(sch->params->scheduler_qps,
                                    sch->params->scheduler_burst);
    sch->slowness = 1;
    sch->waits_for_writes = !sch->params->scheduler_async_calls;
    sch->pops_early = sch->params->scheduler_pops_early;
    sch->async_preemption = sch->params->scheduler_async_preemption;
    sch->lowest_priority = INT64_MAX;
    rng_init(&sch->lag, s->root, "scheduler.watch", NULL, 0);
    rng_init(&sch->work, s->root, "scheduler.cycle", NULL, 0);
    rng_init(&sch->writes, s->root, "scheduler.write", NULL, 0);
    for (int e = 0; e <= EVENT_POD_ADDED; e++)
        sch->interested[e] =
            framework_interested(sch->framework, (enum cluster_event)e);
    scheduler_watch(sch);
    return sch;
}

void scheduler_free(struct scheduler *sch)
{
    if (!sch)
        return;
    for (size_t i = 0; i < sch->records.count; i++)
        free(sch->records.items[i]);
    while (sch->free_records) {
        struct sched_pod *next = sch->free_records->next_free;

        free(sch->free_records);
        sch->free_records = next;
    }
    VEC_FREE(sch->records);
    VEC_FREE(sch->nominated);
    for (size_t i = 0; i < sch->by_node.count; i++)
        VEC_FREE(sch->by_node.items[i].items);
    VEC_FREE(sch->by_node);
    VEC_FREE(sch->budgets.items);
    VEC_FREE(sch->on_node);
    VEC_FREE(sch->victims);
    VEC_FREE(sch->candidates);
    VEC_FREE(sch->selectors);
    sched_queue_release(&sch->queue);
    framework_free(sch->framework);
    free(sch->spaces);
    free(sch);
}

void scheduler_set_stopped(struct scheduler *sch, bool stopped)
{
    assert(stopped || sch->stopped > 0);
    sch->stopped += stopped ? 1 : UINT_MAX;
    scheduler_start_cycle(sch);
}

void scheduler_set_slowness(struct scheduler *sch, double factor)
{
    assert(factor > 0);
    sch->slowness = factor;
}

struct scheduler_counts scheduler_counts(const struct scheduler *sch)
{
    struct scheduler_counts counts = sch->counts;

    counts.active = sch->queue.active.count;
    counts.backoff = sch->queue.backoff.count;
    counts.unschedulable = sch->queue.unschedulable.count;
    return counts;
}

struct framework *scheduler_framework(struct scheduler *sch)
{
    return sch->framework;
}
