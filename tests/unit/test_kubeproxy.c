/* When each node's kube-proxy has which endpoints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/kubelet.h"
#include "models/network/ipam.h"
#include "models/network/kubeproxy.h"
#include "tests/unit/node_fixture.h"

static const struct service_spec web = {
    .meta = {.name = "web", .space = "default"}, .type = SERVICE_CLUSTER_IP};
static const struct service_spec other = {
    .meta = {.name = "other", .space = "default"}, .type = SERVICE_CLUSTER_IP};
static const struct service_spec headless = {
    .meta = {.name = "names", .space = "default"}, .headless = true};

static void on_programmed(void *self, node_id node, uint64_t from, uint64_t to)
{
    fixture_note(self, "%u: %llu-%llu", node, (unsigned long long)from,
                 (unsigned long long)to);
}

/* Services 0 web, 1 other, 2 headless. */
static void start(struct fixture *f)
{
    fixture_start(f);
    f->s.ipam = ipam_new(&f->s);
    f->s.proxies = proxies_new(&f->s);
    f->s.kubelets = kubelets_new(&f->s);
    proxies_on_programmed(f->s.proxies, on_programmed, f);
    for (size_t i = 0; i < f->node_count; i++)
        world_node_create(f->s.world, &f->nodes[i]);
    world_service_create(f->s.world, &web, 1);
    world_service_create(f->s.world, &other, 2);
    world_service_create(f->s.world, &headless, 0);
}

static void end(struct fixture *f)
{
    kubelets_free(f->s.kubelets);
    proxies_free(f->s.proxies);
    ipam_free(f->s.ipam);
    fixture_end(f);
}

static void expect(struct fixture *f, const char *log)
{
    assert_string_equal(f->log, log);
    fixture_forget(f);
}

static void publish_at(struct fixture *f, int64_t ms, service_id service)
{
    fixture_run(f, ms);
    fixture_publish(f, service, 1, 0);
}

/* Runs changes of web at the times (ms, ends with -1) on one node. */
static void change_at(struct fixture *f, const int64_t *times)
{
    start(f);
    for (; *times >= 0; times++)
        publish_at(f, *times, 0);
    fixture_run(f, sim_now(f->s.sim) / SIM_MS + 20000);
}

static void min_interval(void **state)
{
    static const struct {
        const char *label;
        int minor, mode;
        sim_time min;
        double sync;
        int64_t times[8];
        const char *log;
    } cases[] = {
        {"from the end of one to the start of the next",
         36,
         PROXY_IPTABLES,
         SIM_S,
         0.1,
         {10000, 10050, 10500, 11500, -1},
         "10110 0: 0-1\n11210 0: 1-3\n12310 0: 3-4\n"},
        {"long after the last: at once",
         36,
         PROXY_NFTABLES,
         SIM_S,
         0.1,
         {10000, 20000, -1},
         "10110 0: 0-1\n20110 0: 1-2\n"},
        {"what comes during a sync waits for the next one",
         36,
         PROXY_IPTABLES,
         SIM_S,
         2,
         {10000, 10500, 12900, -1},
         "12010 0: 0-1\n15010 0: 1-3\n"},
        {"ipvs: no interval",
         36,
         PROXY_IPVS,
         0,
         0.1,
         {10000, 10050, 10060, 10500, -1},
         "10110 0: 0-1\n10210 0: 1-3\n10610 0: 3-4\n"},
        {"token bucket: two at once, then start to start",
         33,
         PROXY_IPTABLES,
         SIM_S,
         0.1,
         {10000, 10200, 10400, 11100, -1},
         "10110 0: 0-1\n10310 0: 1-2\n11210 0: 2-4\n"},
        {"token bucket: without a token, from the last end",
         33,
         PROXY_IPTABLES,
         SIM_S,
         0.1,
         {10000, 10200, 10400, -1},
         "10110 0: 0-1\n10310 0: 1-2\n11410 0: 2-3\n"},
    };
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture_init(&f, 1);
        f.scenario.cluster.kubernetes_minor = cases[i].minor;
        f.scenario.cluster.kube_proxy.mode = cases[i].mode;
        f.scenario.cluster.kube_proxy.min_sync_period = cases[i].min;
        f.scenario.cluster.kube_proxy.sync_period = SIM_NEVER;
        f.scenario.cluster.kube_proxy.full_sync_period = SIM_NEVER;
        f.scenario.cluster.kube_proxy.sync_base = dist_constant(cases[i].sync);
        change_at(&f, cases[i].times);
        if (strcmp(f.log, cases[i].log) != 0)
            print_message("%s\n", cases[i].label);
        expect(&f, cases[i].log);
        end(&f);
    }
}

/* Base 100 ms; full: 10 ms a Service (two), 1 ms an endpoint; partial: 20 ms
 * a changed Service. Of four changes from 20 s on the last three, of two
 * Services, wait for the second sync. */
static void sync_time(void **state)
{
    static const char partial[] = "10130 0: 0-1\n20130 0: 1-2\n21270 0: 2-5\n";
    static const char full[] = "10131 0: 0-1\n20131 0: 1-2\n21253 0: 2-5\n";
    static const struct {
        int mode;
        bool partial;
        const char *log;
    } cases[] = {
        {PROXY_IPTABLES, true, partial},
        {PROXY_IPTABLES, false, full},
        {PROXY_IPVS, true, full},
        {PROXY_NFTABLES, false, partial},
    };
    struct fixture f;
    struct kube_proxy_params *p = &f.scenario.cluster.kube_proxy;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture_init(&f, 1);
        p->mode = cases[i].mode;
        p->partial_sync = cases[i].partial;
        p->sync_period = p->full_sync_period = SIM_NEVER;
        p->sync_per_service = dist_constant(0.010);
        p->sync_per_endpoint = dist_constant(0.001);
        p->sync_per_change = dist_constant(0.020);
        start(&f);
        publish_at(&f, 10000, 0);
        publish_at(&f, 20000, 0);
        publish_at(&f, 20100, 1);
        publish_at(&f, 20200, 0);
        publish_at(&f, 20300, 1);
        fixture_run(&f, 40000);
        expect(&f, cases[i].log);
        end(&f);
    }
}

/* An ipvs proxy syncs each 30 s, for 10 s here, whether or not anything is
 * new: a change waits for the end of the one that runs. Whatever the phase,
 * it is programmed 10 to 20 s after it was heard of. */
static void idle_syncs(void **state)
{
    struct fixture f;
    bool waited = false, at_once = false;

    (void)state;
    fixture_init(&f, FIXTURE_NODES);
    f.scenario.cluster.kube_proxy.mode = PROXY_IPVS;
    f.scenario.cluster.kube_proxy.min_sync_period = 0;
    f.scenario.cluster.kube_proxy.sync_base = dist_constant(10);
    start(&f);
    publish_at(&f, 100000, 0);
    fixture_run(&f, 110009);
    for (node_id n = 0; n < FIXTURE_NODES; n++)
        assert_int_equal(proxy_programmed(f.s.proxies, n), 0);
    fixture_run(&f, 110010);
    for (node_id n = 0; n < FIXTURE_NODES; n++) {
        at_once = at_once || proxy_programmed(f.s.proxies, n) == 1;
        waited = waited || proxy_programmed(f.s.proxies, n) == 0;
    }
    assert_true(waited && at_once);
    fixture_run(&f, 120010);
    assert_true(proxies_settled(f.s.proxies));
    end(&f);
}

struct lag {
    struct fixture *f;
    sim_time published;
    size_t slow, all;
};

static void on_lag(void *self, node_id node, uint64_t from, uint64_t to)
{
    struct lag *lag = self;

    (void)node;
    (void)from;
    (void)to;
    lag->all++;
    lag->slow += sim_now(lag->f->s.sim) - lag->published > SIM_S;
}

/* The iptables proxy syncs in full once an hour: 2.1 s for two Services in
 * place of 0.1 s. */
static void hourly_full_sync(void **state)
{
    struct fixture f;
    struct lag lag = {.f = &f};

    (void)state;
    fixture_init(&f, 1);
    f.scenario.cluster.kube_proxy.sync_per_service = dist_constant(1);
    start(&f);
    proxies_on_programmed(f.s.proxies, on_lag, &lag);
    for (int64_t s = 60; s < 5 * 3600; s += 5) {
        fixture_run(&f, 1000 * s);
        lag.published = sim_now(f.s.sim);
        fixture_publish(&f, 0, 1, 0);
    }
    fixture_run(&f, 5 * 3600 * 1000);
    assert_in_range(lag.slow, 4, 5);
    assert_int_equal(lag.all, 5 * 720 - 12);
    end(&f);
}

/* iptables with more endpoints than that has no hourly full sync. */
static void large_cluster(void **state)
{
    for (int mode = PROXY_IPTABLES; mode <= PROXY_NFTABLES; mode += 2) {
        struct fixture f;
        struct lag lag = {.f = &f};

        (void)state;
        fixture_init(&f, 1);
        f.scenario.cluster.kube_proxy.mode = mode;
        f.scenario.cluster.kube_proxy.sync_per_service = dist_constant(1);
        f.scenario.cluster.kube_proxy.large_cluster_endpoints = 3;
        start(&f);
        fixture_publish(&f, 1, 4, 0);
        fixture_run(&f, 60000);
        proxies_on_programmed(f.s.proxies, on_lag, &lag);
        for (int64_t s = 60; s < 5 * 3600; s += 5) {
            fixture_run(&f, 1000 * s);
            lag.published = sim_now(f.s.sim);
            fixture_publish(&f, 0, 1, 0);
        }
        fixture_run(&f, 5 * 3600 * 1000);
        assert_int_equal(lag.slow > 0, mode == PROXY_NFTABLES);
        end(&f);
    }
}

static void on_restart(void *self, node_id node, bool started)
{
    fixture_note(self, "%u %s", node, started ? "is back" : "ends");
}

/* A new kube-proxy writes all there is, at once. */
static void restarts(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, 1);
    f.scenario.cluster.kube_proxy.sync_per_service = dist_constant(1);
    start(&f);
    fixture_publish(&f, 0, 1, 0);
    fixture_run(&f, 10000);
    proxies_on_restart(f.s.proxies, on_restart, &f);
    fixture_forget(&f);
    assert_true(proxy_set_stuck(f.s.proxies, 0, true));
    assert_false(proxy_set_stuck(f.s.proxies, 0, true));
    fixture_publish(&f, 0, 2, 0);
    fixture_run(&f, 20000);
    assert_int_equal(proxy_endpoints(f.s.proxies, 0, 0)->usable, 1);
    proxy_restart(f.s.proxies, 0);
    fixture_run(&f, 21500); /* 2 s for two Services */
    assert_int_equal(proxy_endpoints(f.s.proxies, 0, 0)->usable, 1);
    fixture_run(&f, 22500);
    assert_int_equal(proxy_endpoints(f.s.proxies, 0, 0)->usable, 2);
    assert_non_null(strstr(f.log, "0 ends"));
    assert_non_null(strstr(f.log, "0 is back"));
    end(&f);
}

static void views_differ_by_node(void **state)
{
    struct fixture f;
    const struct endpoint_set *set;

    (void)state;
    fixture_init(&f, 2);
    start(&f);
    fixture_publish(&f, 0, 3, 0);
    fixture_publish(&f, 1, 1, 0);
    assert_false(proxies_settled(f.s.proxies));
    assert_int_equal(proxy_endpoints(f.s.proxies, 0, 0)->count, 0);
    fixture_run(&f, 5000);
    assert_true(proxies_settled(f.s.proxies));
    assert_int_equal(proxy_programmed(f.s.proxies, 1), 2);
    proxy_set_stuck(f.s.proxies, 1, true);
    fixture_publish(&f, 0, 2, 0);
    fixture_publish(&f, 0, 1, 0);
    fixture_run(&f, 10000);
    assert_int_equal(proxy_endpoints(f.s.proxies, 0, 0)->usable, 1);
    set = proxy_endpoints(f.s.proxies, 1, 0);
    assert_int_equal(set->usable, 3);
    assert_int_equal(set->sequence, 1);
    assert_int_equal(proxy_endpoints(f.s.proxies, 1, 1)->usable, 1);
    proxy_set_stuck(f.s.proxies, 1, false);
    fixture_run(&f, 10100);
    assert_int_equal(proxy_endpoints(f.s.proxies, 1, 0)->usable, 1);
    end(&f);
}

/* Versions that no proxy needs are dropped; others are kept. */
static void old_versions(void **state)
{
    struct fixture f;
    size_t kept;

    (void)state;
    fixture_init(&f, 3);
    start(&f);
    for (int64_t i = 1; i <= 200; i++) {
        if (i == 100)
            proxy_set_stuck(f.s.proxies, 1, true);
        publish_at(&f, 3000 * i, 0);
        publish_at(&f, 3000 * i, 2); /* headless: concerns no proxy */
        kept = 0;
        for (const struct endpoint_set *set =
                 world_service(f.s.world, 0)->newest;
             set; set = set->older)
            kept++;
        assert_in_range(kept, 1, i < 100 ? 3 : i - 100 + 3);
    }
    assert_in_range(kept, 100, 103);
    assert_int_equal(proxy_endpoints(f.s.proxies, 1, 0)->sequence, 195);
    end(&f);
}

static void headless_is_not_delivered(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, 1);
    start(&f);
    fixture_publish(&f, 2, 3, 0);
    fixture_run(&f, 10000);
    expect(&f, "");
    assert_true(proxies_settled(f.s.proxies));
    end(&f);
}

/* Without latencies all know at once. */
static void ideal(void **state)
{
    struct fixture f;
    struct dist zero = dist_constant(0);

    (void)state;
    fixture_init(&f, 2);
    f.scenario.cluster.control_plane.watch_latency = zero;
    f.scenario.cluster.kube_proxy.sync_base = zero;
    f.scenario.cluster.kube_proxy.min_sync_period = 0;
    start(&f);
    for (int64_t i = 1; i <= 3; i++) {
        fixture_run(&f, i);
        fixture_publish(&f, 0, 1, 0);
        fixture_run(&f, i);
    }
    expect(&f, "1 0: 0-1\n1 1: 0-1\n2 0: 1-2\n2 1: 1-2\n3 0: 2-3\n"
               "3 1: 2-3\n");
    end(&f);
}

/* A watch is FIFO: with lags from 0 to 10 s nobody goes back, and all get
 * there. */
static void random_lags(void **state)
{
    struct fixture f;
    uint64_t before[8] = {0};

    (void)state;
    fixture_init(&f, 8);
    f.scenario.cluster.control_plane.watch_latency = dist_uniform(0, 10);
    f.scenario.cluster.kube_proxy.sync_base = dist_exponential(0.5);
    start(&f);
    for (int64_t i = 0; i < 300; i++) {
        publish_at(&f, 100 * i, (service_id)(i % 2));
        for (node_id n = 0; n < 8; n++) {
            uint64_t now = proxy_programmed(f.s.proxies, n);

            assert_true(now >= before[n]);
            before[n] = now;
        }
        fixture_forget(&f);
    }
    fixture_run(&f, 60000);
    assert_true(proxies_settled(f.s.proxies));
    end(&f);
}

/* A node that was down learns of all with one full sync after its boot. */
static void reboot(void **state)
{
    struct fixture f;
    uint64_t started;

    (void)state;
    fixture_init(&f, 2);
    f.scenario.cluster.kube_proxy.sync_per_service = dist_constant(0.5);
    start(&f);
    publish_at(&f, 1000, 0);
    fixture_run(&f, 10000);
    fixture_forget(&f);
    kubelet_node_down(f.s.kubelets, 1, INCIDENT_NONE);
    for (int64_t i = 0; i < 5; i++)
        publish_at(&f, 20000 + 5000 * i, 0);
    fixture_run(&f, 60000);
    assert_true(proxies_settled(f.s.proxies));
    fixture_forget(&f);
    kubelet_node_up(f.s.kubelets, 1, INCIDENT_NONE);
    fixture_run(&f, 66000); /* booted, in its first sync */
    assert_false(proxy_at_work(f.s.proxies, 1));
    started = proxies_started(f.s.proxies);
    fixture_run(&f, 70000);
    assert_true(proxy_at_work(f.s.proxies, 1));
    assert_int_equal(proxies_started(f.s.proxies), started + 1);
    expect(&f, "60000 node 1 up\n66100 1: 5-6\n");
    end(&f);
}

/* One that joins later programs what there is. */
static void new_node(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, 1);
    start(&f);
    fixture_publish(&f, 0, 1, 0);
    fixture_run(&f, 10000);
    world_node_create(f.s.world, &f.nodes[0]);
    fixture_run(&f, 20000);
    assert_int_equal(proxy_endpoints(f.s.proxies, 1, 0)->usable, 1);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(min_interval),
        cmocka_unit_test(sync_time),
        cmocka_unit_test(idle_syncs),
        cmocka_unit_test(hourly_full_sync),
        cmocka_unit_test(large_cluster),
        cmocka_unit_test(restarts),
        cmocka_unit_test(views_differ_by_node),
        cmocka_unit_test(old_versions),
        cmocka_unit_test(headless_is_not_delivered),
        cmocka_unit_test(ideal),
        cmocka_unit_test(random_lags),
        cmocka_unit_test(reboot),
        cmocka_unit_test(new_node),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
