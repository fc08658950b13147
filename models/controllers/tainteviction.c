/*
 * The taint eviction controller: deletes pods from nodes that are tainted
 * NoExecute when their toleration ends.
 * Kubernetes v1.36, pkg/controller/tainteviction/taint_eviction.go.
 */
#include <stdlib.h>

#include "models/controller.h"
#include "models/controllers/tainteviction_rules.h"
#include "models/version.h"

/* UpdateWorkerSize; each deletion is a goroutine besides. */
enum { UPDATE_WORKERS = 8, DELETIONS = 64 };

/* Keys: a node that was tainted, a pod that came, a pod whose time is up. */
#define KEY_NODE  (UINT64_C(1) << 60)
#define KEY_POD   (UINT64_C(1) << 61)
#define KEY_EVICT (UINT64_C(1) << 62)

struct eviction {
    pod_id pod;
    sim_time at;
};

struct tainteviction {
    VEC_OF(struct eviction) evictions; /* to come, by pod */
    VEC_OF(pod_id) pods;               /* scratch */
};

static void stop(void *state)
{
    struct tainteviction *all = state;

    VEC_FREE(all->evictions);
    VEC_FREE(all->pods);
}

/* Timers are lost: tolerations count from now. */
static void restart(struct controller_run *run, void *state)
{
    const struct world *w = controller_world(run);

    ((struct tainteviction *)state)->evictions.count = 0;
    for (node_id id = 0; id < w->nodes.count; id++) {
        if (world_node(w, id)->taints.count > 0)
            controller_enqueue(run, KEY_NODE | id);
    }
}

/* --- evictions to come --- */

/* Where a pod's eviction is, or would be. */
static size_t place_of(const struct tainteviction *all, pod_id id)
{
    size_t low = 0, high = all->evictions.count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (all->evictions.items[middle].pod < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct eviction *find(const struct tainteviction *all, pod_id id)
{
    size_t at = place_of(all, id);

    return at < all->evictions.count && all->evictions.items[at].pod == id
               ? &all->evictions.items[at]
               : NULL;
}

static void cancel(struct tainteviction *all, pod_id id)
{
    struct eviction *e = find(all, id);

    if (!e)
        return;
    all->evictions.count--;
    for (; e < all->evictions.items + all->evictions.count; e++)
        *e = e[1];
}

static void schedule(struct controller_run *run, struct tainteviction *all,
                     pod_id id, sim_time delay)
{
    struct eviction new = {id, sim_now(controller_world(run)->sim) + delay};
    size_t at = place_of(all, id);

    VEC_PUSH(all->evictions, new);
    for (size_t i = all->evictions.count - 1; i > at; i--)
        all->evictions.items[i] = all->evictions.items[i - 1];
    all->evictions.items[at] = new;
    controller_enqueue_after(run, KEY_EVICT | id, delay);
}

/* --- what it hears --- */

static void observe(struct controller_run *run, void *state,
                    const struct world_change *change)
{
    if (change->kind == CHANGE_NODE) {
        if (change->what == WHAT_TAINTS || change->what == WHAT_ADDED)
            controller_enqueue(run, KEY_NODE | change->id);
    } else if (change->what == WHAT_BOUND) {
        const struct world *w = controller_world(run);

        if (world_node(w, world_pod(w, change->id)->node)->taints.count > 0)
            controller_enqueue(run, KEY_POD | change->id);
    } else if (change->what == WHAT_DELETED) {
        cancel(state, change->id);
    }
}

/* --- the reconcile --- */

/* processPodOnNode. What is to come stays as it is where the pod has to go
 * sooner or later. */
static void look_at(struct controller_run *run, struct tainteviction *all,
                    const struct pod *pod)
{
    const struct node *node = world_node(controller_world(run), pod->node);
    const struct pod_template *t = pod->template;
    sim_time delay = tainteviction_delay(node->taints.items, node->taints.count,
                                         t->tolerations, t->toleration_count);

    if (delay == SIM_NEVER || delay == 0)
        cancel(all, pod->id);
    if (delay != SIM_NEVER && !find(all, pod->id))
        schedule(run, all, pod->id, delay);
}

static int by_number(const void *a, const void *b)
{
    pod_id x = *(const pod_id *)a, y = *(const pod_id *)b;

    return (x > y) - (x < y);
}

static void reconcile_node(struct controller_run *run,
                           struct tainteviction *all, const struct node *node)
{
    const struct world *w = controller_world(run);

    all->pods.count = 0;
    for (size_t i = 0; i < node->pods.count; i++)
        VEC_PUSH(all->pods, node->pods.items[i]);
    if (all->pods.count > 0)
        qsort(all->pods.items, all->pods.count, sizeof *all->pods.items,
              by_number);
    for (size_t i = 0; i < all->pods.count; i++)
        look_at(run, all, world_pod(w, all->pods.items[i]));
}

static void apply_delete(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    struct world *w = controller_world(run);
    const struct pod *pod = world_pod(w, (pod_id)a);

    (void)state;
    (void)b;
    if (pod && pod->deletion == SIM_NEVER)
        world_pod_delete(w, pod->id, -1, "TaintEviction",
                         world_node(w, pod->node)->origin);
}

static void evict(struct controller_run *run, struct tainteviction *all,
                  pod_id id)
{
    struct world *w = controller_world(run);
    const struct eviction *e = find(all, id);
    const struct pod *pod = world_pod(w, id);
    sim_time now = sim_now(w->sim);

    if (!e || !pod)
        return; /* it was cancelled */
    if (e->at > now) {
        controller_enqueue_after(run, KEY_EVICT | id, e->at - now);
        return;
    }
    cancel(all, id);
    if (controller_event(run, id) && w->want_events) {
        char object[300];

        snprintf(object, sizeof object, "pod/%s", pod->name);
        world_event(w, false, "TaintManagerEviction", object,
                    "Marking for deletion Pod %s/%s", pod->space, pod->name);
    }
    if (pod->deletion != SIM_NEVER)
        return;
    /* It reads the pod, and gives it the condition DisruptionTarget. */
    controller_read(run, 0);
    controller_read(run, 0);
    controller_write(run, apply_delete, id, 0, 0);
}

static void reconcile(struct controller_run *run, void *state, work_key key)
{
    const struct world *w = controller_world(run);
    uint32_t id = (uint32_t)key;

    if (key & KEY_EVICT) {
        evict(run, state, id);
    } else if (key & KEY_NODE) {
        reconcile_node(run, state, world_node(w, id));
    } else {
        const struct pod *pod = world_pod(w, id);

        if (pod && pod->node != NO_ID)
            look_at(run, state, pod);
    }
}

static int64_t workers(const struct scenario *scenario)
{
    (void)scenario;
    return UPDATE_WORKERS + DELETIONS;
}

static const char *client(const struct scenario *scenario)
{
    return scenario->cluster.kubernetes_minor < VERSION_taint_eviction_client
               ? "nodelifecycle"
               : NULL;
}

const struct controller controller_tainteviction = {
    .name = "tainteviction",
    .summary = "evicts pods that do not tolerate their node's taints",
    .watches = 1U << CHANGE_NODE | 1U << CHANGE_POD,
    .state_size = sizeof(struct tainteviction),
    .workers = workers,
    .client = client,
    .restart = restart,
    .stop = stop,
    .observe = observe,
    .reconcile = reconcile,
};
