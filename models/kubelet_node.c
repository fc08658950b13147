/* Nodes that fail and boot: what becomes of their pods. */
#include <assert.h>
#include <stdlib.h>

#include "models/kubelet.h"
#include "models/kubelet_private.h"
#include "models/network/ipam.h"
#include "models/traffic/server.h"

static int by_id(const void *a, const void *b)
{
    pod_id x = *(const pod_id *)a, y = *(const pod_id *)b;

    return (x > y) - (x < y);
}

pod_id *kubelet_sorted_pods(const struct kubelets *k, node_id id, size_t *count)
{
    const struct node *node = world_node(k->world, id);
    pod_id *pods = mem_calloc(node->pods.count + 1, sizeof *pods);

    *count = node->pods.count;
    for (size_t i = 0; i < *count; i++)
        pods[i] = node->pods.items[i];
    qsort(pods, *count, sizeof *pods, by_id);
    return pods;
}

static void pod_down(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;

    if (pod->server)
        server_vanish(k->s->servers, pod);
    if (!kp)
        return;
    kp->stage = STAGE_DOWN;
    kp->stamp = ++kp->clock;
    kp->telling = 0;
    kp->queued = false;
    kp->removing = kp->ending = false;
    for (uint32_t i = 0; i < kp->container_count; i++) {
        struct kubelet_container *c = &kp->containers[i];

        sim_cancel(k->s->sim, c->kill);
        c->kill = 0;
        c->stage = CONTAINER_WAITING;
        c->open = c->ready = false;
        c->backoff.wait = 0;
        c->stamp = ++kp->clock;
        for (int p = 0; p < PROBE_PURPOSES; p++)
            c->probes[p] = (struct kubelet_probe){.stamp = ++kp->clock};
    }
}

void kubelet_node_down(struct kubelets *k, node_id id, incident_id origin)
{
    struct kubelet_node *node = kubelet_node(k, id);
    size_t count;
    pod_id *pods;

    if (!world_node(k->world, id)->up)
        return;
    if (node->working)
        node->until = kubelet_now(k);
    node->working = node->shutting = false;
    node->shutdown_stamp++;
    world_node_set_up(k->world, id, false, origin);
    kubelet_forget_pulls(k, id);
    kubelet_memory_forget(k, id);
    pods = kubelet_sorted_pods(k, id, &count);
    for (size_t i = 0; i < count; i++) {
        world_pod_touch(k->world, pods[i], origin);
        pod_down(k, world_pod(k->world, pods[i]));
    }
    free(pods);
}

/* computePodActions of pkg/kubelet/kuberuntime/kuberuntime_manager.go: a pod
 * that is never restarted, and has begun, gets no second sandbox. */
static bool is_over(const struct pod *pod)
{
    const struct kubelet_pod *kp = pod->kubelet;

    for (uint32_t i = 0; i < kp->container_count; i++) {
        if (kp->containers[i].runs > 0)
            return pod->template->restart_policy == RESTART_NEVER;
    }
    return false;
}

/* Its containers are gone, the old sandbox is cleared away. */
void kubelet_pod_up(struct kubelets *k, struct pod *pod)
{
    if (!pod->kubelet)
        kubelet_pod_new(k, pod);
    kubelet_release(k, pod);
    kubelet_take_told(pod);
    if (pod->deletion != SIM_NEVER) {
        pod->kubelet->deleting = true;
        kubelet_tell(k, pod);
        kubelet_remove(k, pod);
    } else if (!kubelet_has_ended(pod) && !pod->kubelet->failed &&
               is_over(pod)) {
        kubelet_fail_pod(k, pod, "Rebooted");
    } else if (!kubelet_has_ended(pod) && !pod->kubelet->failed) {
        kubelet_tell(k, pod);
        kubelet_take_up(k, pod);
    } else {
        kubelet_tell(k, pod);
    }
}

void kubelet_end_leaks(struct kubelets *k, node_id id)
{
    struct kubelet_node *node = kubelet_node(k, id);

    for (size_t i = 0; i < node->leaked.count; i++)
        ipam_release(k->s->ipam, node->leaked.items[i]);
    node->leaked.count = 0;
}

static void on_booted(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    node_id id = (node_id)args.subject;
    struct kubelet_node *node = kubelet_node(k, id);
    size_t count;
    pod_id *pods;

    (void)sim;
    if (node->boot != args.detail || !world_node(k->world, id)->up)
        return;
    node->working = true;
    node->since = kubelet_now(k);
    node->api = token_bucket_make(k->params->api_qps, k->params->api_burst);
    kubelet_end_leaks(k, id);
    node->watching = node->linked;
    if (!node->linked)
        return; /* it knows of no pods */
    kubelet_list_images(k, id);
    pods = kubelet_sorted_pods(k, id, &count);
    for (size_t i = 0; i < count; i++)
        kubelet_pod_up(k, world_pod(k->world, pods[i]));
    free(pods);
    if (!world_node(k->world, id)->deleted)
        world_node_set_ready(k->world, id, NODE_TRUE);
    world_node_set_memory_pressure(k->world, id, false);
}

static const struct event_type booted_event = {"kubelet.booted", 0, on_booted};

sim_time kubelet_boot_time(const struct kubelets *k, node_id id)
{
    const struct node *node = world_node(k->world, id);
    struct rng rng;

    rng_init(&rng, k->s->root, "kubelet.boot", node->spec->name, node->boot);
    return dist_sample_time(&k->params->boot, &rng);
}

void kubelet_node_up(struct kubelets *k, node_id id, incident_id origin)
{
    if (world_node(k->world, id)->up) {
        kubelet_node(k, id)->returns = kubelet_node(k, id)->shutting;
        kubelet_node(k, id)->return_origin = origin;
        return;
    }
    if (world_node(k->world, id)->gone)
        return;
    world_node_set_up(k->world, id, true, origin);
    kubelet_node(k, id)->boot = world_node(k->world, id)->boot;
    kubelet_node(k, id)->link++;
    sim_after(k->s->sim, kubelet_boot_time(k, id), &booted_event, k,
              (struct event_args){id, kubelet_node(k, id)->boot});
}
