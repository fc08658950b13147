/*
 * node_name - a pod that names its node goes nowhere else
 * (plugins/nodename).
 */
#include <string.h>

#include "models/scheduler/framework.h"

static bool pre_filter(void *state, const struct cycle *c)
{
    (void)state;
    return c->class->template->node_name;
}

static enum filter_status filter(void *state, const struct cycle *c,
                                 node_id node, struct filter_reasons *why)
{
    const struct node_info *n = &c->nodes[node];

    (void)state;
    if (strcmp(c->class->template->node_name, n->spec->name) == 0)
        return FILTER_SUCCESS;
    filter_refuse(why, "node(s) didn't match the requested node name", "");
    return FILTER_UNRESOLVABLE;
}

const struct scheduler_plugin scheduler_node_name = {
    .name = "NodeName",
    .summary = "a pod that names its node goes nowhere else",
    .events = 1U << EVENT_NODE_ADDED,
    .events_before = EVENTS_NODE_CHANGES,
    .pre_filter = pre_filter,
    .filter = filter,
};
