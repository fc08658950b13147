/*
 * taint_toleration - keeps pods off nodes with taints that they do not
 * tolerate; of the rest, prefers those with the fewest PreferNoSchedule
 * taints that they do not tolerate (plugins/tainttoleration).
 */
#include "models/scheduler/framework.h"
#include "models/select.h"

static enum filter_status filter(void *state, const struct cycle *c,
                                 node_id node, struct filter_reasons *why)
{
    const struct node_info *n = framework_node(c->framework, node);
    const struct pod_template *t = c->class->template;

    (void)state;
    if (n->taints.count == 0 ||
        !taints_untolerated(n->taints.items, n->taints.count, t->tolerations,
                            t->toleration_count,
                            1U << TAINT_NO_SCHEDULE | 1U << TAINT_NO_EXECUTE))
        return FILTER_SUCCESS;
    filter_refuse(why, "node(s) had untolerated taint(s)", "");
    return FILTER_UNRESOLVABLE;
}

/* How many it does not tolerate, of those that are a mere preference. */
static int64_t score(void *state, const struct cycle *c, node_id node)
{
    const struct node_info *n = framework_node(c->framework, node);
    const struct pod_template *t = c->class->template;
    int64_t count = 0;

    (void)state;
    for (size_t i = 0; i < n->taints.count; i++)
        count += taints_untolerated(&n->taints.items[i], 1, t->tolerations,
                                    t->toleration_count,
                                    1U << TAINT_PREFER_NO_SCHEDULE) != NULL;
    return count;
}

static void normalize(void *state, const struct cycle *c, const node_id *nodes,
                      int64_t *scores, size_t count)
{
    (void)state;
    (void)c;
    (void)nodes;
    score_normalize(scores, count, true);
}

const struct scheduler_plugin scheduler_taint_toleration = {
    .name = "TaintToleration",
    .summary = "keeps pods off nodes whose taints they do not tolerate",
    .weight = 3,
    .events = 1U << EVENT_NODE_ADDED | 1U << EVENT_NODE_CHANGED,
    .filter = filter,
    .score = score,
    .normalize = normalize,
};
