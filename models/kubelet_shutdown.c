/*
 * kubelet_shutdown - graceful node shutdown: the kubelet holds the machine's
 * shutdown back until it has ended its pods (Kubernetes v1.36,
 * pkg/kubelet/nodeshutdown/nodeshutdown_manager.go killPods). For each group
 * in turn, from low priorities to high: all its pods at once, each with its own
 * grace period or the group's, whichever is shorter; the next group's turn
 * comes when they have ended, or that period is over.
 *
 * Nobody tells the API server beforehand. The pod's phase is Failed in the
 * kubelet's books as soon as it begins to end it, so that its probe workers
 * stop (prober/worker.go doProbe); but in the API it stays Running and Ready as
 * it was until all its containers have ended (status/status_manager.go
 * mergePodStatus). So clients are sent there to the end.
 */
#include <stdlib.h>

#include "models/kubelet_private.h"

/* What is left of the machine's shutdown then: statuses on their way get out.
 * Our choice. */
static const sim_time power_off_delay = 2 * SIM_S;

static void on_group_end(struct sim *sim, void *self, struct event_args args);
static void on_power_off(struct sim *sim, void *self, struct event_args args);
static void on_power_cut(struct sim *sim, void *self, struct event_args args);

static const struct event_type group_event = {"kubelet.shutdown-group", 0,
                                              on_group_end};
static const struct event_type off_event = {"kubelet.power-off", 0,
                                            on_power_off};
static const struct event_type cut_event = {"kubelet.power-cut", 0,
                                            on_power_cut};

/* --- groups --- */

/* groupByPriority: those below the first group belong to it. */
static size_t group_of(const struct kubelets *k, const struct pod *pod)
{
    size_t i = k->params->shutdown_group_count - 1;

    while (i > 0 &&
           k->params->shutdown_groups[i].priority > pod->template->priority)
        i--;
    return i;
}

static bool is_active(const struct pod *pod)
{
    return pod->kubelet && pod->kubelet->stage != STAGE_GONE &&
           !pod->kubelet->failed;
}

/* Pods of the present group that have not ended. */
static bool group_waits(const struct kubelets *k, node_id id)
{
    const struct node *node = world_node(k->world, id);

    for (size_t i = 0; i < node->pods.count; i++) {
        const struct pod *pod = world_pod(k->world, node->pods.items[i]);

        if (pod->kubelet && pod->kubelet->stage != STAGE_GONE &&
            pod->kubelet->ending &&
            group_of(k, pod) == k->nodes.items[id].group)
            return true;
    }
    return false;
}

static bool end_group(struct kubelets *k, node_id id)
{
    struct kubelet_node *node = kubelet_node(k, id);
    sim_time period = k->params->shutdown_groups[node->group].period;
    size_t count;
    pod_id *pods = kubelet_sorted_pods(k, id, &count);
    bool any = false;

    for (size_t i = 0; i < count; i++) {
        struct pod *pod = world_pod(k->world, pods[i]);
        sim_time grace = pod->template->grace_period;

        if (!is_active(pod) || group_of(k, pod) != node->group)
            continue;
        any = true;
        world_pod_touch(k->world, pod->id, node->shutdown_origin);
        kubelet_end_pod(k, pod, grace < period ? grace : period);
    }
    free(pods);
    return any;
}

static void power_off(struct kubelets *k, node_id id)
{
    struct kubelet_node *node = kubelet_node(k, id);

    sim_after(k->s->sim, power_off_delay, &off_event, k,
              (struct event_args){id, ++node->shutdown_stamp});
}

/* Begins with the next group that has pods; after the last one the machine
 * goes down. */
static void next_group(struct kubelets *k, node_id id)
{
    struct kubelet_node *node = kubelet_node(k, id);

    for (; node->group < k->params->shutdown_group_count; node->group++) {
        if (!end_group(k, id))
            continue;
        sim_after(k->s->sim, k->params->shutdown_groups[node->group].period,
                  &group_event, k,
                  (struct event_args){id, ++node->shutdown_stamp});
        if (group_waits(k, id))
            return;
    }
    power_off(k, id);
}

static void on_group_end(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    node_id id = (node_id)args.subject;

    (void)sim;
    if (kubelet_node(k, id)->shutdown_stamp != args.detail)
        return;
    kubelet_node(k, id)->group++;
    next_group(k, id);
}

void kubelet_shutdown_further(struct kubelets *k, node_id id)
{
    const struct kubelet_node *node = kubelet_node(k, id);

    if (node->shutting && node->group < k->params->shutdown_group_count &&
        !group_waits(k, id)) /* not from here: others may be being ended */
        sim_after(k->s->sim, 0, &group_event, k,
                  (struct event_args){id, node->shutdown_stamp});
}

/* --- the node --- */

static void go_down(struct kubelets *k, node_id id)
{
    const struct kubelet_node *node = kubelet_node(k, id);

    kubelet_node_down(k, id, node->shutdown_origin);
    if (node->returns)
        kubelet_node_up(k, id, node->return_origin);
}

static void on_power_off(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;

    (void)sim;
    if (kubelet_node(k, (node_id)args.subject)->shutdown_stamp == args.detail)
        go_down(k, (node_id)args.subject);
}

static void on_power_cut(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    const struct kubelet_node *node = kubelet_node(k, (node_id)args.subject);

    (void)sim;
    if (node->shutting && node->boot == args.detail)
        go_down(k, (node_id)args.subject);
}

/* The kubelet looks at its node at once, and says why it is not ready. */
static void on_not_ready(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    node_id id = (node_id)args.subject;

    (void)sim;
    if (kubelet_node(k, id)->link == args.detail &&
        kubelet_node(k, id)->shutting && !world_node(k->world, id)->deleted)
        world_node_set_ready(k->world, id, NODE_FALSE);
}

static const struct event_type not_ready_event = {"kubelet.not-ready", 0,
                                                  on_not_ready};

static void tell_not_ready(struct kubelets *k, node_id id)
{
    struct kubelet_node *node = kubelet_node(k, id);
    const struct node *of = world_node(k->world, id);
    struct rng rng;

    if (!node->linked)
        return;
    rng_init(&rng, k->s->root, "kubelet.shutdown", of->spec->name, of->boot);
    sim_after(k->s->sim,
              world_api_time(
                  k->world, dist_sample_time(&k->params->status_latency, &rng)),
              &not_ready_event, k, (struct event_args){id, node->link});
    world_event(k->world, false, "NodeShutdown", of->spec->name,
                "Shutdown manager detected shutdown event");
}

bool kubelet_node_shutdown(struct kubelets *k, node_id id, sim_time limit,
                           incident_id origin)
{
    struct kubelet_node *node = kubelet_node(k, id);

    if (!world_node(k->world, id)->up || node->shutting)
        return false;
    if (k->params->shutdown_group_count == 0 || !node->working || limit <= 0) {
        kubelet_node_down(k, id, origin);
        return true;
    }
    node->shutting = true;
    node->returns = false;
    node->group = 0;
    node->shutdown_origin = origin;
    tell_not_ready(k, id);
    if (limit != SIM_NEVER)
        sim_after(k->s->sim, limit, &cut_event, k,
                  (struct event_args){id, node->boot});
    next_group(k, id);
    return true;
}

void kubelet_reject(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;

    kp->failed = true;
    kp->reason = "NodeShutdown";
    kubelet_pod_event(k, pod, true, kp->reason,
                      "Pod was rejected as the node is shutting down.");
    kubelet_tell(k, pod);
}
