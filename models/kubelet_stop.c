#include <assert.h>

#include "models/kubelet_private.h"
#include "models/network/ipam.h"
#include "models/traffic/server.h"

static sim_time later(sim_time t, sim_time by)
{
    return t > 0 && by > SIM_NEVER - t ? SIM_NEVER : t + by;
}

/* --- one container: preStop, SIGTERM, SIGKILL --- */

static void on_kill(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = kubelet_container_event(k, args);

    (void)sim;
    if (pod)
        kubelet_end_process(k, pod, kubelet_arg_container(args));
}

static const struct event_type kill_event = {"kubelet.sigkill", 0, on_kill};

/* The process ends by itself: `shutdown` has passed, and, where it drains,
 * all is answered. */
static void on_exit_time(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = kubelet_container_event(k, args);
    uint32_t i = kubelet_arg_container(args);

    (void)sim;
    if (pod &&
        (pod->kubelet->containers[i].idle || !pod->kubelet->containers[i].open))
        kubelet_end_process(k, pod, i);
}

static const struct event_type exit_event = {"kubelet.exit", 0, on_exit_time};

static void exit_at(struct kubelets *k, struct pod *pod, uint32_t i,
                    sim_time at)
{
    sim_at(k->s->sim, at, &exit_event, k,
           kubelet_args(pod->kubelet, i, 0, pod->kubelet->containers[i].stamp));
}

/* What the process that serves does at SIGTERM (models.md). */
static void serving_terminates(struct kubelets *k, struct pod *pod, uint32_t i)
{
    struct kubelet_container *c = &pod->kubelet->containers[i];
    const struct workload *w = kubelet_workload(k, pod);
    sim_time delay =
        kubelet_draw(k, pod, &w->shutdown, "kubelet.shutdown", c->runs, 0);

    c->exit_at =
        delay > SIM_NEVER - kubelet_now(k) ? SIM_NEVER : kubelet_now(k) + delay;
    switch ((enum on_terminate)w->on_terminate) {
    case TERM_DRAIN:
        c->closed = true;
        if (c->open)
            server_drain(k->s->servers, pod);
        break;
    case TERM_EXIT:
        c->closed = c->idle = true;
        if (c->open)
            server_reset(k->s->servers, pod);
        c->open = false;
        break;
    case TERM_SERVE:
        c->idle = true;
        break;
    case TERM_IGNORE:
        return;
    }
    exit_at(k, pod, i, c->exit_at);
}

/* A sidecar of a pod that stops ends after all containers that were started
 * later (kuberuntime_termination_order.go). */
static bool has_turn(const struct pod *pod, uint32_t i)
{
    const struct kubelet_pod *kp = pod->kubelet;

    if (!pod->template->containers[i].sidecar || kp->stage != STAGE_STOP)
        return true;
    for (uint32_t j = i + 1; j < kp->container_count; j++) {
        if (kp->containers[j].stage != CONTAINER_WAITING)
            return false;
    }
    return true;
}

static void kill_at(struct kubelets *k, struct pod *pod, uint32_t i,
                    sim_time at);

/* However long that takes, it then has the least time for itself. */
static void await_turn(struct kubelets *k, struct pod *pod, uint32_t i)
{
    struct kubelet_container *c = &pod->kubelet->containers[i];

    c->awaits_turn = true;
    kill_at(k, pod, i, later(c->kill_at, k->params->min_grace_after_pre_stop));
}

static void sigterm(struct kubelets *k, struct pod *pod, uint32_t i)
{
    struct kubelet_container *c = &pod->kubelet->containers[i];

    if (!has_turn(pod, i)) {
        await_turn(k, pod, i);
        return;
    }
    c->awaits_turn = false;
    c->signalled = true;
    if (i == pod->kubelet->serving)
        serving_terminates(k, pod, i);
    else
        kubelet_end_process(k, pod, i);
}

static void on_sigterm(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = kubelet_container_event(k, args);

    (void)sim;
    if (pod)
        sigterm(k, pod, kubelet_arg_container(args));
}

static const struct event_type sigterm_event = {"kubelet.sigterm", 0,
                                                on_sigterm};

void kubelet_process_idle(struct kubelets *k, pod_id id)
{
    struct pod *pod = world_pod(k->world, id);
    struct kubelet_container *c;
    sim_time now = kubelet_now(k);

    if (!pod || !pod->kubelet || pod->kubelet->container_count == 0)
        return;
    c = &pod->kubelet->containers[pod->kubelet->serving];
    if (c->stage != CONTAINER_RUNNING || !c->closed || c->idle)
        return;
    c->idle = true;
    if (now >= c->exit_at) /* not from here: the server is at work */
        exit_at(k, pod, pod->kubelet->serving, now);
}

/* The hook's time: the workload's, else the manifest's. */
static sim_time pre_stop_time(const struct kubelets *k, const struct pod *pod,
                              uint32_t i)
{
    const struct workload *w = kubelet_workload(k, pod);
    sim_time hook = pod->template->containers[i].pre_stop;

    if (w->pre_stop >= 0 && i == pod->kubelet->serving)
        hook = w->pre_stop;
    return hook < 0 ? 0 : hook;
}

static void kill_at(struct kubelets *k, struct pod *pod, uint32_t i,
                    sim_time at)
{
    struct kubelet_container *c = &pod->kubelet->containers[i];

    sim_cancel(k->s->sim, c->kill);
    c->kill_at = at;
    c->kill = sim_at(k->s->sim, at, &kill_event, k,
                     kubelet_args(pod->kubelet, i, 0, c->stamp));
}

/* killContainer of pkg/kubelet/kuberuntime/kuberuntime_container.go: the
 * hook counts inside the grace period, and at least 2 s are left after it. */
void kubelet_stop_container(struct kubelets *k, struct pod *pod, uint32_t i,
                            sim_time grace)
{
    struct kubelet_container *c = &pod->kubelet->containers[i];
    sim_time now = kubelet_now(k), hook = pre_stop_time(k, pod, i);

    assert(c->stage == CONTAINER_RUNNING);
    if (grace <= 0) {
        kubelet_end_process(k, pod, i);
        return;
    }
    if (c->stopping) {
        if (later(now, grace) < c->kill_at)
            kill_at(k, pod, i, later(now, grace));
        return;
    }
    c->stopping = true;
    if (hook > grace)
        hook = grace;
    grace -= hook;
    if (grace < k->params->min_grace_after_pre_stop)
        grace = k->params->min_grace_after_pre_stop;
    kill_at(k, pod, i, later(later(now, hook), grace));
    if (hook > 0)
        sim_after(k->s->sim, hook, &sigterm_event, k,
                  kubelet_args(pod->kubelet, i, 0, c->stamp));
    else
        sigterm(k, pod, i);
}

/* --- the pod --- */

static void on_remove(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = world_pod(k->world, kubelet_arg_pod(args));

    (void)sim;
    if (pod && kubelet_node(k, pod->node)->link == args.detail)
        world_pod_remove(k->world, pod->id);
}

static const struct event_type remove_event = {"kubelet.remove", 0, on_remove};

/* After the status writes that are on their way. */
void kubelet_remove(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;
    sim_time at,
        delay = world_api_time(
            k->world,
            kubelet_draw(k, pod,
                         &k->s->scenario->cluster.control_plane.write_latency,
                         "kubelet.remove", 0, 0));

    if (kp->removing || !kubelet_node(k, pod->node)->linked)
        return;
    kp->removing = true;
    at = later(kubelet_request(k, kp->node, 1), delay);
    if (kp->telling > 0 && at < kp->told_at)
        at = kp->told_at;
    sim_at(k->s->sim, at, &remove_event, k,
           (struct event_args){pod->id, kubelet_node(k, pod->node)->link});
}

void kubelet_release(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;

    if (pod->server)
        server_free(k->s->servers, pod);
    if (kp->ip) {
        ipam_release(k->s->ipam, kp->ip);
        kp->ip = 0;
        world_pod_set_sandbox(k->world, pod->id, 0);
    }
    kp->stage = STAGE_GONE;
    kp->stamp = ++kp->clock;
}

static void torn_down(struct kubelets *k, struct pod *pod)
{
    node_id node = pod->node;

    kubelet_release(k, pod);
    if (pod->kubelet->deleting)
        kubelet_remove(k, pod);
    kubelet_shutdown_further(k, node);
}

static void on_torn_down(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = kubelet_stage_event(k, args);

    (void)sim;
    if (pod)
        torn_down(k, pod);
}

static const struct event_type torn_down_event = {"kubelet.torn-down", 0,
                                                  on_torn_down};

void kubelet_stop_further(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;
    sim_time delay;

    if (kp->stage != STAGE_STOP)
        return;
    for (uint32_t i = kp->container_count; i-- > 0;) {
        if (kp->containers[i].stage == CONTAINER_RUNNING &&
            kp->containers[i].awaits_turn && has_turn(pod, i)) {
            sigterm(k, pod, i); /* its end leads here again */
            return;
        }
    }
    for (uint32_t i = 0; i < kp->container_count; i++) {
        if (kp->containers[i].stage != CONTAINER_WAITING)
            return;
    }
    kp->stage = STAGE_TEARDOWN;
    kp->stamp = ++kp->clock;
    if (kp->ending && !kp->failed) {
        kp->failed = true;
        kp->reason = "Terminated";
        kubelet_tell(k, pod);
    }
    delay = kp->ip ? kubelet_draw(k, pod, &k->params->sandbox_teardown,
                                  "kubelet.teardown", kp->tries, 0)
                   : 0;
    if (delay == 0)
        torn_down(k, pod);
    else
        sim_after(k->s->sim, delay, &torn_down_event, k,
                  kubelet_args(kp, 0, 0, kp->stamp));
}

/* What is left of the grace period: all of it when first heard of. */
static sim_time grace_left(const struct kubelets *k, const struct pod *pod,
                           bool again)
{
    sim_time end = later(pod->deletion, pod->grace);

    if (!again)
        return pod->grace;
    return end > kubelet_now(k) ? end - kubelet_now(k) : 0;
}

/* Stops all that runs, and starts no more. */
static void stop_all(struct kubelets *k, struct pod *pod, sim_time grace)
{
    struct kubelet_pod *kp = pod->kubelet;

    kp->stage = STAGE_STOP;
    kp->stamp = ++kp->clock;
    for (uint32_t i = 0; i < kp->container_count; i++) {
        struct kubelet_container *c = &kp->containers[i];

        if (c->stage == CONTAINER_RUNNING) {
            kubelet_pod_event(k, pod, false, "Killing", "container %s",
                              pod->template->containers[i].name);
            kubelet_stop_container(k, pod, i, grace);
        } else if (c->stage == CONTAINER_WAITING) {
            c->stamp = ++kp->clock; /* no restart */
        }
    }
    kubelet_stop_further(k, pod);
}

void kubelet_terminate(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;
    sim_time grace = grace_left(k, pod, kp->deleting);

    kp->deleting = true;
    if (kp->stage == STAGE_GONE) {
        kubelet_remove(k, pod);
        return;
    }
    if (kp->stage != STAGE_TEARDOWN)
        stop_all(k, pod, grace);
}

void kubelet_end_pod(struct kubelets *k, struct pod *pod, sim_time grace)
{
    struct kubelet_pod *kp = pod->kubelet;

    kp->ending = true;
    if (kp->stage == STAGE_TEARDOWN || kp->stage == STAGE_GONE)
        return;
    for (uint32_t i = 0; i < kp->container_count; i++)
        for (int p = 0; p < PROBE_PURPOSES; p++)
            kp->containers[i].probes[p].stamp = ++kp->clock;
    stop_all(k, pod, grace);
}
