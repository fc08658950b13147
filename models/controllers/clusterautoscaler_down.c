/*
 * Shrinking: nodes that are little used, and whose pods fit elsewhere, are
 * tainted, drained through the eviction API and deleted.
 * kubernetes/autoscaler, cluster-autoscaler: core/scaledown (eligibility,
 * planner, actuation), simulator/drainability.
 */
#include <stdlib.h>
#include <string.h>

#include "models/controllers/clusterautoscaler_internal.h"
#include "models/eviction.h"
#include "models/kubelet.h"

static const char to_be_deleted[] = "ToBeDeletedByClusterAutoscaler";

/* EvictionRetryTime, MaxPodEvictionTime: core/scaledown/actuation. */
static const sim_time eviction_retry = 10 * SIM_S;
static const sim_time eviction_time = 120 * SIM_S;

static void on_drain(struct sim *sim, void *self, struct event_args args);
static const struct event_type drain_event = {"clusterautoscaler.drain", 4,
                                              on_drain};

/* --- the last of a node --- */

static struct autoscaler_drain *find_drain(struct clusterautoscaler *ca,
                                           node_id node)
{
    for (size_t i = 0; i < ca->drains.count; i++) {
        if (ca->drains.items[i].node == node)
            return &ca->drains.items[i];
    }
    return NULL;
}

static void end_drain(struct clusterautoscaler *ca,
                      struct autoscaler_drain *drain)
{
    world_incident_end(controller_world(ca->run), drain->incident);
    *drain = ca->drains.items[--ca->drains.count];
}

/* The cloud takes the machine; the Node goes with it. */
static void delete_node(struct clusterautoscaler *ca,
                        struct autoscaler_drain *drain)
{
    struct simulation *s = controller_simulation(ca->run);
    struct autoscaler_group *group;
    struct autoscaler_slot *slot = autoscaler_slot_of(ca, drain->node, &group);

    slot->node = NO_ID;
    group->size--;
    ca->deleted = sim_now(s->sim);
    world_node_delete(s->world, drain->node, drain->incident);
    kubelet_node_shutdown(s->kubelets, drain->node, SIM_NEVER, drain->incident);
    end_drain(ca, drain);
}

static void give_up(struct clusterautoscaler *ca,
                    struct autoscaler_drain *drain)
{
    struct world *w = controller_world(ca->run);

    world_node_untaint(w, drain->node, to_be_deleted, TAINT_NO_SCHEDULE);
    ca->failed = sim_now(w->sim);
    ca->unneeded.items[drain->node] = SIM_NEVER;
    end_drain(ca, drain);
}

static bool is_moved(const struct pod *pod)
{
    return pod->owner_kind != OWNER_DAEMONSET && pod->phase != POD_SUCCEEDED &&
           pod->phase != POD_FAILED;
}

/* Evicts what is left; true: something is, or is on its way out. */
static bool evict_all(struct clusterautoscaler *ca,
                      const struct autoscaler_drain *drain)
{
    const struct simulation *s = controller_simulation(ca->run);
    sim_time most = s->scenario->cluster.autoscaler.max_grace;
    const struct node *node = world_node(s->world, drain->node);
    bool left = false;

    for (size_t i = node->pods.count; i-- > 0;) {
        const struct pod *pod = world_pod(s->world, node->pods.items[i]);
        sim_time grace = pod->template->grace_period;

        if (!is_moved(pod))
            continue;
        left = true;
        if (pod->deletion == SIM_NEVER)
            eviction_request(s->world, pod->id, grace < most ? -1 : most,
                             "Evicted", drain->incident);
    }
    return left;
}

static void on_drain(struct sim *sim, void *self, struct event_args args)
{
    struct clusterautoscaler *ca = self;
    struct autoscaler_drain *drain = find_drain(ca, (node_id)args.subject);

    if (!drain)
        return;
    if (controller_world(ca->run)->api_stopped) {
        sim_after(sim, eviction_retry, &drain_event, ca, args);
        return;
    }
    if (world_node(controller_world(ca->run), drain->node)->deleted) {
        end_drain(ca, drain); /* somebody else did it */
    } else if (!evict_all(ca, drain)) {
        delete_node(ca, drain);
    } else if (sim_now(sim) >= drain->give_up) {
        give_up(ca, drain);
    } else {
        sim_after(sim, eviction_retry, &drain_event, ca, args);
    }
}

static void begin_drain(struct clusterautoscaler *ca, node_id id)
{
    const struct simulation *s = controller_simulation(ca->run);
    struct world *w = s->world;
    struct autoscaler_drain drain = {.node = id};
    char object[300];

    snprintf(object, sizeof object, "node/%s", world_node(w, id)->spec->name);
    drain.incident =
        world_incident(w, "cluster-autoscaler", "scale down", object, NO_ID);
    drain.give_up = sim_now(w->sim) + eviction_time +
                    s->scenario->cluster.autoscaler.max_grace;
    world_node_taint(w, id,
                     (struct taint){to_be_deleted, "", TAINT_NO_SCHEDULE});
    world_node(w, id)->origin = drain.incident;
    world_event(w, false, "ScaleDown", world_node(w, id)->spec->name,
                "marked the node as toBeDeleted/unschedulable");
    VEC_PUSH(ca->drains, drain);
    sim_after(w->sim, 0, &drain_event, ca, (struct event_args){.subject = id});
}

/* --- which nodes are not needed --- */

static double share(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

static bool is_little_used(const struct node *node, double threshold)
{
    const struct resources *room = &node->spec->allocatable;
    double cpu = share(node->requested.cpu, room->cpu);
    double memory = share(node->requested.memory, room->memory);

    return (cpu > memory ? cpu : memory) < threshold;
}

/* A budget allows the pod to go now, or there is none. */
static bool is_allowed(const struct world *w, const struct pod *pod)
{
    for (size_t i = 0; i < w->pdbs.count; i++) {
        const struct pdb *pdb = w->pdbs.items[i];

        if (world_pdb_selects(pdb, pod) && pdb->disruptions_allowed <= 0)
            return false;
    }
    return true;
}

/* Pods that nothing would make again stay, and so does their node. */
static bool blocks(const struct world *w, const struct pod *pod)
{
    return is_moved(pod) && pod->deletion == SIM_NEVER &&
           (pod->owner_kind == OWNER_NONE || !is_allowed(w, pod));
}

/* Whether all pods of the node fit on others; they stay there in the
 * picture, so that the next node's are tried beside them. */
static bool can_move(struct autoscaler_picture *p, const struct node *node)
{
    size_t kept = p->puts.count;
    bool ok = true;

    framework_node_remove(p->f, node->id);
    for (size_t i = 0; ok && i < node->pods.count; i++) {
        const struct pod *pod = world_pod(p->w, node->pods.items[i]);

        if (blocks(p->w, pod))
            ok = false;
        else if (is_moved(pod) && pod->deletion == SIM_NEVER)
            ok = picture_place(p, pod) != NO_ID;
    }
    if (ok)
        return true;
    picture_undo(p, kept);
    framework_node_add(p->f, node->id, node->spec);
    framework_node_set(p->f, node->id, node->unschedulable, node->taints.items,
                       node->taints.count);
    return false;
}

static bool is_candidate(struct clusterautoscaler *ca, const struct node *node,
                         double threshold)
{
    struct autoscaler_group *group;

    return !node->deleted && node->ready == NODE_TRUE &&
           autoscaler_slot_of(ca, node->id, &group) &&
           !find_drain(ca, node->id) && is_little_used(node, threshold);
}

/* Brings ca->unneeded up to date. */
static void find_unneeded(struct clusterautoscaler *ca)
{
    const struct simulation *s = controller_simulation(ca->run);
    const struct world *w = s->world;
    double threshold = s->scenario->cluster.autoscaler.utilization_threshold;
    struct autoscaler_picture p = {0};

    while (ca->unneeded.count < w->nodes.count)
        VEC_PUSH(ca->unneeded, SIM_NEVER);
    for (node_id id = 0; id < w->nodes.count; id++) {
        const struct node *node = world_node(w, id);
        bool free = is_candidate(ca, node, threshold);

        if (free && !p.f)
            p = picture_take(ca, s);
        free = free && can_move(&p, node);
        if (!free)
            ca->unneeded.items[id] = SIM_NEVER;
        else if (ca->unneeded.items[id] == SIM_NEVER)
            ca->unneeded.items[id] = sim_now(w->sim);
    }
    if (p.f)
        picture_release(&p);
}

/* --- which of them go --- */

static bool is_empty(const struct world *w, const struct node *node)
{
    for (size_t i = 0; i < node->pods.count; i++) {
        if (is_moved(world_pod(w, node->pods.items[i])))
            return false;
    }
    return true;
}

static bool is_cooling(const struct clusterautoscaler *ca,
                       const struct cluster_autoscaler_params *p, sim_time now)
{
    return (ca->added >= 0 && now < ca->added + p->delay_after_add) ||
           (ca->deleted >= 0 && now < ca->deleted + p->delay_after_delete) ||
           (ca->failed >= 0 && now < ca->failed + p->delay_after_failure);
}

/* Empty nodes together; else one at a time. A pool stays at its minimum. */
static void remove_unneeded(struct clusterautoscaler *ca)
{
    const struct simulation *s = controller_simulation(ca->run);
    const struct cluster_autoscaler_params *p =
        &s->scenario->cluster.autoscaler;
    const struct world *w = s->world;
    int64_t empties = 0;

    for (int pass = 0; pass < 2; pass++) {
        for (node_id id = 0; id < ca->unneeded.count; id++) {
            struct autoscaler_group *group;
            const struct node *node = world_node(w, id);
            bool empty;

            if (ca->unneeded.items[id] == SIM_NEVER ||
                sim_now(w->sim) < ca->unneeded.items[id] + p->unneeded_time)
                continue;
            if (!autoscaler_slot_of(ca, id, &group) || find_drain(ca, id) ||
                group->size <= (size_t)group->spec->min + ca->drains.count)
                continue;
            empty = is_empty(w, node);
            if (pass == 0 ? !empty || empties++ >= p->max_empty_bulk_delete
                          : empty || ca->drains.count > 0)
                continue;
            begin_drain(ca, id);
        }
    }
}

void autoscaler_shrink(struct clusterautoscaler *ca, bool calm)
{
    const struct simulation *s = controller_simulation(ca->run);

    find_unneeded(ca);
    if (calm &&
        !is_cooling(ca, &s->scenario->cluster.autoscaler, sim_now(s->sim)))
        remove_unneeded(ca);
}
