/* The API server answers nobody, or late. While it is stopped nothing of what
 * it holds changes: controllers, scheduler, kubelets and kubectl cannot write,
 * no lease is renewed, no kube-proxy hears anything. After ten seconds
 * kube-controller-manager and kube-scheduler have lost their leader's lease and
 * end; later they begin anew, so that no node is taken for lost at once. */
#include "models/controller.h"
#include "models/failures/factor.h"
#include "models/failures/failure.h"
#include "models/scheduler/scheduler.h"

/* component-base/config/v1alpha1/defaults.go: LeaderElection's RenewDeadline,
 * RetryPeriod; client-go tools/leaderelection JitterFactor. */
static const sim_time renew_deadline = 10 * SIM_S, retry_period = 2 * SIM_S;
static const double retry_jitter = 1.2;

static void go_on(struct simulation *s, bool anew)
{
    controllers_release(s->controllers, CONTROLLERS_ALL, anew);
    scheduler_set_stopped(s->scheduler, false);
}

static void on_leads(struct sim *sim, void *self, struct event_args args)
{
    (void)sim;
    (void)args;
    go_on(self, true);
}

static const struct event_type leads_event = {"failure.leader-elected", 4,
                                              on_leads};

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    struct world *w = s->world;

    (void)id;
    if (w->api_stopped || w->api_slowness > 1)
        return false;
    if (factor_of(config) > 0) {
        w->api_slowness = factor_of(config);
        return true;
    }
    world_api_stop(w, true, origin);
    controllers_hold(s->controllers, CONTROLLERS_ALL);
    scheduler_set_stopped(s->scheduler, true);
    return true;
}

static void mend(struct simulation *s, uint32_t id, const void *config,
                 incident_id origin)
{
    struct world *w = s->world;
    struct rng rng;

    (void)id;
    if (factor_of(config) > 0) {
        w->api_slowness = 1;
        return;
    }
    world_api_stop(w, false, origin);
    if (sim_now(s->sim) - w->incidents.items[origin].time < renew_deadline) {
        go_on(s, false);
        return;
    }
    rng_init(&rng, s->root, "failure.leader", NULL, origin);
    sim_after(s->sim,
              (sim_time)(rng_uniform(&rng) * (double)retry_period *
                         (1 + retry_jitter * rng_uniform(&rng))),
              &leads_event, s, (struct event_args){0});
}

const struct failure_mode failure_control_plane_apiserver = {
    .name = "apiserver",
    .subject = SUBJECT_CONTROL_PLANE,
    .summary = "the API server stops, or is slow by a factor",
    .has_repair = true,
    .params = control_factor,
    .config_size = sizeof(struct factor_config),
    .strike = strike,
    .mend = mend,
};
