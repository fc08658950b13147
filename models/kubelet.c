#include "models/kubelet.h"

#include <assert.h>
#include <stdlib.h>

#include "models/kubelet_private.h"
#include "models/network/ipam.h"
#include "models/traffic/server.h"

/* --- pods' records --- */

/* The container that declares ports, else the first that stays. */
static uint32_t serving_container(const struct pod_template *t)
{
    uint32_t first = 0;
    bool found = false;

    for (uint32_t i = 0; i < t->container_count; i++) {
        const struct container *c = &t->containers[i];

        if (c->init && !c->sidecar)
            continue;
        if (!c->init && c->port_count > 0)
            return i;
        if (!found || (t->containers[first].init && !c->init))
            first = i;
        found = true;
    }
    return first;
}

struct kubelet_pod *kubelet_pod_new(struct kubelets *k, struct pod *pod)
{
    uint32_t count = (uint32_t)pod->template->container_count;
    struct kubelet_pod *kp =
        mem_zalloc(sizeof *kp + count * sizeof kp->containers[0]);

    assert(!pod->kubelet);
    kp->id = pod->id;
    kp->node = pod->node;
    kp->stage = STAGE_GONE;
    kp->container_count = count;
    kp->serving = serving_container(pod->template);
    kp->restarts = pod->restarts;
    kp->added = kubelet_now(k);
    pod->kubelet = kp;
    kubelet_take_told(pod);
    return kp;
}

struct pod *kubelet_stage_event(struct kubelets *k, struct event_args args)
{
    struct pod *pod = world_pod(k->world, kubelet_arg_pod(args));

    return pod && pod->kubelet->stamp == args.detail ? pod : NULL;
}

struct pod *kubelet_container_event(struct kubelets *k, struct event_args args)
{
    struct pod *pod = world_pod(k->world, kubelet_arg_pod(args));
    uint32_t i = kubelet_arg_container(args);

    if (!pod || pod->kubelet->containers[i].stamp != args.detail)
        return NULL;
    return pod;
}

/* Probe workers of pods taken up within a period after the kubelet's start
 * begin after a random part of it (prober/worker.go run); without a boot the
 * kubelet has been at work for ever. */
static sim_time probe_jitter(const struct kubelets *k, const struct pod *pod)
{
    const struct kubelet_node *node = &k->nodes.items[pod->node];
    sim_time period = 0, age = kubelet_now(k) - node->since;
    struct rng rng;

    for (uint32_t i = 0; i < pod->template->container_count; i++) {
        const struct container *c = &pod->template->containers[i];

        if (c->liveness && c->liveness->period > period)
            period = c->liveness->period;
        if (c->startup && c->startup->period > period)
            period = c->startup->period;
    }
    if (node->boot == 0 || period == 0 || age >= period)
        return 0;
    rng_init(&rng, k->s->root, "kubelet.probe-jitter", pod->stream_owner,
             pod->ordinal);
    rng_seek(&rng, node->boot, 0);
    return (sim_time)(rng_uniform(&rng) * (double)period);
}

/* A token of its service account is asked for before its volumes are there,
 * and so before its sandbox (pkg/kubelet/token/token_manager.go); and its
 * first status is written. */
void kubelet_take_up(struct kubelets *k, struct pod *pod)
{
    sim_time turn = kubelet_request(k, pod->node, 1);

    if (!pod->kubelet)
        kubelet_pod_new(k, pod);
    if (kubelet_node(k, pod->node)->shutting) {
        kubelet_reject(k, pod);
        return;
    }
    pod->kubelet->added = kubelet_now(k) + probe_jitter(k, pod);
    kubelet_request(k, pod->node, 2);
    if (turn > kubelet_now(k))
        kubelet_start_sandbox_at(k, pod, turn);
    else
        kubelet_start_sandbox(k, pod);
}

/* --- the watch of each node --- */

/* lifecycle/handlers: a pod that is not admitted has failed. */
static void reject(struct kubelets *k, struct pod *pod)
{
    kubelet_pod_new(k, pod);
    kubelet_pod_event(k, pod, true, "Evicted",
                      "The node had condition: [MemoryPressure]");
    kubelet_fail_pod(k, pod, "Evicted");
}

static void on_bound(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = world_pod(k->world, (pod_id)args.subject);

    (void)sim;
    if (!pod || !kubelet_hears(k, pod->node) || pod->kubelet ||
        kubelet_has_ended(pod))
        return;
    if (kubelet_admits(k, pod))
        kubelet_take_up(k, pod);
    else
        reject(k, pod);
}

static void on_deletion(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = world_pod(k->world, (pod_id)args.subject);

    (void)sim;
    if (!pod || !kubelet_hears(k, pod->node))
        return;
    if (!pod->kubelet)
        kubelet_pod_new(k, pod);
    kubelet_terminate(k, pod);
}

/* Somebody else, such as the node lifecycle controller, wrote the pod's
 * status: the kubelet's own holds. */
static void on_overwritten(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = world_pod(k->world, (pod_id)args.subject);

    (void)sim;
    if (!pod || !pod->kubelet || !kubelet_hears(k, pod->node) ||
        kubelet_has_ended(pod) || pod->kubelet->telling > 0)
        return;
    pod->kubelet->told.ready = pod->ready;
    kubelet_tell(k, pod);
}

/* The API object went while the sandbox was there (removed by force): its
 * node hears of it, ends the processes and gives the address back. */
static void on_leak(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;

    (void)sim;
    ipam_release(k->s->ipam, (uint32_t)args.subject);
}

static const struct event_type bound_event = {"kubelet.bound", 0, on_bound};
static const struct event_type deletion_event = {"kubelet.deletion", 0,
                                                 on_deletion};
static const struct event_type overwritten_event = {"kubelet.overwritten", 0,
                                                    on_overwritten};
static const struct event_type leak_event = {"kubelet.forced", 0, on_leak};

/* The node hears, in the order of the writes. */
static void tell_node(struct kubelets *k, node_id id,
                      const struct event_type *type, uint64_t subject)
{
    struct kubelet_node *node = kubelet_node(k, id);
    struct event_args args = {subject, 0};
    sim_time now = kubelet_now(k), delay = k->watch_latency;

    if (!k->watch_constant)
        delay = dist_sample_time(
            &k->s->scenario->cluster.control_plane.watch_latency, &node->watch);
    if (delay == SIM_NEVER)
        return;
    delay = world_api_time(k->world, delay);
    if (k->watch_constant) {
        if (now + delay > k->watch_last)
            k->watch_last = now + delay;
        sim_lane_at(k->s->sim, k->watch_lane, k->watch_last, type, k, args);
        return;
    }
    if (now + delay > node->heard)
        node->heard = now + delay;
    sim_at(k->s->sim, node->heard, type, k, args);
}

/* The pod is removed: forgets it. */
static void forget(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;
    struct kubelet_node *node = kubelet_node(k, kp->node);

    for (uint32_t i = 0; i < kp->container_count; i++)
        sim_cancel(k->s->sim, kp->containers[i].kill);
    if (kp->ip && node->working && node->watching)
        tell_node(k, kp->node, &leak_event, kp->ip);
    else if (kp->ip)
        VEC_PUSH(node->leaked, kp->ip);
    pod->kubelet = NULL;
    free(kp);
}

static void pod_changed(struct kubelets *k, const struct world_change *change)
{
    struct pod *pod = world_pod(k->world, change->id);
    const struct kubelet_pod *kp = pod->kubelet;

    if (change->what == WHAT_BOUND)
        tell_node(k, pod->node, &bound_event, pod->id);
    else if (change->what == WHAT_TERMINATING && pod->node != NO_ID)
        tell_node(k, pod->node, &deletion_event, pod->id);
    else if (change->what == WHAT_DELETED && kp)
        forget(k, pod);
    else if (change->what == WHAT_STATUS && kp && !k->writing &&
             pod->ready != kp->told.ready)
        tell_node(k, pod->node, &overwritten_event, pod->id);
}

/* --- nodes --- */

static void add_node(struct kubelets *k, node_id id)
{
    const struct node *node = world_node(k->world, id);
    struct kubelet_node record = {.working = node->up,
                                  .linked = node->linked,
                                  .watching = node->linked,
                                  .linked_at = INT64_MIN,
                                  .boot = node->boot,
                                  .since = kubelet_now(k),
                                  .until = kubelet_now(k)};
    struct rng rng;

    assert(id == k->nodes.count);
    rng_init(&record.watch, k->s->root, "kubelet.watch", node->spec->name, 0);
    rng_init(&rng, k->s->root, "kubelet.lease", node->spec->name, 0);
    record.lease_phase =
        (sim_time)(rng_uniform(&rng) * (double)k->params->lease_renew);
    record.evicted = NO_ID;
    record.api = token_bucket_make(k->params->api_qps, k->params->api_burst);
    VEC_PUSH(k->nodes, record);
    kubelet_has_images(k, id);
}

static void notify(void *self, const struct world_change *change)
{
    struct kubelets *k = self;

    if (change->kind == CHANGE_NODE && change->what == WHAT_ADDED)
        add_node(k, change->id);
    else if (k->last_lease)
        return;
    else if (change->kind == CHANGE_NODE && change->what == WHAT_LINK)
        kubelet_link_changed(k, change->id);
    else if (change->kind == CHANGE_POD)
        pod_changed(k, change);
    else if (change->what == WHAT_STATUS &&
             kubelet_node(k, change->id)->working &&
             kubelet_node(k, change->id)->linked &&
             world_node(k->world, change->id)->ready == NODE_UNKNOWN)
        kubelet_report_node(k, change->id,
                            kubelet_now(k) +
                                k->params->node_status_update_frequency);
}

/* Since 1.35 (KubeletCrashLoopBackOffMax) the longest wait is configured, be
 * it as the default, and holds where the decay is reduced too. */
static struct backoff_limits crash_limits(const struct scenario *s)
{
    const struct kubelet_params *p = &s->cluster.kubelet;
    bool configured = s->cluster.kubernetes_minor >= 35 ||
                      p->crash_backoff_max != 300 * SIM_S;

    return kubelet_crash_limits(
        (struct backoff_limits){p->crash_backoff_base, p->crash_backoff_max,
                                p->crash_backoff_reset},
        p->crash_backoff_reduced, configured ? p->crash_backoff_max : -1);
}

struct kubelets *kubelets_new(struct simulation *s)
{
    struct kubelets *k = mem_zalloc(sizeof *k);

    k->s = s;
    k->world = s->world;
    k->params = &s->scenario->cluster.kubelet;
    k->crash = crash_limits(s->scenario);
    k->watch_constant = dist_is_constant(
        &s->scenario->cluster.control_plane.watch_latency, &k->watch_latency);
    if (k->watch_constant)
        k->watch_lane = sim_lane_new(s->sim);
    world_watch(s->world, 1U << CHANGE_POD | 1U << CHANGE_NODE, notify, k);
    return k;
}

void kubelets_free(struct kubelets *k)
{
    if (!k)
        return;
    for (size_t i = 0; i < k->world->pods.count; i++) {
        struct pod *pod = world_pod(k->world, (pod_id)i);

        if (pod) {
            free(pod->kubelet);
            pod->kubelet = NULL;
        }
    }
    for (size_t i = 0; i < k->nodes.count; i++) {
        VEC_FREE(k->nodes.items[i].images);
        VEC_FREE(k->nodes.items[i].queue);
        VEC_FREE(k->nodes.items[i].pulls);
        VEC_FREE(k->nodes.items[i].leaked);
    }
    VEC_FREE(k->nodes);
    free(k);
}

/* --- failures of pods --- */

static bool at_work(struct kubelets *k, const struct pod *pod)
{
    return pod && pod->kubelet && kubelet_node(k, pod->node)->working;
}

bool kubelet_crash(struct kubelets *k, pod_id id, incident_id origin)
{
    struct pod *pod = world_pod(k->world, id);
    struct kubelet_pod *kp;

    if (!at_work(k, pod))
        return false;
    kp = pod->kubelet;
    if (kp->container_count == 0 ||
        kp->containers[kp->serving].stage != CONTAINER_RUNNING)
        return false;
    world_pod_crashed(k->world, id, origin);
    kubelet_end_process(k, pod, kp->serving);
    return true;
}

bool kubelet_fail(struct kubelets *k, pod_id id, const char *reason,
                  incident_id origin)
{
    struct pod *pod = world_pod(k->world, id);

    if (!at_work(k, pod) || pod->kubelet->failed || pod->kubelet->deleting ||
        pod->kubelet->ending || pod->kubelet->stage == STAGE_GONE)
        return false;
    world_pod_touch(k->world, id, origin);
    kubelet_pod_event(k, pod, true, reason,
                      "The node was low on resource: memory");
    kubelet_fail_pod(k, pod, reason);
    return true;
}
