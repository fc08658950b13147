#include "models/controllers/daemonset_rules.h"

#include <stdlib.h>

#include "sim/engine/mem.h"

int daemonset_compare(const void *a, const void *b)
{
    const struct daemon_pod *x = a, *y = b;

    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    if (x->bound != y->bound)
        return x->bound ? -1 : 1;
    if (x->created != y->created)
        return x->created < y->created ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

int daemonset_desired(const struct daemon_node *nodes, size_t count)
{
    int desired = 0;

    for (size_t i = 0; i < count; i++)
        desired += nodes[i].exists && nodes[i].should_run;
    return desired;
}

static void push(uint32_t **items, size_t *count, size_t *room, uint32_t value)
{
    if (*count == *room) {
        *room = *room ? 2 * *room : 8;
        *items = mem_realloc(*items, *room, sizeof **items);
    }
    (*items)[(*count)++] = value;
}

static void create(struct daemon_plan *plan, size_t node)
{
    push(&plan->creates, &plan->create_count, &plan->create_room,
         (uint32_t)node);
}

static void delete (struct daemon_plan *plan, size_t pod)
{
    push(&plan->deletes, &plan->delete_count, &plan->delete_room,
         (uint32_t)pod);
}

/* --- manage --- */

/* The pods that run and may go on; failed and ended ones are deleted. */
static size_t count_running(const struct daemon_view *v,
                            const struct daemon_node *node,
                            struct daemon_plan *plan)
{
    size_t running = 0;

    for (size_t i = node->first; i < node->first + node->count; i++) {
        const struct daemon_pod *pod = &v->pods[i];

        if (pod->terminating || pod->held)
            continue;
        if (pod->failed || pod->succeeded)
            delete (plan, i);
        else
            running++;
    }
    return running;
}

static bool runs(const struct daemon_pod *pod)
{
    return !pod->terminating && !pod->failed && !pod->succeeded;
}

/* All but the oldest. */
static void keep_one(const struct daemon_view *v,
                     const struct daemon_node *node, struct daemon_plan *plan)
{
    bool kept = false;

    for (size_t i = node->first; i < node->first + node->count; i++) {
        if (!runs(&v->pods[i]))
            continue;
        if (kept)
            delete (plan, i);
        kept = true;
    }
}

/* The oldest new one and the oldest old one, while the old one is ready and
 * the new one is not yet available. */
static void keep_two(const struct daemon_view *v,
                     const struct daemon_node *node, struct daemon_plan *plan)
{
    const struct daemon_pod *new = NULL, *old = NULL;
    size_t old_index = 0;

    for (size_t i = node->first; i < node->first + node->count; i++) {
        const struct daemon_pod *pod = &v->pods[i];

        if (!runs(pod))
            continue;
        if (pod->updated && !new) {
            new = pod;
        } else if (!pod->updated && !old) {
            old = pod;
            old_index = i;
        } else {
            delete (plan, i);
        }
    }
    if (new &&old && (!old->ready || new->available))
        delete (plan, old_index);
}

/* podsShouldBeOnNode */
static void manage_node(const struct daemon_view *v, size_t index,
                        struct daemon_plan *plan)
{
    const struct daemon_node *node = &v->nodes[index];
    size_t running;

    if (node->should_run && node->count == 0) {
        create(plan, index);
        return;
    }
    if (!node->may_stay) {
        for (size_t i = node->first; i < node->first + node->count; i++) {
            if (!v->pods[i].terminating)
                delete (plan, i);
        }
        return;
    }
    running = count_running(v, node, plan);
    if (!v->surges) {
        if (running > 1)
            keep_one(v, node, plan);
    } else if (running > 1) {
        keep_two(v, node, plan);
    } else if (running == 0 && node->should_run) {
        create(plan, index);
    }
}

/* Pods that wait for a node that is gone would wait for ever. */
static void drop_orphans(const struct daemon_view *v,
                         const struct daemon_node *node,
                         struct daemon_plan *plan)
{
    for (size_t i = node->first; i < node->first + node->count; i++) {
        if (!v->pods[i].bound && !v->pods[i].terminating)
            delete (plan, i);
    }
}

static void manage(const struct daemon_view *v, struct daemon_plan *plan)
{
    for (size_t i = 0; i < v->node_count; i++) {
        if (v->nodes[i].exists)
            manage_node(v, i, plan);
        else
            drop_orphans(v, &v->nodes[i], plan);
    }
}

/* --- the rolling update --- */

enum { NO_POD = -1 };

/* findUpdatedPodsOnNode. False: more than one of a sort. */
static bool find_pods(const struct daemon_view *v,
                      const struct daemon_node *node, long *new, long *old)
{
    *new = *old = NO_POD;
    for (size_t i = node->first; i < node->first + node->count; i++) {
        long *which = v->pods[i].updated ? new : old;

        if (v->pods[i].terminating)
            continue;
        if (*which != NO_POD)
            return false;
        *which = (long)i;
    }
    return true;
}

static bool counts(const struct daemon_node *node)
{
    return node->count > 0 || (node->exists && node->should_run);
}

/* How many nodes are without an available pod; those whose old pod is not
 * available get another at once. */
static int replace_unavailable(const struct daemon_view *v,
                               struct daemon_plan *plan)
{
    int unavailable = 0;
    long new, old;

    for (size_t k = 0; k < v->node_count; k++) {
        const struct daemon_node *node = &v->nodes[v->order[k]];

        if (!counts(node))
            continue;
        if (!find_pods(v, node, &new, &old) ||
            (new == NO_POD) == (old == NO_POD)) {
            unavailable++;
        } else if (new != NO_POD) {
            unavailable += !v->pods[new].available;
        } else if (!v->pods[old].available) {
            delete (plan, (size_t)old);
            unavailable++;
        }
    }
    return unavailable;
}

static void roll(const struct daemon_view *v, struct daemon_plan *plan)
{
    int left = v->max_unavailable - replace_unavailable(v, plan);
    long new, old;

    for (size_t k = 0; k < v->node_count && left > 0; k++) {
        const struct daemon_node *node = &v->nodes[v->order[k]];

        if (!counts(node) || !find_pods(v, node, &new, &old) || new != NO_POD ||
            old == NO_POD || !v->pods[old].available)
            continue;
        delete (plan, (size_t)old);
        left--;
    }
}

/* What a surging update counts before it decides. */
struct surging {
    int surge, available;
};

/* Nodes where the old pod is not available get a new one beside it at once;
 * where the new one is available the old one goes. */
static struct surging surge_free(const struct daemon_view *v,
                                 struct daemon_plan *plan)
{
    struct surging s = {0, 0};
    long new, old;

    for (size_t k = 0; k < v->node_count; k++) {
        size_t index = v->order[k];
        const struct daemon_node *node = &v->nodes[index];

        if (!counts(node))
            continue;
        if (!find_pods(v, node, &new, &old)) {
            s.surge++;
            continue;
        }
        if (old != NO_POD || new != NO_POD)
            s.available += v->pods[old != NO_POD ? old : new].available;
        if (old == NO_POD)
            continue;
        if (new != NO_POD) {
            s.surge += !v->pods[new].available;
            if (v->pods[new].available)
                delete (plan, (size_t)old);
        } else if (!v->pods[old].available) {
            if (node->exists && node->should_run)
                create(plan, index);
            else
                delete (plan, (size_t)old);
        }
    }
    return s;
}

static void surge(const struct daemon_view *v, struct daemon_plan *plan)
{
    struct surging s = surge_free(v, plan);
    int left = v->max_surge - s.surge;
    int spare = s.available - daemonset_desired(v->nodes, v->node_count);
    long new, old;

    for (size_t k = 0; k < v->node_count; k++) {
        size_t index = v->order[k];
        const struct daemon_node *node = &v->nodes[index];

        if (!counts(node) || !find_pods(v, node, &new, &old) || new != NO_POD ||
            old == NO_POD || !v->pods[old].available)
            continue;
        if (!node->exists || !node->should_run) {
            if (spare-- > 0)
                delete (plan, (size_t)old);
        } else if (left > 0) {
            create(plan, index);
            left--;
        }
    }
}

/* --- the status --- */

static void count_up(const struct daemon_view *v, struct daemon_counts *c)
{
    *c = (struct daemon_counts){0};
    for (size_t i = 0; i < v->node_count; i++) {
        const struct daemon_node *node = &v->nodes[i];
        const struct daemon_pod *oldest;

        if (!node->exists)
            continue;
        if (!node->should_run) {
            c->misscheduled += node->count > 0;
            continue;
        }
        c->desired++;
        if (node->count == 0)
            continue;
        oldest = &v->pods[node->first];
        c->current++;
        c->ready += oldest->ready;
        c->available += oldest->ready && oldest->available;
        c->updated += oldest->updated;
    }
}

static size_t at_most(size_t count, int limit)
{
    return count > (size_t)limit ? (size_t)limit : count;
}

void daemonset_plan(const struct daemon_view *v, struct daemon_plan *plan)
{
    plan->create_count = plan->delete_count = 0;
    count_up(v, &plan->counts);
    manage(v, plan);
    plan->rolls =
        plan->create_count == 0 && plan->delete_count == 0 && !v->on_delete;
    if (plan->rolls && v->surges)
        surge(v, plan);
    else if (plan->rolls)
        roll(v, plan);
    plan->create_count = at_most(plan->create_count, v->burst);
    plan->delete_count = at_most(plan->delete_count, v->burst);
}

void daemonset_plan_release(struct daemon_plan *plan)
{
    free(plan->creates);
    free(plan->deletes);
    *plan = (struct daemon_plan){0};
}
