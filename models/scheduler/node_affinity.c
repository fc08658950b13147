/*
 * node_affinity - nodeSelector, and required and preferred node affinity
 * (plugins/nodeaffinity).
 */
#include "models/scheduler/framework.h"

static const struct node_affinity *added(const struct cycle *c)
{
    return c->config->added_affinity;
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
    const struct node_spec *spec = c->nodes[node].spec;

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

static bool score(void *state, const struct cycle *c, const node_id *nodes,
                  size_t count, int64_t *scores)
{
    const struct node_affinity *own = &c->class->template->affinity;

    (void)state;
    if (own->preferred_count == 0 && !(added(c) && added(c)->preferred_count))
        return false;
    for (size_t k = 0; k < count; k++) {
        const struct node_spec *spec = c->nodes[nodes[k]].spec;

        scores[k] =
            weights(own, spec) + (added(c) ? weights(added(c), spec) : 0);
    }
    score_normalize(scores, count, false);
    return true;
}

static bool helps(void *state, const struct cycle *c,
                  const struct cluster_change *change)
{
    const struct pod_template *t = c->class->template;
    const struct node_spec *spec = c->nodes[change->node].spec;

    (void)state;
    return (!added(c) || node_affinity_matches(added(c), spec)) &&
           pod_affinity_matches(t, spec) &&
           !(change->before && pod_affinity_matches(t, change->before->spec));
}

const struct scheduler_plugin scheduler_node_affinity = {
    .name = "NodeAffinity",
    .summary = "nodeSelector, required and preferred node affinity",
    .weight = 2,
    .events = 1U << EVENT_NODE_ADDED | 1U << EVENT_NODE_LABELS,
    .events_before = EVENTS_NODE_CHANGES,
    .helps = helps,
    .pre_filter = pre_filter,
    .filter = filter,
    .score = score,
};
