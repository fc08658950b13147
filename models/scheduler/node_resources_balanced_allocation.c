/*
 * node_resources_balanced_allocation - prefers nodes on which the shares of
 * cpu and memory in use are near to each other
 * (plugins/noderesources/balanced_allocation.go). Up to 1.35 by the standard
 * deviation of the shares with the pod; from 1.36 by what the pod changes of
 * it: 50 + (50 + with - without) / 2.
 */
#include <math.h>

#include "models/scheduler/framework.h"

struct balanced {
    struct score_memo memo;
};

static void release(void *state)
{
    struct balanced *b = state;

    VEC_FREE(b->memo.items);
}

/* A pod that asks for none of the resources is left to the others. */
static bool has_say(const struct cycle *c)
{
    for (size_t i = 0; i < c->config->balanced_count; i++) {
        if (resource_get(&c->class->template->requests,
                         &c->config->balanced[i]) > 0)
            return true;
    }
    return !c->config->balanced_skips_best_effort;
}

/* Running sums over the resources of a node. */
struct spread_of {
    size_t count;
    double shares[8], sum;
};

static void add_share(struct spread_of *s, int64_t used, int64_t capacity)
{
    double share = (double)used / (double)capacity;

    if (s->count == sizeof s->shares / sizeof s->shares[0])
        return;
    s->shares[s->count] = share > 1 ? 1 : share;
    s->sum += s->shares[s->count++];
}

static int64_t points(const struct spread_of *s)
{
    double deviation = 0;

    if (s->count == 2) {
        deviation = fabs((s->shares[0] - s->shares[1]) / 2);
    } else if (s->count > 2) {
        double mean = s->sum / (double)s->count, squares = 0;

        for (size_t i = 0; i < s->count; i++)
            squares += (s->shares[i] - mean) * (s->shares[i] - mean);
        deviation = sqrt(squares / (double)s->count);
    }
    return (int64_t)((1 - deviation) * SCORE_MAX);
}

static int64_t points_of(const struct cycle *c, node_id node)
{
    const struct node_info *n = &c->nodes[node];
    struct spread_of with = {0}, without = {0};

    for (size_t i = 0; i < c->config->balanced_count; i++) {
        const struct resource_ref *ref = &c->config->balanced[i];
        int64_t capacity = resource_get(&n->spec->allocatable, ref);
        int64_t used = resource_get(&n->requested, ref);
        int64_t wanted = resource_get(&c->class->template->requests, ref);

        if (capacity == 0 || (ref->kind == RES_EXTENDED && wanted == 0))
            continue;
        add_share(&with, used + wanted, capacity);
        add_share(&without, used, capacity);
    }
    if (!c->config->balanced_change)
        return points(&with);
    return SCORE_MAX / 2 +
           (SCORE_MAX / 2 + points(&with) - points(&without)) / 2;
}

static bool score(void *state, const struct cycle *c, const node_id *nodes,
                  size_t count, int64_t *scores)
{
    struct balanced *b = state;

    if (!has_say(c))
        return false;
    score_memo_prepare(&b->memo, c);
    for (size_t k = 0; k < count; k++) {
        struct memo_entry *e = score_memo_at(&b->memo, c, nodes[k]);

        if (!e->valid) {
            e->points = points_of(c, nodes[k]);
            e->valid = true;
        }
        scores[k] = e->points;
    }
    return true;
}

const struct scheduler_plugin scheduler_node_resources_balanced_allocation = {
    .name = "NodeResourcesBalancedAllocation",
    .summary = "prefers nodes with like shares of cpu and memory in use",
    .weight = 1,
    .state_size = sizeof(struct balanced),
    .release = release,
    .score = score,
};
