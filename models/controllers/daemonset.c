/*
 * The DaemonSet controller: one pod on every node that takes it, each made
 * for its node and bound there by the scheduler.
 * Kubernetes v1.36, pkg/controller/daemon.
 */
#include <stdlib.h>
#include <string.h>

#include "models/controllers/daemonset_internal.h"
#include "models/controllers/replicaset_rules.h"
#include "models/scheduler/framework.h"
#include "models/select.h"

/* BurstReplicas; failedPodsBackoff of NewDaemonSetsController. */
enum { BURST = 250 };
static const sim_time failed_base = SIM_S, failed_max = 15 * SIM_MIN;

/* nodeShouldRunDaemonPod of one node. */
enum { NODE_RUNS = 1, NODE_KEEPS = 2 };

static void start(struct controller_run *run, void *state)
{
    struct daemonsets *all = state;
    struct rng rng;

    rng_init(&rng, controller_simulation(run)->root, "daemonset.order", NULL,
             0);
    all->salt = rng_u64(&rng);
}

static void stop(void *state)
{
    struct daemonsets *all = state;

    for (size_t i = 0; i < all->records.count; i++) {
        VEC_FREE(all->records.items[i].flags);
        VEC_FREE(all->records.items[i].failed);
        claims_release(&all->records.items[i].claims);
        VEC_FREE(all->records.items[i].lost);
    }
    VEC_FREE(all->records);
    VEC_FREE(all->nodes);
    VEC_FREE(all->pods);
    VEC_FREE(all->order);
    daemonset_plan_release(&all->plan);
}

/* --- which nodes --- */

static unsigned judge(const struct node *node, const struct pod_template *t)
{
    const unsigned no_execute = 1U << TAINT_NO_EXECUTE;

    if (node->deleted ||
        (t->node_name && strcmp(t->node_name, node->spec->name) != 0) ||
        !pod_affinity_matches(t, node->spec))
        return 0;
    if (!taints_untolerated(node->taints.items, node->taints.count,
                            t->tolerations, t->toleration_count,
                            no_execute | 1U << TAINT_NO_SCHEDULE))
        return NODE_RUNS | NODE_KEEPS;
    return taints_untolerated(node->taints.items, node->taints.count,
                              t->tolerations, t->toleration_count, no_execute)
               ? 0
               : NODE_KEEPS;
}

/* Brings the flags up to date where nodes or the template are new. */
static const uint8_t *flags_of(const struct world *w, struct daemon_record *r,
                               const struct daemonset *ds)
{
    if (r->template != ds->template)
        r->flags.count = 0;
    r->template = ds->template;
    for (size_t i = r->flags.count; i < w->nodes.count; i++)
        VEC_PUSH(r->flags,
                 (uint8_t)judge(world_node(w, (node_id)i), ds->template));
    return r->flags.items;
}

/* --- what it hears --- */

static bool has_pod(const struct world *w, const struct node *node,
                    daemonset_id id)
{
    for (size_t i = 0; i < node->pods.count; i++) {
        const struct pod *pod = world_pod(w, node->pods.items[i]);

        if (pod->owner_kind == OWNER_DAEMONSET && pod->owner == id)
            return true;
    }
    return false;
}

/* syncNodeUpdate */
static void observe_node(struct controller_run *run, struct daemonsets *all,
                         const struct world_change *change)
{
    const struct world *w = controller_world(run);
    const struct node *node = world_node(w, change->id);

    if (change->what != WHAT_ADDED && change->what != WHAT_TAINTS &&
        change->what != WHAT_LABELS && change->what != WHAT_DELETED)
        return;
    for (size_t i = 0; i < w->daemonsets.count; i++) {
        const struct daemonset *ds = w->daemonsets.items[i];
        struct daemon_record *r = daemonset_record(all, ds->id);
        unsigned now;
        bool scheduled;

        if (ds->deleted)
            continue;
        now = judge(node, ds->template);
        if (node->id < r->flags.count)
            r->flags.items[node->id] = (uint8_t)now;
        scheduled = has_pod(w, node, ds->id);
        if ((now & NODE_RUNS && !scheduled) ||
            (!(now & NODE_KEEPS) && scheduled) ||
            (scheduled && ds->status_misscheduled > 0))
            controller_enqueue(run, ds->id);
    }
}

static void observe_pod(struct controller_run *run, struct daemonsets *all,
                        const struct world_change *change)
{
    struct world *w = controller_world(run);
    const struct pod *pod = world_pod(w, change->id);
    const struct pod_before *before = change->old;
    struct daemon_record *r;

    if (change->what == WHAT_OWNER && before->owner_kind == OWNER_DAEMONSET)
        controller_enqueue(run, before->owner);
    if (pod->owner_kind != OWNER_DAEMONSET || change->what == WHAT_IP)
        return;
    r = daemonset_record(all, pod->owner);
    if (change->what == WHAT_LABELS)
        claims_add(run, &r->claims, pod->owner, pod);
    while (r->lost.count <= pod->target)
        VEC_PUSH(r->lost, INCIDENT_NONE);
    if (change->what == WHAT_DELETED || change->what == WHAT_TERMINATING)
        r->lost.items[pod->target] = world_pod_origin(w, pod->id);
    controller_enqueue(run, pod->owner);
}

static void observe(struct controller_run *run, void *state,
                    const struct world_change *change)
{
    if (change->kind == CHANGE_NODE) {
        observe_node(run, state, change);
    } else if (change->kind == CHANGE_DAEMONSET) {
        if (change->what != WHAT_STATUS)
            controller_enqueue(run, change->id);
    } else {
        observe_pod(run, state, change);
    }
}

/* --- failed pods --- */

static struct failed *failed_on(struct daemon_record *r, node_id node)
{
    for (size_t i = 0; i < r->failed.count; i++) {
        if (r->failed.items[i].node == node)
            return &r->failed.items[i];
    }
    return NULL;
}

static bool backed_off(struct daemon_record *r, node_id node, sim_time now)
{
    const struct failed *f = failed_on(r, node);

    return f && now - f->updated < f->wait;
}

/* flowcontrol.Backoff.Next: doubles, but begins anew after a quiet time of
 * twice the longest wait. */
static void back_off(struct daemon_record *r, node_id node, sim_time now)
{
    struct failed *f = failed_on(r, node);

    if (!f) {
        VEC_PUSH(r->failed, ((struct failed){node, 0, now}));
        f = &r->failed.items[r->failed.count - 1];
    }
    if (f->wait == 0 || now - f->updated > 2 * failed_max)
        f->wait = failed_base;
    else
        f->wait = 2 * f->wait < failed_max ? 2 * f->wait : failed_max;
    f->updated = now;
}

/* --- the reconcile --- */

static void list_nodes(const struct world *w, struct daemonsets *all,
                       const uint8_t *flags)
{
    all->nodes.count = 0;
    for (size_t i = 0; i < w->nodes.count; i++) {
        struct daemon_node node = {.exists =
                                       !world_node(w, (node_id)i)->deleted,
                                   .should_run = flags[i] & NODE_RUNS,
                                   .may_stay = flags[i] & NODE_KEEPS};

        VEC_PUSH(all->nodes, node);
    }
}

static struct daemon_pod view_of(const struct world *w, struct daemon_record *r,
                                 const struct daemonset *ds,
                                 const struct pod *pod)
{
    sim_time now = sim_now(w->sim);
    sim_time since = replicaset_api_time(pod->ready_since);
    struct daemon_pod view = {
        .node = pod->target,
        .bound = pod->node != NO_ID,
        .created = replicaset_api_time(pod->created),
        .id = pod->id,
        .terminating = pod->deletion != SIM_NEVER,
        .failed = pod->phase == POD_FAILED,
        .succeeded = pod->phase == POD_SUCCEEDED,
        .ready = pod->ready,
        .available =
            replicaset_available(pod->ready, since, ds->min_ready, now),
        .updated = pod->template->hash == ds->template->hash};

    view.held = view.failed && backed_off(r, pod->target, now);
    return view;
}

/* The pods of each node, side by side. */
static void list_pods(struct controller_run *run, struct daemonsets *all,
                      struct daemon_record *r, const struct daemonset *ds)
{
    const struct world *w = controller_world(run);

    all->pods.count = 0;
    for (size_t i = 0; i < ds->pods.count; i++) {
        struct daemon_pod view =
            view_of(w, r, ds, world_pod(w, ds->pods.items[i]));

        VEC_PUSH(all->pods, view);
        if (view.held)
            controller_enqueue_after(run, ds->id,
                                     failed_on(r, view.node)->wait);
    }
    if (all->pods.count > 1)
        qsort(all->pods.items, all->pods.count, sizeof *all->pods.items,
              daemonset_compare);
    for (size_t i = 0; i < all->pods.count; i++) {
        struct daemon_node *node = &all->nodes.items[all->pods.items[i].node];

        if (node->count++ == 0)
            node->first = i;
    }
}

/* Another order for each template. */
static const uint32_t *make_order(struct daemonsets *all, uint64_t salt)
{
    struct rng rng = {0};
    size_t count = all->nodes.count;

    all->order.count = 0;
    rng_init(&rng, (struct rng_root){all->salt, 0}, "daemonset.roll", NULL,
             salt);
    for (size_t i = 0; i < count; i++)
        VEC_PUSH(all->order, (uint32_t)i);
    for (size_t i = count; i > 1; i--) {
        size_t k = (size_t)rng_below(&rng, i);
        uint32_t other = all->order.items[k];

        all->order.items[k] = all->order.items[i - 1];
        all->order.items[i - 1] = other;
    }
    return all->order.items;
}

static struct daemon_view view_all(struct daemonsets *all,
                                   const struct daemonset *ds)
{
    const struct daemonset_spec *spec = ds->spec;
    int desired = daemonset_desired(all->nodes.items, all->nodes.count);
    struct daemon_view view = {
        .surges = !spec->on_delete && spec->max_surge.value > 0,
        .on_delete = spec->on_delete,
        .max_surge = int_or_percent_scaled(spec->max_surge, desired, true),
        .max_unavailable =
            int_or_percent_scaled(spec->max_unavailable, desired, true),
        .burst = BURST,
        .nodes = all->nodes.items,
        .node_count = all->nodes.count,
        .pods = all->pods.items,
        .pod_count = all->pods.count};

    if (view.max_surge == 0 && view.max_unavailable == 0)
        view.max_unavailable = 1;
    view.order = make_order(all, ds->template->hash + ds->id);
    return view;
}

/* A pod that replaces another has its origin. */
static uint64_t origin_of(const struct daemon_record *r,
                          const struct daemonset *ds, node_id node)
{
    return node < r->lost.count && r->lost.items[node] != INCIDENT_NONE
               ? r->lost.items[node]
               : ds->origin;
}

/* Pods are made in batches of 1, 2, 4 ...; then others deleted side by
 * side. */
static void write_pods(struct controller_run *run, struct daemonsets *all,
                       struct daemon_record *r, const struct daemonset *ds)
{
    const struct control_plane_params *p =
        &controller_simulation(run)->scenario->cluster.control_plane;
    const struct daemon_plan *plan = &all->plan;
    int64_t size = 0, left = (int64_t)plan->create_count;
    unsigned batch = 0;
    size_t next = 0;

    while ((size = replicaset_batch(left, size, p->slow_start_initial)) > 0) {
        batch++;
        left -= size;
        for (int64_t k = 0; k < size; k++, next++)
            controller_write(run, daemonset_apply_create, ds->id,
                             plan->creates[next] |
                                 origin_of(r, ds, plan->creates[next]) << 32,
                             batch);
    }
    batch++;
    for (size_t i = 0; i < plan->delete_count; i++) {
        const struct daemon_pod *pod = &all->pods.items[plan->deletes[i]];

        if (pod->failed)
            back_off(r, pod->node, sim_now(controller_world(run)->sim));
        controller_write(run, daemonset_apply_delete, ds->id,
                         pod->id | (uint64_t)plan->rolls << 32, batch);
    }
}

static void write_status(struct controller_run *run, struct daemon_record *r,
                         const struct daemonset *ds,
                         const struct daemon_counts *c)
{
    if (ds->min_ready > 0 && c->ready != c->available)
        controller_enqueue_after(run, ds->id, ds->min_ready);
    if (ds->observed && c->desired == ds->status_desired &&
        c->current == ds->status_current &&
        c->misscheduled == ds->status_misscheduled &&
        c->ready == ds->status_ready && c->available == ds->status_available &&
        c->updated == ds->status_updated)
        return;
    r->pending = *c;
    controller_write(run, daemonset_apply_status, ds->id, 0, 0);
}

static void reconcile(struct controller_run *run, void *state, work_key key)
{
    struct daemonsets *all = state;
    const struct world *w = controller_world(run);
    const struct daemonset *ds = w->daemonsets.items[key];
    struct daemon_record *r = daemonset_record(all, ds->id);
    size_t count = ds->revisions.count;
    struct daemon_view view;

    if (ds->deleted || claims_write(run, &r->claims, OWNER_DAEMONSET, ds->id))
        return;
    if (count == 0 ||
        ds->revisions.items[count - 1].template->hash != ds->template->hash)
        controller_write(run, daemonset_apply_revision, ds->id, 0, 0);
    list_nodes(w, all, flags_of(w, r, ds));
    list_pods(run, all, r, ds);
    view = view_all(all, ds);
    daemonset_plan(&view, &all->plan);
    write_pods(run, all, r, ds);
    write_status(run, r, ds, &all->plan.counts);
}

static int64_t workers(const struct scenario *scenario)
{
    return scenario->cluster.control_plane.daemonset_workers;
}

const struct controller controller_daemonset = {
    .name = "daemonset",
    .summary = "keeps one pod on every node that takes it",
    .watches = 1U << CHANGE_DAEMONSET | 1U << CHANGE_POD | 1U << CHANGE_NODE,
    .state_size = sizeof(struct daemonsets),
    .workers = workers,
    .start = start,
    .stop = stop,
    .observe = observe,
    .reconcile = reconcile,
};
