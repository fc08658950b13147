/*
 * Metrics of addresses and proxies; incidents, windows of SLOs, Services that
 * come and go.
 */
#include "models/metrics/measure.h"
#include "tests/unit/metrics_fixture.h"

static void test_addresses(void **state)
{
    struct rig r;
    struct listed unready[] = {{0, 0}, {1, READY}};
    struct listed leaving[] = {
        {0, ENDPOINT_SERVING | ENDPOINT_TERMINATING}, {1, READY}, {2, READY}};
    const struct address_span *spans;
    size_t count;

    (void)state;
    make_scenario(&r);
    start(&r);
    for (int i = 0; i < 3; i++)
        pod_up(&r, INCIDENT_STARTUP);
    sim_run_until(r.s.sim, 5 * SIM_S);
    publish(&r, INCIDENT_STARTUP, 0, 1, -1);
    begin(&r);
    at(&r, 100);
    publish_as(&r, unready, 2, INCIDENT_NONE, SIM_NEVER);
    at(&r, 110);
    publish(&r, INCIDENT_NONE, 0, 1, -1);
    at(&r, 200);
    publish_as(&r, leaving, 3, INCIDENT_NONE, SIM_NEVER);
    at(&r, 230);
    publish(&r, INCIDENT_NONE, 1, 2, -1);
    at(&r, 300);
    world_pod_set_serving(r.s.world, 1, false);
    end(&r);
    NEAR(web(&r, "ip_churn"), 2);
    NEAR(web(&r, "ip_churn_per_hour"), 7.2);
    NEAR(web(&r, "endpoint_changes"), 5);
    NEAR(web(&r, "pod_ip_lifetime_mean"), 230 + 1000 + 800);
    /* Ages 235 (left), 800 and 1005 (still there). */
    NEAR(web(&r, "pod_ip_lifetime_p50"), NAN);
    assert_int_equal(lines(file(&r, FILE_ENDPOINTS)), 7);
    HAS(r.text, "-5,default/web,add,10.244.0.2,default/web-1-gg2kw,node-a,1");
    HAS(r.text,
        "200,default/web,terminating,10.244.0.2,default/web-1-gg2kw,node-a,2");
    spans = metrics_addresses(r.s.metrics, &count);
    assert_int_equal(count, 7);
    assert_int_equal(spans[0].ip, ip_of(0));
    assert_int_equal(spans[0].from, -5 * SIM_S);
    assert_int_equal(spans[0].to, 100 * SIM_S);
    assert_int_equal(spans[0].state, ADDRESS_READY);
    assert_int_equal(spans[1].state, ADDRESS_UNREADY);
    assert_int_equal(spans[3].state, ADDRESS_UNREADY); /* terminating */
    assert_int_equal(spans[5].state, ADDRESS_DEAD);
    assert_int_equal(spans[5].from, 300 * SIM_S);
    finish(&r);
}

static void test_lifetime_median(void **state)
{
    struct rig r;

    (void)state;
    make_scenario(&r);
    start(&r);
    begin(&r);
    for (int i = 0; i < 3; i++)
        pod_up(&r, INCIDENT_STARTUP);
    publish(&r, INCIDENT_NONE, 0, 1, 2, -1);
    at(&r, 10);
    publish(&r, INCIDENT_NONE, 1, 2, -1);
    at(&r, 15);
    publish(&r, INCIDENT_NONE, 0, 1, 2, -1); /* not for good */
    at(&r, 20);
    publish(&r, INCIDENT_NONE, 1, 2, -1);
    at(&r, 50);
    publish(&r, INCIDENT_NONE, 2, -1);
    end(&r);
    NEAR(web(&r, "pod_ip_lifetime_p50"), 50);
    NEAR(web(&r, "ip_churn"), 5);
    metrics_on_reuse(r.s.metrics, ip_of(0), 2, SIM_S); /* after the end */
    NEAR(web(&r, "ip_reuse_interval_min"), NAN);
    finish(&r);
}

static void test_reuse(void **state)
{
    struct rig r;

    (void)state;
    make_scenario(&r);
    start(&r);
    pod_up(&r, INCIDENT_STARTUP);
    metrics_on_reuse(r.s.metrics, ip_of(0), 0, SIM_S); /* before time 0 */
    begin(&r);
    metrics_on_reuse(r.s.metrics, ip_of(0), 0, 30 * SIM_S);
    metrics_on_reuse(r.s.metrics, ip_of(0), 0, 10 * SIM_S);
    metrics_on_reuse(r.s.metrics, ip_of(0), 0, 20 * SIM_S);
    end(&r);
    NEAR(web(&r, "ip_reuse_interval_min"), 10);
    NEAR(web(&r, "ip_reuse_interval_p50"), 20);
    finish(&r);
}

static void test_proxies(void **state)
{
    struct rig r;
    double p99;

    (void)state;
    make_scenario(&r);
    start(&r);
    pod_up(&r, INCIDENT_STARTUP);
    pod_up(&r, INCIDENT_STARTUP);
    publish(&r, INCIDENT_STARTUP, 0, 1, -1);
    metrics_on_programmed(r.s.metrics, 0, 0, 1);
    metrics_on_programmed(r.s.metrics, 1, 0, 1);
    begin(&r);
    at(&r, 100);
    world_pod_set_serving(r.s.world, 0, false); /* both tables stale */
    at(&r, 110);
    publish(&r, INCIDENT_NONE, 1, -1);
    at(&r, 111);
    metrics_on_programmed(r.s.metrics, 0, 1, 2); /* 11 s stale */
    at(&r, 115);
    world_pod_set_serving(r.s.world, 1, false); /* node 0 stale again */
    at(&r, 116);
    world_pod_set_serving(r.s.world, 1, true);
    at(&r, 120);
    metrics_on_programmed(r.s.metrics, 1, 1, 2); /* 20 s stale */
    at(&r, 200);
    world_pod_set_serving(r.s.world, 1, false);
    at(&r, 210);
    world_node_set_up(r.s.world, 0, false, INCIDENT_NONE); /* 10 s */
    at(&r, 220);
    world_node_set_up(r.s.world, 0, true, INCIDENT_NONE);
    at(&r, 230);
    metrics_on_programmed(r.s.metrics, 0, 0, 2); /* no news */
    at(&r, 240);
    world_pod_set_serving(r.s.world, 1, true); /* 10 s, and 40 s of node 1 */
    end(&r);
    NEAR(web(&r, "stale_endpoint_seconds"), 11 + 1 + 20 + 10 + 10 + 40);
    p99 = web(&r, "network_programming_latency_p99");
    assert_true(fabs(p99 - 10) < 0.1);
    NEAR(value_of(&r, "", "", "node_failures"), 1);
    NEAR(value_of(&r, "", "", "node_downtime"), 10);
    finish(&r);
}

static void test_incidents(void **state)
{
    struct rig r;
    struct world *w;
    incident_id rollout, crash, child, quiet;
    const struct incident_effect *e;

    (void)state;
    make_scenario(&r);
    start(&r);
    w = r.s.world;
    pod_up(&r, INCIDENT_STARTUP);
    pod_up(&r, INCIDENT_STARTUP);
    publish(&r, INCIDENT_STARTUP, 0, 1, -1);
    begin(&r);
    at(&r, 100);
    rollout = world_incident(w, "rollout", "rollout restart", "deployment/web",
                             NO_ID);
    pod_up(&r, rollout);
    publish(&r, rollout, 0, 1, 2, -1);
    world_pod_delete(w, 0, -1, "RolledOut", rollout);
    world_pod_delete(w, 1, 30 * SIM_S, "RolledOut", rollout);
    request(&r, 0, CAUSE_RESET, rollout, 1);
    request(&r, 0, CAUSE_RESET, rollout, 1);
    request(&r, 0, CAUSE_TIMEOUT, rollout, 1);
    at(&r, 120);
    publish(&r, rollout, 2, -1);
    pod_up(&r, rollout);
    publish(&r, rollout, 2, 3, -1);
    at(&r, 300);
    crash = world_incident(w, "pod-crash", "crash", "pod/x", NO_ID);
    child = world_incident(w, "pod-crash", "restart", "pod/x", crash);
    quiet = world_incident(w, "pod-crash", "crash", "pod/y", NO_ID);
    world_pod_crashed(w, 2, child);
    world_pod_set_ready(w, 2, false);
    request(&r, 0, CAUSE_CONNECT_REFUSED, child, 1);
    at(&r, 990);
    world_incident_end(w, crash);
    end(&r);

    e = effect_of(&r, rollout);
    assert_non_null(e);
    assert_true(e->from_timeline);
    assert_int_equal(e->requests_failed, 3);
    assert_int_equal(e->attempts_failed, 3);
    assert_int_equal(e->ips_added, 2);
    assert_int_equal(e->ips_removed, 2);
    assert_int_equal(e->min_ready, 1);
    assert_int_equal(e->main_cause, CAUSE_RESET);
    NEAR(e->recovery_time, 20);
    e = effect_of(&r, crash);
    assert_non_null(e);
    assert_false(e->from_timeline);
    assert_int_equal(e->attempts_failed, 1);
    assert_int_equal(e->min_ready, 1);
    NEAR(e->recovery_time, 700); /* still open */
    assert_null(effect_of(&r, child));
    assert_null(effect_of(&r, quiet));
    file(&r, FILE_INCIDENTS);
    assert_int_equal(lines(r.text), 2);
    HAS(r.text, "rollout,100,,rollout restart,deployment/web,3,3,2,2,1,20");
    HAS(r.text, "pod-crash,300,990,crash,pod/x,1,1,0,0,1,700");
    file(&r, FILE_FAILURES);
    HAS(r.text, "default/web,users,connect_refused,restart,pod/x,300,301,301,"
                "1,1");
    finish(&r);
}

static void test_windows(void **state)
{
    struct rig r;
    struct world *w;
    incident_id rollout;
    double slo[SLOS];

    (void)state;
    make_scenario(&r);
    start(&r);
    w = r.s.world;
    pod_up(&r, INCIDENT_STARTUP);
    pod_up(&r, INCIDENT_STARTUP);
    publish(&r, INCIDENT_STARTUP, 0, -1);
    begin(&r);
    at(&r, 90);
    request(&r, 0, CAUSE_NONE, INCIDENT_NONE, 20); /* arrived before */
    at(&r, 110);
    rollout = world_incident(w, "rollout", "", "", NO_ID);
    world_deployment_set_template(w, 0, &r.deployment.template, rollout);
    world_deployment_set_status(w, 0, 2, 1, 2, 2);
    for (int i = 0; i < 5; i++) {
        at(&r, 115 + 10 * i); /* 3 of them within 30 s */
        request(&r, 0, CAUSE_NONE, INCIDENT_NONE, 9);
    }
    world_pod_delete(w, 1, 30 * SIM_S, "RolledOut", rollout);
    at(&r, 170);
    world_deployment_set_status(w, 0, 2, 2, 2, 2); /* complete, all but */
    request(&r, 0, CAUSE_RESET, INCIDENT_NONE, 1);
    at(&r, 180);
    world_pod_remove(w, 1);
    request(&r, 0, CAUSE_RESET, INCIDENT_NONE, 1);
    at(&r, 200);
    world_incident(w, "outage", "", "", NO_ID);
    at(&r, 210);
    publish(&r, INCIDENT_NONE, -1);
    at(&r, 220);
    publish(&r, INCIDENT_NONE, 0, -1);
    at(&r, 300);
    publish(&r, INCIDENT_NONE, -1);
    end(&r);
    metrics_slo_values(r.s.metrics, slo);
    NEAR(slo[0], 6.0 / 8);
    NEAR(slo[1], 3);
    NEAR(slo[2], 6);
    NEAR(slo[3], 0); /* the worst Service: api has no endpoint at all */
    NEAR(slo[4], NAN);
    NEAR(r.s.metrics->scopes[3].rows[0].endpoint_up, 40);
    NEAR(r.s.metrics->scopes[3].rows[0].lived, 50);
    finish(&r);
}

/* `expose` makes the Service later; it is deleted, and made anew. */
static void test_service_made_later(void **state)
{
    struct rig r;
    struct world *w;
    struct endpoint_set *set;

    (void)state;
    make_scenario(&r);
    r.c.initial_service_count = 0;
    start(&r);
    w = r.s.world;
    pod_up(&r, INCIDENT_STARTUP);
    begin(&r);
    at(&r, 100);
    world_service_create(w, &r.services[2], 0x0a600007);
    publish(&r, INCIDENT_NONE, 0, -1);
    at(&r, 200);
    world_service_delete(w, 0);
    at(&r, 300);
    world_service_create(w, &r.services[2], 0x0a600008);
    at(&r, 400);
    set = endpoint_set_new(1, 1);
    set->endpoints[0] =
        (struct endpoint){.pod = 0, .ip = ip_of(0), .flags = READY};
    world_service_publish(w, set);
    end(&r);
    NEAR(web(&r, "endpoint_availability"), (100 + 600) / (100 + 700.0));
    NEAR(web(&r, "replica_availability"), 0.5);
    NEAR(web(&r, "ip_churn"), 3);
    NEAR(web(&r, "recoveries_open"), 0);
    file(&r, FILE_SERVICES);
    HAS(r.text, "default/web,10.96.0.7,ClusterIP,,100,200");
    HAS(r.text, "default/web,10.96.0.8,ClusterIP,,300,");
    finish(&r);
}

static void add(struct exported *e, sim_time at, sim_time latency, int count)
{
    while (count-- > 0)
        exported_add(e, at, latency);
}

/* As Prometheus finds it: 0.25, 0.5, 1, 2 .. s bound the buckets. */
static void test_exported_quantile(void **state)
{
    struct exported e = {.bins = NULL};

    (void)state;
    assert_true(isnan(exported_quantile(&e, EXPORTED_P50)));
    add(&e, SIM_S, 100 * SIM_MS, 10);
    add(&e, SIM_S, 1900 * SIM_MS, 80);
    add(&e, 2 * SIM_S, 62 * SIM_S, 10);
    NEAR(exported_quantile(&e, EXPORTED_P50), 1.5);
    NEAR(exported_quantile(&e, EXPORTED_P90), 2);
    NEAR(exported_quantile(&e, EXPORTED_P99), 64.5);
    add(&e, 3 * SIM_S, SIM_HOUR, 900);
    NEAR(exported_quantile(&e, EXPORTED_P99), 300);
    exported_release(&e);
}

/* An hour at 0.125 s in the median, seven minutes of it at 1.5 s: those
 * count, and no more than five at a time. */
static void test_exported_windows(void **state)
{
    struct exported e = {.bins = NULL};

    (void)state;
    for (int s = 0; s < 3600; s++)
        add(&e, s * SIM_S, s >= 1200 && s < 1620 ? 1900 * SIM_MS : 100 * SIM_MS,
            10);
    assert_true(fabs(exported_quantile(&e, EXPORTED_P50) - 1.5) < 0.02);
    exported_release(&e);
    e = (struct exported){.bins = NULL};
    add(&e, 0, 1900 * SIM_MS, 100);
    add(&e, SIM_HOUR, 100 * SIM_MS, 1);
    assert_true(fabs(exported_quantile(&e, EXPORTED_P50) - 1.5) < 0.02);
    exported_release(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exported_quantile),
        cmocka_unit_test(test_exported_windows),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_lifetime_median),
        cmocka_unit_test(test_reuse),
        cmocka_unit_test(test_proxies),
        cmocka_unit_test(test_incidents),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_service_made_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
