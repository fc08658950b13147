/*
 * The cloud's node lifecycle controller: a Node that is not Ready, and whose
 * machine the cloud does not know any more, is deleted.
 * Kubernetes v1.36, staging/src/k8s.io/cloud-provider/controllers/nodelifecycle
 * node_lifecycle_controller.go (MonitorNodes: each nodeMonitorPeriod). Nodes
 * that are Ready are none of its business, so only the others are looked at.
 */
#include "models/controller.h"

static void look_later(struct controller_run *run, node_id id)
{
    const struct simulation *s = controller_simulation(run);
    sim_time period = s->scenario->cluster.control_plane.node_monitor_period;

    if (period > 0)
        controller_enqueue_after(run, id, period - sim_now(s->sim) % period);
}

static void observe(struct controller_run *run, void *state,
                    const struct world_change *change)
{
    const struct node *node = world_node(controller_world(run), change->id);

    (void)state;
    if (change->what == WHAT_STATUS && node->ready != NODE_TRUE)
        look_later(run, node->id);
}

static void apply_delete(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    struct world *w = controller_world(run);
    const struct node *node = world_node(w, (node_id)a);

    (void)state;
    (void)b;
    if (node->deleted)
        return;
    if (controller_event(run, node->id))
        world_event(w, false, "DeletingNode", node->spec->name,
                    "Deleting node %s because it does not exist in the cloud "
                    "provider",
                    node->spec->name);
    world_node_delete(w, node->id, node->origin);
}

static void reconcile(struct controller_run *run, void *state, work_key key)
{
    const struct node *node = world_node(controller_world(run), (node_id)key);

    (void)state;
    if (node->deleted || node->ready == NODE_TRUE)
        return;
    if (node->gone)
        controller_write(run, apply_delete, node->id, 0, 0);
    else
        look_later(run, node->id);
}

const struct controller controller_cloudnodelifecycle = {
    .name = "cloudnodelifecycle",
    .summary = "deletes nodes whose machines the cloud has taken away",
    .watches = 1U << CHANGE_NODE,
    .observe = observe,
    .reconcile = reconcile,
    .apart = true,
};
