/* The HorizontalPodAutoscaler controller: when it decides, on what, and
 * what comes of it. */
#include "tests/unit/control_fixture.h"

#include "models/controllers/horizontalpodautoscaler_rules.h"
#include "models/podmetrics.h"

extern const struct controller controller_replicaset,
    controller_horizontalpodautoscaler;

static const struct controller *const both[] = {
    &controller_replicaset, &controller_horizontalpodautoscaler, NULL};

static const struct container container = {
    .name = "c", .requests = {.cpu = 500}, .cpu_given = true};
static const struct pod_template template = {.container_count = 1,
                                             .containers = &container,
                                             .hash = 1,
                                             .grace_period = 30 * SIM_S};
static const struct selector everything = {0};
static const struct hpa_metric cpu = {
    .kind = HPA_UTILIZATION, .target = 60, .simulated = true};

struct scaled {
    struct control *c;
    struct hpa_spec spec;
    int64_t load; /* milli-cores over all ready pods; at most 1000 each */
};

/* As a driver of recordings does: every 5 s what each ready pod uses. */
static void put_metrics(struct sim *sim, void *self, struct event_args args);
static const struct event_type put_event = {"test.metrics", 0, put_metrics};

static void put_metrics(struct sim *sim, void *self, struct event_args args)
{
    struct scaled *x = self;
    const struct world *w = x->c->s.world;
    int64_t ready = 0, each;

    for (pod_id id = 0; id < w->pods.count; id++)
        ready += world_pod(w, id) && world_pod(w, id)->ready;
    each = ready ? x->load / ready : 0;
    for (pod_id id = 0; id < w->pods.count; id++) {
        struct pod_usage usage = {each > 1000 ? 1000 : each, sim_now(sim),
                                  10 * SIM_S};

        if (world_pod(w, id) && world_pod(w, id)->ready)
            pod_metrics_put(x->c->s.pod_metrics, id, usage);
    }
    sim_after(sim, 5 * SIM_S, &put_event, x, args);
}

static void begin(struct scaled *x, int replicas)
{
    struct control_plane_params *p;

    memset(x, 0, sizeof *x);
    x->c = control_new(both);
    p = &x->c->scenario.cluster.control_plane;
    p->hpa_sync_period = 15 * SIM_S;
    p->hpa_tolerance = 0.1;
    p->hpa_downscale_stabilization = 300 * SIM_S;
    p->hpa_cpu_initialization_period = 300 * SIM_S;
    p->hpa_initial_readiness_delay = 30 * SIM_S;
    p->metrics_resolution = 15 * SIM_S;
    p->housekeeping = 10 * SIM_S;
    x->c->s.pod_metrics = pod_metrics_new(&x->c->s);
    control_add_nodes(x->c, 3, "");
    world_replicaset_create(x->c->s.world, NO_ID, "default", "web", &everything,
                            &template, 0, replicas, INCIDENT_STARTUP);
    x->spec = (struct hpa_spec){.meta = {"web", "default", {0}, {0}},
                                .target_kind = "ReplicaSet",
                                .target_name = "web",
                                .min = 2,
                                .max = 30,
                                .metric_count = 1,
                                .metrics = &cpu};
    hpa_default_behavior(&x->spec.behavior);
    sim_after(x->c->s.sim, 0, &put_event, x, (struct event_args){0});
    world_hpa_create(x->c->s.world, &x->spec);
}

static void end(struct scaled *x)
{
    pod_metrics_free(x->c->s.pod_metrics);
    control_free(x->c);
}

static int size(const struct scaled *x)
{
    return x->c->s.world->replicasets.items[0]->replicas;
}

/* The first decision comes a sync period after it is made; up at once, by
 * twice what there is; down only after the window. */
static void test_up_and_down(void **state)
{
    struct scaled x;

    (void)state;
    begin(&x, 2);
    x.load = 3000;
    control_run(x.c, 14);
    assert_int_equal(size(&x), 2);
    control_run(x.c, 16);
    assert_int_equal(size(&x), 4); /* 2 pods at 200 %: 7, at most 4 */
    control_run(x.c, 120);
    assert_int_equal(size(&x), 10);
    x.load = 300;
    control_run(x.c, 120 + 295);
    assert_int_equal(size(&x), 10);
    control_run(x.c, 120 + 340);
    assert_int_equal(size(&x), 2);
    assert_int_equal(x.c->s.world->hpas.items[0]->status_desired, 2);
    end(&x);
}

/* With rules of its own: one pod a minute, and never down. */
static void test_behavior(void **state)
{
    static const struct hpa_policy one = {false, 1, 60 * SIM_S};
    struct scaled x;

    (void)state;
    begin(&x, 2);
    x.spec.behavior.given = true;
    x.spec.behavior.up.policies = &one;
    x.spec.behavior.up.policy_count = 1;
    x.spec.behavior.down.select = HPA_SELECT_DISABLED;
    x.load = 3000;
    control_run(x.c, 20);
    assert_int_equal(size(&x), 3);
    control_run(x.c, 70);
    assert_int_equal(size(&x), 3);
    control_run(x.c, 100);
    assert_int_equal(size(&x), 4);
    x.load = 0;
    control_run(x.c, 1000);
    assert_int_equal(size(&x), 4);
    end(&x);
}

/* No target, none that is scaled, no metrics: nothing happens, and then the
 * bounds do. */
static void test_nothing_known(void **state)
{
    struct scaled x;

    (void)state;
    begin(&x, 1);
    x.spec.target_name = "nobody";
    control_run(x.c, 100);
    assert_int_equal(size(&x), 1);
    x.spec.target_name = "web";
    control_run(x.c, 120);
    assert_int_equal(size(&x), 2);
    x.spec.max = 2;
    world_replicaset_scale(x.c->s.world, 0, 9, INCIDENT_NONE);
    control_run(x.c, 140);
    assert_int_equal(size(&x), 2);
    world_replicaset_scale(x.c->s.world, 0, 0, INCIDENT_NONE);
    control_run(x.c, 200);
    assert_int_equal(size(&x), 0); /* scaling is disabled */
    world_hpa_delete(x.c->s.world, 0);
    control_run(x.c, 300);
    end(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_up_and_down),
                                       cmocka_unit_test(test_behavior),
                                       cmocka_unit_test(test_nothing_known)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
