/*
 * node_affinity - nodeSelector, and required and preferred node affinity
 * (plugins/nodeaffinity).
 */
#include "models/scheduler/framework.h"

static const struct node_affinity *added(const struct cycle *c)
{
    return framework_config(c->framework)->added_affinity;
}

static bool pre_filter(void *state, const struct cycle *c)
{
    const struct pod_template *t = c->class->template;

    (void)state;
    return t->node_selector.count > 0 || t->affinity.present ||
           t->affinity.required_count > 0 || added(c);
}

static enum filter_status filter(void *state, const struct cycle *c,
                                 node_id node, struct filter_reasons *why)
{
    const struct node_spec *spec = framework_node(c->framework, node)->spec;

    (void)state;
    if (added(c) && !node_affinity_matches(added(c), spec)) {
        filter_refuse(
            why, "node(s) didn't match scheduler-enforced node affinity", "");
        return FILTER_UNRESOLVABLE;
    }
    if (!pod_affinity_matches(c->class->template, spec)) {
        filter_refuse(why, "node(s) didn't match Pod's node affinity/selector",
                      "");
        return FILTER_UNRESOLVABLE;
    }
    return FILTER_SUCCESS;
}

static bool pre_score(void *state, const struct cycle *c, const node_id *nodes,
                      size_t count)
{
    (void)state;
    (void)nodes;
    (void)count;
    return c->class->template->affinity.preferred_count > 0 ||
           (added(c) && added(c)->preferred_count > 0);
}

static int64_t weights(const struct node_affinity *a,
                       const struct node_spec *spec)
{
    int64_t sum = 0;

    for (size_t i = 0; i < a->preferred_count; i++) {
        if (node_term_matches(&a->preferred[i].term, spec))
            sum += a->preferred[i].weight;
    }
    return sum;
}

static int64_t score(void *state, const struct cycle *c, node_id node)
{
    const struct node_spec *spec = framework_node(c->framework, node)->spec;

    (void)state;
    return weights(&c->class->template->affinity, spec) +
           (added(c) ? weights(added(c), spec) : 0);
}

static void normalize(void *state, const struct cycle *c, const node_id *nodes,
                      int64_t *scores, size_t count)
{
    (void)state;
    (void)c;
    (void)nodes;
    score_normalize(scores, count, false);
}

const struct scheduler_plugin scheduler_node_affinity = {
    .name = "NodeAffinity",
    .summary = "nodeSelector, required and preferred node affinity",
    .weight = 2,
    .events = 1U << EVENT_NODE_ADDED | 1U << EVENT_NODE_CHANGED,
    .pre_filter = pre_filter,
    .filter = filter,
    .pre_score = pre_score,
    .score = score,
    .normalize = normalize,
};
