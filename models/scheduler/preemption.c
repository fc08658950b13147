#include "models/scheduler/preemption.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/select.h"

static int64_t priority_of(const struct preemptable *pod)
{
    return pod->class->template->priority;
}

/* util.MoreImportantPod: priority, then age. */
static int by_importance(const void *x, const void *y)
{
    const struct preemptable *a = x, *b = y;

    if (priority_of(a) != priority_of(b))
        return priority_of(a) > priority_of(b) ? -1 : 1;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

/* Those of lower priority first; returns how many. */
static size_t lower_first(struct preemptable *pods, size_t count,
                          int64_t priority)
{
    size_t lower = 0;

    for (size_t i = 0; i < count; i++) {
        if (priority_of(&pods[i]) < priority) {
            struct preemptable pod = pods[i];

            pods[i] = pods[lower];
            pods[lower++] = pod;
        }
    }
    return lower;
}

/* filterPodsWithPDBViolation: the more important use up budgets first. */
static void protect(struct preemptable *pods, size_t count,
                    struct disruption_budgets *budgets)
{
    size_t n = budgets ? budgets->items.count : 0;

    for (size_t b = 0; b < n; b++)
        budgets->items.items[b].left = budgets->items.items[b].allowed;
    for (size_t i = 0; i < count; i++) {
        const struct pod_class *class = pods[i].class;

        pods[i].protected = false;
        for (size_t b = 0; b < n && !pods[i].disrupted; b++) {
            struct disruption_budget *budget = &budgets->items.items[b];

            if (budget->selector->count == 0 ||
                class->template->labels.count == 0 ||
                strcmp(budget->space, class->space) != 0 ||
                !selector_matches(budget->selector, &class->template->labels))
                continue;
            if (--budget->left < 0)
                pods[i].protected = true;
        }
    }
}

/* Gives back pods that need not go, of those (not) protected; marks them by
 * taking their class away. */
static void reprieve(struct framework *f, struct pod_class *class, node_id node,
                     struct preemptable *pods, size_t count, bool protected)
{
    for (size_t i = 0; i < count; i++) {
        struct preemptable *pod = &pods[i];

        if (pod->protected != protected)
            continue;
        framework_pod_add(f, pod->class, node, pod->terminating);
        if (framework_passes(f, class, node, ~0U))
            pod->class = NULL;
        else
            framework_pod_remove(f, pod->class, node, pod->terminating);
    }
}

static size_t keep_victims(struct preemptable *pods, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (pods[i].class)
            pods[kept++] = pods[i];
    }
    return kept;
}

size_t preemption_victims(struct framework *f, struct pod_class *class,
                          node_id node, struct preemptable *pods, size_t count,
                          struct disruption_budgets *budgets)
{
    size_t lower = lower_first(pods, count, class->template->priority);
    size_t victims = 0;

    if (lower == 0)
        return 0;
    qsort(pods, lower, sizeof *pods, by_importance);
    protect(pods, lower, budgets);
    for (size_t i = 0; i < lower; i++)
        framework_pod_remove(f, pods[i].class, node, pods[i].terminating);
    victims = lower;
    if (framework_passes(f, class, node, ~0U)) {
        reprieve(f, class, node, pods, lower, true);
        reprieve(f, class, node, pods, lower, false);
        victims = keep_victims(pods, lower);
        lower = victims;
    } else {
        victims = 0;
    }
    for (size_t i = 0; i < lower; i++)
        framework_pod_add(f, pods[i].class, node, pods[i].terminating);
    return victims;
}

/* --- the best node --- */

static double sum_of(const struct preemptable *victims, size_t count)
{
    double sum = 0;

    /* Each counts by more than the lowest priority, so that more victims of
     * a negative one never weigh less. */
    for (size_t i = 0; i < count; i++)
        sum += (double)priority_of(&victims[i]) + (double)INT32_MAX + 1;
    return sum;
}

/* The earliest start of those of the highest priority. */
static sim_time start_of(const struct preemptable *victims, size_t count)
{
    sim_time start = victims[0].start;

    for (size_t i = 1; i < count; i++) {
        if (priority_of(&victims[i]) == priority_of(&victims[0]) &&
            victims[i].start < start)
            start = victims[i].start;
    }
    return start;
}

static bool is_better(const struct candidate *a, const struct candidate *b,
                      const struct preemptable *victims)
{
    const struct preemptable *x = victims + a->first, *y = victims + b->first;
    double sum_a = sum_of(x, a->count), sum_b = sum_of(y, b->count);

    if (a->violations != b->violations)
        return a->violations < b->violations;
    if (priority_of(x) != priority_of(y))
        return priority_of(x) < priority_of(y);
    if (sum_a < sum_b || sum_a > sum_b)
        return sum_a < sum_b;
    if (a->count != b->count)
        return a->count < b->count;
    return start_of(x, a->count) > start_of(y, b->count);
}

size_t preemption_best(const struct candidate *candidates, size_t count,
                       const struct preemptable *victims)
{
    size_t best = 0;

    assert(count > 0);
    for (size_t i = 1; i < count; i++) {
        if (is_better(&candidates[i], &candidates[best], victims))
            best = i;
    }
    return best;
}

size_t preemption_candidates(const struct scheduler_config *config,
                             size_t nodes)
{
    size_t wanted = nodes * (size_t)config->candidates_percent / 100;

    if (wanted < (size_t)config->candidates_least)
        wanted = (size_t)config->candidates_least;
    return wanted < nodes ? wanted : nodes;
}
