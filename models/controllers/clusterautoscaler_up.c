/*
 * Growing: pods that fit nowhere make nodes of the pool that wastes least.
 * kubernetes/autoscaler, cluster-autoscaler: core/scaleup/orchestrator,
 * estimator/binpacking_estimator.go, expander/waste/waste.go.
 */
#include <math.h>
#include <stdlib.h>

#include "models/controllers/clusterautoscaler_internal.h"
#include "models/scheduler/scheduler.h"

/* What a pool could do for the pods that wait. */
struct option {
    size_t nodes, pods;
    double waste; /* share of CPU and of memory that stays free, added */
};

static void add_pending(void *self, pod_id id)
{
    struct clusterautoscaler *ca = self;

    VEC_PUSH(ca->pending, id);
}

/* Pods that wait and are old enough. */
static void list_pending(struct clusterautoscaler *ca,
                         const struct simulation *s)
{
    sim_time delay = s->scenario->cluster.autoscaler.new_pod_delay;
    size_t kept = 0;

    ca->pending.count = 0;
    scheduler_each_unschedulable(s->scheduler, add_pending, ca);
    for (size_t i = 0; i < ca->pending.count; i++) {
        const struct pod *pod = world_pod(s->world, ca->pending.items[i]);

        if (pod && pod->deletion == SIM_NEVER && pod->node == NO_ID &&
            sim_now(s->sim) - pod->created >= delay)
            ca->pending.items[kept++] = pod->id;
    }
    ca->pending.count = kept;
}

/* Those that fit on what is there, or to come, need nothing. */
static void drop_helped(struct clusterautoscaler *ca,
                        struct autoscaler_picture *p)
{
    size_t kept = 0;

    for (size_t i = 0; i < ca->pending.count; i++) {
        pod_id id = ca->pending.items[i];

        if (picture_place(p, world_pod(p->w, id)) == NO_ID)
            ca->pending.items[kept++] = id;
    }
    ca->pending.count = kept;
}

/* First fit on the pool's new nodes from `first` on. */
static bool fits_new(struct autoscaler_picture *p, const struct pod *pod,
                     node_id first, node_id end)
{
    for (node_id id = first; id < end; id++) {
        if (picture_place_on(p, pod, id))
            return true;
    }
    return false;
}

/* The share of the new nodes that nobody asks for. */
static double waste_of(const struct autoscaler_picture *p, size_t from,
                       const struct node_spec *spec, size_t nodes)
{
    double cpu = 0, memory = 0;

    for (size_t i = from; i < p->puts.count; i++) {
        const struct resources *r = &p->puts.items[i].class->template->requests;

        cpu += (double)r->cpu;
        memory += (double)r->memory;
    }
    cpu /= (double)spec->allocatable.cpu * (double)nodes;
    memory /= (double)spec->allocatable.memory * (double)nodes;
    return 2 - cpu - memory;
}

/* How many new nodes the pods need, one after another; then all is as it
 * was. */
static struct option estimate(struct clusterautoscaler *ca,
                              struct autoscaler_picture *p,
                              const struct autoscaler_group *group)
{
    struct option option = {0};
    node_id first = p->next;
    size_t kept = p->puts.count, slot = 0;

    for (size_t i = 0; i < ca->pending.count; i++) {
        const struct pod *pod = world_pod(p->w, ca->pending.items[i]);

        if (fits_new(p, pod, first, p->next)) {
            option.pods++;
            continue;
        }
        if (group->size + option.nodes >= (size_t)group->spec->max)
            continue;
        while (group->slots[slot].node != NO_ID ||
               group->slots[slot].requested != SIM_NEVER)
            slot++;
        if (picture_place_on(p, pod,
                             picture_add_node(p, &group->spec->nodes[slot]))) {
            option.pods++;
            option.nodes++;
            slot++;
        } else {
            framework_node_remove(p->f, --p->next);
        }
    }
    if (option.nodes > 0)
        option.waste = waste_of(p, kept, group->spec->nodes, option.nodes);
    picture_undo(p, kept);
    while (p->next > first)
        framework_node_remove(p->f, --p->next);
    return option;
}

/* True where b is better than a, as the expander has it. */
static bool is_better(int expander, const struct option *a,
                      const struct option *b)
{
    if (a->nodes == 0)
        return true;
    return expander == EXPAND_MOST_PODS ? b->pods > a->pods
                                        : b->waste < a->waste;
}

/* A kubelet that cannot register its Node tries again (pkg/kubelet
 * kubelet_node_status.go: registerWithAPIServer, up to 7 s). */
static const sim_time register_retry = 7 * SIM_S;

static void on_ready(struct sim *sim, void *self, struct event_args args);
static const struct event_type ready_event = {"clusterautoscaler.ready", 4,
                                              on_ready};

/* A machine has booted: its Node registers. */
static void on_ready(struct sim *sim, void *self, struct event_args args)
{
    struct clusterautoscaler *ca = self;
    struct autoscaler_group *group = &ca->groups[args.subject];
    struct autoscaler_slot *slot = &group->slots[args.detail];

    if (slot->requested == SIM_NEVER)
        return; /* it was given up */
    if (controller_world(ca->run)->api_stopped) {
        sim_after(sim, register_retry, &ready_event, ca, args);
        return;
    }
    slot->requested = SIM_NEVER;
    group->size--; /* it is counted as it comes: see observe */
    world_node_create(controller_world(ca->run),
                      &group->spec->nodes[args.detail]);
    ca->added = sim_now(sim);
}

/* Asks for so many nodes, in the first free places. */
static void request_nodes(struct clusterautoscaler *ca, size_t index,
                          size_t count)
{
    struct autoscaler_group *group = &ca->groups[index];
    struct world *w = controller_world(ca->run);
    char object[300];

    for (size_t i = 0; i < group->room && count > 0; i++) {
        struct autoscaler_slot *slot = &group->slots[i];

        if (slot->node != NO_ID || slot->requested != SIM_NEVER)
            continue;
        slot->requested = sim_now(w->sim);
        sim_after(w->sim,
                  dist_sample_time(&group->spec->provisioning, &ca->delay),
                  &ready_event, ca, (struct event_args){index, (uint32_t)i});
        group->size++;
        count--;
    }
    snprintf(object, sizeof object, "%s to %zu", group->spec->name,
             group->size);
    world_incident(w, "cluster-autoscaler", "scale up", object, NO_ID);
    world_event(w, false, "ScaledUpGroup", group->spec->name,
                "Scale-up: setting group %s size to %zu", group->spec->name,
                group->size);
}

/* One pool a pass. */
static bool expand(struct clusterautoscaler *ca, struct autoscaler_picture *p)
{
    int expander = p->w->scenario->cluster.autoscaler.expander;
    struct option best = {0};
    uint64_t seen = 0;
    size_t chosen = 0;

    for (size_t g = 0; g < ca->group_count; g++) {
        struct option option = estimate(ca, p, &ca->groups[g]);

        if (option.nodes == 0)
            continue;
        seen++;
        if (expander == EXPAND_RANDOM ? rng_below(&ca->rng, seen) == 0
                                      : is_better(expander, &best, &option)) {
            best = option;
            chosen = g;
        }
    }
    if (best.nodes > 0)
        request_nodes(ca, chosen, best.nodes);
    return best.nodes > 0;
}

/* Pools below their minimum grow without being asked. */
static void reach_minimum(struct clusterautoscaler *ca)
{
    for (size_t g = 0; g < ca->group_count; g++) {
        const struct autoscaler_group *group = &ca->groups[g];

        if (group->size < (size_t)group->spec->min)
            request_nodes(ca, g, (size_t)group->spec->min - group->size);
    }
}

bool autoscaler_grow(struct clusterautoscaler *ca)
{
    const struct simulation *s = controller_simulation(ca->run);
    struct autoscaler_picture p;
    bool grown = false;

    reach_minimum(ca);
    list_pending(ca, s);
    if (ca->pending.count == 0)
        return false;
    p = picture_take(ca, s);
    drop_helped(ca, &p);
    if (ca->pending.count > 0)
        grown = expand(ca, &p);
    picture_release(&p);
    return grown;
}
