#include <assert.h>

#include "models/kubelet_private.h"
#include "models/traffic/server.h"

/* --- CrashLoopBackOff --- */

/* While the pod is being started it is an init container's turn. */
static void restart(struct kubelets *k, struct pod *pod, uint32_t i)
{
    struct kubelet_container *c = &pod->kubelet->containers[i];

    kubelet_backoff_next(&c->backoff, &k->crash, c->finished_at,
                         kubelet_now(k));
    if (pod->kubelet->stage == STAGE_START && pod->kubelet->next == i)
        kubelet_start_further(k, pod);
    else
        kubelet_start_container(k, pod, i);
    kubelet_tell(k, pod);
}

static void on_restart(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = kubelet_container_event(k, args);

    (void)sim;
    if (pod)
        restart(k, pod, kubelet_arg_container(args));
}

static const struct event_type restart_event = {"kubelet.restart", 0,
                                                on_restart};

/* doBackOff of pkg/kubelet/kuberuntime/kuberuntime_manager.go: the first
 * restart is at once; later ones wait since the container's end. */
static void restart_after_backoff(struct kubelets *k, struct pod *pod,
                                  uint32_t i)
{
    struct kubelet_container *c = &pod->kubelet->containers[i];
    sim_time at = kubelet_backoff_until(&c->backoff, &k->crash, c->finished_at);

    if (at <= kubelet_now(k)) {
        restart(k, pod, i);
        return;
    }
    kubelet_pod_event(k, pod, true, "BackOff", "restarting failed container %s",
                      pod->template->containers[i].name);
    c->stamp = ++pod->kubelet->clock;
    sim_at(k->s->sim, at, &restart_event, k,
           kubelet_args(pod->kubelet, i, 0, c->stamp));
}

void kubelet_init_failed(struct kubelets *k, struct pod *pod, uint32_t i)
{
    pod->kubelet->containers[i].finished_at = kubelet_now(k);
    kubelet_tell(k, pod);
    if (pod->template->restart_policy == RESTART_NEVER)
        kubelet_fail_pod(k, pod, "Error");
    else
        restart_after_backoff(k, pod, i);
}

/* --- a container that ends by itself --- */

/* A Job's pods, where nobody says how long they run. */
static const sim_time job_run_time = SIM_MIN;

static bool is_ordinary(const struct container *c)
{
    return !c->init && !c->sidecar;
}

static void on_exit(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = kubelet_container_event(k, args);
    uint32_t i = kubelet_arg_container(args);
    struct kubelet_container *c;
    struct rng rng;

    (void)sim;
    if (!pod || pod->kubelet->containers[i].stage != CONTAINER_RUNNING)
        return;
    c = &pod->kubelet->containers[i];
    rng_init(&rng, k->s->root, "kubelet.run-failure", pod->stream_owner,
             pod->ordinal);
    rng_seek(&rng, c->runs, i);
    c->exit_ok =
        rng_uniform(&rng) >= kubelet_workload(k, pod)->run_failure_rate;
    kubelet_end_process(k, pod, i);
}

static const struct event_type exit_event = {"kubelet.exit", 0, on_exit};

void kubelet_set_exit(struct kubelets *k, struct pod *pod, uint32_t i)
{
    const struct workload *w = kubelet_workload(k, pod);
    struct kubelet_container *c = &pod->kubelet->containers[i];
    sim_time run;

    if (!is_ordinary(&pod->template->containers[i]))
        return;
    run = kubelet_draw(k, pod, &w->run_time, "kubelet.run-time", c->runs, i);
    if (run == SIM_NEVER && pod->owner_kind == OWNER_JOB)
        run = job_run_time;
    if (run != SIM_NEVER)
        sim_after(k->s->sim, run, &exit_event, k,
                  kubelet_args(pod->kubelet, i, 0, c->stamp));
}

/* --- the end of a container --- */

/* GetPhase of pkg/kubelet/kubelet_pods.go: the pod has ended once all its
 * ordinary containers have, for good; sidecars end with it. */
static void end_with_last(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;
    bool ok = true, oom = false;

    for (uint32_t i = 0; i < kp->container_count; i++) {
        if (!is_ordinary(&pod->template->containers[i]))
            continue;
        if (!kp->containers[i].done)
            return;
        ok = ok && kp->containers[i].exit_ok;
        oom = oom || kp->containers[i].oom;
    }
    kp->succeeded = ok;
    kubelet_fail_pod(k, pod, ok ? "Completed" : oom ? "OOMKilled" : "Error");
}

static bool ends_for_good(const struct pod *pod, uint32_t i)
{
    enum restart_policy policy = pod->template->restart_policy;

    return is_ordinary(&pod->template->containers[i]) &&
           (policy == RESTART_NEVER || (policy == RESTART_ON_FAILURE &&
                                        pod->kubelet->containers[i].exit_ok));
}

static void notice_end(struct kubelets *k, struct pod *pod, uint32_t i)
{
    struct kubelet_pod *kp = pod->kubelet;
    struct kubelet_container *c = &kp->containers[i];

    c->stage = CONTAINER_WAITING;
    if (!kp->ending)
        kubelet_tell(k, pod);
    c->done = ends_for_good(pod, i);
    if (kp->deleting || kp->failed || kp->ending)
        kubelet_stop_further(k, pod);
    else if (c->done)
        end_with_last(k, pod);
    else
        restart_after_backoff(k, pod, i);
}

static void on_noticed(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = kubelet_container_event(k, args);

    (void)sim;
    if (pod)
        notice_end(k, pod, kubelet_arg_container(args));
}

static const struct event_type noticed_event = {"kubelet.container-ended", 0,
                                                on_noticed};

void kubelet_end_process(struct kubelets *k, struct pod *pod, uint32_t i)
{
    struct kubelet_pod *kp = pod->kubelet;
    struct kubelet_container *c = &kp->containers[i];
    sim_time delay;

    assert(c->stage == CONTAINER_RUNNING);
    c->stage = CONTAINER_ENDED;
    c->ready = false;
    c->finished_at = kubelet_now(k);
    c->stamp = ++kp->clock;
    sim_cancel(k->s->sim, c->kill);
    c->kill = 0;
    if (c->open)
        server_reset(k->s->servers, pod);
    c->open = false;
    delay = kubelet_draw(k, pod, &k->params->container_exit, "kubelet.exit",
                         c->runs, i);
    if (delay == 0)
        notice_end(k, pod, i);
    else
        sim_after(k->s->sim, delay, &noticed_event, k,
                  kubelet_args(kp, i, 0, c->stamp));
}

void kubelet_fail_pod(struct kubelets *k, struct pod *pod, const char *reason)
{
    struct kubelet_pod *kp = pod->kubelet;

    assert(!kp->failed);
    kp->failed = true;
    kp->reason = reason;
    kp->stage = STAGE_STOP;
    kp->stamp = ++kp->clock;
    for (uint32_t i = 0; i < kp->container_count; i++) {
        struct kubelet_container *c = &kp->containers[i];

        if (c->stage == CONTAINER_RUNNING)
            kubelet_end_process(k, pod, i);
        else if (c->stage == CONTAINER_WAITING)
            c->stamp = ++kp->clock; /* no restart */
    }
    kubelet_tell(k, pod);
    kubelet_stop_further(k, pod);
}
