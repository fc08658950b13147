/*
 * kubelet_link - a kubelet that is cut off from the API server: it tells and
 * hears nothing, and goes on with the pods that it has. Once the way is free
 * again its lease and its node's status are renewed in their turn, pods'
 * states that it could not tell within a pass of its status manager
 * (pkg/kubelet/status: 10 s), and it hears of its pods with a watch that is
 * new (models/reconnect.h).
 */
#include <stdlib.h>

#include "models/kubelet_private.h"
#include "models/network/ipam.h"
#include "models/reconnect.h"

static const sim_time status_pass = 10 * SIM_S;

static struct event_args link_args(const struct kubelets *k, node_id id)
{
    return (struct event_args){id, k->nodes.items[id].link};
}

/* The node, where it is linked since that event was planned, and works. */
static struct kubelet_node *linked_event(struct kubelets *k,
                                         struct event_args args)
{
    struct kubelet_node *node = kubelet_node(k, (node_id)args.subject);

    return node->link == args.detail && node->working &&
                   !world_node(k->world, (node_id)args.subject)->deleted
               ? node
               : NULL;
}

/* --- what it hears --- */

static void catch_up(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;

    if (kp && kp->stage == STAGE_DOWN) {
        kubelet_pod_up(k, pod); /* it booted meanwhile */
        return;
    }
    if (!kp && pod->deletion == SIM_NEVER) {
        if (!kubelet_has_ended(pod))
            kubelet_take_up(k, pod);
        return;
    }
    if (!kp)
        kp = kubelet_pod_new(k, pod);
    kubelet_take_told(pod);
    kubelet_tell(k, pod);
    if (pod->deletion != SIM_NEVER && !kp->deleting)
        kubelet_terminate(k, pod);
    else if (kp->deleting && kp->stage == STAGE_GONE)
        kubelet_remove(k, pod);
}

/* Its watch is there again: it lists its pods. */
static void on_listed(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct kubelet_node *node = linked_event(k, args);
    size_t count;
    pod_id *pods;

    (void)sim;
    if (!node)
        return;
    node->watching = true;
    kubelet_end_leaks(k, (node_id)args.subject);
    kubelet_list_images(k, (node_id)args.subject);
    pods = kubelet_sorted_pods(k, (node_id)args.subject, &count);
    for (size_t i = 0; i < count; i++)
        catch_up(k, world_pod(k->world, pods[i]));
    free(pods);
}

static const struct event_type listed_event = {"kubelet.lists", 0, on_listed};

/* --- what it tells --- */

static void on_pass(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    size_t count;
    pod_id *pods;

    (void)sim;
    if (!linked_event(k, args))
        return;
    pods = kubelet_sorted_pods(k, (node_id)args.subject, &count);
    for (size_t i = 0; i < count; i++) {
        struct pod *pod = world_pod(k->world, pods[i]);

        if (pod->kubelet && pod->kubelet->stage != STAGE_DOWN)
            kubelet_tell(k, pod);
    }
    free(pods);
}

static const struct event_type pass_event = {"kubelet.status-pass", 0, on_pass};

static void on_node_status(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    node_id id = (node_id)args.subject;

    (void)sim;
    if (linked_event(k, args) && !kubelet_node(k, id)->shutting)
        world_node_set_ready(k->world, id, NODE_TRUE);
}

static const struct event_type node_status_event = {"kubelet.node-status", 0,
                                                    on_node_status};

void kubelet_report_node(struct kubelets *k, node_id id, sim_time at)
{
    sim_at(k->s->sim, at, &node_status_event, k, link_args(k, id));
}

/* When the kubelet next looks at its node. */
static sim_time node_status_time(const struct kubelets *k, node_id id)
{
    sim_time period = k->params->node_status_update_frequency;
    sim_time since = kubelet_now(k) - k->nodes.items[id].lease_phase;

    if (period <= 0)
        return kubelet_now(k);
    return kubelet_now(k) + period - (since % period + period) % period;
}

/* --- the link --- */

/* What was on its way to the API server is lost. */
static void cut_off(struct kubelets *k, node_id id)
{
    const struct node *node = world_node(k->world, id);
    struct kubelet_node *record = kubelet_node(k, id);

    record->last_lease = kubelet_last_lease(k, id);
    record->linked = record->watching = false;
    record->cut_at = kubelet_now(k);
    record->refused = k->world->api_stopped;
    record->link++;
    for (size_t i = 0; i < node->pods.count; i++) {
        struct pod *pod = world_pod(k->world, node->pods.items[i]);

        if (!pod->kubelet)
            continue;
        if (pod->kubelet->telling > 0)
            kubelet_take_told(pod);
        pod->kubelet->telling = 0;
        pod->kubelet->removing = false;
    }
}

static void link_again(struct kubelets *k, node_id id)
{
    struct kubelet_node *node = kubelet_node(k, id);
    sim_time now = kubelet_now(k), listed;
    struct rng rng;

    rng_init(&rng, k->s->root, "kubelet.reconnect",
             world_node(k->world, id)->spec->name, 0);
    rng_seek(&rng, node->link, 0);
    node->linked = true;
    node->linked_at = now;
    node->link++;
    listed = reconnect_time(node->cut_at, now, node->refused, &rng);
    sim_at(k->s->sim, listed, &listed_event, k, link_args(k, id));
    kubelet_report_node(k, id, node_status_time(k, id));
    sim_after(k->s->sim, (sim_time)(rng_uniform(&rng) * (double)status_pass),
              &pass_event, k, link_args(k, id));
}

void kubelet_link_changed(struct kubelets *k, node_id id)
{
    bool linked = world_node(k->world, id)->linked;

    if (linked == kubelet_node(k, id)->linked)
        return;
    if (linked)
        link_again(k, id);
    else
        cut_off(k, id);
}
