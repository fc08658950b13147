/* Nodes that are told to shut down. */
#include "tests/unit/kubelet_fixture.h"

/* By default: pods of priority 0 and more have 20 s, from 100 on 10 s. */
static const struct shutdown_group groups[] = {{0, 20 * SIM_S},
                                               {100, 10 * SIM_S}};

enum { SHUTDOWN = INCIDENT_STARTUP + 1 };

static void init(struct test *t)
{
    fixture_init(&t->f, 2);
    t->f.scenario.cluster.kubelet.shutdown_group_count = 2;
    t->f.scenario.cluster.kubelet.shutdown_groups = groups;
    t->f.workload.on_terminate = TERM_DRAIN;
}

static bool shut_down(struct test *t, sim_time limit)
{
    world_incident(t->f.s.world, "reboot", "reboot", "node", NO_ID);
    return kubelet_node_shutdown(t->f.s.kubelets, 0, limit, SHUTDOWN);
}

/* The node is NotReady at once; its pod stays Running and Ready till its
 * process has ended, then it is Failed; 2 s later the machine is off. */
static void pods_fail(void **state)
{
    struct test t;

    (void)state;
    init(&t);
    t.f.workload.shutdown = dist_constant(4);
    running(&t);
    assert_true(shut_down(&t, SIM_NEVER));
    assert_false(shut_down(&t, SIM_NEVER)); /* it is under way */
    fixture_run(&t.f, 8990);
    assert_true(world_pod(t.f.s.world, 0)->ready);
    assert_int_equal(world_node(t.f.s.world, 0)->ready, NODE_FALSE);
    expect(&t, "5000 server 0 drain\n5005 node 0 status\n");
    fixture_run(&t.f, 20000);
    expect(&t, "9000 server 0 reset\n9025 pod 0 Failed ready 0 restarts 0\n"
               "9070 server 0 free\n9070 pod 0 sandbox 0.0.0.0\n"
               "11070 node 0 down\n");
    assert_string_equal(world_pod(t.f.s.world, 0)->reason, "Terminated");
    assert_int_equal(world_pod_origin(t.f.s.world, 0), SHUTDOWN);
    end(&t);
}

/* Readiness probes are over: the last result stands, though nothing listens
 * any more. */
static void probes_are_over(void **state)
{
    struct test t;

    (void)state;
    init(&t);
    t.f.workload.shutdown = dist_constant(15);
    t.f.containers[0].readiness = &(struct probe){.kind = PROBE_HTTP,
                                                  .period = SIM_S,
                                                  .timeout = SIM_S,
                                                  .success_threshold = 1,
                                                  .failure_threshold = 1};
    running(&t);
    assert_true(world_pod(t.f.s.world, 0)->ready);
    shut_down(&t, SIM_NEVER);
    fixture_run(&t.f, 19990);
    assert_true(world_pod(t.f.s.world, 0)->ready);
    assert_false(server_listens(world_pod(t.f.s.world, 0)));
    end(&t);
}

/* The shorter of the pod's grace period and the group's. */
static void grace(void **state)
{
    static const struct {
        sim_time own;
        int64_t killed; /* ms */
    } cases[] = {{7 * SIM_S, 12000}, {30 * SIM_S, 25000}};
    struct test t;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        init(&t);
        t.f.workload.on_terminate = TERM_IGNORE;
        t.f.template.grace_period = cases[i].own;
        running(&t);
        shut_down(&t, SIM_NEVER);
        fixture_run(&t.f, cases[i].killed - 1);
        assert_true(server_listens(world_pod(t.f.s.world, 0)));
        fixture_run(&t.f, cases[i].killed);
        assert_false(server_listens(world_pod(t.f.s.world, 0)));
        end(&t);
    }
}

/* Low priorities first; the next group's turn comes when they have ended, or
 * their time is over. */
static void groups_in_turn(void **state)
{
    struct pod_template templates[2]; /* of pods 1 and 2 */
    struct test t;
    struct world *w;

    (void)state;
    init(&t);
    t.f.workload.shutdown = dist_constant(3);
    running(&t); /* pod 0, of priority 0 */
    w = t.f.s.world;
    for (pod_id id = 1; id <= 2; id++) {
        templates[id - 1] = t.f.template;
        templates[id - 1].priority = id == 1 ? 100 : 99;
        world_pod_create(w, NO_ID, &templates[id - 1], "default", "pod",
                         INCIDENT_STARTUP);
        world_pod_bind(w, id, 0);
    }
    fixture_run(&t.f, 15000);
    assert_true(world_pod(w, 1)->ready);
    fixture_forget(&t.f);
    shut_down(&t, SIM_NEVER);
    fixture_run(&t.f, 18060);
    assert_int_equal(world_pod(w, 0)->phase, POD_FAILED);
    assert_int_equal(world_pod(w, 2)->phase, POD_FAILED);
    assert_true(server_listens(world_pod(w, 1)));
    fixture_run(&t.f, 18100);
    assert_false(server_listens(world_pod(w, 1)));
    fixture_run(&t.f, 21200);
    assert_int_equal(world_pod(w, 1)->phase, POD_FAILED);
    assert_true(world_node(w, 0)->up);
    fixture_run(&t.f, 24000);
    assert_false(world_node(w, 0)->up);
    end(&t);
}

/* A pod that comes is not let in. */
static void rejects(void **state)
{
    struct test t;
    pod_id id;

    (void)state;
    init(&t);
    t.f.workload.shutdown = dist_constant(10);
    running(&t);
    shut_down(&t, SIM_NEVER);
    id = fixture_pod(&t.f, 0);
    fixture_run(&t.f, 6000);
    assert_int_equal(world_pod(t.f.s.world, id)->phase, POD_FAILED);
    assert_string_equal(world_pod(t.f.s.world, id)->reason, "NodeShutdown");
    assert_int_equal(world_pod(t.f.s.world, id)->sandboxes, 0);
    end(&t);
}

/* The power is cut whoever still runs; without a grace period at once. */
static void power_cut(void **state)
{
    struct test t;

    (void)state;
    init(&t);
    t.f.workload.shutdown = dist_constant(10);
    running(&t);
    shut_down(&t, 6 * SIM_S);
    fixture_run(&t.f, 10999);
    assert_true(world_node(t.f.s.world, 0)->up);
    fixture_run(&t.f, 11000);
    assert_false(world_node(t.f.s.world, 0)->up);
    assert_int_equal(world_pod(t.f.s.world, 0)->phase, POD_RUNNING);
    end(&t);
    init(&t);
    t.f.scenario.cluster.kubelet.shutdown_group_count = 0;
    running(&t);
    assert_true(shut_down(&t, SIM_NEVER));
    assert_false(world_node(t.f.s.world, 0)->up);
    end(&t);
}

/* One that was told to boot before it was down boots when it is. Pods that
 * had failed stay so. */
static void returns(void **state)
{
    struct test t;

    (void)state;
    init(&t);
    running(&t);
    shut_down(&t, SIM_NEVER);
    fixture_run(&t.f, 5001);
    kubelet_node_up(t.f.s.kubelets, 0, SHUTDOWN);
    fixture_run(&t.f, 7100);
    assert_true(world_node(t.f.s.world, 0)->up);
    assert_int_equal(world_node(t.f.s.world, 0)->boot, 1);
    fixture_run(&t.f, 20000);
    assert_int_equal(world_node(t.f.s.world, 0)->ready, NODE_TRUE);
    assert_int_equal(world_pod(t.f.s.world, 0)->phase, POD_FAILED);
    assert_int_equal(world_pod(t.f.s.world, 0)->sandboxes, 1);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pods_fail), cmocka_unit_test(probes_are_over),
        cmocka_unit_test(grace),     cmocka_unit_test(groups_in_turn),
        cmocka_unit_test(rejects),   cmocka_unit_test(power_cut),
        cmocka_unit_test(returns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
