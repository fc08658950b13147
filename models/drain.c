#include "models/drain.h"

#include <stdlib.h>

#include "models/eviction.h"
#include "models/select.h"

/* EvictErrorRetryDelay; the interval of waitForDelete. */
static const sim_time retry_delay = 5 * SIM_S, wait_interval = SIM_S;

/* A drain that goes on; the world's memory. */
struct drain {
    struct simulation *s;
    const struct drain_options *options;
    incident_id origin;
    const node_id *nodes;
    size_t node_count, next;
    size_t pending;    /* pods of the present node, not yet done with */
    sim_time deadline; /* of the present node */
};

static void on_start(struct sim *sim, void *self, struct event_args args);
static void on_evict(struct sim *sim, void *self, struct event_args args);
static void on_wait(struct sim *sim, void *self, struct event_args args);

static const struct event_type start_event = {"drain.start", 2, on_start};
static const struct event_type evict_event = {"drain.evict", 2, on_evict};
static const struct event_type wait_event = {"drain.wait", 2, on_wait};

/* --- one node --- */

static bool has_ended(const struct pod *pod)
{
    return pod->phase == POD_SUCCEEDED || pod->phase == POD_FAILED;
}

/* The filters of kubectl pkg/drain/filters.go: which pods go, and why none
 * does. */
static bool is_meant(const struct drain *d, const struct pod *pod)
{
    const struct drain_options *c = d->options;

    if (c->by_selector && !selector_matches(&c->pods, pod->labels))
        return false;
    return pod->owner_kind != OWNER_DAEMONSET || has_ended(pod);
}

static const char *refusal(const struct drain *d, const struct node *node)
{
    const struct world *w = d->s->world;
    bool daemon = false, bare = false;

    for (size_t i = 0; i < node->pods.count; i++) {
        const struct pod *pod = world_pod(w, node->pods.items[i]);

        if (has_ended(pod) ||
            (d->options->by_selector &&
             !selector_matches(&d->options->pods, pod->labels)))
            continue;
        daemon |= pod->owner_kind == OWNER_DAEMONSET;
        bare |= pod->owner_kind == OWNER_NONE;
    }
    if (daemon && !d->options->ignore_daemonsets)
        return "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets "
               "to ignore)";
    if (bare && !d->options->force)
        return "cannot delete pods that declare no controller (use --force to "
               "override)";
    return NULL;
}

static int by_number(const void *a, const void *b)
{
    pod_id x = *(const pod_id *)a, y = *(const pod_id *)b;

    return (x > y) - (x < y);
}

/* Begins with the next node that has pods to evict; after the last one the
 * drain is over. */
static void next_node(struct drain *d)
{
    struct world *w = d->s->world;

    while (d->pending == 0 && d->next < d->node_count) {
        const struct node *node = world_node(w, d->nodes[d->next++]);
        const char *why = refusal(d, node);
        VEC_OF(pod_id) pods = {0};

        if (why) {
            world_event(w, true, "DrainRefused", node->spec->name, "%s", why);
            continue;
        }
        for (size_t i = 0; i < node->pods.count; i++) {
            if (is_meant(d, world_pod(w, node->pods.items[i])))
                VEC_PUSH(pods, node->pods.items[i]);
        }
        if (pods.count > 0)
            qsort(pods.items, pods.count, sizeof *pods.items, by_number);
        d->pending = pods.count;
        d->deadline = d->options->timeout == SIM_NEVER
                          ? SIM_NEVER
                          : sim_now(w->sim) + d->options->timeout;
        for (size_t i = 0; i < pods.count; i++)
            sim_after(w->sim, 0, &evict_event, d,
                      (struct event_args){.subject = pods.items[i]});
        VEC_FREE(pods);
    }
    if (d->pending == 0 && w->incidents.items[d->origin].end == SIM_NEVER)
        world_incident_end(w, d->origin);
}

static void done_with(struct drain *d)
{
    if (--d->pending == 0)
        next_node(d);
}

/* --- one pod --- */

/* --disable-eviction deletes whatever the budgets say. */
static enum eviction_answer ask(struct drain *d, pod_id id)
{
    struct world *w = d->s->world;

    if (!d->options->by_delete)
        return eviction_request(w, id, d->options->grace, "Evicted", d->origin);
    world_pod_delete(w, id, d->options->grace, "Evicted", d->origin);
    return EVICTION_GRANTED;
}

static void on_evict(struct sim *sim, void *self, struct event_args args)
{
    struct drain *d = self;
    enum eviction_answer answer;

    if (!world_pod(d->s->world, (pod_id)args.subject) ||
        sim_now(sim) > d->deadline) {
        done_with(d);
        return;
    }
    if (d->s->world->api_stopped) {
        sim_after(sim, retry_delay, &evict_event, d, args);
        return;
    }
    answer = ask(d, (pod_id)args.subject);
    if (answer == EVICTION_GRANTED)
        sim_after(sim, 0, &wait_event, d, args);
    else if (answer == EVICTION_REFUSED)
        sim_after(sim, retry_delay, &evict_event, d, args);
    else
        done_with(d);
}

static void on_wait(struct sim *sim, void *self, struct event_args args)
{
    struct drain *d = self;

    if (world_pod(d->s->world, (pod_id)args.subject) &&
        sim_now(sim) <= d->deadline)
        sim_after(sim, wait_interval, &wait_event, d, args);
    else
        done_with(d);
}

/* --- all of it --- */

static void on_start(struct sim *sim, void *self, struct event_args args)
{
    (void)sim;
    (void)args;
    next_node(self);
}

void drain_begin(struct simulation *s, const struct drain_options *options,
                 const node_id *nodes, size_t count, incident_id origin)
{
    struct drain *d = world_alloc(s->world, sizeof *d);

    *d = (struct drain){.s = s,
                        .options = options,
                        .origin = origin,
                        .nodes = nodes,
                        .node_count = count};
    for (size_t i = 0; i < count; i++) {
        world_node_set_unschedulable(s->world, nodes[i], true);
        world_node(s->world, nodes[i])->origin = origin;
    }
    if (options->pause > 0)
        sim_after(s->sim, options->pause, &start_event, d,
                  (struct event_args){0});
    else
        next_node(d);
}
