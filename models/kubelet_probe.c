#include <assert.h>

#include "models/kubelet_private.h"
#include "models/traffic/server.h"

/*
 * A worker (pkg/kubelet/prober/worker.go) ticks each period from when the
 * kubelet took the pod up, or from the last time that it was triggered. A
 * tick does nothing before the initial delay, nor, for liveness and
 * readiness, before the startup probe has passed. The readiness worker is
 * triggered when its container starts, and both are when startup passes
 * (prober_manager.go). A tick that falls into a running probe waits for it.
 */

static const char *const purpose_names[PROBE_PURPOSES] = {
    "Startup probe failed", "Readiness probe failed", "Liveness probe failed"};

static const struct probe *probe_spec(const struct pod *pod, uint32_t i,
                                      enum probe_purpose purpose)
{
    const struct container *c = &pod->template->containers[i];

    switch (purpose) {
    case PROBE_STARTUP:
        return c->startup;
    case PROBE_READINESS:
        return c->readiness;
    case PROBE_LIVENESS:
        break;
    }
    return c->liveness;
}

static void on_tick(struct sim *sim, void *self, struct event_args args);
static const struct event_type tick_event = {"kubelet.probe", 0, on_tick};

/* The next tick after the last one, and not before the initial delay ends. */
static void schedule_tick(struct kubelets *k, struct pod *pod, uint32_t i,
                          enum probe_purpose purpose)
{
    struct kubelet_pod *kp = pod->kubelet;
    struct kubelet_container *c = &kp->containers[i];
    struct kubelet_probe *p = &c->probes[purpose];
    const struct probe *spec = probe_spec(pod, i, purpose);
    sim_time now = kubelet_now(k), least = c->started_at + spec->initial_delay;
    sim_time at = p->tick + spec->period;

    assert(spec->period > 0);
    if (at < least)
        at += (least - at + spec->period - 1) / spec->period * spec->period;
    p->tick = at;
    p->stamp = ++kp->clock;
    sim_at(k->s->sim, at < now ? now : at, &tick_event, k,
           kubelet_args(kp, i, purpose, p->stamp));
}

/* Probes now, where the initial delay is over, and then each period. */
static void trigger(struct kubelets *k, struct pod *pod, uint32_t i,
                    enum probe_purpose purpose)
{
    struct kubelet_probe *p = &pod->kubelet->containers[i].probes[purpose];
    const struct probe *spec = probe_spec(pod, i, purpose);

    if (!spec)
        return;
    p->tick = kubelet_now(k) - spec->period;
    schedule_tick(k, pod, i, purpose);
}

/* Joins the ticks of a worker that runs since the pod was taken up: the
 * first one after the container's start. */
static void join(struct kubelets *k, struct pod *pod, uint32_t i,
                 enum probe_purpose purpose)
{
    struct kubelet_probe *p = &pod->kubelet->containers[i].probes[purpose];
    const struct probe *spec = probe_spec(pod, i, purpose);
    sim_time added = pod->kubelet->added, now = kubelet_now(k);

    if (!spec)
        return;
    if (added > now) /* waits out its jitter */
        p->tick = added - spec->period;
    else
        p->tick = now - (now - added) % spec->period;
    schedule_tick(k, pod, i, purpose);
}

/* What the probes' results make of the container. */
static void take_results(struct pod *pod, uint32_t i)
{
    struct kubelet_container *c = &pod->kubelet->containers[i];
    const struct container *spec = &pod->template->containers[i];

    c->started =
        kubelet_started(spec->startup ? &c->probes[PROBE_STARTUP].state : NULL);
    c->ready = kubelet_container_ready(
        c->stage == CONTAINER_RUNNING, c->started,
        spec->readiness ? &c->probes[PROBE_READINESS].state : NULL);
}

void kubelet_start_probes(struct kubelets *k, struct pod *pod, uint32_t i)
{
    struct kubelet_container *c = &pod->kubelet->containers[i];

    for (int purpose = 0; purpose < PROBE_PURPOSES; purpose++) {
        kubelet_probe_begins(&c->probes[purpose].state,
                             (enum probe_purpose)purpose);
        c->probes[purpose].stamp = ++pod->kubelet->clock;
    }
    take_results(pod, i);
    if (!c->started) {
        join(k, pod, i, PROBE_STARTUP);
        return;
    }
    trigger(k, pod, i, PROBE_READINESS);
    join(k, pod, i, PROBE_LIVENESS);
}

/* --- outcomes --- */

/* What was done to a pod explains its probes so long; as in traffic/blame.c.
 * Our choice. */
static const sim_time recent = SIM_MIN;

/* A probe that overload made fail: blamed on that, unless something else
 * has touched the pod lately, or it has not been ready for long. */
static void blame_overload(struct kubelets *k, const struct pod *pod)
{
    incident_id origin = world_pod_origin(k->world, pod->id);
    sim_time since = world_pod_touched(k->world, pod->id);

    if (pod->ready && pod->ready_since > since)
        since = pod->ready_since;
    if (origin == INCIDENT_NONE || origin == INCIDENT_STARTUP ||
        (pod->ready && kubelet_now(k) - since >= recent))
        world_pod_touch(k->world, pod->id, INCIDENT_OVERLOAD);
}

static void startup_passed(struct kubelets *k, struct pod *pod, uint32_t i)
{
    take_results(pod, i);
    trigger(k, pod, i, PROBE_READINESS);
    trigger(k, pod, i, PROBE_LIVENESS);
    kubelet_tell(k, pod);
    kubelet_sidecar_started(k, pod, i);
}

/* The thresholds were reached. */
static void conclude(struct kubelets *k, struct pod *pod, uint32_t i,
                     enum probe_purpose purpose, bool ok)
{
    struct kubelet_container *c = &pod->kubelet->containers[i];

    if (purpose == PROBE_READINESS) {
        if (c->ready && !ok)
            blame_overload(k, pod);
        take_results(pod, i);
        kubelet_tell(k, pod);
    } else if (ok) {
        if (purpose == PROBE_STARTUP)
            startup_passed(k, pod, i);
    } else {
        blame_overload(k, pod);
        kubelet_pod_event(k, pod, false, "Killing", "%s: container %s",
                          purpose_names[purpose],
                          pod->template->containers[i].name);
        kubelet_stop_container(k, pod, i, pod->template->grace_period);
    }
}

/* Liveness and startup probes end with the pod; readiness goes on. */
static bool goes_on(const struct kubelets *k, const struct pod *pod, uint32_t i,
                    enum probe_purpose purpose)
{
    const struct kubelet_pod *kp = pod->kubelet;
    const struct kubelet_container *c = &kp->containers[i];

    if (c->stage != CONTAINER_RUNNING ||
        (kp->deleting && purpose != PROBE_READINESS))
        return false;
    return kubelet_probe_runs(&c->probes[purpose].state, purpose, c->started,
                              kubelet_now(k) - c->started_at,
                              probe_spec(pod, i, purpose)->initial_delay);
}

static void answered(struct kubelets *k, struct pod *pod, uint32_t i,
                     enum probe_purpose purpose, bool ok)
{
    struct kubelet_probe *p = &pod->kubelet->containers[i].probes[purpose];
    const struct probe *spec = probe_spec(pod, i, purpose);

    if (!goes_on(k, pod, i, purpose))
        return;
    if (!ok)
        kubelet_pod_event(k, pod, true, "Unhealthy", "%s",
                          purpose_names[purpose]);
    if (kubelet_probe_outcome(&p->state, purpose, ok, spec->success_threshold,
                              spec->failure_threshold))
        conclude(k, pod, i, purpose, ok);
    if (goes_on(k, pod, i, purpose))
        schedule_tick(k, pod, i, purpose);
}

/* The pod where the event is of a probe that still runs; NULL: void. */
static struct pod *probe_event(struct kubelets *k, struct event_args args)
{
    struct pod *pod = world_pod(k->world, kubelet_arg_pod(args));
    uint32_t i = kubelet_arg_container(args), kind = kubelet_arg_kind(args);

    if (!pod || pod->kubelet->containers[i].probes[kind].stamp != args.detail)
        return NULL;
    return pod;
}

static void on_answer(void *self, struct event_args args, bool ok)
{
    struct kubelets *k = self;
    struct pod *pod = probe_event(k, args);

    if (pod)
        answered(k, pod, kubelet_arg_container(args),
                 (enum probe_purpose)kubelet_arg_kind(args), ok);
}

static void on_exec_timeout(struct sim *sim, void *self, struct event_args args)
{
    (void)sim;
    on_answer(self, args, false);
}

static const struct event_type exec_timeout_event = {"kubelet.exec-timeout", 0,
                                                     on_exec_timeout};

/* A container other than the one that serves has no model of its requests:
 * its probes pass while it runs. */
static void on_tick(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = probe_event(k, args);
    uint32_t i = kubelet_arg_container(args);
    enum probe_purpose purpose = (enum probe_purpose)kubelet_arg_kind(args);
    const struct probe *spec;

    (void)sim;
    if (!pod || !goes_on(k, pod, i, purpose))
        return;
    spec = probe_spec(pod, i, purpose);
    if (i == pod->kubelet->serving && spec->kind == PROBE_EXEC &&
        server_hangs(pod))
        sim_after(k->s->sim, spec->timeout, &exec_timeout_event, k, args);
    else if (i != pod->kubelet->serving || spec->kind == PROBE_EXEC)
        answered(k, pod, i, purpose, true);
    else if (!pod->server || !pod->kubelet->containers[i].open)
        answered(k, pod, i, purpose, false);
    else if (spec->kind == PROBE_TCP)
        answered(k, pod, i, purpose, server_listens(pod));
    else
        server_probe(k->s->servers, pod, spec->timeout, on_answer, k, args);
}
