/*
 * taint_toleration - keeps pods off nodes with taints that they do not
 * tolerate; of the rest, prefers those with the fewest PreferNoSchedule
 * taints that they do not tolerate (plugins/tainttoleration).
 */
#include <string.h>

#include "models/scheduler/framework.h"
#include "models/select.h"
#include "sim/io/units.h"

enum {
    KEEPS_OFF = 1U << TAINT_NO_SCHEDULE | 1U << TAINT_NO_EXECUTE,
    PREFERS_NOT = 1U << TAINT_PREFER_NO_SCHEDULE
};

/* Operators Gt and Lt, where that feature is on: both are integers, and the
 * taint's stands in that relation to the toleration's. */
static bool compares(const struct toleration *t, const struct taint *taint)
{
    int64_t theirs, wanted;

    if ((t->effect >= 0 && t->effect != (int)taint->effect) ||
        (t->key && strcmp(t->key, taint->key) != 0) ||
        !units_int(taint->value, &theirs) || !units_int(t->value, &wanted))
        return false;
    return t->compare > 0 ? theirs > wanted : theirs < wanted;
}

static bool tolerates(const struct cycle *c, const struct taint *taint)
{
    const struct pod_template *pod = c->class->template;

    for (size_t i = 0; i < pod->toleration_count; i++) {
        const struct toleration *t = &pod->tolerations[i];

        if (t->compare == 0 ? toleration_matches(t, taint)
                            : c->config->compares_taints && compares(t, taint))
            return true;
    }
    return false;
}

/* Taints of these effects that the pod does not tolerate. */
static int64_t untolerated(const struct cycle *c, const struct node_info *n,
                           unsigned effects)
{
    int64_t count = 0;

    for (size_t i = 0; i < n->taints.count; i++) {
        const struct taint *taint = &n->taints.items[i];

        count += (effects & 1U << taint->effect) && !tolerates(c, taint);
    }
    return count;
}

static enum filter_status filter(void *state, const struct cycle *c,
                                 node_id node, struct filter_reasons *why)
{
    (void)state;
    if (c->nodes[node].taints.count == 0 ||
        untolerated(c, &c->nodes[node], KEEPS_OFF) == 0)
        return FILTER_SUCCESS;
    filter_refuse(why, "node(s) had untolerated taint(s)", "");
    return FILTER_UNRESOLVABLE;
}

static bool score(void *state, const struct cycle *c, const node_id *nodes,
                  size_t count, int64_t *scores)
{
    (void)state;
    for (size_t k = 0; k < count; k++)
        scores[k] = c->nodes[nodes[k]].taints.count > 0
                        ? untolerated(c, &c->nodes[nodes[k]], PREFERS_NOT)
                        : 0;
    score_normalize(scores, count, true);
    return true;
}

static bool helps(void *state, const struct cycle *c,
                  const struct cluster_change *change)
{
    (void)state;
    return (!change->before || untolerated(c, change->before, KEEPS_OFF) > 0) &&
           untolerated(c, &c->nodes[change->node], KEEPS_OFF) == 0;
}

const struct scheduler_plugin scheduler_taint_toleration = {
    .name = "TaintToleration",
    .summary = "keeps pods off nodes whose taints they do not tolerate",
    .weight = 3,
    .events = 1U << EVENT_NODE_ADDED | 1U << EVENT_NODE_TAINTS,
    .events_before = EVENTS_NODE_CHANGES,
    .helps = helps,
    .filter = filter,
    .score = score,
};
