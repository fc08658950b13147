/*
 * node_resources_fit - what the pod requests must be free; prefers nodes by
 * how much of them is in use: least (the default), most, or by a broken
 * line (plugins/noderesources/fit.go, least_allocated.go, most_allocated.go,
 * requested_to_capacity_ratio.go; helper/shape_score.go).
 */
#include <math.h>
#include <string.h>

#include "models/scheduler/framework.h"

struct fit {
    struct score_memo memo;
};

static void release(void *state)
{
    struct fit *fit = state;

    VEC_FREE(fit->memo.items);
}

/* --- filter --- */

static bool is_ignored(const struct scheduler_config *config, const char *name)
{
    size_t group = strcspn(name, "/");

    for (size_t i = 0; i < config->ignored_count; i++) {
        if (strcmp(config->ignored[i], name) == 0)
            return true;
    }
    for (size_t i = 0; name[group] && i < config->ignored_group_count; i++) {
        if (strlen(config->ignored_groups[i]) == group &&
            strncmp(config->ignored_groups[i], name, group) == 0)
            return true;
    }
    return false;
}

/* More than the whole node has: no pod's going would help. */
static enum filter_status short_of(const char *name, int64_t wanted,
                                   int64_t used, int64_t capacity,
                                   struct filter_reasons *why)
{
    if (wanted <= 0 || wanted <= capacity - used)
        return FILTER_SUCCESS;
    filter_refuse(why, "Insufficient ", name);
    return wanted > capacity ? FILTER_UNRESOLVABLE : FILTER_UNSCHEDULABLE;
}

static enum filter_status worse(enum filter_status a, enum filter_status b)
{
    return a > b ? a : b;
}

static enum filter_status filter_extended(const struct cycle *c,
                                          const struct node_info *n,
                                          const struct resources *wanted,
                                          struct filter_reasons *why)
{
    enum filter_status status = FILTER_SUCCESS;

    for (size_t i = 0; i < wanted->count; i++) {
        const char *name = wanted->items[i].name;
        struct resource_ref ref = {RES_EXTENDED, name, 0};

        if (is_ignored(c->config, name))
            continue;
        status = worse(
            status, short_of(name, wanted->items[i].quantity,
                             resource_get(&n->requested, &ref),
                             resource_get(&n->spec->allocatable, &ref), why));
    }
    return status;
}

static enum filter_status fits(const struct cycle *c, const struct node_info *n,
                               struct filter_reasons *why)
{
    const struct resources *wanted = &c->class->template->requests;
    const struct resources *used = &n->requested;
    const struct resources *all = &n->spec->allocatable;
    enum filter_status status = FILTER_SUCCESS;

    if (used->pods + 1 > all->pods) {
        filter_refuse(why, "Too many pods", "");
        status = FILTER_UNSCHEDULABLE;
    }
    status =
        worse(status, short_of("cpu", wanted->cpu, used->cpu, all->cpu, why));
    status = worse(status, short_of("memory", wanted->memory, used->memory,
                                    all->memory, why));
    status = worse(status, short_of("ephemeral-storage", wanted->storage,
                                    used->storage, all->storage, why));
    if (wanted->count > 0)
        status = worse(status, filter_extended(c, n, wanted, why));
    return status;
}

static enum filter_status filter(void *state, const struct cycle *c,
                                 node_id node, struct filter_reasons *why)
{
    (void)state;
    return fits(c, &c->nodes[node], why);
}

/* Any pod that goes may; a node that comes, where the pod fits were it empty.
 */
static bool helps(void *state, const struct cycle *c,
                  const struct cluster_change *change)
{
    struct filter_reasons why = {0};
    struct node_info empty = {.present = true};

    (void)state;
    if (change->pod)
        return true;
    empty.spec = c->nodes[change->node].spec;
    return fits(c, &empty, &why) == FILTER_SUCCESS;
}

/* --- score --- */

static int64_t least(int64_t requested, int64_t capacity)
{
    if (requested > capacity)
        return 0;
    return (capacity - requested) * SCORE_MAX / capacity;
}

static int64_t most(int64_t requested, int64_t capacity)
{
    return (requested > capacity ? capacity : requested) * SCORE_MAX / capacity;
}

/* On the line through the points; beyond them as at the ends. */
static int64_t on_line(const struct scheduler_config *config, int64_t x)
{
    const int64_t scale = SCORE_MAX / 10;
    const struct shape_point *p = config->shape;

    for (size_t i = 0; i < config->shape_count; i++) {
        int64_t low, high;

        if (x > p[i].utilization)
            continue;
        if (i == 0)
            return p[0].score * scale;
        low = p[i - 1].score * scale;
        high = p[i].score * scale;
        return low + (high - low) * (x - p[i - 1].utilization) /
                         (p[i].utilization - p[i - 1].utilization);
    }
    return config->shape_count > 0 ? p[config->shape_count - 1].score * scale
                                   : 0;
}

static int64_t ratio(const struct scheduler_config *config, int64_t requested,
                     int64_t capacity)
{
    return on_line(config, requested > capacity
                               ? SCORE_MAX
                               : requested * SCORE_MAX / capacity);
}

/* cpu and memory count with defaults for containers that ask for none; an
 * extended resource counts for pods that ask for it. *capacity 0: pass over. */
static int64_t requested_of(const struct node_info *n,
                            const struct pod_template *t,
                            const struct resource_ref *ref, int64_t *capacity)
{
    int64_t wanted;

    *capacity = resource_get(&n->spec->allocatable, ref);
    if (ref->kind == RES_CPU)
        return n->scored_cpu + t->scored_cpu;
    if (ref->kind == RES_MEMORY)
        return n->scored_memory + t->scored_memory;
    wanted = resource_get(&t->requests, ref);
    if (ref->kind == RES_EXTENDED && wanted == 0)
        *capacity = 0;
    return resource_get(&n->requested, ref) + wanted;
}

static int64_t points_of(const struct cycle *c, node_id node)
{
    const struct node_info *n = &c->nodes[node];
    bool by_line = c->config->strategy == SCORE_REQUESTED_TO_CAPACITY;
    int64_t sum = 0, weights = 0;

    for (size_t i = 0; i < c->config->resource_count; i++) {
        const struct resource_ref *ref = &c->config->resources[i];
        int64_t capacity, points;
        int64_t requested = requested_of(n, c->class->template, ref, &capacity);

        if (capacity == 0)
            continue;
        if (by_line)
            points = ratio(c->config, requested, capacity);
        else if (c->config->strategy == SCORE_MOST_ALLOCATED)
            points = most(requested, capacity);
        else
            points = least(requested, capacity);
        if (by_line && points <= 0)
            continue;
        sum += points * ref->weight;
        weights += ref->weight;
    }
    if (weights == 0)
        return 0;
    return by_line ? (int64_t)round((double)sum / (double)weights)
                   : sum / weights;
}

static bool score(void *state, const struct cycle *c, const node_id *nodes,
                  size_t count, int64_t *scores)
{
    struct fit *fit = state;

    score_memo_prepare(&fit->memo, c);
    for (size_t k = 0; k < count; k++) {
        struct memo_entry *e = score_memo_at(&fit->memo, c, nodes[k]);

        if (!e->valid) {
            e->points = points_of(c, nodes[k]);
            e->valid = true;
        }
        scores[k] = e->points;
    }
    return true;
}

const struct scheduler_plugin scheduler_node_resources_fit = {
    .name = "NodeResourcesFit",
    .summary = "requests must be free; prefers the least allocated nodes",
    .weight = 1,
    .events = 1U << EVENT_NODE_ADDED | 1U << EVENT_POD_GONE,
    .events_before = EVENTS_NODE_CHANGES | 1U << EVENT_POD_GONE,
    .helps = helps,
    .state_size = sizeof(struct fit),
    .release = release,
    .filter = filter,
    .score = score,
};
