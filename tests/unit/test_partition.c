/* Nodes that are cut off: what their kubelets and kube-proxies go on doing,
 * and what they catch up with. */
#include "models/network/kubeproxy.h"
#include "models/reconnect.h"
#include "tests/unit/kubelet_fixture.h"

enum { CUT = INCIDENT_STARTUP + 1 };

static void cut(struct test *t, unsigned from, bool begin)
{
    if (begin)
        world_incident(t->f.s.world, "cut", "partition", "node", NO_ID);
    world_node_cut(t->f.s.world, 0, from, begin, CUT);
}

/* Pods 0 and 1 run on node 0. */
static void begin(struct test *t)
{
    fixture_init(&t->f, 2);
    t->f.scenario.cluster.kubelet.node_status_update_frequency = 10 * SIM_S;
    start(t);
    fixture_pod(&t->f, 0);
    fixture_pod(&t->f, 0);
    fixture_run(&t->f, 5000);
    fixture_forget(&t->f);
}

/* Containers are restarted all the same; the API hears of nothing, and what
 * is told to the kubelet is not heard. */
static void kubelet_goes_on(void **state)
{
    struct test t;
    pod_id new;

    (void)state;
    begin(&t);
    cut(&t, CUT_CONTROL_PLANE, true);
    assert_int_equal(world_node(t.f.s.world, 0)->origin, CUT);
    assert_true(kubelet_crash(t.f.s.kubelets, 0, CUT));
    delete_pod(&t, 1, -1);
    new = fixture_pod(&t.f, 0);
    fixture_run(&t.f, 600000);
    expect(&t, "5000 server 0 reset\n5020 server 0 open\n");
    assert_true(world_pod(t.f.s.world, 0)->ready);
    assert_int_equal(world_pod(t.f.s.world, 0)->restarts, 0);
    assert_int_equal(world_pod(t.f.s.world, new)->sandbox_ip, 0);

    cut(&t, CUT_CONTROL_PLANE, false);
    fixture_run(&t.f, 600000 + 60000);
    assert_null(world_pod(t.f.s.world, 1)); /* deleted long ago */
    assert_int_equal(world_pod(t.f.s.world, 0)->restarts, 1);
    assert_true(world_pod(t.f.s.world, 0)->ready);
    assert_true(world_pod(t.f.s.world, new)->ready);
    end(&t);
}

/* What somebody wrote into the pod's status is put right, and the node is
 * Ready again with its kubelet's next look at it. */
static void status_is_put_right(void **state)
{
    struct test t;
    struct world *w;

    (void)state;
    begin(&t);
    w = t.f.s.world;
    cut(&t, CUT_CONTROL_PLANE, true);
    world_node_set_ready(w, 0, NODE_UNKNOWN);
    world_pod_set_ready(w, 0, false);
    fixture_run(&t.f, 100000);
    assert_int_equal(world_node(w, 0)->ready, NODE_UNKNOWN);
    assert_false(world_pod(w, 0)->ready);
    cut(&t, CUT_CONTROL_PLANE, false);
    fixture_run(&t.f, 110010);
    assert_int_equal(world_node(w, 0)->ready, NODE_TRUE);
    fixture_run(&t.f, 160010);
    assert_true(world_pod(w, 0)->ready);
    end(&t);
}

/* A status on its way is lost, and told later. */
static void status_is_lost(void **state)
{
    struct test t;

    (void)state;
    begin(&t);
    assert_true(kubelet_set_unready(t.f.s.kubelets, 0, true, CUT - 1));
    cut(&t, CUT_CONTROL_PLANE, true);
    fixture_run(&t.f, 6000);
    assert_true(world_pod(t.f.s.world, 0)->ready);
    cut(&t, CUT_CONTROL_PLANE, false);
    fixture_run(&t.f, 16010);
    assert_false(world_pod(t.f.s.world, 0)->ready);
    end(&t);
}

/* A node that boots meanwhile knows of no pods. */
static void boot_without_api(void **state)
{
    struct test t;

    (void)state;
    begin(&t);
    cut(&t, CUT_CONTROL_PLANE, true);
    kubelet_node_down(t.f.s.kubelets, 0, CUT);
    kubelet_node_up(t.f.s.kubelets, 0, CUT);
    fixture_run(&t.f, 100000);
    assert_int_equal(world_pod(t.f.s.world, 0)->sandboxes, 1);
    cut(&t, CUT_CONTROL_PLANE, false);
    fixture_run(&t.f, 162000);
    assert_int_equal(world_pod(t.f.s.world, 0)->sandboxes, 2);
    assert_true(server_listens(world_pod(t.f.s.world, 0)));
    assert_true(world_pod(t.f.s.world, 0)->ready);
    end(&t);
}

/* No renewal between the cut and its end; then in its turn again. */
static void leases(void **state)
{
    struct test t;
    sim_time before, after;

    (void)state;
    begin(&t);
    fixture_run(&t.f, 42000);
    before = kubelet_last_lease(t.f.s.kubelets, 0);
    assert_true(before > 32 * SIM_S && before <= 42 * SIM_S);
    cut(&t, CUT_CLIENTS, true);
    fixture_run(&t.f, 60000);
    assert_true(kubelet_last_lease(t.f.s.kubelets, 0) > before);
    before = kubelet_last_lease(t.f.s.kubelets, 0);
    cut(&t, CUT_CONTROL_PLANE, true);
    fixture_run(&t.f, 200000);
    assert_int_equal(kubelet_last_lease(t.f.s.kubelets, 0), before);
    cut(&t, CUT_CONTROL_PLANE, false);
    assert_int_equal(kubelet_last_lease(t.f.s.kubelets, 0), before);
    fixture_run(&t.f, 210000);
    after = kubelet_last_lease(t.f.s.kubelets, 0);
    assert_true(after > 200 * SIM_S);
    assert_int_equal((after - before) % (10 * SIM_S), 0);
    end(&t);
}

/* Two partitions at once: both have to end. */
static void partitions_add(void **state)
{
    struct test t;
    struct world *w;

    (void)state;
    begin(&t);
    w = t.f.s.world;
    cut(&t, CUT_CONTROL_PLANE, true);
    world_zone_cut(w, world_node(w, 0)->zone, CUT_CONTROL_PLANE, true, CUT);
    cut(&t, CUT_CONTROL_PLANE, false);
    assert_false(world_node(w, 0)->linked);
    world_api_stop(w, true, CUT);
    world_zone_cut(w, world_node(w, 0)->zone, CUT_CONTROL_PLANE, false, CUT);
    assert_false(world_node(w, 0)->linked);
    world_api_stop(w, false, CUT);
    assert_true(world_node(w, 0)->linked);
    end(&t);
}

/* Nodes 0 and 1 in one zone, 2 in another. */
static void who_reaches_whom(void **state)
{
    struct test t;
    struct world *w;

    (void)state;
    fixture_init(&t.f, 3);
    t.f.nodes[0].zone = t.f.nodes[1].zone = "a";
    t.f.nodes[2].zone = "b";
    start(&t);
    w = t.f.s.world;
    world_incident(w, "cut", "partition", "node", NO_ID);
    assert_true(world_reaches(w, NO_ID, 0));
    cut(&t, CUT_CLIENTS, true);
    assert_true(world_reaches(w, 0, 0));
    assert_false(world_reaches(w, 0, 1));
    assert_false(world_reaches(w, 1, 0));
    assert_false(world_reaches(w, NO_ID, 0));
    assert_true(world_reaches(w, 2, 1));
    assert_false(world_reaches(w, 0, NO_ID));
    assert_true(world_reaches(w, NO_ID, NO_ID));
    cut(&t, CUT_CLIENTS, false);
    world_zone_cut(w, 0, CUT_CLIENTS, true, CUT);
    assert_true(world_reaches(w, 0, 1));
    assert_false(world_reaches(w, 2, 1));
    assert_false(world_reaches(w, 0, 2));
    assert_false(world_reaches(w, NO_ID, 1));
    assert_true(world_reaches(w, NO_ID, 2));
    world_zone_cut(w, 0, CUT_CLIENTS, false, CUT);
    assert_true(world_reaches(w, 2, 1));
    end(&t);
}

/* --- kube-proxy --- */

static const struct service_spec web = {
    .meta = {.name = "web", .space = "default"}, .type = SERVICE_CLUSTER_IP};

static void proxy_hears_nothing(void **state)
{
    struct test t;
    uint64_t first, last;

    (void)state;
    fixture_init(&t.f, 2);
    fixture_start(&t.f);
    t.f.s.ipam = ipam_new(&t.f.s);
    t.f.s.proxies = proxies_new(&t.f.s);
    t.f.s.kubelets = kubelets_new(&t.f.s);
    for (size_t i = 0; i < t.f.node_count; i++)
        world_node_create(t.f.s.world, &t.f.nodes[i]);
    world_service_create(t.f.s.world, &web, 1);
    first = fixture_publish(&t.f, 0, 1, 0);
    fixture_run(&t.f, 5000);
    cut(&t, CUT_CONTROL_PLANE, true);
    last = fixture_publish(&t.f, 0, 2, 0);
    fixture_run(&t.f, 600000);
    assert_int_equal(proxy_programmed(t.f.s.proxies, 0), first);
    assert_int_equal(proxy_programmed(t.f.s.proxies, 1), last);
    assert_int_equal(proxy_endpoints(t.f.s.proxies, 0, 0)->count, 1);
    /* A new one finds no list: the rules stay as they are. */
    proxy_restart(t.f.s.proxies, 0);
    fixture_run(&t.f, 610000);
    assert_int_equal(proxy_programmed(t.f.s.proxies, 0), first);
    cut(&t, CUT_CONTROL_PLANE, false);
    fixture_run(&t.f, 670200);
    assert_int_equal(proxy_programmed(t.f.s.proxies, 0), last);
    kubelets_free(t.f.s.kubelets);
    proxies_free(t.f.s.proxies);
    ipam_free(t.f.s.ipam);
    fixture_end(&t.f);
}

/* --- the watch --- */

static void reconnects(void **state)
{
    struct rng_root root = {1, 0};
    sim_time earliest = SIM_NEVER, latest = 0;
    struct rng rng;

    (void)state;
    rng_init(&rng, root, "test", NULL, 0);
    /* Not even noticed. */
    assert_int_equal(reconnect_time(0, 44 * SIM_S, false, &rng), 44 * SIM_S);
    /* A stopped server is noticed at once: 0.8 to 1.6 s later, it is tried. */
    for (int i = 0; i < 1000; i++) {
        sim_time at = reconnect_time(0, SIM_MS, true, &rng);

        assert_true(at >= 800 * SIM_MS && at <= 1600 * SIM_MS);
    }
    /* After a long time each 30 to 60 s. */
    for (int i = 0; i < 1000; i++) {
        sim_time wait =
            reconnect_time(0, 1000 * SIM_S, i % 2, &rng) - 1000 * SIM_S;

        earliest = wait < earliest ? wait : earliest;
        latest = wait > latest ? wait : latest;
    }
    assert_true(earliest >= 0 && earliest < SIM_S);
    assert_true(latest > 50 * SIM_S && latest <= 60 * SIM_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kubelet_goes_on),
        cmocka_unit_test(status_is_put_right),
        cmocka_unit_test(status_is_lost),
        cmocka_unit_test(boot_without_api),
        cmocka_unit_test(leases),
        cmocka_unit_test(partitions_add),
        cmocka_unit_test(who_reaches_whom),
        cmocka_unit_test(proxy_hears_nothing),
        cmocka_unit_test(reconnects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
