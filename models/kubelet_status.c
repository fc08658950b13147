#include <stdarg.h>

#include "models/kubelet_private.h"

sim_time kubelet_draw(const struct kubelets *k, const struct pod *pod,
                      const struct dist *dist, const char *purpose,
                      uint64_t index, uint64_t sub)
{
    struct rng rng;
    sim_time value;

    if (dist_is_constant(dist, &value))
        return value;
    rng_init(&rng, k->s->root, purpose, pod->stream_owner, pod->ordinal);
    rng_seek(&rng, index, sub);
    return dist_sample_time(dist, &rng);
}

void kubelet_pod_event(struct kubelets *k, const struct pod *pod, bool warning,
                       const char *reason, const char *format, ...)
{
    char object[300], message[300];
    va_list args;

    if (!k->world->want_events)
        return;
    snprintf(object, sizeof object, "pod/%s", pod->name);
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    world_event(k->world, warning, reason, object, "%s", message);
}

/* --- status writes --- */

/* Readiness gates are left out: nothing in the model could pass them. */
static bool is_ready(const struct pod *pod)
{
    const struct kubelet_pod *kp = pod->kubelet;
    struct pod_readiness r = {.phase = kp->failed ? POD_FAILED : POD_RUNNING,
                              .known = kp->stage == STAGE_RUN ||
                                       kp->stage == STAGE_STOP};

    for (uint32_t i = 0; i < kp->container_count; i++) {
        const struct container *c = &pod->template->containers[i];

        r.unready += (!c->init || c->sidecar) && !kp->containers[i].ready;
    }
    return !kubelet_unready_reason(&r);
}

static struct kubelet_status status_now(const struct pod *pod)
{
    const struct kubelet_pod *kp = pod->kubelet;
    struct kubelet_status status = {.ready = is_ready(pod) &&
                                             kp->unready == 0 &&
                                             !pod->template->never_ready,
                                    .phase = kp->told.phase,
                                    .restarts = kp->restarts,
                                    .ip = kp->ip ? kp->ip : kp->told.ip};

    if (kp->failed)
        status.phase = kp->succeeded ? POD_SUCCEEDED : POD_FAILED;
    else if (kp->stage == STAGE_RUN)
        status.phase = POD_RUNNING;
    return status;
}

static void write_status(struct kubelets *k, struct pod *pod,
                         struct kubelet_status status)
{
    pod_id id = pod->id;

    if (pod->phase == POD_FAILED || pod->phase == POD_SUCCEEDED)
        return;
    k->writing = true; /* one request: nobody sees it ready and restarted */
    if (!status.ready && status.phase == POD_RUNNING)
        world_pod_set_ready(k->world, id, false);
    if (status.ip)
        world_pod_report_ip(k->world, id, status.ip);
    if (status.restarts > pod->restarts)
        world_pod_set_restarts(k->world, id, status.restarts);
    world_pod_set_phase(k->world, id, status.phase,
                        status.phase == POD_FAILED ||
                                status.phase == POD_SUCCEEDED
                            ? pod->kubelet->reason
                            : NULL);
    if (status.phase == POD_RUNNING)
        world_pod_set_ready(k->world, id, status.ready);
    k->writing = false;
}

/* What a status on its way says travels in the event. */
static struct event_args pack(const struct kubelets *k, const struct pod *pod,
                              struct kubelet_status status)
{
    return (struct event_args){
        (uint64_t)pod->id | (uint64_t)status.ready << 32 |
            (uint64_t)status.phase << 33 | (uint64_t)status.restarts << 36,
        k->nodes.items[pod->node].link};
}

sim_time kubelet_request(struct kubelets *k, node_id id, int requests)
{
    sim_time turn = kubelet_now(k);

    for (int i = 0; i < requests; i++)
        turn = token_bucket_take(&kubelet_node(k, id)->api, kubelet_now(k));
    return turn;
}

static void on_status(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = world_pod(k->world, kubelet_arg_pod(args));

    (void)sim;
    if (!pod || !pod->kubelet || pod->kubelet->telling == 0 ||
        kubelet_node(k, pod->node)->link != args.detail)
        return; /* from before the node failed, or was cut off */
    pod->kubelet->telling--;
    write_status(k, pod,
                 (struct kubelet_status){
                     .ready = args.subject >> 32 & 1,
                     .phase = (enum pod_phase)(args.subject >> 33 & 3),
                     .restarts = (uint32_t)(args.subject >> 36),
                     .ip = pod->kubelet->told.ip});
}

static const struct event_type status_event = {"kubelet.status", 0, on_status};

static bool is_told(const struct kubelet_status *told,
                    const struct kubelet_status *status)
{
    return status->ready == told->ready && status->phase == told->phase &&
           status->restarts == told->restarts && status->ip == told->ip;
}

/* Its turn has come: off it goes, as it is by now. */
static void send(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;
    struct kubelet_status status = status_now(pod);
    sim_time now = kubelet_now(k), delay;

    kp->told = status;
    delay = world_api_time(k->world,
                           kubelet_draw(k, pod, &k->params->status_latency,
                                        "kubelet.status", kp->told_count++, 0));
    if (delay == SIM_NEVER)
        return;
    if (delay == 0 && kp->telling == 0) {
        write_status(k, pod, status);
        return;
    }
    if (now + delay > kp->told_at)
        kp->told_at = now + delay;
    kp->telling++;
    sim_at(k->s->sim, kp->told_at, &status_event, k, pack(k, pod, status));
}

static void on_turn(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = world_pod(k->world, (pod_id)args.subject);
    struct kubelet_status status;

    (void)sim;
    if (!pod || !pod->kubelet || !pod->kubelet->queued ||
        kubelet_node(k, pod->node)->boot != args.detail)
        return;
    pod->kubelet->queued = false;
    status = status_now(pod);
    if (!is_told(&pod->kubelet->told, &status))
        send(k, pod);
}

static const struct event_type turn_event = {"kubelet.status-turn", 0, on_turn};

/* pkg/kubelet/status/status_manager.go syncPod: a GET and a PATCH; what
 * changes while it waits for them goes along. */
void kubelet_tell(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;
    struct kubelet_status status = status_now(pod);
    sim_time turn;

    if (!kubelet_node(k, pod->node)->linked || kp->queued ||
        is_told(&kp->told, &status))
        return;
    turn = kubelet_request(k, kp->node, 2);
    if (turn <= kubelet_now(k)) {
        send(k, pod);
        return;
    }
    kp->queued = true;
    sim_at(k->s->sim, turn, &turn_event, k,
           (struct event_args){pod->id, kubelet_node(k, kp->node)->boot});
}

void kubelet_take_told(struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;

    kp->told = (struct kubelet_status){.ready = pod->ready,
                                       .phase = pod->phase,
                                       .restarts = pod->restarts,
                                       .ip = pod->ip};
}

/* --- leases --- */

void kubelets_stand_in(struct kubelets *k,
                       sim_time (*last_lease)(void *self, node_id node),
                       void *self)
{
    k->last_lease = last_lease;
    k->stand_in = self;
}

/* Leaving partitions aside. */
static sim_time last_renewal(const struct kubelets *k,
                             const struct kubelet_node *node)
{
    sim_time period = k->params->lease_renew;
    sim_time end = node->working ? kubelet_now(k) : node->until;
    sim_time last;

    if (period <= 0)
        return end;
    last = end - ((end - node->lease_phase) % period + period) % period;
    return last > node->since ? last : node->since;
}

sim_time kubelet_last_lease(const struct kubelets *k, node_id id)
{
    const struct kubelet_node *node = &k->nodes.items[id];
    sim_time last;

    if (k->last_lease)
        return k->last_lease(k->stand_in, id);
    if (!node->linked)
        return node->last_lease;
    last = last_renewal(k, node);
    return last > node->linked_at ? last : node->last_lease;
}

bool kubelet_set_unready(struct kubelets *k, pod_id id, bool unready,
                         incident_id origin)
{
    struct pod *pod = world_pod(k->world, id);
    struct kubelet_pod *kp = pod ? pod->kubelet : NULL;
    bool runs =
        kp && kubelet_node(k, pod->node)->working && kp->stage != STAGE_GONE;

    if (!kp || (unready ? !runs : kp->unready == 0))
        return false;
    world_pod_touch(k->world, id, origin);
    kp->unready += unready ? 1 : UINT32_MAX;
    if (runs)
        kubelet_tell(k, pod);
    return true;
}
