#include <string.h>

#include "models/controllers/nodelifecycle_internal.h"

/* nodelifecycle/scheduler NodeEvictionPeriod: how often the queues of nodes
 * to be tainted are looked at. */
static const sim_time execute_period = 100 * SIM_MS;

static bool has_taint(const struct node *node, const char *key,
                      enum taint_effect effect)
{
    for (size_t i = 0; i < node->taints.count; i++) {
        if (node->taints.items[i].effect == effect &&
            strcmp(node->taints.items[i].key, key) == 0)
            return true;
    }
    return false;
}

static const char *wanted_key(const struct node *node)
{
    return node->ready == NODE_FALSE ? nodelifecycle_not_ready
                                     : nodelifecycle_unreachable;
}

static const char *other_key(const struct node *node)
{
    return node->ready == NODE_FALSE ? nodelifecycle_unreachable
                                     : nodelifecycle_not_ready;
}

/* --- NoExecute --- */

static sim_time now_of(struct controller_run *run)
{
    return sim_now(controller_simulation(run)->sim);
}

/* Looks at the queues again at the first period's end at or after `at`. */
static void execute_at(struct controller_run *run, sim_time at)
{
    sim_time now = now_of(run), first = at > now ? at : now + 1;
    sim_time next = (first + execute_period - 1) / execute_period;

    controller_enqueue_after(run, KEY_EXECUTE, next * execute_period - now);
}

struct zone *nodelifecycle_zone(struct nodelifecycle *all, uint16_t index,
                                const struct control_plane_params *params)
{
    while (all->zones.count <= index) {
        struct zone zone = {.rate = params->node_eviction_rate};

        zone.limiter = token_bucket_make(zone.rate, 1);
        VEC_PUSH(all->zones, zone);
    }
    return &all->zones.items[index];
}

void nodelifecycle_set_rate(struct controller_run *run, struct zone *zone,
                            double rate)
{
    sim_time now = now_of(run);
    bool drained;

    if (zone->rate == rate)
        return;
    drained = zone->rate <= 0 || !token_bucket_try(&zone->limiter, now);
    zone->rate = rate;
    zone->limiter = token_bucket_make(rate, 1);
    /* rate_limited_queue.go SwapLimiter: who was waiting goes on waiting. */
    if (drained)
        token_bucket_try(&zone->limiter, now);
    if (zone->head < zone->queue.count)
        execute_at(run, now);
}

void nodelifecycle_choose(struct controller_run *run, struct nodelifecycle *all,
                          const struct node *node)
{
    struct node_record *record = &all->nodes.items[node->id];
    struct zone *zone = &all->zones.items[node->zone];

    if (record->chosen)
        return;
    record->chosen = true;
    VEC_PUSH(zone->queue, node->id);
    execute_at(run, now_of(run));
}

static void apply_execute(struct controller_run *run, void *state, uint64_t a,
                          uint64_t b)
{
    struct world *w = controller_world(run);
    const struct node *node = world_node(w, (node_id)a);

    (void)state;
    (void)b;
    if (node->deleted || node->ready == NODE_TRUE)
        return;
    world_node_untaint(w, node->id, other_key(node), TAINT_NO_EXECUTE);
    world_node_taint(w, node->id,
                     (struct taint){wanted_key(node), "", TAINT_NO_EXECUTE});
}

static void write_execute(struct controller_run *run, const struct node *node)
{
    controller_read(run, 0); /* AddOrUpdateTaintOnNode reads it first */
    controller_write(run, apply_execute, node->id, 0, 0);
}

bool nodelifecycle_swap(struct controller_run *run, const struct node *node)
{
    if (!has_taint(node, other_key(node), TAINT_NO_EXECUTE))
        return false;
    write_execute(run, node);
    return true;
}

void nodelifecycle_execute(struct controller_run *run,
                           struct nodelifecycle *all)
{
    const struct world *w = controller_world(run);
    sim_time now = now_of(run);

    for (size_t i = 0; i < all->zones.count; i++) {
        struct zone *zone = &all->zones.items[i];

        while (zone->head < zone->queue.count && zone->rate > 0 &&
               token_bucket_try(&zone->limiter, now)) {
            const struct node *node =
                world_node(w, zone->queue.items[zone->head++]);

            /* It left the queue when it became reachable, or is gone. */
            if (all->nodes.items[node->id].chosen && !node->deleted &&
                node->ready != NODE_TRUE)
                write_execute(run, node);
        }
        if (zone->head == zone->queue.count)
            zone->head = zone->queue.count = 0;
        else if (zone->rate > 0)
            execute_at(run, zone->limiter.full_at);
    }
}

/* --- reachable again --- */

static void apply_reachable(struct controller_run *run, void *state, uint64_t a,
                            uint64_t b)
{
    struct world *w = controller_world(run);

    (void)state;
    (void)b;
    if (world_node(w, (node_id)a)->deleted)
        return;
    world_node_untaint(w, (node_id)a, nodelifecycle_not_ready,
                       TAINT_NO_EXECUTE);
    world_node_untaint(w, (node_id)a, nodelifecycle_unreachable,
                       TAINT_NO_EXECUTE);
}

/* Of the queue, what stands there for the node no longer counts. */
static void leave_queue(struct zone *zone, node_id id)
{
    size_t kept = zone->head;

    for (size_t i = zone->head; i < zone->queue.count; i++) {
        if (zone->queue.items[i] != id)
            zone->queue.items[kept++] = zone->queue.items[i];
    }
    zone->queue.count = kept;
}

bool nodelifecycle_reachable(struct controller_run *run,
                             struct nodelifecycle *all, const struct node *node)
{
    struct node_record *record = &all->nodes.items[node->id];

    if (record->chosen)
        leave_queue(&all->zones.items[node->zone], node->id);
    record->chosen = false;
    if (!has_taint(node, nodelifecycle_not_ready, TAINT_NO_EXECUTE) &&
        !has_taint(node, nodelifecycle_unreachable, TAINT_NO_EXECUTE))
        return false;
    controller_read(run, 0);
    controller_write(run, apply_reachable, node->id, 0, 0);
    return true;
}

/* --- NoSchedule, by condition --- */

static const char memory_pressure[] = "node.kubernetes.io/memory-pressure";
static const char *const condition_keys[] = {
    nodelifecycle_not_ready, nodelifecycle_unreachable,
    nodelifecycle_unschedulable, memory_pressure};
enum { KEY_MEMORY_PRESSURE = 3, CONDITION_KEYS };

/* Bits of condition_keys: those wanted, and those there. */
static unsigned wanted_taints(const struct node *node)
{
    const char *keys[2];
    size_t count =
        nodelifecycle_condition_taints(node->ready, node->unschedulable, keys);
    unsigned mask = node->memory_pressure ? 1U << KEY_MEMORY_PRESSURE : 0;

    for (size_t i = 0; i < count; i++) {
        for (unsigned k = 0; k < CONDITION_KEYS; k++)
            mask |= keys[i] == condition_keys[k] ? 1U << k : 0;
    }
    return mask;
}

static unsigned present_taints(const struct node *node)
{
    unsigned mask = 0;

    for (unsigned k = 0; k < CONDITION_KEYS; k++)
        mask |=
            has_taint(node, condition_keys[k], TAINT_NO_SCHEDULE) ? 1U << k : 0;
    return mask;
}

static void apply_no_schedule(struct controller_run *run, void *state,
                              uint64_t a, uint64_t b)
{
    struct world *w = controller_world(run);
    const struct node *node = world_node(w, (node_id)a);
    unsigned wanted = (unsigned)b;

    (void)state;
    for (unsigned k = 0; !node->deleted && k < CONDITION_KEYS; k++) {
        if (wanted & 1U << k)
            world_node_taint(
                w, node->id,
                (struct taint){condition_keys[k], "", TAINT_NO_SCHEDULE});
        else
            world_node_untaint(w, node->id, condition_keys[k],
                               TAINT_NO_SCHEDULE);
    }
}

void nodelifecycle_no_schedule(struct controller_run *run,
                               const struct node *node)
{
    if (node->deleted || wanted_taints(node) == present_taints(node))
        return;
    controller_read(run, 0);
    controller_write(run, apply_no_schedule, node->id, wanted_taints(node), 0);
}
