/*
 * The pod garbage collector: force-deletes pods whose node is gone, pods
 * that terminate on a node that is out of service, and the oldest ended
 * pods where there are too many.
 * Kubernetes v1.36, pkg/controller/podgc/gc_controller.go.
 */
#include <stdlib.h>
#include <string.h>

#include "models/controller.h"

/* --terminated-pod-gc-threshold, kube-controller-manager. */
enum { ENDED_PODS_MAX = 12500 };

enum { KEY_PASS = 1 };

/* A deleted node that had pods when a pass first missed it. */
struct gone_node {
    node_id node;
    sim_time since; /* SIM_NEVER: not yet seen by a pass */
};

struct podgc {
    VEC_OF(struct gone_node) gone;
    VEC_OF(uint8_t) ended; /* by pod: it has ended, and exists */
    size_t ended_count;
    VEC_OF(pod_id) pods; /* scratch */
};

static void start(struct controller_run *run, void *state)
{
    sim_time period = controller_simulation(run)
                          ->scenario->cluster.control_plane.pod_gc_period;

    (void)state;
    if (period > 0)
        controller_enqueue_after(run, KEY_PASS, period);
}

static void stop(void *state)
{
    struct podgc *gc = state;

    VEC_FREE(gc->gone);
    VEC_FREE(gc->ended);
    VEC_FREE(gc->pods);
}

/* It lists what there is at each pass; this only keeps the lists short. */
static void observe(struct controller_run *run, void *state,
                    const struct world_change *change)
{
    struct podgc *gc = state;
    const struct pod *pod;
    bool ended;

    if (change->kind == CHANGE_NODE) {
        if (change->what == WHAT_DELETED)
            VEC_PUSH(gc->gone, ((struct gone_node){change->id, SIM_NEVER}));
        return;
    }
    if (change->what != WHAT_STATUS && change->what != WHAT_DELETED)
        return;
    pod = world_pod(controller_world(run), change->id);
    ended = change->what == WHAT_STATUS &&
            (pod->phase == POD_FAILED || pod->phase == POD_SUCCEEDED);
    if (!ended && pod->id >= gc->ended.count)
        return;
    while (gc->ended.count <= pod->id)
        VEC_PUSH(gc->ended, 0);
    gc->ended_count += (size_t)ended - gc->ended.items[pod->id];
    gc->ended.items[pod->id] = ended;
}

static void apply_delete(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    struct world *w = controller_world(run);

    (void)state;
    if (world_pod(w, (pod_id)a))
        world_pod_delete(w, (pod_id)a, 0, "PodGC", (incident_id)b);
}

/* Marks it Failed, then deletes it with a grace period of 0. */
static void force_delete(struct controller_run *run, pod_id id,
                         incident_id origin)
{
    controller_read(run, 0);
    controller_write(run, apply_delete, id, origin, 0);
}

static int by_number(const void *a, const void *b)
{
    pod_id x = *(const pod_id *)a, y = *(const pod_id *)b;

    return (x > y) - (x < y);
}

/* A node's pods in order of id, in gc->pods. */
static void list_pods(struct podgc *gc, const struct node *node)
{
    gc->pods.count = 0;
    for (size_t i = 0; i < node->pods.count; i++)
        VEC_PUSH(gc->pods, node->pods.items[i]);
    if (gc->pods.count > 0)
        qsort(gc->pods.items, gc->pods.count, sizeof *gc->pods.items,
              by_number);
}

/* Pods of nodes that have been gone for the quarantine. */
static void collect_orphans(struct controller_run *run, struct podgc *gc)
{
    const struct world *w = controller_world(run);
    sim_time quarantine = w->scenario->cluster.control_plane.pod_gc_quarantine;
    sim_time now = sim_now(w->sim);
    size_t kept = 0;

    for (size_t i = 0; i < gc->gone.count; i++) {
        struct gone_node *gone = &gc->gone.items[i];
        const struct node *node = world_node(w, gone->node);

        if (node->pods.count == 0)
            continue;
        if (gone->since == SIM_NEVER)
            gone->since = now;
        if (now - gone->since >= quarantine) {
            list_pods(gc, node);
            for (size_t k = 0; k < gc->pods.count; k++)
                force_delete(run, gc->pods.items[k], node->origin);
        }
        gc->gone.items[kept++] = *gone;
    }
    gc->gone.count = kept;
}

static bool out_of_service(const struct node *node)
{
    for (size_t i = 0; i < node->taints.count; i++) {
        if (strcmp(node->taints.items[i].key,
                   "node.kubernetes.io/out-of-service") == 0)
            return !node->deleted && node->ready != NODE_TRUE;
    }
    return false;
}

static void collect_terminating(struct controller_run *run, struct podgc *gc)
{
    const struct world *w = controller_world(run);

    for (size_t i = 0; i < w->nodes.count; i++) {
        const struct node *node = w->nodes.items[i];

        if (!out_of_service(node))
            continue;
        list_pods(gc, node);
        for (size_t k = 0; k < gc->pods.count; k++) {
            if (world_pod(w, gc->pods.items[k])->deletion != SIM_NEVER)
                force_delete(run, gc->pods.items[k], node->origin);
        }
    }
}

/* The oldest ended pods above the threshold: ids rise with age's end. */
static void collect_ended(struct controller_run *run, struct podgc *gc)
{
    const struct world *w = controller_world(run);
    size_t count =
        gc->ended_count > ENDED_PODS_MAX ? gc->ended_count - ENDED_PODS_MAX : 0;

    for (size_t i = 0; count > 0 && i < gc->ended.count; i++) {
        if (!gc->ended.items[i])
            continue;
        force_delete(run, (pod_id)i, world_pod_origin(w, (pod_id)i));
        count--;
    }
}

static void apply_end(struct controller_run *run, void *state, uint64_t a,
                      uint64_t b)
{
    (void)a;
    (void)b;
    start(run, state);
}

static void reconcile(struct controller_run *run, void *state, work_key key)
{
    (void)key;
    collect_terminating(run, state);
    collect_ended(run, state);
    collect_orphans(run, state);
    controller_then(run, apply_end, 0, 0);
}

const struct controller controller_podgc = {
    .name = "podgc",
    .summary = "force-deletes pods of deleted nodes, and ended ones",
    .watches = 1U << CHANGE_NODE | 1U << CHANGE_POD,
    .state_size = sizeof(struct podgc),
    .start = start,
    .stop = stop,
    .observe = observe,
    .reconcile = reconcile,
};
