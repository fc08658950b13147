/*
 * The HorizontalPodAutoscaler controller: every sync period it asks the
 * metrics API what each target's pods use, and scales the target.
 * Kubernetes v1.36, pkg/controller/podautoscaler/horizontal.go.
 */
#include <string.h>

#include "models/controller.h"
#include "models/controllers/horizontalpodautoscaler_rules.h"
#include "models/podmetrics.h"
#include "models/scaletarget.h"

/* --concurrent-horizontal-pod-autoscaler-syncs */
enum { WORKERS = 5 };

/* One HPA: what is remembered, and what its next writes say. */
struct autoscaler {
    struct hpa_memory memory;
    int current, desired;
    int64_t usage;
};

struct horizontalpodautoscaler {
    VEC_OF(struct autoscaler) all; /* by hpa_id */
    VEC_OF(const struct pod *) pods;
    VEC_OF(struct hpa_pod) seen;
    VEC_OF(struct hpa_proposal) proposals;
};

static void stop(void *state)
{
    struct horizontalpodautoscaler *h = state;

    for (size_t i = 0; i < h->all.count; i++)
        hpa_memory_release(&h->all.items[i].memory);
    VEC_FREE(h->all);
    VEC_FREE(h->pods);
    VEC_FREE(h->seen);
    VEC_FREE(h->proposals);
}

/* What was recommended is forgotten. */
static void restart(struct controller_run *run, void *state)
{
    struct horizontalpodautoscaler *h = state;

    for (size_t i = 0; i < h->all.count; i++) {
        hpa_memory_release(&h->all.items[i].memory);
        h->all.items[i].memory = (struct hpa_memory){0};
        controller_enqueue(run, i);
    }
}

static const struct control_plane_params *params_of(struct controller_run *run)
{
    return &controller_simulation(run)->scenario->cluster.control_plane;
}

/* Every add waits for the sync period (rate_limiters.go), the first too. */
static void observe(struct controller_run *run, void *state,
                    const struct world_change *change)
{
    struct horizontalpodautoscaler *h = state;

    if (change->what == WHAT_ADDED)
        VEC_PUSH(h->all, (struct autoscaler){0});
    if (change->what == WHAT_ADDED)
        controller_enqueue_after(run, change->id,
                                 params_of(run)->hpa_sync_period);
}

/* --- what it sees --- */

static void add_pod(void *self, const struct pod *pod)
{
    struct horizontalpodautoscaler *h = self;

    VEC_PUSH(h->pods, pod);
}

/* calculatePodRequestsFromContainers. < 0: one has no request. */
static int64_t cpu_request(const struct pod_template *t, const char *container)
{
    int64_t sum = 0;

    for (size_t i = 0; i < t->container_count; i++) {
        const struct container *c = &t->containers[i];

        if ((c->init && !c->sidecar) ||
            (container && strcmp(c->name, container) != 0))
            continue;
        if (!c->cpu_given)
            return -1;
        sum += c->requests.cpu;
    }
    return sum;
}

/* All CPU is the first container's: it serves the requests. */
static bool is_of_container(const struct pod_template *t, const char *name)
{
    size_t i = 0;

    while (i < t->container_count && t->containers[i].init)
        i++;
    return !name ||
           (i < t->container_count && strcmp(t->containers[i].name, name) == 0);
}

static struct hpa_pod look_at(const struct simulation *s, const struct pod *pod,
                              const struct hpa_metric *metric)
{
    struct pod_usage usage = {0};
    bool known = pod_metrics_get(s->pod_metrics, pod->id, &usage);

    return (struct hpa_pod){
        .terminating = pod->deletion != SIM_NEVER,
        .failed = pod->phase == POD_FAILED,
        .pending = pod->phase == POD_PENDING,
        .has_metric = known,
        .usage =
            is_of_container(pod->template, metric->container) ? usage.cpu : 0,
        .request = cpu_request(pod->template, metric->container),
        .has_condition = true,
        .ready = pod->ready,
        .ready_since = pod->ready_since,
        .started = pod->scheduled,
        .sampled = usage.at,
        .window = usage.window};
}

static double tolerance_of(const struct hpa_rules *rules, bool given,
                           double otherwise)
{
    return given && rules->tolerance >= 0 ? rules->tolerance : otherwise;
}

static struct hpa_proposal propose(struct controller_run *run,
                                   struct horizontalpodautoscaler *h,
                                   const struct hpa_spec *spec,
                                   const struct hpa_metric *metric, int current)
{
    const struct control_plane_params *p = params_of(run);
    const struct hpa_behavior *b = &spec->behavior;
    struct hpa_params params = {
        .tolerance_down = tolerance_of(&b->down, b->given, p->hpa_tolerance),
        .tolerance_up = tolerance_of(&b->up, b->given, p->hpa_tolerance),
        .cpu_initialization_period = p->hpa_cpu_initialization_period,
        .initial_readiness_delay = p->hpa_initial_readiness_delay,
        .now = sim_now(controller_world(run)->sim),
        .cpu = true};

    if (!metric->simulated)
        return (struct hpa_proposal){0};
    h->seen.count = 0;
    for (size_t i = 0; i < h->pods.count; i++)
        VEC_PUSH(h->seen,
                 look_at(controller_simulation(run), h->pods.items[i], metric));
    if (metric->kind == HPA_UTILIZATION)
        return hpa_by_utilization(h->seen.items, h->seen.count, current,
                                  metric->target, &params);
    return hpa_by_average(h->seen.items, h->seen.count, current, metric->target,
                          &params);
}

/* --- what it does --- */

static void apply_scale(struct controller_run *run, void *state, uint64_t a,
                        uint64_t b)
{
    struct horizontalpodautoscaler *h = state;
    struct autoscaler *one = &h->all.items[a];
    struct world *w = controller_world(run);
    const struct hpa_spec *spec = w->hpas.items[a]->spec;
    struct scale_target target;
    char object[600];

    (void)b;
    if (!scale_target_find(w, spec->meta.space, spec->target_kind,
                           spec->target_name, &target))
        return;
    snprintf(object, sizeof object, "%s/%s to %d", spec->target_kind,
             spec->target_name, one->desired);
    scale_target_set(
        w, target, one->desired,
        world_incident(w, spec->meta.name, "autoscale", object, NO_ID));
    hpa_scaled(&one->memory, &spec->behavior, one->current, one->desired,
               sim_now(w->sim));
    if (controller_event(run, a))
        world_event(w, false, "SuccessfulRescale", spec->meta.name,
                    "New size: %d; reason: %s", one->desired,
                    one->desired > one->current
                        ? "cpu resource utilization above target"
                        : "All metrics below target");
}

static void apply_status(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    const struct autoscaler *one =
        &((struct horizontalpodautoscaler *)state)->all.items[a];
    struct world *w = controller_world(run);

    (void)b;
    if (!w->hpas.items[a]->deleted)
        world_hpa_set_status(w, (hpa_id)a, one->current, one->desired,
                             one->usage);
}

static void apply_again(struct controller_run *run, void *state, uint64_t a,
                        uint64_t b)
{
    (void)state;
    (void)b;
    controller_enqueue_after(run, a, params_of(run)->hpa_sync_period);
}

/* Measures and decides, into *one. */
static void decide(struct controller_run *run,
                   struct horizontalpodautoscaler *h, const struct hpa *hpa,
                   struct scale_target target)
{
    const struct world *w = controller_world(run);
    const struct hpa_spec *spec = hpa->spec;
    struct autoscaler *one = &h->all.items[hpa->id];
    struct hpa_seen seen = {.current = scale_target_replicas(w, target),
                            .downscale_stabilization =
                                params_of(run)->hpa_downscale_stabilization,
                            .now = sim_now(w->sim)};

    h->pods.count = h->proposals.count = 0;
    scale_target_each_pod(w, target, add_pod, h);
    for (size_t i = 0; i < spec->metric_count; i++)
        VEC_PUSH(h->proposals,
                 propose(run, h, spec, &spec->metrics[i], seen.current));
    seen.proposals = h->proposals.items;
    seen.proposal_count = h->proposals.count;
    one->current = seen.current;
    one->desired = hpa_decide(&one->memory, spec, &seen);
    one->usage = spec->metrics[0].kind == HPA_UTILIZATION
                     ? seen.proposals[0].utilization
                     : seen.proposals[0].usage;
}

static void reconcile(struct controller_run *run, void *state, work_key key)
{
    struct horizontalpodautoscaler *h = state;
    const struct world *w = controller_world(run);
    const struct hpa *hpa = w->hpas.items[key];
    struct autoscaler *one = &h->all.items[key];
    struct scale_target target;

    if (hpa->deleted)
        return;
    controller_read(run, 0); /* the scale */
    if (scale_target_find(w, hpa->spec->meta.space, hpa->spec->target_kind,
                          hpa->spec->target_name, &target)) {
        decide(run, h, hpa, target);
        if (one->desired != one->current)
            controller_write(run, apply_scale, key, 0, 0);
        if (one->current != hpa->status_current ||
            one->desired != hpa->status_desired ||
            one->usage != hpa->status_usage)
            controller_write(run, apply_status, key, 0, 0);
    } else if (controller_event(run, key)) {
        world_event(controller_world(run), true, "FailedGetScale",
                    hpa->spec->meta.name, "%s \"%s\" not found",
                    hpa->spec->target_kind, hpa->spec->target_name);
    }
    controller_then(run, apply_again, key, 0);
}

static int64_t workers(const struct scenario *scenario)
{
    (void)scenario;
    return WORKERS;
}

const struct controller controller_horizontalpodautoscaler = {
    .name = "horizontalpodautoscaler",
    .summary = "scales its target by what the target's pods use",
    .watches = 1U << CHANGE_HPA,
    .state_size = sizeof(struct horizontalpodautoscaler),
    .workers = workers,
    .restart = restart,
    .stop = stop,
    .observe = observe,
    .reconcile = reconcile,
};
