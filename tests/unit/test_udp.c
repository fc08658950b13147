/*
 * test_udp - UDP sockets through a proxy: conntrack sends them where their
 * first packet went, until the entry ends or kube-proxy deletes it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/traffic_fixture.h"

/* One client with one socket to a UDP Service whose proxy takes its pods in
 * turn; requests at 1, 2, .. s. */
static void sockets(struct fixture *f)
{
    steady(f);
    f->metrics.last_server = NO_ID;
    f->service_port.udp = true;
    f->traffic[0].udp = true;
    f->traffic[0].clients = 1;
    f->traffic[0].timeout = f->traffic[0].connect_timeout = SIM_S / 2;
    f->traffic[0].pool = (struct pool_spec){.on = true,
                                            .size = 1,
                                            .streams = 1,
                                            .max_requests = INT64_MAX,
                                            .idle_timeout = SIM_NEVER,
                                            .max_age = SIM_NEVER};
    f->scenario.cluster.kubernetes_minor = 36;
    f->scenario.cluster.kube_proxy.udp_timeout = 30 * SIM_S;
    f->scenario.cluster.kube_proxy.stream_timeout = 120 * SIM_S;
    f->scenario.cluster.kube_proxy.ipvs_udp_timeout = 300 * SIM_S;
    fixture_balance(f, &lb_round_robin, LB_PROXY);
}

/* --- when an entry ends by itself --- */

static const struct {
    const char *label;
    bool on;
    double rate;
    int64_t max_requests;
    sim_time idle, age;
    int mode;
    uint64_t changes; /* of server, over 12 requests */
} ends[] = {
    {"a socket each", false, 1, INT64_MAX, SIM_NEVER, SIM_NEVER, 0, 12},
    {"kept", true, 1, INT64_MAX, SIM_NEVER, SIM_NEVER, 0, 1},
    {"within the stream's time-out", true, 1. / 119, INT64_MAX, SIM_NEVER,
     SIM_NEVER, 0, 12}, /* the first comes back young: 30 s */
    {"4 requests", true, 1, 4, SIM_NEVER, SIM_NEVER, 0, 3},
    {"idle", true, 1, INT64_MAX, SIM_S / 2, SIM_NEVER, 0, 12},
    {"old", true, 1, INT64_MAX, SIM_NEVER, 3 * SIM_S, 0, 4},
    {"ipvs, within 300 s", true, 1. / 299, INT64_MAX, SIM_NEVER, SIM_NEVER,
     PROXY_IPVS, 1},
    {"ipvs, after that", true, 1. / 301, INT64_MAX, SIM_NEVER, SIM_NEVER,
     PROXY_IPVS, 12},
};

static void test_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct fixture f;

        sockets(&f);
        f.traffic[0].rate = ends[i].rate;
        f.traffic[0].pool.on = ends[i].on;
        f.traffic[0].pool.max_requests = ends[i].max_requests;
        f.traffic[0].pool.idle_timeout = ends[i].idle;
        f.traffic[0].pool.max_age = ends[i].age;
        f.scenario.cluster.kube_proxy.mode = ends[i].mode;
        fixture_make(&f, 1);
        fixture_pods(&f, 5);
        run_to(&f, sim_seconds(12.5 / ends[i].rate));
        let_end(&f);
        if (f.metrics.succeeded != 12 ||
            f.metrics.server_changes != ends[i].changes)
            fail_msg("%s: %d served, %d changes", ends[i].label,
                     (int)f.metrics.succeeded, (int)f.metrics.server_changes);
        fixture_release(&f);
    }
}

/* A stream that has been answered lives longer. */
static void test_stream(void **state)
{
    struct fixture f;

    (void)state;
    sockets(&f);
    fixture_make(&f, 1);
    fixture_pods(&f, 5);
    run_to(&f, 21 * SIM_S / 2);
    traffic_set_rate(f.s.traffic, 0, 1. / 119);
    run_to(&f, 1000 * SIM_S);
    assert_int_equal(f.metrics.server_changes, 1);
    traffic_set_rate(f.s.traffic, 0, 1. / 121);
    run_to(&f, 2000 * SIM_S);
    assert_in_range(f.metrics.server_changes, 8, 9);
    fixture_release(&f);
}

/* --- when its endpoint goes --- */

static const struct {
    const char *label;
    int minor, mode;
    uint32_t left;   /* pods that the Service has then, of three */
    bool proxy_down; /* while that happens */
    bool stale;      /* packets go on to nobody */
} gone[] = {
    {"1.31", 31, PROXY_IPTABLES, 2, false, false},
    {"1.31, kube-proxy was down", 31, PROXY_IPTABLES, 2, true, true},
    {"1.31, the last one", 31, PROXY_IPTABLES, 0, false, false},
    {"1.32", 32, PROXY_IPTABLES, 2, false, false},
    {"1.32, kube-proxy was down", 32, PROXY_NFTABLES, 2, true, false},
    {"1.32, the last one", 32, PROXY_IPTABLES, 0, false, true},
    {"1.31 ipvs, kube-proxy was down", 31, PROXY_IPVS, 2, true, false},
};

/* The first pod's address dies; the proxy hears of it at 6 s. */
static void lose_endpoint(struct fixture *f, uint32_t left, bool down)
{
    struct proxies *p = f->s.proxies;

    p->shown = world_service(f->s.world, 0)->newest;
    endpoint_set_retain((struct endpoint_set *)p->shown);
    if (down)
        p->restarted(p->restarted_self, 0, false);
    free_address(f, world_pod(f->s.world, f->pods[0]));
    f->pods[0] = f->pods[1];
    f->pods[1] = f->pods[2];
    f->pod_count = left;
    fixture_publish(f);
    run_to(f, 6 * SIM_S);
    endpoint_set_release((struct endpoint_set *)p->shown);
    p->shown = NULL;
    if (down)
        p->restarted(p->restarted_self, 0, true);
}

static void test_gone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
        struct fixture f;
        uint64_t dead;

        sockets(&f);
        f.scenario.cluster.kubernetes_minor = gone[i].minor;
        f.scenario.cluster.kube_proxy.mode = gone[i].mode;
        fixture_make(&f, 1);
        fixture_pods(&f, 3);
        run_to(&f, 11 * SIM_S / 2);
        lose_endpoint(&f, gone[i].left, gone[i].proxy_down);
        run_to(&f, 5 * SIM_MIN);
        let_end(&f);
        dead = f.metrics.by_cause[CAUSE_CONNECT_TIMEOUT];
        if (gone[i].stale ? dead < 290 : dead > 1)
            fail_msg("%s: %d into the void", gone[i].label, (int)dead);
        if (!gone[i].stale && gone[i].left == 0)
            assert_true(f.metrics.by_cause[CAUSE_NO_ENDPOINTS] > 290);
        fixture_release(&f);
    }
}

/* Nobody tells a UDP client that the process ended. */
static void test_reset(void **state)
{
    struct fixture f;

    (void)state;
    sockets(&f);
    f.workload.service_time = dist_constant(0.2);
    fixture_make(&f, 1);
    fixture_pods(&f, 1);
    run_to(&f, 11 * SIM_S / 10);
    server_reset(f.s.servers, world_pod(f.s.world, f.pods[0]));
    let_end(&f);
    assert_int_equal(f.metrics.by_cause[CAUSE_TIMEOUT], 1);
    assert_int_equal(f.metrics.last_end, 3 * SIM_S / 2);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_gone),
        cmocka_unit_test(test_reset),
    };

    return cmocka_run_group_tests_name("udp", tests, NULL, NULL);
}
