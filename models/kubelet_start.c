#include <assert.h>
#include <string.h>

#include "models/kubelet_private.h"
#include "models/network/ipam.h"
#include "models/traffic/server.h"

/* A pod whose sync failed is tried again after so long, up to half as long
 * again (Kubernetes pkg/kubelet: backOffPeriod, pod_workers.go
 * workerBackOffPeriodJitterFactor). */
static const sim_time sync_backoff = 10 * SIM_S;
static const double sync_jitter = 0.5;

sim_time kubelet_sync_backoff(const struct kubelets *k, const struct pod *pod,
                              uint32_t what, uint32_t n)
{
    struct rng rng;

    rng_init(&rng, k->s->root, "kubelet.sync-backoff", pod->stream_owner,
             pod->ordinal);
    rng_seek(&rng, n, what);
    return (sim_time)((double)sync_backoff *
                      (1 + sync_jitter * rng_uniform(&rng)));
}

/* --- sandbox --- */

static void on_sandbox(struct sim *sim, void *self, struct event_args args);
static const struct event_type sandbox_event = {"kubelet.sandbox", 0,
                                                on_sandbox};

static void on_retry(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = kubelet_stage_event(k, args);

    (void)sim;
    if (pod)
        kubelet_start_sandbox(k, pod);
}

static const struct event_type retry_event = {"kubelet.sandbox-retry", 0,
                                              on_retry};

void kubelet_start_sandbox_at(struct kubelets *k, struct pod *pod, sim_time at)
{
    struct kubelet_pod *kp = pod->kubelet;

    kp->stage = STAGE_SANDBOX;
    kp->stamp = ++kp->clock;
    sim_at(k->s->sim, at, &retry_event, k, kubelet_args(kp, 0, 0, kp->stamp));
}

static void sandbox_failed(struct kubelets *k, struct pod *pod)
{
    kubelet_pod_event(k, pod, true, "FailedCreatePodSandBox",
                      "no IP addresses available in the node's range");
    kubelet_start_sandbox_at(
        k, pod,
        kubelet_now(k) + kubelet_sync_backoff(k, pod, 0, pod->kubelet->tries));
}

static void sandbox_made(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;
    uint32_t ip = ipam_allocate(k->s->ipam, pod->node, pod->id);

    if (!ip) {
        sandbox_failed(k, pod);
        return;
    }
    kp->ip = ip;
    world_pod_set_sandbox(k->world, pod->id, ip);
    kp->stage = STAGE_START;
    kp->next = 0;
    kubelet_start_further(k, pod);
}

static void on_sandbox(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = kubelet_stage_event(k, args);

    (void)sim;
    if (pod)
        sandbox_made(k, pod);
}

void kubelet_start_sandbox(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;
    sim_time delay = kubelet_draw(k, pod, &k->params->sandbox,
                                  "kubelet.sandbox", kp->tries++, 0);

    assert(!kp->ip);
    kp->stage = STAGE_SANDBOX;
    kp->stamp = ++kp->clock;
    if (delay == 0)
        sandbox_made(k, pod);
    else
        sim_after(k->s->sim, delay, &sandbox_event, k,
                  kubelet_args(kp, 0, 0, kp->stamp));
}

/* --- containers --- */

static void listen_now(struct kubelets *k, struct pod *pod, uint32_t i)
{
    pod->kubelet->containers[i].open = true;
    server_open(k->s->servers, pod);
}

static void on_startup(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = kubelet_container_event(k, args);

    (void)sim;
    if (pod && !pod->kubelet->containers[kubelet_arg_container(args)].closed)
        listen_now(k, pod, kubelet_arg_container(args));
}

static const struct event_type startup_event = {"kubelet.startup", 0,
                                                on_startup};

void kubelet_start_container(struct kubelets *k, struct pod *pod, uint32_t i)
{
    struct kubelet_pod *kp = pod->kubelet;
    struct kubelet_container *c = &kp->containers[i];
    const struct container *spec = &pod->template->containers[i];
    sim_time delay;

    c->stage = CONTAINER_RUNNING;
    c->awaits_turn = false;
    c->open = c->stopping = c->signalled = c->closed = c->idle = false;
    c->exit_ok = c->done = c->oom = false;
    c->stamp = ++kp->clock;
    c->started_at = kubelet_now(k);
    kubelet_pod_event(k, pod, false, "Started", "container %s", spec->name);
    if (i == kp->serving) {
        kp->leak = (struct kubelet_leak){0};
        kubelet_memory_changed(k, pod);
        delay = kubelet_draw(k, pod, &kubelet_workload(k, pod)->startup,
                             "kubelet.startup", c->runs, 0);
        if (delay == 0)
            listen_now(k, pod, i);
        else
            sim_after(k->s->sim, delay, &startup_event, k,
                      kubelet_args(kp, i, 0, c->stamp));
    }
    kp->restarts += c->runs++ > 0;
    kubelet_set_exit(k, pod, i);
    kubelet_start_probes(k, pod, i);
}

static void all_started(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;

    kp->stage = STAGE_RUN;
    kp->stamp = ++kp->clock;
    kubelet_tell(k, pod);
}

/* --- init containers --- */

static bool init_may_fail(const struct workload *w)
{
    return w->init_failures > 0 || w->init_failure_rate > 0;
}

/* The run that has just ended: the first ones, then some. */
static bool init_fails(const struct kubelets *k, const struct pod *pod,
                       uint32_t i)
{
    const struct workload *w = kubelet_workload(k, pod);
    uint32_t runs = pod->kubelet->containers[i].runs;
    struct rng rng;

    if (!init_may_fail(w))
        return false;
    if (runs <= w->init_failures)
        return true;
    rng_init(&rng, k->s->root, "kubelet.init-failure", pod->stream_owner,
             pod->ordinal);
    rng_seek(&rng, runs, i);
    return rng_uniform(&rng) < w->init_failure_rate;
}

static void on_init_done(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = kubelet_container_event(k, args);
    uint32_t i = kubelet_arg_container(args);

    (void)sim;
    if (!pod)
        return;
    pod->kubelet->containers[i].stage = CONTAINER_WAITING;
    pod->kubelet->containers[i].stamp = ++pod->kubelet->clock;
    if (init_fails(k, pod, i)) {
        kubelet_init_failed(k, pod, i);
        return;
    }
    pod->kubelet->next = i + 1;
    kubelet_start_further(k, pod);
}

static const struct event_type init_done_event = {"kubelet.init-done", 0,
                                                  on_init_done};

/* It runs to its end before the next one starts. True: in no time. */
static bool run_init(struct kubelets *k, struct pod *pod, uint32_t i)
{
    const struct workload *w = kubelet_workload(k, pod);
    uint64_t again = init_may_fail(w) ? pod->kubelet->containers[i].runs : 0;
    sim_time length = kubelet_draw(k, pod, &w->init, "kubelet.init",
                                   pod->kubelet->tries, i | again << 32);

    if (length == 0 && !init_may_fail(w))
        return true;
    kubelet_start_container(k, pod, i);
    sim_after(
        k->s->sim, length, &init_done_event, k,
        kubelet_args(pod->kubelet, i, 0, pod->kubelet->containers[i].stamp));
    return false;
}

void kubelet_sidecar_started(struct kubelets *k, struct pod *pod, uint32_t i)
{
    struct kubelet_pod *kp = pod->kubelet;

    if (kp->stage != STAGE_START || kp->next != i ||
        !pod->template->containers[i].sidecar)
        return;
    kp->next = i + 1;
    kubelet_start_further(k, pod);
}

/* The containers in order: each image is pulled, then its container started;
 * an init container must have ended, a sidecar have passed its startup probe,
 * before the next one's turn (pkg/kubelet/kuberuntime startContainer,
 * computeInitContainerActions). */
void kubelet_start_further(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;

    for (; kp->next < kp->container_count; kp->next++) {
        const struct container *spec = &pod->template->containers[kp->next];

        if (kubelet_must_pull(k, pod)) {
            kubelet_pull(k, pod);
            return;
        }
        if (spec->init && !spec->sidecar) {
            if (run_init(k, pod, kp->next))
                continue;
            return;
        }
        kubelet_start_container(k, pod, kp->next);
        if (spec->sidecar && !kp->containers[kp->next].started)
            return;
    }
    all_started(k, pod);
}
