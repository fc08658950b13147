/*
 * The node lifecycle controller: a node whose lease is not renewed for the
 * grace period becomes Ready=Unknown, its pods Ready=False at once; it is
 * tainted NoSchedule, and NoExecute at a rate that its zone's state sets.
 * Kubernetes v1.36, pkg/controller/nodelifecycle/
 * node_lifecycle_controller.go.
 *
 * A pass of the monitor looks only at nodes in trouble and at those whose
 * lease, as last seen, could have run out by now.
 */
#include <stdlib.h>

#include "models/controllers/nodelifecycle_internal.h"
#include "models/kubelet.h"
#include "models/version.h"

/* nodeUpdateWorkerSize for nodes; podUpdateWorkerSize; the two loops. */
enum { NODE_WORKERS = 8, POD_WORKERS = 4, LOOPS = 2 };

/* Events: of nodes by id, of pods by id and this bit. */
#define EVENT_POD (UINT64_C(1) << 40)

/* --- nodes by when they are to be checked --- */

static int64_t slot_of(struct controller_run *run, sim_time t)
{
    return t / nodelifecycle_params(run)->node_monitor_period;
}

static void check_at(struct controller_run *run, struct nodelifecycle *all,
                     node_id id, sim_time due)
{
    int64_t slot = slot_of(run, due);
    node_id *list;

    if (all->nodes.items[id].listed)
        return; /* sooner or later it will be checked */
    if (slot < all->slot)
        slot = all->slot;
    if (slot >= all->slot + (int64_t)all->ring_size)
        slot = all->slot + (int64_t)all->ring_size - 1;
    list = &all->ring[(size_t)slot % all->ring_size];
    all->nodes.items[id].next = *list;
    all->nodes.items[id].listed = true;
    *list = id;
}

static void start(struct controller_run *run, void *state)
{
    struct nodelifecycle *all = state;
    const struct control_plane_params *p = nodelifecycle_params(run);

    if (p->node_monitor_period <= 0)
        return; /* no monitor */
    all->ring_size =
        (size_t)(p->node_monitor_grace_period / p->node_monitor_period) + 3;
    all->ring = mem_calloc(all->ring_size, sizeof *all->ring);
    all->passes = mem_calloc(all->ring_size, sizeof *all->passes);
    for (size_t i = 0; i < all->ring_size; i++)
        all->ring[i] = NO_ID;
    controller_enqueue_after(run, KEY_MONITOR, p->node_monitor_period);
}

/* Every node has the grace period anew, as one that is seen first. */
static void restart(struct controller_run *run, void *state)
{
    struct nodelifecycle *all = state;

    for (size_t i = 0; i < all->nodes.count; i++)
        all->nodes.items[i].probe = sim_now(controller_world(run)->sim);
    for (size_t i = 0; i < all->zones.count; i++)
        all->zones.items[i].state = ZONE_INITIAL;
}

static void stop(void *state)
{
    struct nodelifecycle *all = state;

    for (size_t i = 0; i < all->zones.count; i++)
        VEC_FREE(all->zones.items[i].queue);
    VEC_FREE(all->nodes);
    VEC_FREE(all->zones);
    VEC_FREE(all->troubled);
    VEC_FREE(all->due);
    VEC_FREE(all->late);
    VEC_FREE(all->pods);
    free(all->ring);
    free(all->passes);
}

/* --- what it hears --- */

static void count_node(struct zone *zone, struct node_record *r,
                       const struct node *node)
{
    bool count = !node->deleted && !nodelifecycle_excluded(node->spec);

    if (r->counted) {
        zone->ready -= r->was_ready;
        zone->not_ready -= !r->was_ready;
    }
    r->counted = count;
    r->was_ready = node->ready == NODE_TRUE;
    if (count) {
        zone->ready += r->was_ready;
        zone->not_ready += !r->was_ready;
    }
}

static void make_troubled(struct nodelifecycle *all, node_id id)
{
    if (!all->nodes.items[id].troubled)
        VEC_PUSH(all->troubled, id);
    all->nodes.items[id].troubled = true;
}

static void add_node(struct controller_run *run, struct nodelifecycle *all,
                     node_id id)
{
    sim_time now = sim_now(controller_world(run)->sim);

    VEC_PUSH(all->nodes, ((struct node_record){.lease = now, .probe = now}));
    if (all->ring_size)
        check_at(run, all, id,
                 now + nodelifecycle_params(run)->node_monitor_grace_period);
}

static void observe(struct controller_run *run, void *state,
                    const struct world_change *change)
{
    struct nodelifecycle *all = state;
    const struct world *w = controller_world(run);
    const struct node *node = world_node(w, change->id);
    struct zone *zone =
        nodelifecycle_zone(all, node->zone, nodelifecycle_params(run));

    if (change->what == WHAT_TAINTS)
        return;
    while (all->nodes.count <= node->id)
        add_node(run, all, (node_id)all->nodes.count);
    count_node(zone, &all->nodes.items[node->id], node);
    if (change->what == WHAT_DELETED)
        return;
    if (node->ready != NODE_TRUE)
        make_troubled(all, node->id);
    controller_enqueue(run, node->id);
}

/* --- a node that is late --- */

static void tell(struct controller_run *run, const char *kind, const char *name,
                 uint64_t object)
{
    struct world *w = controller_world(run);
    char text[300];

    if (!controller_event(run, object) || !w->want_events)
        return;
    snprintf(text, sizeof text, "%s/%s", kind, name);
    world_event(w, kind[0] == 'p', "NodeNotReady", text,
                kind[0] == 'p' ? "Node is not ready"
                               : "Node status is now: NodeNotReady");
}

static void apply_unknown(struct controller_run *run, void *state, uint64_t a,
                          uint64_t b)
{
    struct world *w = controller_world(run);
    const struct node *node = world_node(w, (node_id)a);

    (void)state;
    (void)b;
    if (node->deleted)
        return;
    if (node->ready == NODE_TRUE)
        tell(run, "node", node->spec->name, node->id);
    world_node_set_ready(w, node->id, NODE_UNKNOWN);
}

static void apply_pod_not_ready(struct controller_run *run, void *state,
                                uint64_t a, uint64_t b)
{
    struct world *w = controller_world(run);
    const struct pod *pod = world_pod(w, (pod_id)a);

    (void)state;
    (void)b;
    if (!pod || !pod->ready)
        return;
    world_pod_touch(w, pod->id, world_node(w, pod->node)->origin);
    world_pod_set_ready(w, pod->id, false);
    tell(run, "pod", pod->name, EVENT_POD | pod->id);
}

static int by_number(const void *a, const void *b)
{
    pod_id x = *(const pod_id *)a, y = *(const pod_id *)b;

    return (x > y) - (x < y);
}

/* Writes the k-th ready pod of each of some nodes side by side. False: none
 * has so many. */
static bool mark_round(struct controller_run *run, struct nodelifecycle *all,
                       const size_t *from, size_t count, size_t k,
                       unsigned batch)
{
    bool any = false;

    for (size_t i = 0; i < count; i++) {
        if (from[i] + k >= from[i + 1])
            continue;
        controller_write(run, apply_pod_not_ready, all->pods.items[from[i] + k],
                         0, batch);
        any = true;
    }
    return any;
}

/* Writes for some nodes that are late, side by side: each its own status,
 * then its ready pods. Returns the last batch number. */
static unsigned write_late(struct controller_run *run,
                           struct nodelifecycle *all, const node_id *nodes,
                           size_t count, unsigned batch)
{
    const struct world *w = controller_world(run);
    size_t from[NODE_WORKERS + 1] = {0};

    batch++;
    all->pods.count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct node *node = world_node(w, nodes[i]);

        controller_write(run, apply_unknown, nodes[i], 0, batch);
        for (size_t k = 0; node->ready == NODE_TRUE && k < node->pods.count;
             k++) {
            if (world_pod(w, node->pods.items[k])->ready)
                VEC_PUSH(all->pods, node->pods.items[k]);
        }
        from[i + 1] = all->pods.count;
        if (from[i + 1] > from[i])
            qsort(all->pods.items + from[i], from[i + 1] - from[i],
                  sizeof *all->pods.items, by_number);
    }
    for (size_t k = 0; mark_round(run, all, from, count, k, batch + 1); k++)
        batch++;
    return batch;
}

/* --- the monitor's pass --- */

/* The first pass that could see a lease renewed at `lease`. */
static sim_time seen_at(const struct nodelifecycle *all, sim_time lease)
{
    size_t kept =
        all->pass_count < all->ring_size ? all->pass_count : all->ring_size;
    sim_time first = lease;

    for (size_t back = 1; back <= kept; back++) {
        sim_time pass = all->passes[(all->pass_count - back) % all->ring_size];

        if (pass < lease)
            return first;
        first = pass;
    }
    return first;
}

static bool is_late(struct controller_run *run, struct nodelifecycle *all,
                    node_id id, sim_time now)
{
    struct node_record *r = &all->nodes.items[id];
    sim_time lease =
        kubelet_last_lease(controller_simulation(run)->kubelets, id);

    if (lease > r->lease) {
        sim_time seen = seen_at(all, lease);

        r->lease = lease;
        if (seen > r->probe)
            r->probe = seen;
    }
    return now - r->probe >=
           nodelifecycle_params(run)->node_monitor_grace_period;
}

/* Healthy nodes whose time has come. */
static void check_healthy(struct controller_run *run, struct nodelifecycle *all,
                          sim_time now)
{
    const struct control_plane_params *p = nodelifecycle_params(run);
    int64_t last = slot_of(run, now);
    int64_t first = last - all->slot < (int64_t)all->ring_size
                        ? all->slot
                        : last - (int64_t)all->ring_size + 1;

    all->due.count = 0;
    for (int64_t slot = first; slot <= last; slot++) {
        node_id *list = &all->ring[(size_t)slot % all->ring_size];

        for (; *list != NO_ID; *list = all->nodes.items[*list].next)
            VEC_PUSH(all->due, *list);
    }
    all->slot = last + 1;
    for (size_t i = 0; i < all->due.count; i++) {
        node_id id = all->due.items[i];
        struct node_record *r = &all->nodes.items[id];

        r->listed = false;
        if (world_node(controller_world(run), id)->deleted || r->troubled)
            continue;
        if (!is_late(run, all, id, now)) {
            check_at(run, all, id, r->probe + p->node_monitor_grace_period);
            continue;
        }
        make_troubled(all, id);
        VEC_PUSH(all->late, id);
    }
}

/* A node that is, or was, not ready. True: it has to be looked at again. */
static bool check_troubled(struct controller_run *run,
                           struct nodelifecycle *all, node_id id, sim_time now)
{
    const struct node *node = world_node(controller_world(run), id);
    bool late;

    if (node->deleted)
        return false;
    late = is_late(run, all, id, now);
    if (late && node->ready != NODE_UNKNOWN)
        VEC_PUSH(all->late, id);
    if (node->ready != NODE_TRUE) {
        if (!nodelifecycle_swap(run, node))
            nodelifecycle_choose(run, all, node);
        return true;
    }
    return nodelifecycle_reachable(run, all, node) || late;
}

static void check_all_troubled(struct controller_run *run,
                               struct nodelifecycle *all, sim_time now)
{
    size_t kept = 0, count = all->troubled.count;

    for (size_t i = 0; i < count; i++) {
        node_id id = all->troubled.items[i];
        struct node_record *r = &all->nodes.items[id];

        if (check_troubled(run, all, id, now)) {
            all->troubled.items[kept++] = id;
            continue;
        }
        r->troubled = false;
        check_at(run, all, id,
                 r->probe +
                     nodelifecycle_params(run)->node_monitor_grace_period);
    }
    all->troubled.count = kept;
}

static void apply_end(struct controller_run *run, void *state, uint64_t a,
                      uint64_t b)
{
    (void)state;
    (void)a;
    (void)b;
    controller_enqueue_after(run, KEY_MONITOR,
                             nodelifecycle_params(run)->node_monitor_period);
}

/* After the nodes of the pass were written. */
static void apply_disruption(struct controller_run *run, void *state,
                             uint64_t a, uint64_t b)
{
    (void)a;
    (void)b;
    nodelifecycle_judge_zones(run, state);
    controller_then(run, apply_end, 0, 0);
}

/* --- the reconcile --- */

static void monitor(struct controller_run *run, struct nodelifecycle *all)
{
    const struct world *w = controller_world(run);
    sim_time now = sim_now(w->sim);
    size_t side =
        w->scenario->cluster.kubernetes_minor < VERSION_side_by_side_nodes
            ? 1
            : NODE_WORKERS;
    unsigned batch = 0;

    all->passes[all->pass_count++ % all->ring_size] = now;
    all->late.count = 0;
    check_all_troubled(run, all, now);
    check_healthy(run, all, now);
    for (size_t i = 0; i < all->late.count; i += side) {
        size_t left = all->late.count - i;

        batch = write_late(run, all, all->late.items + i,
                           left < side ? left : side, batch);
    }
    controller_then(run, apply_disruption, 0, 0);
}

static void reconcile(struct controller_run *run, void *state, work_key key)
{
    if (key == KEY_MONITOR)
        monitor(run, state);
    else if (key == KEY_EXECUTE)
        nodelifecycle_execute(run, state);
    else
        nodelifecycle_no_schedule(
            run, world_node(controller_world(run), (node_id)key));
}

static int64_t workers(const struct scenario *scenario)
{
    (void)scenario;
    return NODE_WORKERS + POD_WORKERS + LOOPS;
}

const struct controller controller_nodelifecycle = {
    .name = "nodelifecycle",
    .summary = "finds nodes that do not answer; taints them",
    .watches = 1U << CHANGE_NODE,
    .state_size = sizeof(struct nodelifecycle),
    .workers = workers,
    .start = start,
    .restart = restart,
    .stop = stop,
    .observe = observe,
    .reconcile = reconcile,
};
