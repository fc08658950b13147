/*
 * Metrics of requests, of pods and replicas, of the cluster, and over time.
 */
#include "tests/unit/metrics_fixture.h"

static void test_layout(void **state)
{
    struct rig r;
    size_t cluster = 0, service = 0, traffic = 0, plain;

    (void)state;
    make_scenario(&r);
    r.layout = metric_layout_new(&r.c);
    plain = r.layout->count;
    metric_layout_free(r.layout);
    for (int i = 0; i < TRAFFIC; i++)
        r.traffic[i].hedge_max = 2;
    r.layout = metric_layout_new(&r.c);
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        assert_int_equal(metric_find(metric_infos[i].name), i);
        traffic += metric_infos[i].level == LEVEL_TRAFFIC;
        service += metric_infos[i].level == LEVEL_SERVICE;
        cluster += metric_infos[i].level == LEVEL_CLUSTER;
    }
    assert_int_equal(metric_find("nonsense"), metric_count());
    assert_null(metric_infos[metric_count()].name);
    assert_int_equal(r.layout->count,
                     2 * (traffic + service) + TRAFFIC * traffic + cluster);
    /* Cancelled attempts: of each entry, and the Services that they ask. */
    assert_in_range(r.layout->count - plain, TRAFFIC + 1, TRAFFIC + 2);
    assert_string_equal(r.layout->rows[0].service, "default/web");
    assert_string_equal(r.layout->rows[r.layout->count - 1].service, "");
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
        char name[64];

        snprintf(name, sizeof name, "failed_%s", cause_names[i]);
        assert_int_equal(metric_find(name), METRIC_failed_no_endpoints + i - 1);
    }
    metric_layout_free(r.layout);
}

static void test_requests(void **state)
{
    struct rig r;
    struct request_end late = {.traffic = 0, .attempts = 3};
    double sum = 0;

    (void)state;
    make_scenario(&r);
    start(&r);
    request(&r, 0, CAUSE_NONE, INCIDENT_NONE, 0.5); /* before time 0 */
    begin(&r);
    request(&r, 0, CAUSE_NONE, INCIDENT_NONE, 1);
    request(&r, 0, CAUSE_NONE, INCIDENT_NONE, 3);
    request(&r, 1, CAUSE_RESET, INCIDENT_NONE, 1);
    request(&r, 1, CAUSE_TIMEOUT, INCIDENT_OVERLOAD, 1);
    at(&r, DURATION - 1);
    late.arrival = now(&r);
    metrics_request_begin(r.s.metrics, 0, now(&r));
    assert_int_equal(metrics_open(r.s.metrics), 1);
    end(&r);
    request(&r, 0, CAUSE_NONE, INCIDENT_NONE, 1); /* not measured */
    metrics_attempt_failed(r.s.metrics, 0, late.arrival, CAUSE_DNS,
                           INCIDENT_NONE, NO_ID, now(&r));
    late.end = now(&r);
    metrics_request_end(r.s.metrics, &late);
    assert_int_equal(metrics_open(r.s.metrics), 0);

    NEAR(web(&r, "requests"), 5);
    NEAR(web(&r, "requests_succeeded"), 3);
    NEAR(web(&r, "requests_failed"), 2);
    NEAR(web(&r, "attempts"), 7);
    NEAR(web(&r, "retries"), 2);
    NEAR(web(&r, "request_availability"), 0.6);
    NEAR(web(&r, "latency_mean"), 2);
    NEAR(web(&r, "latency_max"), 3);
    NEAR(value_of(&r, "default/web", "users", "requests_failed"), 0);
    NEAR(value_of(&r, "default/web", "batch", "request_availability"), 0);
    NEAR(value_of(&r, "default/web", "batch", "latency_mean"), NAN);
    NEAR(value_of(&r, "default/api", "other", "request_availability"), NAN);
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
        sum += web(&r, metric_infos[METRIC_failed_no_endpoints + i - 1].name);
    NEAR(sum, 3);
    assert_int_equal(lines(file(&r, FILE_FAILURES)), 3);
    HAS(r.text, "default/web,batch,reset,none,,,5,5,1,1");
    HAS(r.text, "default/web,batch,timeout,overload,,,6,6,1,1");
    HAS(r.text, "default/web,users,dns,none,,,1001,1001,1,0");
    finish(&r);
}

static void serve(struct rig *r, pod_id pod, double arrival, double began,
                  double ended)
{
    metrics_served(r->s.metrics, 0, pod, WARM_UP * SIM_S + sim_seconds(arrival),
                   WARM_UP * SIM_S + sim_seconds(began),
                   WARM_UP * SIM_S + sim_seconds(ended));
}

static void test_attempts_in_pods(void **state)
{
    struct rig r;

    (void)state;
    make_scenario(&r);
    start(&r);
    pod_up(&r, INCIDENT_STARTUP);
    begin(&r);
    at(&r, 10);
    serve(&r, 0, -4, -2, 10); /* its part after time 0 counts as present */
    serve(&r, 0, 2, 2, 10);
    serve(&r, 0, 2, 6, 10);
    end(&r);
    serve(&r, 0, 990, 990, 1020); /* its part until the end */
    NEAR(web(&r, "sojourn_mean"), (8.0 + 8 + 30) / 3);
    NEAR(web(&r, "waiting_mean"), 4.0 / 3);
    NEAR(web(&r, "waiting_probability"), 1.0 / 3);
    NEAR(web(&r, "mean_in_system"), (10.0 + 8 + 8 + 10) / DURATION);
    NEAR(web(&r, "mean_waiting"), 4.0 / DURATION);
    NEAR(web(&r, "utilization"), (10.0 + 8 + 4 + 10) / (2 * DURATION));
    finish(&r);
}

static void test_states(void **state)
{
    struct rig r;

    (void)state;
    make_scenario(&r);
    start(&r);
    pod_up(&r, INCIDENT_STARTUP);
    pod_up(&r, INCIDENT_STARTUP);
    publish(&r, INCIDENT_STARTUP, 0, 1, -1);
    begin(&r);
    at(&r, 100);
    world_pod_set_ready(r.s.world, 0, false);
    at(&r, 200);
    world_pod_set_ready(r.s.world, 1, false);
    world_pod_set_serving(r.s.world, 1, false);
    at(&r, 300);
    world_pod_set_serving(r.s.world, 0, false);
    publish(&r, INCIDENT_NONE, -1);
    at(&r, 400);
    world_pod_set_serving(r.s.world, 0, true);
    world_pod_set_ready(r.s.world, 0, true);
    world_pod_set_ready(r.s.world, 1, true);
    publish(&r, INCIDENT_NONE, 0, 1, -1);
    end(&r);
    NEAR(web(&r, "endpoint_availability"), 0.9);
    NEAR(web(&r, "serving_availability"), 0.9);
    NEAR(web(&r, "replica_availability"), (100 + 50 + 0 + 600) / 1000.0);
    NEAR(value_of(&r, "default/api", "", "endpoint_availability"), 0);
    NEAR(value_of(&r, "default/api", "", "replica_availability"), NAN);
    file(&r, FILE_READY);
    HAS(r.text, "default/web,0,200");
    HAS(r.text, "default/web,1,100");
    HAS(r.text, "default/web,2,700");
    finish(&r);
}

static void test_recovery(void **state)
{
    struct rig r;

    (void)state;
    make_scenario(&r);
    start(&r);
    pod_up(&r, INCIDENT_STARTUP);
    begin(&r);
    pod_up(&r, INCIDENT_STARTUP); /* growth, no recovery */
    at(&r, 100);
    world_pod_set_ready(r.s.world, 0, false);
    at(&r, 110);
    world_pod_set_ready(r.s.world, 0, true); /* 10 s */
    at(&r, 200);
    world_deployment_scale(r.s.world, 0, 3, INCIDENT_NONE);
    at(&r, 230);
    pod_up(&r, INCIDENT_NONE); /* no recovery either */
    at(&r, 300);
    world_pod_set_ready(r.s.world, 0, false);
    world_pod_set_ready(r.s.world, 1, false);
    at(&r, 320);
    world_pod_set_ready(r.s.world, 0, true);
    at(&r, 330);
    world_pod_set_ready(r.s.world, 1, true); /* 30 s */
    at(&r, 500);
    world_deployment_scale(r.s.world, 0, 1, INCIDENT_NONE);
    world_pod_set_ready(r.s.world, 0, false); /* one may go */
    at(&r, 600);
    world_deployment_scale(r.s.world, 0, 2, INCIDENT_NONE);
    at(&r, 900);
    world_pod_set_ready(r.s.world, 1, false); /* open: 100 s */
    end(&r);
    NEAR(web(&r, "recovery_time_mean"), (10 + 30 + 100) / 3.0);
    NEAR(web(&r, "recovery_time_max"), 100);
    NEAR(web(&r, "recovery_time_p99"), 100);
    NEAR(web(&r, "recoveries_open"), 1);
    finish(&r);
}

static void test_load(void **state)
{
    struct rig r;

    (void)state;
    make_scenario(&r);
    start(&r);
    for (int i = 0; i < 3; i++)
        pod_up(&r, INCIDENT_STARTUP);
    publish(&r, INCIDENT_STARTUP, 0, 1, 2, -1);
    begin(&r);
    at(&r, 30);
    world_pod_set_ready(r.s.world, 2, false); /* too short */
    at(&r, 500);
    world_pod_set_ready(r.s.world, 1, false);
    for (int i = 0; i < 300; i++)
        serve(&r, 0, 400, 400, 500);
    for (int i = 0; i < 50; i++)
        serve(&r, 1, 400, 400, 500);
    for (int i = 0; i < 90; i++)
        serve(&r, 2, 400, 400, 500);
    end(&r);
    /* Rates 0.3 (weight 1000) and 0.1 (weight 500): mean 350/1500. */
    NEAR(web(&r, "load_max_over_mean"), 0.3 / (350 / 1500.0));
    NEAR(web(&r, "load_imbalance_cv"),
         sqrt((90 + 5) / 1500.0 - pow(350 / 1500.0, 2)) / (350 / 1500.0));
    finish(&r);
}

static void test_cluster(void **state)
{
    struct rig r;
    struct world *w;

    (void)state;
    make_scenario(&r);
    start(&r);
    w = r.s.world;
    pod_up(&r, INCIDENT_STARTUP);
    begin(&r);
    at(&r, 500);
    world_pod_create(w, r.rs, &r.deployment.template, "default", NULL,
                     INCIDENT_NONE);
    at(&r, 510);
    world_pod_bind(w, 1, 0);
    world_pod_set_sandbox(w, 1, ip_of(1));
    at(&r, 520);
    world_pod_set_ready(w, 1, true);
    world_pod_set_restarts(w, 0, 3);
    at(&r, 600);
    world_pod_delete(w, 0, 30 * SIM_S, "Evicted", INCIDENT_NONE);
    at(&r, 630);
    world_pod_remove(w, 0);
    end(&r);
    NEAR(value_of(&r, "", "", "pods_created"), 1);
    NEAR(value_of(&r, "", "", "pods_deleted"), 1);
    NEAR(value_of(&r, "", "", "pods_evicted"), 1);
    NEAR(value_of(&r, "", "", "pods_preempted"), 0);
    NEAR(value_of(&r, "", "", "container_restarts"), 3);
    NEAR(value_of(&r, "", "", "pod_startup_p50"), 20);
    NEAR(value_of(&r, "", "", "scheduling_latency_p99"), 10);
    NEAR(value_of(&r, "", "", "unschedulable_pod_seconds"), 10);
    NEAR(value_of(&r, "", "", "distinct_ips_used"), 2);
    NEAR(value_of(&r, "", "", "cpu_requested_ratio"),
         (630 + 490) * 100 / (2000.0 * 1000));
    file(&r, FILE_PODS);
    assert_int_equal(lines(r.text), 2);
    assert_non_null(strstr(r.text, ",deployment/web,node-a,10.244.0.2,-10,-10,"
                                   "-10,-10,600,630,3,Evicted,0,1\r\n"));
    assert_non_null(strstr(r.text, ",deployment/web,node-a,10.244.0.3,500,510,"
                                   "510,520,,,0,,1,1\r\n"));
    finish(&r);
}

static void test_series(void **state)
{
    struct rig r;

    (void)state;
    make_scenario(&r);
    r.c.timeseries = 300 * SIM_S;
    start(&r);
    pod_up(&r, INCIDENT_STARTUP);
    publish(&r, INCIDENT_STARTUP, 0, -1);
    begin(&r);
    request(&r, 0, CAUSE_NONE, INCIDENT_NONE, 1);
    at(&r, 299);
    request(&r, 0, CAUSE_RESET, INCIDENT_NONE, 2);
    at(&r, 950);
    request(&r, 1, CAUSE_NONE, INCIDENT_NONE, 1);
    end(&r);
    file(&r, FILE_TIMESERIES);
    assert_int_equal(lines(r.text), 4 * (2 + TRAFFIC));
    HAS(r.text, "0,default/web,,2,1,1,2,1,0,1,1,1");
    HAS(r.text, "0,default/web,users,,,,2,1,0,1,1,1");
    HAS(r.text, "300,default/web,,2,1,1,0,0,1,,,0");
    HAS(r.text, "900,default/web,batch,,,,1,1,0,1,1,0");
    HAS(r.text, "900,default/api,,0,0,0,0,0,0,,,0");
    finish(&r);
}

static void test_series_width(void **state)
{
    static const struct {
        double days;
        int64_t seconds;
    } cases[] = {{0.01, 1}, {2.3, 1}, {2.4, 2}, {5, 5}, {20, 10}, {365, 200}};
    struct rig r;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_scenario(&r);
        r.c.duration = sim_seconds(cases[i].days * 86400);
        start(&r);
        assert_int_equal(r.s.metrics->series_width, cases[i].seconds * SIM_S);
        finish(&r);
    }
}

static void test_events(void **state)
{
    struct rig r;

    (void)state;
    make_scenario(&r);
    start(&r);
    r.s.world->want_events = true;
    world_event(r.s.world, true, "FailedScheduling", "pod/a", "%d nodes", 0);
    begin(&r);
    at(&r, 1.5);
    world_event(r.s.world, false, "Killing", "pod/a", "a, b");
    end(&r);
    file(&r, FILE_EVENTS);
    HAS(r.text, "-10,Warning,FailedScheduling,pod/a,0 nodes");
    HAS(r.text, "1.5,Normal,Killing,pod/a,\"a, b\"");
    finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_attempts_in_pods),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_recovery),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_cluster),
        cmocka_unit_test(test_series),
        cmocka_unit_test(test_series_width),
        cmocka_unit_test(test_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
