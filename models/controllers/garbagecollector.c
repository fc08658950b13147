/*
 * The garbage collector: what a deleted owner owned is deleted too
 * (background propagation).
 * Kubernetes v1.36, pkg/controller/garbagecollector.
 */
#include "models/controller.h"

/* concurrent-gc-syncs */
enum { WORKERS = 20 };

/* Keys: a ReplicaSet by its id, and a pod by its id and: */
#define KEY_POD (UINT64_C(1) << 60)

static void enqueue_pods(struct controller_run *run, const struct owner *owner)
{
    for (size_t i = 0; i < owner->pods.count; i++)
        controller_enqueue(run, KEY_POD | owner->pods.items[i]);
}

static void observe_owner(struct controller_run *run,
                          const struct world_change *change)
{
    static const enum owner_kind kinds[] = {OWNER_REPLICASET, OWNER_STATEFULSET,
                                            OWNER_DAEMONSET, OWNER_JOB};
    const struct world *w = controller_world(run);

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (world_owner_change(kinds[i]) == change->kind)
            enqueue_pods(run, world_owner(w, kinds[i], change->id));
    }
}

static void observe(struct controller_run *run, void *state,
                    const struct world_change *change)
{
    const struct world *w = controller_world(run);
    const struct deployment *d;

    (void)state;
    if (change->kind == CHANGE_DEPLOYMENT && change->what == WHAT_DELETED) {
        d = w->deployments.items[change->id];
        for (size_t i = 0; i < d->replicasets.count; i++)
            controller_enqueue(run, d->replicasets.items[i]);
    } else if (change->kind == CHANGE_POD && change->what == WHAT_ADDED) {
        /* Made while its owner went. */
        const struct owner *owner =
            world_pod_owner(w, world_pod(w, change->id));

        if (owner && owner->deleted)
            controller_enqueue(run, KEY_POD | change->id);
    } else if (change->what == WHAT_DELETED) {
        observe_owner(run, change);
    }
}

static void apply_delete(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    struct world *w = controller_world(run);
    const struct replicaset *rs = w->replicasets.items[a];

    (void)state;
    (void)b;
    if (!rs->deleted && rs->deployment != NO_ID)
        world_replicaset_delete(w, rs->id,
                                w->deployments.items[rs->deployment]->origin);
}

static void apply_delete_pod(struct controller_run *run, void *state,
                             uint64_t a, uint64_t b)
{
    struct world *w = controller_world(run);
    const struct pod *pod = world_pod(w, (pod_id)a);
    const struct owner *owner = pod ? world_pod_owner(w, pod) : NULL;

    (void)state;
    (void)b;
    if (owner && owner->deleted && pod->deletion == SIM_NEVER)
        world_pod_delete(w, pod->id, -1, "Deleted", owner->origin);
}

static void reconcile(struct controller_run *run, void *state, work_key key)
{
    const struct world *w = controller_world(run);

    (void)state;
    if (!(key & KEY_POD))
        controller_write(run, apply_delete, key, 0, 0);
    else if (world_pod(w, (pod_id)key))
        controller_write(run, apply_delete_pod, (pod_id)key, 0, 0);
}

static int64_t workers(const struct scenario *scenario)
{
    (void)scenario;
    return WORKERS;
}

const struct controller controller_garbagecollector = {
    .name = "garbagecollector",
    .summary = "deletes what a deleted owner owned",
    .watches = 1U << CHANGE_DEPLOYMENT | 1U << CHANGE_REPLICASET |
               1U << CHANGE_STATEFULSET | 1U << CHANGE_DAEMONSET |
               1U << CHANGE_JOB | 1U << CHANGE_POD,
    .workers = workers,
    .observe = observe,
    .reconcile = reconcile,
    .qps_factor = 2, /* cmd/kube-controller-manager/app/core.go */
};
