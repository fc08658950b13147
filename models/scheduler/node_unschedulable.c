/*
 * node_unschedulable - no new pods on a cordoned node, unless they tolerate
 * its taint (plugins/nodeunschedulable).
 */
#include "models/scheduler/framework.h"
#include "models/select.h"

static const struct taint cordoned = {"node.kubernetes.io/unschedulable", "",
                                      TAINT_NO_SCHEDULE};

static enum filter_status filter(void *state, const struct cycle *c,
                                 node_id node, struct filter_reasons *why)
{
    const struct pod_template *t = c->class->template;

    (void)state;
    if (!c->nodes[node].unschedulable ||
        !taints_untolerated(&cordoned, 1, t->tolerations, t->toleration_count,
                            1U << TAINT_NO_SCHEDULE))
        return FILTER_SUCCESS;
    filter_refuse(why, "node(s) were unschedulable", "");
    return FILTER_UNRESOLVABLE;
}

static bool helps(void *state, const struct cycle *c,
                  const struct cluster_change *change)
{
    (void)state;
    return !c->nodes[change->node].unschedulable &&
           (!change->before || change->before->unschedulable);
}

const struct scheduler_plugin scheduler_node_unschedulable = {
    .name = "NodeUnschedulable",
    .summary = "no new pods on a cordoned node",
    .events = 1U << EVENT_NODE_ADDED | 1U << EVENT_NODE_TAINTS,
    .events_before = EVENTS_NODE_CHANGES,
    .helps = helps,
    .filter = filter,
};
