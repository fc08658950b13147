/* Pods end: crashes, eviction, termination, nodes that fail. */
#include "tests/unit/kubelet_fixture.h"

/* --- crashes --- */

static void crash(struct test *t)
{
    incident_id origin =
        world_incident(t->f.s.world, "crash", "crash", "pod", NO_ID);

    assert_true(kubelet_crash(t->f.s.kubelets, 0, origin));
    assert_int_equal(world_pod_origin(t->f.s.world, 0), origin);
    assert_false(kubelet_crash(t->f.s.kubelets, 0, origin));
}

/* At once, then 10 s doubling to 300 s from the end; anew after 10 min. */
static void crash_backoff(void **state)
{
    static const int64_t wait[] = {0, 10, 20, 40, 80, 160, 300, 300, 300};
    struct test t;
    int64_t now = 5000;

    (void)state;
    fixture_init(&t.f, 1);
    running(&t);
    for (uint32_t i = 0; i < sizeof wait / sizeof *wait; i++) {
        int64_t again = wait[i] ? 1000 * wait[i] : 20;

        crash(&t);
        fixture_run(&t.f, now + again - 1);
        assert_false(server_listens(world_pod(t.f.s.world, 0)));
        fixture_run(&t.f, now + again);
        assert_true(server_listens(world_pod(t.f.s.world, 0)));
        now += again + 1000;
        fixture_run(&t.f, now);
        assert_int_equal(world_pod(t.f.s.world, 0)->restarts, i + 1);
        assert_true(world_pod(t.f.s.world, 0)->ready);
    }
    now += 600 * 1000;
    fixture_run(&t.f, now);
    fixture_forget(&t.f);
    crash(&t);
    fixture_run(&t.f, now + 1000);
    assert_int_equal(world_pod(t.f.s.world, 0)->restarts, 10);
    assert_int_equal(world_pod(t.f.s.world, 0)->sandboxes, 1);
    crash(&t);
    fixture_run(&t.f, now + 10999);
    assert_int_equal(world_pod(t.f.s.world, 0)->restarts, 10);
    fixture_run(&t.f, now + 11010);
    assert_int_equal(world_pod(t.f.s.world, 0)->restarts, 11);
    end(&t);
}

/* From 1 s, up to the longest that is configured. */
static void crash_backoff_reduced(void **state)
{
    static const int64_t wait[] = {0, 1, 2, 3, 3};
    struct test t;
    int64_t now = 5000;

    (void)state;
    fixture_init(&t.f, 1);
    t.f.scenario.cluster.kubelet.crash_backoff_reduced = true;
    t.f.scenario.cluster.kubelet.crash_backoff_max = 3 * SIM_S;
    running(&t);
    for (uint32_t i = 0; i < sizeof wait / sizeof *wait; i++) {
        int64_t again = wait[i] ? 1000 * wait[i] : 20;

        crash(&t);
        fixture_run(&t.f, now + again - 1);
        assert_false(server_listens(world_pod(t.f.s.world, 0)));
        fixture_run(&t.f, now + again);
        assert_true(server_listens(world_pod(t.f.s.world, 0)));
        now += again + 1000;
        fixture_run(&t.f, now);
    }
    end(&t);
}

static void crash_is_told(void **state)
{
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    running(&t);
    crash(&t);
    fixture_run(&t.f, 6000);
    expect(&t, "5000 server 0 reset\n"
               "5020 server 0 open\n"
               "5025 pod 0 Running ready 0 restarts 0\n"
               "5025 pod 0 Running ready 0 restarts 1\n"
               "5025 pod 0 Running ready 1 restarts 1\n");
    end(&t);
}

static void deleted_in_backoff(void **state)
{
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    running(&t);
    crash(&t);
    fixture_run(&t.f, 6000);
    crash(&t);
    fixture_run(&t.f, 7000);
    fixture_forget(&t.f);
    delete_pod(&t, 0, -1);
    fixture_run(&t.f, 100000);
    expect(&t, "7060 server 0 free\n"
               "7060 pod 0 sandbox 0.0.0.0\n"
               "7065 pod 0 removed\n");
    end(&t);
}

static void eviction(void **state)
{
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    running(&t);
    assert_true(kubelet_fail(t.f.s.kubelets, 0, "Evicted", INCIDENT_NONE));
    assert_false(kubelet_fail(t.f.s.kubelets, 0, "Evicted", INCIDENT_NONE));
    fixture_run(&t.f, 10000);
    assert_string_equal(world_pod(t.f.s.world, 0)->reason, "Evicted");
    delete_pod(&t, 0, -1);
    fixture_run(&t.f, 20000);
    expect(&t, "5000 server 0 reset\n"
               "5005 pod 0 Failed ready 0 restarts 0\n"
               "5070 server 0 free\n"
               "5070 pod 0 sandbox 0.0.0.0\n"
               "10000 pod 0 removed\n");
    end(&t);
}

/* --- termination --- */

static void termination(void **state)
{
    static const struct {
        const char *label;
        int on_terminate;
        bool busy;
        double shutdown;
        sim_time hook, workload_hook;
        const char *log;
    } cases[] = {
        {"exit", TERM_EXIT, false, 0, 0, -1,
         "5010 server 0 reset\n"
         "5035 pod 0 Running ready 0 restarts 0\n"
         "5080 server 0 free\n"
         "5080 pod 0 sandbox 0.0.0.0\n"
         "5085 pod 0 removed\n"},
        {"exit, the container later", TERM_EXIT, false, 4, 0, -1,
         "5010 server 0 reset\n"
         "9035 pod 0 Running ready 0 restarts 0\n"
         "9080 server 0 free\n"
         "9080 pod 0 sandbox 0.0.0.0\n"
         "9085 pod 0 removed\n"},
        {"drain, idle", TERM_DRAIN, false, 0, 0, -1,
         "5010 server 0 drain\n"
         "5010 server 0 reset\n"
         "5035 pod 0 Running ready 0 restarts 0\n"
         "5080 server 0 free\n"
         "5080 pod 0 sandbox 0.0.0.0\n"
         "5085 pod 0 removed\n"},
        {"drain, busy for 3 s", TERM_DRAIN, true, 1, 0, -1,
         "5010 server 0 drain\n"
         "8010 server 0 reset\n"
         "8035 pod 0 Running ready 0 restarts 0\n"
         "8080 server 0 free\n"
         "8080 pod 0 sandbox 0.0.0.0\n"
         "8085 pod 0 removed\n"},
        {"drain, shutdown after that", TERM_DRAIN, true, 5, 0, -1,
         "5010 server 0 drain\n"
         "10010 server 0 reset\n"
         "10035 pod 0 Running ready 0 restarts 0\n"
         "10080 server 0 free\n"
         "10080 pod 0 sandbox 0.0.0.0\n"
         "10085 pod 0 removed\n"},
        {"serve", TERM_SERVE, true, 10, 0, -1,
         "15010 server 0 reset\n"
         "15035 pod 0 Running ready 0 restarts 0\n"
         "15080 server 0 free\n"
         "15080 pod 0 sandbox 0.0.0.0\n"
         "15085 pod 0 removed\n"},
        {"ignore: SIGKILL", TERM_IGNORE, true, 0, 0, -1,
         "35010 server 0 reset\n"
         "35035 pod 0 Running ready 0 restarts 0\n"
         "35080 server 0 free\n"
         "35080 pod 0 sandbox 0.0.0.0\n"
         "35085 pod 0 removed\n"},
        {"preStop inside the grace period", TERM_IGNORE, true, 0, 12 * SIM_S,
         -1,
         "35010 server 0 reset\n"
         "35035 pod 0 Running ready 0 restarts 0\n"
         "35080 server 0 free\n"
         "35080 pod 0 sandbox 0.0.0.0\n"
         "35085 pod 0 removed\n"},
        {"preStop, then SIGTERM", TERM_EXIT, true, 0, 12 * SIM_S, -1,
         "17010 server 0 reset\n"
         "17035 pod 0 Running ready 0 restarts 0\n"
         "17080 server 0 free\n"
         "17080 pod 0 sandbox 0.0.0.0\n"
         "17085 pod 0 removed\n"},
        {"preStop as long as grace: 2 s more", TERM_IGNORE, true, 0, 60 * SIM_S,
         -1,
         "37010 server 0 reset\n"
         "37035 pod 0 Running ready 0 restarts 0\n"
         "37080 server 0 free\n"
         "37080 pod 0 sandbox 0.0.0.0\n"
         "37085 pod 0 removed\n"},
        {"preStop of the workload", TERM_EXIT, true, 0, 12 * SIM_S, SIM_S,
         "6010 server 0 reset\n"
         "6035 pod 0 Running ready 0 restarts 0\n"
         "6080 server 0 free\n"
         "6080 pod 0 sandbox 0.0.0.0\n"
         "6085 pod 0 removed\n"},
    };
    struct test t;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture_init(&t.f, 1);
        t.f.workload.on_terminate = cases[i].on_terminate;
        t.f.workload.shutdown = dist_constant(cases[i].shutdown);
        t.f.workload.pre_stop = cases[i].workload_hook;
        t.f.containers[0].pre_stop = cases[i].hook;
        running(&t);
        t.servers.busy = cases[i].busy;
        delete_pod(&t, 0, -1);
        fixture_run(&t.f, 100000);
        if (strcmp(t.f.log, cases[i].log) != 0)
            print_message("%s\n", cases[i].label);
        expect(&t, cases[i].log);
        assert_int_equal(ipam_owner(t.f.s.ipam, 0x0af40002), NO_ID);
        end(&t);
    }
}

static void shorter_grace(void **state)
{
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    t.f.workload.on_terminate = TERM_IGNORE;
    running(&t);
    delete_pod(&t, 0, -1);
    fixture_run(&t.f, 10000);
    delete_pod(&t, 0, 5 * SIM_S);
    fixture_run(&t.f, 100000);
    expect(&t, "15000 server 0 reset\n"
               "15025 pod 0 Running ready 0 restarts 0\n"
               "15070 server 0 free\n"
               "15070 pod 0 sandbox 0.0.0.0\n"
               "15075 pod 0 removed\n");
    end(&t);
}

/* The object goes at once; the address when the node has heard. */
static void forced(void **state)
{
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    running(&t);
    free(world_pod(t.f.s.world, 0)->server); /* servers see to their own */
    delete_pod(&t, 0, 0);
    expect(&t, "5000 pod 0 sandbox 0.0.0.0\n"
               "5000 pod 0 removed\n");
    fixture_run(&t.f, 5009);
    assert_int_equal(ipam_owner(t.f.s.ipam, 0x0af40002), 0);
    fixture_run(&t.f, 5010);
    assert_int_equal(ipam_owner(t.f.s.ipam, 0x0af40002), NO_ID);
    fixture_run(&t.f, 100000);
    expect(&t, "");
    end(&t);
}

/* Readiness goes on while the pod terminates, liveness does not. */
static void probes_while_terminating(void **state)
{
    struct probe liveness = http;
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    liveness.failure_threshold = 1;
    liveness.kind = PROBE_TCP;
    t.f.workload.on_terminate = TERM_DRAIN;
    t.f.workload.shutdown = dist_constant(100);
    t.f.containers[0].readiness = &http;
    t.f.containers[0].liveness = &liveness;
    running(&t);
    delete_pod(&t, 0, 25 * SIM_S);
    t.f.workload.on_terminate = TERM_IGNORE;
    t.servers.hung = true;
    fixture_run(&t.f, 100000);
    expect(&t, "11110 server 0 probe fails\n"
               "21110 server 0 probe fails\n"
               "30010 server 0 reset\n"
               "30035 pod 0 Running ready 0 restarts 0\n"
               "30080 server 0 free\n"
               "30080 pod 0 sandbox 0.0.0.0\n"
               "30085 pod 0 removed\n");
    end(&t);
}

/* --- nodes --- */

static void reboot(void **state)
{
    struct test t;

    (void)state;
    fixture_init(&t.f, 2);
    running(&t);
    fixture_pod(&t.f, 0);
    fixture_run(&t.f, 8000);
    fixture_forget(&t.f);
    kubelet_node_down(t.f.s.kubelets, 0, INCIDENT_STARTUP);
    assert_false(kubelet_crash(t.f.s.kubelets, 0, INCIDENT_NONE));
    fixture_run(&t.f, 10000);
    delete_pod(&t, 1, -1);
    fixture_run(&t.f, 100000);
    expect(&t, "8000 node 0 down\n"
               "8000 server 0 vanish\n"
               "8000 server 1 vanish\n");
    kubelet_node_up(t.f.s.kubelets, 0, INCIDENT_NONE);
    fixture_run(&t.f, 200000);
    expect(&t, "100000 node 0 up\n"
               "105000 server 0 free\n"
               "105000 pod 0 sandbox 0.0.0.0\n"
               "105000 server 1 free\n"
               "105000 pod 1 sandbox 0.0.0.0\n"
               "105005 pod 0 Running ready 0 restarts 0\n"
               "105005 pod 1 Running ready 0 restarts 0\n"
               "105005 pod 1 removed\n"
               "105100 pod 0 sandbox 10.244.0.4\n"
               "105100 server 0 open\n"
               "105105 pod 0 ip 10.244.0.4\n"
               "105105 pod 0 Running ready 0 restarts 1\n"
               "105105 pod 0 Running ready 1 restarts 1\n");
    assert_int_equal(ipam_owner(t.f.s.ipam, 0x0af40002), NO_ID);
    assert_int_equal(ipam_owner(t.f.s.ipam, 0x0af40003), NO_ID);
    end(&t);
}

/* Somebody else marks the pod unready while its kubelet works. */
static void overwritten(void **state)
{
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    running(&t);
    world_pod_set_ready(t.f.s.world, 0, false);
    fixture_run(&t.f, 6000);
    expect(&t, "5000 pod 0 Running ready 0 restarts 0\n"
               "5015 pod 0 Running ready 1 restarts 0\n");
    end(&t);
}

static void taken_for_lost(void **state)
{
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    t.f.scenario.cluster.kubelet.node_status_update_frequency = 10 * SIM_S;
    running(&t);
    world_node_set_ready(t.f.s.world, 0, NODE_UNKNOWN);
    fixture_run(&t.f, 30000);
    expect(&t, "5000 node 0 status\n15000 node 0 status\n");
    assert_int_equal(world_node(t.f.s.world, 0)->ready, NODE_TRUE);
    end(&t);
}

static void leases(void **state)
{
    struct test t;
    sim_time last, phase;

    (void)state;
    fixture_init(&t.f, 1);
    start(&t);
    assert_int_equal(kubelet_last_lease(t.f.s.kubelets, 0), 0);
    fixture_run(&t.f, 100000);
    last = kubelet_last_lease(t.f.s.kubelets, 0);
    phase = last % (10 * SIM_S);
    assert_in_range(last, 90 * SIM_S, 100 * SIM_S);
    kubelet_node_down(t.f.s.kubelets, 0, INCIDENT_NONE);
    fixture_run(&t.f, 200000);
    assert_int_equal(kubelet_last_lease(t.f.s.kubelets, 0), last);
    kubelet_node_up(t.f.s.kubelets, 0, INCIDENT_NONE);
    fixture_run(&t.f, 204999);
    assert_int_equal(kubelet_last_lease(t.f.s.kubelets, 0), last);
    fixture_run(&t.f, 205000);
    assert_int_equal(kubelet_last_lease(t.f.s.kubelets, 0), 205 * SIM_S);
    fixture_run(&t.f, 220000);
    assert_int_equal(kubelet_last_lease(t.f.s.kubelets, 0) % (10 * SIM_S),
                     phase);
    end(&t);
}

/* Nothing is scheduled for pods that just run. */
static void quiet(void **state)
{
    struct test t;

    (void)state;
    fixture_init(&t.f, FIXTURE_NODES);
    start(&t);
    for (node_id n = 0; n < FIXTURE_NODES; n++)
        for (int i = 0; i < 5; i++)
            fixture_pod(&t.f, n);
    while (sim_step(t.f.s.sim))
        fixture_forget(&t.f);
    assert_int_equal(t.f.s.world->pod_count, 5 * FIXTURE_NODES);
    assert_in_range(sim_event_count(t.f.s.sim), 1, 20 * FIXTURE_NODES);
    assert_true(world_pod(t.f.s.world, 5 * FIXTURE_NODES - 1)->ready);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crash_backoff),
        cmocka_unit_test(crash_backoff_reduced),
        cmocka_unit_test(crash_is_told),
        cmocka_unit_test(deleted_in_backoff),
        cmocka_unit_test(eviction),
        cmocka_unit_test(termination),
        cmocka_unit_test(shorter_grace),
        cmocka_unit_test(forced),
        cmocka_unit_test(probes_while_terminating),
        cmocka_unit_test(reboot),
        cmocka_unit_test(overwritten),
        cmocka_unit_test(taken_for_lost),
        cmocka_unit_test(leases),
        cmocka_unit_test(quiet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
