#include <assert.h>

#include "models/kubelet_private.h"
#include "models/traffic/server.h"

/* --- CrashLoopBackOff --- */

static void restart(struct kubelets *k, struct pod *pod, uint32_t i)
{
    struct kubelet_container *c = &pod->kubelet->containers[i];

    kubelet_backoff_next(&c->backoff, &k->crash, c->finished_at,
                         kubelet_now(k));
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

/* --- the end of a container --- */

static void notice_end(struct kubelets *k, struct pod *pod, uint32_t i)
{
    struct kubelet_pod *kp = pod->kubelet;
    struct kubelet_container *c = &kp->containers[i];

    c->stage = CONTAINER_WAITING;
    kubelet_tell(k, pod);
    if (kp->deleting || kp->failed)
        kubelet_stop_further(k, pod);
    else if (pod->template->restart_policy == RESTART_NEVER)
        kubelet_fail_pod(k, pod, "Error");
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
