/* test_gateway - balancers that know endpoints by themselves: rules of health,
 * ejection and zones, and a gateway at work. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/network/zone_aware.h"
#include "models/traffic/traffic_internal.h"
#include "tests/unit/traffic_fixture.h"

#include "models/traffic/gateway.h"

/* -------------------------------------------------------------------- rules */

static void test_health(void **state)
{
    static const struct {
        bool trusted;
        const char *results, *healthy;        /* after each */
    } all[] = {{false, "1000111", "1110011"}, /* the first decides alone */
               {false, "0110", "0011"},
               {true, "0001", "1100"},
               {true, "0100011", "1111001"}};

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct health_check_spec spec = {.on = true,
                                         .healthy = 2,
                                         .unhealthy = 3,
                                         .trusted = all[i].trusted};
        struct health h = health_new(&spec);

        assert_int_equal(h.healthy, all[i].trusted);
        for (size_t k = 0; all[i].results[k]; k++) {
            bool before = h.healthy;
            bool changed = health_result(&h, &spec, all[i].results[k] == '1');

            assert_int_equal(changed, h.healthy != before);
            assert_int_equal(h.healthy, all[i].healthy[k] == '1');
        }
    }
}

static const struct outlier_spec envoy = {.on = true,
                                          .errors = 5,
                                          .interval = 10 * SIM_S,
                                          .base = 30 * SIM_S,
                                          .longest = 300 * SIM_S,
                                          .most = 0.1,
                                          .deviations = 1.9,
                                          .least_hosts = 5,
                                          .least_requests = 100};

static void test_ejection(void **state)
{
    struct outlier o = {.ejected = false};
    sim_time out = 0;

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_false(outlier_result(&o, &envoy, false, false));
    outlier_result(&o, &envoy, true, false); /* begins anew */
    for (int i = 0; i < 4; i++)
        assert_false(outlier_result(&o, &envoy, false, false));
    assert_true(outlier_result(&o, &envoy, false, false));
    assert_false(outlier_may_eject(&envoy, 0, 9)); /* 1 of 9 is too many */
    assert_true(outlier_may_eject(&envoy, 0, 10));
    assert_false(outlier_may_eject(&envoy, 1, 19));
    assert_true(outlier_may_eject(&envoy, 1, 20));
    /* 30 s, 60 s, ..., and 300 s at most. */
    for (sim_time times = 1; times <= 12; times++) {
        outlier_eject(&o, &envoy, 0);
        out = times < 10 ? times * 30 * SIM_S : 300 * SIM_S;
        assert_false(outlier_sweep(&o, &envoy, out - 1));
        assert_true(outlier_sweep(&o, &envoy, out));
    }
    for (uint32_t left = o.times; left > 0; left--) {
        assert_int_equal(o.times, left);
        outlier_sweep(&o, &envoy, out); /* in: one is forgiven */
    }
}

/* Envoy's own example: 50, 100, 100, 100, 100 percent: 90 - 1.9 x 20. */
static void test_success_rate(void **state)
{
    struct outlier hosts[5], *all[5];

    (void)state;
    for (int i = 0; i < 5; i++) {
        hosts[i] =
            (struct outlier){.requests = 100, .successes = i == 0 ? 50 : 100};
        all[i] = &hosts[i];
    }
    assert_true(fabs(outlier_limit(&envoy, all, 5) - 0.52) < 1e-12);
    assert_true(outlier_below(&hosts[0], &envoy, 0.52));
    assert_false(outlier_below(&hosts[1], &envoy, 0.52));
    assert_true(outlier_limit(&envoy, all, 4) < 0); /* too few */
    hosts[4].requests = 99;
    assert_true(outlier_limit(&envoy, all, 5) < 0);
}

static void test_zone_shares(void **state)
{
    static const struct {
        uint32_t sources[3], hosts[3];
        double share[3];
    } all[] = {
        {{1, 1, 1}, {2, 2, 2}, {1, 0, 0}},
        {{1, 1, 1}, {4, 1, 1}, {1, 0, 0}},
        {{2, 1, 1}, {2, 3, 3}, {0.5, 0.25, 0.25}}, /* 1/4 of 1/2 */
        {{1, 1, 0}, {0, 4, 4}, {0, 0, 1}},
        {{1, 0, 0}, {1, 1, 2}, {0.25, 0.25, 0.5}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        double share[3];

        zone_shares(all[i].sources, all[i].hosts, 3, 0, share);
        for (int z = 0; z < 3; z++)
            assert_true(fabs(share[z] - all[i].share[z]) < 1e-12);
    }
}

/* ----------------------------------------------------------- a gateway */

/* One outside, 10 ms from everything; nothing in the cluster takes time. */
static void gateway(struct fixture *f, int64_t instances)
{
    steady(f);
    f->scenario.cluster.latency.external = dist_constant(0.01);
    f->scenario.cluster.control_plane.watch_latency = dist_constant(0);
    f->workload.service_time = dist_constant(0.001);
    fixture_balance(f, &lb_round_robin, LB_GATEWAY);
    f->lb.instances = instances;
    f->lb.per_request = true;
    f->lb.gateway = (struct gateway_spec){
        .location = AT_EXTERNAL,
        .discovery = {DISCOVERY_PUSH, 0, 0, dist_constant(0), SIM_S},
        .panic = 50,
        .zones = {ZONES_ANY, 6, 140},
        .connect_timeout = 5 * SIM_S};
}

/* There and back twice. */
static void test_hop(void **state)
{
    struct fixture f;

    (void)state;
    gateway(&f, 2);
    fixture_make(&f, 1);
    fixture_pods(&f, 3);
    run_to(&f, 100 * SIM_S + SIM_S / 2);
    assert_int_equal(f.metrics.succeeded, 100);
    assert_true(fabs(f.metrics.latency - 100 * 0.041) < 1e-6);
    check_conservation(&f);
    fixture_release(&f);
}

/* From the client's zone into the gateway's, or from there into the pod's. */
static void test_crossing(void **state)
{
    static const struct {
        bool per_request;
        const char *clients, *pods; /* the gateway is in zone a */
        bool crosses;
    } all[] = {
        {true, "a", "a", false},  {true, "a", "b", true},
        {true, "b", "a", true},   {true, "b", "b", true},
        {false, "a", "a", false}, {false, "a", "b", true},
        {false, "b", "a", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct fixture f;

        gateway(&f, 1);
        f.lb.per_request = all[i].per_request;
        f.lb.gateway.location = AT_ZONE;
        f.lb.gateway.zone = "a";
        f.traffic[0].location = AT_ZONE;
        f.traffic[0].zone = all[i].clients;
        fixture_make(&f, 1);
        f.pods[f.pod_count++] =
            fixture_pod(&f, all[i].pods[0] == 'a' ? 1 : 3, &f.template);
        fixture_publish(&f);
        run_to(&f, 10 * SIM_S + SIM_S / 2);
        assert_int_equal(f.metrics.succeeded, 10);
        assert_int_equal(f.metrics.crossed, all[i].crosses ? 10 : 0);
        fixture_release(&f);
    }
}

/* Four requests of one client at once, each 10 ms: how many at a time? */
static void test_pool(void **state)
{
    static const struct {
        int64_t size, streams;
        sim_time timeout;
        double last; /* of those that succeed */
        uint64_t failed;
    } all[] = {
        {0, 0, SIM_NEVER, 0.01, 0},   {1, 1, SIM_NEVER, 0.04, 0},
        {2, 1, SIM_NEVER, 0.02, 0},   {1, 2, SIM_NEVER, 0.02, 0},
        {2, 2, SIM_NEVER, 0.01, 0},   {1, 3, SIM_NEVER, 0.02, 0},
        {1, 1, 35 * SIM_MS, 0.03, 1}, {1, 1, 5 * SIM_MS, 0, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct fixture f;

        gateway(&f, 1);
        f.scenario.cluster.latency.external = dist_constant(0);
        f.traffic[0].timeout = all[i].timeout;
        f.traffic[0].clients = 1;
        f.traffic[0].pool = (struct pool_spec){.on = all[i].size > 0,
                                               .size = all[i].size,
                                               .streams = all[i].streams,
                                               .max_requests = INT64_MAX,
                                               .idle_timeout = SIM_NEVER,
                                               .max_age = SIM_NEVER};
        f.workload.concurrency = 10;
        f.workload.service_time = dist_constant(0.01);
        fixture_make(&f, 1);
        fixture_pods(&f, 1);
        run_to(&f, SIM_S / 2);
        for (int k = 0; k < 4; k++)
            request_begin(&f.s.traffic->entries[0], SIM_NEVER);
        run_to(&f, 3 * SIM_S / 4);
        assert_int_equal(f.metrics.failed, all[i].failed);
        if (all[i].failed == 0)
            assert_true(fabs(sim_to_seconds(f.metrics.last_end) - 0.5 -
                             all[i].last) < 1e-9);
        traffic_audit(f.s.traffic);
        assert_false(f.s.failed);
        let_end(&f);
        fixture_release(&f);
    }
}

/* A connection leads to one instance; another one, in its place, anywhere. */
static void test_pinned(void **state)
{
    static const struct {
        const char *label;
        int64_t max_requests;
        sim_time idle, age;
        bool one;
    } all[] = {
        {"kept", INT64_MAX, SIM_NEVER, SIM_NEVER, true},
        {"10 requests", 10, SIM_NEVER, SIM_NEVER, false},
        {"idle", INT64_MAX, SIM_S / 2, SIM_NEVER, false},
        {"old", INT64_MAX, SIM_NEVER, 10 * SIM_S, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct fixture f;
        uint32_t used = 0;

        gateway(&f, 4);
        f.traffic[0].clients = 1;
        f.traffic[0].pool =
            (struct pool_spec){.on = true,
                               .size = 2,
                               .streams = 1,
                               .max_requests = all[i].max_requests,
                               .idle_timeout = all[i].idle,
                               .max_age = all[i].age};
        fixture_make(&f, 1);
        fixture_pods(&f, 1);
        for (int k = 1; k <= 100; k++) {
            run_to(&f, k * SIM_S + SIM_S / 2);
            used |= 1u << f.s.traffic->requests[0].gateway;
        }
        assert_int_equal(f.metrics.succeeded, 100);
        if (((used & (used - 1)) == 0) != all[i].one)
            fail_msg("%s: instances %x", all[i].label, used);
        fixture_release(&f);
    }
}

/* Quiet for 2 s, or 5 s after the first change. */
static void test_debounce(void **state)
{
    struct fixture f;

    (void)state;
    gateway(&f, 1);
    f.lb.gateway.discovery.quiet = 2 * SIM_S;
    f.lb.gateway.discovery.longest = 5 * SIM_S;
    fixture_make(&f, 1);
    fixture_pods(&f, 1);
    for (int i = 1; i <= 8; i++) { /* changes each second */
        run_to(&f, i * SIM_S - SIM_S / 2);
        fixture_publish(&f);
    }
    run_to(&f, 8 * SIM_S + SIM_S / 2);
    assert_int_equal(f.metrics.by_cause[CAUSE_NO_ENDPOINTS], 4);
    assert_int_equal(f.metrics.succeeded, 4);
    fixture_release(&f);
}

/* Two at once, one waits, the others are refused; nobody waits for ever. */
static void test_breaker(void **state)
{
    struct fixture f;

    (void)state;
    gateway(&f, 1);
    f.workload.service_time = dist_constant(10);
    f.workload.concurrency = 10;
    f.lb.gateway.breaker = (struct breaker_spec){.on = true,
                                                 .connections = 2,
                                                 .pending = 1,
                                                 .requests = 100,
                                                 .retries = 3,
                                                 .budget = -1};
    fixture_make(&f, 1);
    fixture_pods(&f, 1);
    run_to(&f, 10 * SIM_S + SIM_S / 2);
    /* At 1, 2: served; 3 waits; 4 to 10 find no room. */
    assert_int_equal(f.metrics.by_cause[CAUSE_CIRCUIT_OPEN], 7);
    run_to(&f, 25 * SIM_S);
    assert_int_equal(f.metrics.succeeded, 4); /* 1, 2, 3, 11 */
    let_end(&f);
    fixture_release(&f);
}

/* A pod that refuses is tried once and another answers; after five times it
 * is left out. */
static void test_retry_and_ejection(void **state)
{
    struct fixture f;
    uint64_t refused;

    (void)state;
    gateway(&f, 1);
    f.lb.gateway.retries =
        (struct gateway_retry_spec){.on = true,
                                    .most = 1,
                                    .each = SIM_NEVER,
                                    .causes = 1u << CAUSE_CONNECT_REFUSED};
    f.lb.gateway.outlier = envoy;
    f.lb.gateway.outlier.most = 0.5;
    fixture_make(&f, 1);
    fixture_pods(&f, 3);
    server_reset(f.s.servers, world_pod(f.s.world, f.pods[0]));
    run_to(&f, 30 * SIM_S + SIM_S / 2);
    refused = f.metrics.by_cause[CAUSE_CONNECT_REFUSED];
    assert_int_equal(f.metrics.succeeded, 30);
    assert_int_equal(f.metrics.failed, 0);
    assert_int_equal(refused, 5);
    assert_int_equal(f.metrics.attempts, 35);
    run_to(&f, 70 * SIM_S); /* it is back, and fails again */
    assert_true(f.metrics.by_cause[CAUSE_CONNECT_REFUSED] > refused);
    check_conservation(&f);
    fixture_release(&f);
}

/* Checks find a pod that does not listen, and one that comes back. */
static void test_checks(void **state)
{
    struct fixture f;
    uint64_t before;

    (void)state;
    gateway(&f, 3);
    f.lb.gateway.health =
        (struct health_check_spec){true, SIM_S, SIM_S / 2, 2, 3, false};
    fixture_make(&f, 1);
    fixture_pods(&f, 4);
    run_to(&f, 10 * SIM_S + SIM_S / 2);
    assert_int_equal(f.metrics.succeeded, 10);
    server_reset(f.s.servers, world_pod(f.s.world, f.pods[0]));
    run_to(&f, 15 * SIM_S);
    before = f.metrics.failed;
    run_to(&f, 100 * SIM_S);
    assert_int_equal(f.metrics.failed, before);
    world_node_set_up(f.s.world, 1, false, INCIDENT_STARTUP);
    run_to(&f, 110 * SIM_S); /* dead ones are found too */
    before = f.metrics.failed;
    server_open(f.s.servers, world_pod(f.s.world, f.pods[0]));
    run_to(&f, 200 * SIM_S);
    assert_int_equal(f.metrics.failed, before);
    check_conservation(&f);
    fixture_release(&f);
}

/* Fewer than half are healthy: all are used. */
static void test_panic(void **state)
{
    struct fixture f;

    (void)state;
    gateway(&f, 1);
    f.lb.gateway.health =
        (struct health_check_spec){true, SIM_S, SIM_S / 2, 2, 3, false};
    fixture_make(&f, 1);
    fixture_pods(&f, 5);
    for (int i = 0; i < 3; i++)
        server_reset(f.s.servers, world_pod(f.s.world, f.pods[i]));
    run_to(&f, 100 * SIM_S + SIM_S / 2);
    assert_in_range(f.metrics.failed, 55, 65); /* three of five */
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_health),
        cmocka_unit_test(test_ejection),
        cmocka_unit_test(test_success_rate),
        cmocka_unit_test(test_zone_shares),
        cmocka_unit_test(test_hop),
        cmocka_unit_test(test_crossing),
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_pinned),
        cmocka_unit_test(test_debounce),
        cmocka_unit_test(test_breaker),
        cmocka_unit_test(test_retry_and_ejection),
        cmocka_unit_test(test_checks),
        cmocka_unit_test(test_panic)};

    return cmocka_run_group_tests_name("gateway", tests, NULL, NULL);
}
