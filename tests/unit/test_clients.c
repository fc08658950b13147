/*
 * test_clients - where clients are, what they offer, by whom they are
 * balanced; conservation and determinism in the midst of failures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <math.h>

#include "tests/unit/traffic_fixture.h"

/* -------------------------------------------------------------- clients */

static void test_dead_clients(void **state)
{
    struct fixture f;
    uint64_t before;

    (void)state;
    fixture_defaults(&f);
    f.workload.service_time = dist_constant(1000);
    f.workload.concurrency = INT64_MAX;
    f.traffic[0].clients = 4; /* one a node */
    fixture_make(&f, 1);
    fixture_pods(&f, 3);
    run_to(&f, 10 * SIM_S);
    before = f.metrics.begun;
    world_node_set_up(f.s.world, 3, false, incident(&f, "crash"));
    assert_true(f.metrics.abandoned > before / 5);
    assert_true(f.metrics.abandoned < before / 3);
    check_conservation(&f);
    run_to(&f, 20 * SIM_S);
    assert_true(f.metrics.begun - before < 850); /* three quarters of 1000 */
    assert_true(f.metrics.begun - before > 650);
    before = f.metrics.begun;
    world_node_set_up(f.s.world, 3, true, INCIDENT_NONE);
    run_to(&f, 30 * SIM_S);
    assert_true(f.metrics.begun - before > 900);
    let_end(&f);
    fixture_release(&f);
}

static void test_clients_in_pods(void **state)
{
    struct fixture f;
    pod_id home;
    uint64_t before;

    (void)state;
    fixture_defaults(&f);
    f.traffic[0].location = AT_PODS;
    fixture_make(&f, 1);
    f.traffic[0].client_pods = f.other_spec.selector;
    fixture_pods(&f, 2);
    run_to(&f, 10 * SIM_S);
    assert_int_equal(f.metrics.begun, 0); /* nowhere to live */
    home = fixture_pod(&f, 3, &f.other_template);
    run_to(&f, 20 * SIM_S);
    assert_true(f.metrics.begun > 900);
    server_free(f.s.servers, world_pod(f.s.world, home));
    world_pod_remove(f.s.world, home);
    before = f.metrics.begun;
    run_to(&f, 30 * SIM_S);
    assert_int_equal(f.metrics.begun, before);
    let_end(&f);
    fixture_release(&f);
}

static void test_fixed_addresses(void **state)
{
    struct fixture f;

    (void)state;
    steady(&f);
    f.traffic[0].access = ACCESS_POD_IP;
    f.traffic[0].timeout = SIM_S / 2;
    fixture_make(&f, 1);
    fixture_pods(&f, 1);
    run_to(&f, 10 * SIM_S);
    assert_int_equal(f.metrics.begun, 0); /* not before time 0 */
    world_begin_measure(f.s.world);
    run_to(&f, 41 * SIM_S / 2);
    assert_int_equal(f.metrics.begun, 10);
    /* A new pod, another address: listed, but not where clients look. */
    free_address(&f, world_pod(f.s.world, f.pods[0]));
    f.pods[0] = fixture_pod(&f, 0, &f.template);
    fixture_publish(&f);
    run_to(&f, 61 * SIM_S / 2);
    let_end(&f);
    assert_int_equal(f.metrics.succeeded, 10);
    assert_int_equal(f.metrics.by_cause[CAUSE_CONNECT_TIMEOUT], 10);
    fixture_release(&f);
}

static void test_local_policy(void **state)
{
    struct fixture f;

    (void)state;
    steady(&f);
    f.traffic[0].rate = 100;
    f.traffic[0].clients = 4;
    f.traffic[0].connect_timeout = 100 * SIM_MS;
    f.service_spec.internal_local = true;
    fixture_make(&f, 1);
    fixture_pods(&f, 2); /* of four nodes */
    run_to(&f, 100 * SIM_S);
    let_end(&f);
    assert_int_equal(f.metrics.failed,
                     f.metrics.by_cause[CAUSE_CONNECT_TIMEOUT]);
    assert_true(f.metrics.failed > 4800 && f.metrics.failed < 5200);
    fixture_release(&f);
}

/* A node whose own endpoints all terminate uses them while they serve. */
static const struct {
    const char *label;
    bool fallback;
    uint32_t pods, ending; /* of the pods, the first on node 0 */
    enum cause cause;
} endings[] = {
    {"a ready one", true, 1, 0, CAUSE_NONE},
    {"only a terminating one, a ready one elsewhere", true, 2, 1, CAUSE_NONE},
    {"all terminate", true, 2, 2, CAUSE_NONE},
    {"no fallback, a ready one elsewhere", false, 2, 1, CAUSE_CONNECT_TIMEOUT},
    {"no fallback, all terminate", false, 2, 2, CAUSE_NO_ENDPOINTS},
    {"none at all", true, 0, 0, CAUSE_NO_ENDPOINTS},
};

static void test_local_ending(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        struct fixture f;

        steady(&f);
        f.traffic[0].clients = 1; /* on node 0 */
        f.traffic[0].connect_timeout = 100 * SIM_MS;
        f.service_spec.internal_local = true;
        f.scenario.cluster.kube_proxy.terminating_fallback =
            endings[i].fallback;
        fixture_make(&f, 1);
        fixture_pods(&f, endings[i].pods);
        fixture_publish_ending(&f, endings[i].ending);
        run_to(&f, 21 * SIM_S / 2);
        let_end(&f);
        if (f.metrics.begun != 10 ||
            f.metrics.request_cause[endings[i].cause] !=
                (endings[i].cause ? 10 : 0) ||
            (!endings[i].cause && f.metrics.succeeded != 10))
            fail_msg("%s: %d succeeded", endings[i].label,
                     (int)f.metrics.succeeded);
        fixture_release(&f);
    }
}

/* Lists the pods with hints: at their zones, or their nodes too. */
static void publish_hinted(struct fixture *f, bool nodes)
{
    struct endpoint_set *set = endpoint_set_new(f->service, f->pod_count);

    for (uint32_t i = 0; i < f->pod_count; i++) {
        const struct pod *pod = world_pod(f->s.world, f->pods[i]);
        uint16_t zone = world_node(f->s.world, pod->node)->zone;

        set->endpoints[i] =
            (struct endpoint){.pod = pod->id,
                              .ip = pod->sandbox_ip,
                              .node = pod->node,
                              .slot = i,
                              .zone = zone,
                              .hint_zone = (uint16_t)(zone + 1),
                              .hint_node = nodes,
                              .flags = ENDPOINT_READY | ENDPOINT_SERVING};
    }
    world_service_publish(f->s.world, set);
}

/* Nodes 0 and 1 are in zone a, 2 and 3 in b; a client on each, whose requests
 * take 3 ms to another zone, 2 ms within and 1 ms on the node; there and
 * back, and 10 ms of service. */
static const struct {
    const char *label;
    uint32_t pods; /* in turn on nodes 0, 1, 2, 3 */
    bool nodes;
    int minor;
    double mean; /* ms */
} hinted[] = {
    {"a zone with pods", 4, false, 36, 10 + 2 * 1.5},
    {"none for my zone: all", 1, false, 36, 10 + 2 * (1 + 2 + 3 + 3) / 4.0},
    {"nodes", 4, true, 36, 10 + 2 * 1},
    {"nodes before 1.34", 4, true, 33, 10 + 2 * 1.5},
    {"none for my node: zone", 3, true, 36, 10 + 2 * (1 + 1 + 1 + 2) / 4.0},
};

static void test_hints(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hinted / sizeof hinted[0]; i++) {
        struct fixture f;
        double mean;

        steady(&f);
        f.traffic[0].rate = 10;
        f.traffic[0].clients = 4;
        f.scenario.cluster.kubernetes_minor = hinted[i].minor;
        f.scenario.cluster.latency =
            (struct network_latency){dist_constant(0.001), dist_constant(0.002),
                                     dist_constant(0.003), dist_constant(0)};
        fixture_make(&f, 1);
        fixture_pods(&f, hinted[i].pods);
        publish_hinted(&f, hinted[i].nodes);
        run_to(&f, 1000 * SIM_S);
        let_end(&f);
        mean = f.metrics.latency / (double)f.metrics.succeeded * 1e3;
        if (f.metrics.failed > 0 || mean < hinted[i].mean - 0.05 ||
            mean > hinted[i].mean + 0.05)
            fail_msg("%s: mean %g ms, want %g", hinted[i].label, mean,
                     hinted[i].mean);
        fixture_release(&f);
    }
}

/* From outside each connection enters by another node, and each node has a
 * table of its own. */
static void test_affinity_outside(void **state)
{
    struct fixture f;

    (void)state;
    steady(&f);
    f.traffic[0].clients = 1;
    f.traffic[0].location = AT_EXTERNAL;
    f.metrics.last_server = NO_ID;
    f.service_spec.client_ip_affinity = true;
    fixture_make(&f, 1);
    fixture_pods(&f, 8);
    run_to(&f, 1000 * SIM_S);
    assert_true(f.metrics.server_changes > 300);
    fixture_release(&f);
}

/* ClientIP: one client, one pod, until it is no more in the table. */
static void test_affinity(void **state)
{
    struct fixture f;

    (void)state;
    steady(&f);
    f.traffic[0].clients = 1;
    f.metrics.last_server = NO_ID;
    f.service_spec.client_ip_affinity = true;
    fixture_make(&f, 1);
    fixture_pods(&f, 8);
    run_to(&f, 100 * SIM_S);
    assert_int_equal(f.metrics.server_changes, 1);
    for (uint32_t i = 0; i < f.pod_count; i++)
        if (f.pods[i] == f.metrics.last_server)
            f.pods[i] = f.pods[--f.pod_count];
    fixture_publish(&f);
    run_to(&f, 200 * SIM_S);
    assert_int_equal(f.metrics.server_changes, 2);
    let_end(&f);
    fixture_release(&f);
}

/* External clients enter by nodes that are up; without any, by none. */
static void test_external(void **state)
{
    struct fixture f;

    (void)state;
    steady(&f);
    f.traffic[0].location = AT_EXTERNAL;
    f.traffic[0].timeout = SIM_S / 2;
    f.scenario.cluster.latency.external = dist_constant(0.1);
    fixture_make(&f, 1);
    fixture_pods(&f, 1);
    run_to(&f, 21 * SIM_S / 2);
    assert_int_equal(f.metrics.succeeded, 10);
    assert_true(fabs(f.metrics.latency / 10 - 0.21) < 1e-9);
    for (node_id n = 1; n < FIXTURE_NODES; n++)
        world_node_set_up(f.s.world, n, false, INCIDENT_NONE);
    run_to(&f, 41 * SIM_S / 2);
    assert_int_equal(f.metrics.succeeded, 20);
    world_node_set_up(f.s.world, 0, false, INCIDENT_NONE);
    run_to(&f, 61 * SIM_S / 2);
    let_end(&f);
    assert_int_equal(f.metrics.by_cause[CAUSE_CONNECT_TIMEOUT], 10);
    assert_int_equal(f.metrics.abandoned, 0);
    fixture_release(&f);
}

/* ------------------------------------------------------------- arrivals */

static void test_rates(void **state)
{
    struct fixture f;
    uint64_t before;

    (void)state;
    steady(&f);
    f.traffic[0].rate = 3;
    fixture_make(&f, 1);
    fixture_pods(&f, 1);
    run_to(&f, 1000 * SIM_S);
    assert_int_equal(f.metrics.begun, 3000);
    traffic_set_rate(f.s.traffic, 0, 50);
    assert_true(traffic_rate(f.s.traffic, 0) == 50);
    before = f.metrics.begun;
    run_to(&f, 1100 * SIM_S);
    assert_in_range(f.metrics.begun - before, 4999, 5001);
    traffic_set_rate(f.s.traffic, 0, 0);
    before = f.metrics.begun;
    run_to(&f, 1200 * SIM_S);
    assert_int_equal(f.metrics.begun, before);
    traffic_set_rate(f.s.traffic, 0, 2);
    run_to(&f, 1300 * SIM_S);
    assert_int_equal(f.metrics.begun - before, 200);
    let_end(&f);
    fixture_release(&f);
}

/* ------------------------------------------- everything, at random */

static uint64_t storm(uint64_t seed, const struct lb_strategy *strategy,
                      enum lb_at at)
{
    struct fixture f;
    struct rng rng;
    uint64_t hash;

    fixture_defaults(&f);
    f.scenario.traffic_count = 2;
    f.traffic[0].timeout = 50 * SIM_MS;
    f.traffic[0].retries_max = 3;
    f.traffic[0].retry_budget = 0.5;
    f.traffic[0].backoff_base = 5 * SIM_MS;
    f.traffic[0].backoff_max = 20 * SIM_MS;
    f.traffic[0].rate = 400;
    f.traffic[1].deadline = 300 * SIM_MS;
    f.traffic[1].location = AT_EXTERNAL;
    f.traffic[1].name = "others";
    f.scenario.cluster.latency =
        (struct network_latency){dist_constant(0.0001), dist_constant(0.0002),
                                 dist_exponential(0.001), dist_constant(0.01)};
    f.workload.queue_limit = 10;
    f.workload.error_rate = 0.01;
    fixture_balance(&f, strategy, at);
    fixture_make(&f, seed);
    fixture_pods(&f, 8);
    rng_init(&rng, (struct rng_root){seed, 0}, "storm", NULL, 0);
    for (int i = 1; i <= 2000; i++) {
        struct pod *pod = world_pod(f.s.world, f.pods[rng_below(&rng, 8)]);

        run_to(&f, i * 10 * SIM_MS);
        check_conservation(&f);
        switch (rng_below(&rng, 5)) {
        case 0:
            server_reset(f.s.servers, pod);
            break;
        case 1:
            server_drain(f.s.servers, pod);
            break;
        case 2:
            world_node_set_up(f.s.world, 3, rng_below(&rng, 2), INCIDENT_NONE);
            break;
        default:
            if (!server_listens(pod)) {
                server_reset(f.s.servers, pod);
                server_open(f.s.servers, pod);
            }
            break;
        }
    }
    let_end(&f);
    assert_true(f.metrics.succeeded > 1000 && f.metrics.failed > 100);
    hash = f.metrics.hash;
    fixture_release(&f);
    return hash;
}

static void test_storm(void **state)
{
    static const struct lb_strategy *const all[] = {
        &lb_random, &lb_round_robin, &lb_least_connections, &lb_p2c};

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        for (int at = LB_PROXY; at <= LB_GATEWAY; at++) {
            uint64_t hash = storm(1 + i, all[i], (enum lb_at)at);

            assert_int_equal(hash, storm(1 + i, all[i], (enum lb_at)at));
            assert_int_not_equal(hash, storm(9 + i, all[i], (enum lb_at)at));
        }
    }
}

/* Common random numbers: the same arrivals, and the same service times,
 * whatever the strategy: alone on an infinite server, each request takes as
 * long. */
static double latency_sum(const struct lb_strategy *strategy)
{
    struct fixture f;
    double sum;

    fixture_defaults(&f);
    f.workload.concurrency = INT64_MAX;
    fixture_balance(&f, strategy, LB_PROXY);
    fixture_make(&f, 1);
    fixture_pods(&f, 8);
    run_to(&f, 100 * SIM_S);
    let_end(&f);
    sum = f.metrics.sojourn / (double)f.metrics.served;
    fixture_release(&f);
    return sum;
}

static void test_common_random_numbers(void **state)
{
    double mean = latency_sum(&lb_random);

    (void)state;
    assert_true(fabs(mean - 0.01) < 0.0005);
    assert_true(fabs(mean - latency_sum(&lb_p2c)) < 1e-12);
    assert_true(fabs(mean - latency_sum(&lb_round_robin)) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dead_clients),
        cmocka_unit_test(test_clients_in_pods),
        cmocka_unit_test(test_fixed_addresses),
        cmocka_unit_test(test_local_policy),
        cmocka_unit_test(test_local_ending),
        cmocka_unit_test(test_hints),
        cmocka_unit_test(test_affinity_outside),
        cmocka_unit_test(test_affinity),
        cmocka_unit_test(test_external),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_storm),
        cmocka_unit_test(test_common_random_numbers),
    };

    return cmocka_run_group_tests_name("clients", tests, NULL, NULL);
}
