/* Nodes that stop answering: when they are found, taints, zones, rates. */
#include "models/controllers/nodelifecycle_rules.h"
#include "models/kubelet.h"
#include "tests/unit/control_fixture.h"

extern const struct controller controller_nodelifecycle;

static const struct controller *const one[] = {&controller_nodelifecycle, NULL};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Renewed every 10 s at a phase of 3 s, till the node stops. */
sim_time kubelet_last_lease(const struct kubelets *k, node_id id)
{
    const struct control *c = (const struct control *)k;
    sim_time end = sim_now(c->s.sim);

    if (c->stopped[id] < end)
        end = c->stopped[id];
    return end < 3 * SIM_S ? 0 : end - (end - 3 * SIM_S) % (10 * SIM_S);
}

/* --- rules --- */

static void test_zone_state(void **state)
{
    static const struct {
        int ready, not_ready;
        enum zone_state state;
    } cases[] = {
        {0, 1, ZONE_FULL_DISRUPTION},
        {1, 0, ZONE_NORMAL},
        {1, 3, ZONE_PARTIAL_DISRUPTION},
        {0, 4, ZONE_FULL_DISRUPTION},
        {1, 2, ZONE_NORMAL},              /* two are too few to tell */
        {9, 11, ZONE_PARTIAL_DISRUPTION}, /* 55 % exactly */
        {10, 11, ZONE_NORMAL},
        {0, 0, ZONE_NORMAL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (nodelifecycle_zone_state(cases[i].ready, cases[i].not_ready,
                                     0.55) != cases[i].state)
            fail_msg("case %zu", i);
    }
}

static void test_rates(void **state)
{
    struct scenario scenario = {.name = NULL};
    const struct control_plane_params *p = &scenario.cluster.control_plane;

    (void)state;
    control_defaults(&scenario);
    assert_true(nodelifecycle_rate(ZONE_NORMAL, 10, p) == 0.1);
    assert_true(nodelifecycle_rate(ZONE_FULL_DISRUPTION, 10, p) == 0.1);
    assert_true(nodelifecycle_rate(ZONE_PARTIAL_DISRUPTION, 50, p) == 0);
    assert_true(nodelifecycle_rate(ZONE_PARTIAL_DISRUPTION, 51, p) == 0.01);
}

static void test_taints_by_condition(void **state)
{
    static const struct {
        enum node_ready ready;
        bool unschedulable;
        const char *keys;
    } cases[] = {
        {NODE_TRUE, false, ""},
        {NODE_FALSE, false, "node.kubernetes.io/not-ready "},
        {NODE_UNKNOWN, false, "node.kubernetes.io/unreachable "},
        {NODE_TRUE, true, "node.kubernetes.io/unschedulable "},
        {NODE_FALSE, true,
         "node.kubernetes.io/not-ready node.kubernetes.io/unschedulable "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *keys[2];
        char text[100] = "";
        size_t count = nodelifecycle_condition_taints(
            cases[i].ready, cases[i].unschedulable, keys);

        for (size_t k = 0; k < count; k++) {
            strcat(text, keys[k]);
            strcat(text, " ");
        }
        assert_string_equal(text, cases[i].keys);
    }
}

/* --- the controller --- */

static struct control *begin(size_t nodes, int minor)
{
    struct control *c = control_new(one);

    c->manual = true;
    c->scenario.cluster.kubernetes_minor = minor;
    control_add_nodes(c, nodes, "a");
    return c;
}

static void stop_nodes(struct control *c, node_id first, size_t count,
                       double seconds)
{
    control_run(c, seconds);
    for (node_id id = first; id < first + count; id++)
        c->stopped[id] = sim_now(c->s.sim);
}

static size_t count_taints(const struct control *c, enum taint_effect effect)
{
    size_t count = 0;

    for (node_id id = 0; id < c->node_count; id++) {
        count +=
            control_has_taint(c, id, "node.kubernetes.io/unreachable",
                              effect) ||
            control_has_taint(c, id, "node.kubernetes.io/not-ready", effect);
    }
    return count;
}

static size_t count_unknown(const struct control *c)
{
    size_t count = 0;

    for (node_id id = 0; id < c->node_count; id++)
        count += world_node(c->s.world, id)->ready == NODE_UNKNOWN;
    return count;
}

/* The last lease, of 43 s, was seen at 45 s: Unknown 50 s later; NoSchedule
 * and unready pods with it, NoExecute with the next pass. */
static void test_lost_and_found(void **state)
{
    static const struct pod_template template = {.grace_period = 30 * SIM_S};
    struct control *c = begin(3, 36);
    struct world *w = c->s.world;

    (void)state;
    control_run(c, 1);
    for (int i = 0; i < 5; i++) {
        pod_id id = control_pod(c, &template, "p");

        world_pod_bind(w, id, id % 2);
        control_ready(c, id);
    }
    stop_nodes(c, 1, 1, 47);
    control_run(c, 94.99);
    assert_int_equal(count_unknown(c), 0);
    control_run(c, 95.1);
    assert_int_equal(world_node(w, 1)->ready, NODE_UNKNOWN);
    assert_int_equal(count_unknown(c), 1);
    assert_int_equal(count_taints(c, TAINT_NO_SCHEDULE), 1);
    for (pod_id id = 0; id < 5; id++)
        assert_int_equal(world_pod(w, id)->ready, id % 2 == 0);
    control_run(c, 99.9);
    assert_int_equal(count_taints(c, TAINT_NO_EXECUTE), 0);
    control_run(c, 100.5);
    assert_int_equal(count_taints(c, TAINT_NO_EXECUTE), 1);
    control_run(c, 202);
    assert_int_equal(count_taints(c, TAINT_NO_EXECUTE), 1);
    c->stopped[1] = SIM_NEVER; /* its kubelet reports Ready again */
    world_node_set_ready(w, 1, NODE_TRUE);
    control_run(c, 202.1);
    assert_int_equal(count_taints(c, TAINT_NO_SCHEDULE), 0);
    assert_int_equal(count_taints(c, TAINT_NO_EXECUTE), 1);
    control_run(c, 206);
    assert_int_equal(count_taints(c, TAINT_NO_EXECUTE), 0);
    control_run(c, 1000);
    assert_int_equal(count_unknown(c), 0);
    stop_nodes(c, 1, 1, 1000); /* and once more */
    control_run(c, 1056);
    assert_int_equal(count_unknown(c), 1);
    assert_int_equal(count_taints(c, TAINT_NO_EXECUTE), 1);
    control_free(c);
}

/* Every phase of stopping against lease and pass: found after the grace
 * period since the pass that saw the last lease. */
static void test_when_found(void **state)
{
    (void)state;
    for (int tenth = 0; tenth < 100; tenth++) {
        double stop = 200 + tenth * 0.1, lease;
        struct control *c = begin(2, 26);

        c->scenario.cluster.control_plane.node_monitor_grace_period =
            40 * SIM_S;
        stop_nodes(c, 0, 1, stop);
        lease = sim_to_seconds(kubelet_last_lease((struct kubelets *)c, 0));
        control_run(c, lease + 39.99);
        assert_int_equal(count_unknown(c), 0);
        control_run(c, lease + 45.1);
        assert_int_equal(count_unknown(c), 1);
        control_free(c);
    }
}

/* The kubelet itself reports Ready=False: pods stay as they are. */
static void test_reported(void **state)
{
    static const struct pod_template template = {.grace_period = 30 * SIM_S};
    struct control *c = begin(3, 36);
    struct world *w = c->s.world;

    (void)state;
    world_pod_bind(w, control_pod(c, &template, "p"), 0);
    control_ready(c, 0);
    control_run(c, 21);
    world_node_set_ready(w, 0, NODE_FALSE);
    control_run(c, 21.1);
    assert_true(control_has_taint(c, 0, "node.kubernetes.io/not-ready",
                                  TAINT_NO_SCHEDULE));
    control_run(c, 26);
    assert_true(control_has_taint(c, 0, "node.kubernetes.io/not-ready",
                                  TAINT_NO_EXECUTE));
    assert_true(world_pod(w, 0)->ready);
    stop_nodes(c, 0, 1, 30); /* now it is silent too */
    control_run(c, 100);
    assert_true(control_has_taint(c, 0, "node.kubernetes.io/unreachable",
                                  TAINT_NO_EXECUTE));
    assert_false(control_has_taint(c, 0, "node.kubernetes.io/not-ready",
                                   TAINT_NO_EXECUTE));
    assert_true(control_has_taint(c, 0, "node.kubernetes.io/unreachable",
                                  TAINT_NO_SCHEDULE));
    control_free(c);
}

static void test_cordon(void **state)
{
    struct control *c = begin(1, 36);

    (void)state;
    control_run(c, 1);
    world_node_set_unschedulable(c->s.world, 0, true);
    control_run(c, 1.1);
    assert_true(control_has_taint(c, 0, "node.kubernetes.io/unschedulable",
                                  TAINT_NO_SCHEDULE));
    world_node_set_unschedulable(c->s.world, 0, false);
    control_run(c, 1.2);
    assert_false(control_has_taint(c, 0, "node.kubernetes.io/unschedulable",
                                   TAINT_NO_SCHEDULE));
    control_free(c);
}

/* Stopped nodes of a zone, others up, nodes tainted NoExecute so long after
 * the pass that found them. */
static void test_eviction_rate(void **state)
{
    static const struct {
        const char *label;
        size_t stopped, up, elsewhere;
        double after;
        size_t tainted;
    } cases[] = {
        {"one node in ten seconds", 5, 20, 0, 5.5, 1},
        {"the second", 5, 20, 0, 15.5, 2},
        {"the fifth", 5, 20, 0, 46, 5},
        {"a whole zone", 20, 0, 40, 35.5, 4},
        {"part of a small zone", 12, 8, 40, 300, 0},
        {"part of a small cluster", 6, 4, 0, 300, 0},
        {"part of a large zone", 40, 20, 0, 6, 1},
        {"part of a large zone, 100 s later", 40, 20, 0, 106, 2},
        {"everything", 20, 0, 0, 300, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct control *c = begin(cases[i].stopped + cases[i].up, 36);
        size_t seen;

        control_add_nodes(c, cases[i].elsewhere, "b");
        stop_nodes(c, 0, cases[i].stopped, 47);
        control_run(c, 94.9);
        assert_int_equal(count_unknown(c), 0);
        control_run(c, 95 + cases[i].after + 0.3 * (double)cases[i].stopped);
        seen = count_taints(c, TAINT_NO_EXECUTE);
        /* The pass takes a while with many: one more or less. */
        if (seen > cases[i].tainted + (cases[i].stopped > 5) ||
            seen + (cases[i].stopped > 5 && seen > 0) < cases[i].tainted)
            fail_msg("%s: %zu", cases[i].label, seen);
        assert_int_equal(count_unknown(c), cases[i].stopped);
        assert_int_equal(count_taints(c, TAINT_NO_SCHEDULE), cases[i].stopped);
        control_free(c);
    }
}

/* All nodes down: what was tainted before is untainted, nothing follows. */
static void test_master_disruption(void **state)
{
    struct control *c = begin(6, 36);

    (void)state;
    stop_nodes(c, 0, 2, 47);
    control_run(c, 101);
    assert_int_equal(count_taints(c, TAINT_NO_EXECUTE), 1);
    stop_nodes(c, 2, 4, 101);
    control_run(c, 170);
    assert_int_equal(count_unknown(c), 6);
    assert_int_equal(count_taints(c, TAINT_NO_EXECUTE), 0);
    control_run(c, 400);
    assert_int_equal(count_taints(c, TAINT_NO_EXECUTE), 0);
    for (node_id id = 2; id < 6; id++) {
        c->stopped[id] = SIM_NEVER;
        world_node_set_ready(c->s.world, id, NODE_TRUE);
    }
    control_run(c, 440); /* the two that are left are evicted again */
    assert_int_equal(count_taints(c, TAINT_NO_EXECUTE), 2);
    control_free(c);
}

/* After a stop every node has its grace period again. */
static void test_restart(void **state)
{
    struct control *c = begin(3, 36);
    struct controller_run *run =
        controllers_find(c->s.controllers, "nodelifecycle");

    (void)state;
    stop_nodes(c, 0, 1, 47);
    controller_set_stopped(run, true);
    control_run(c, 300);
    assert_int_equal(count_unknown(c), 0);
    controller_set_stopped(run, false);
    control_run(c, 349);
    assert_int_equal(count_unknown(c), 0);
    control_run(c, 356);
    assert_int_equal(count_unknown(c), 1);
    control_free(c);
}

/* 200 nodes and 6 h of passes cost next to nothing where all is well. */
static void test_many_passes(void **state)
{
    struct control *c = begin(CONTROL_NODES_MAX, 36);

    (void)state;
    control_run(c, 6 * 3600);
    assert_int_equal(count_unknown(c), 0);
    assert_int_equal(controller_request_count(
                         controllers_find(c->s.controllers, "nodelifecycle")),
                     0);
    control_free(c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zone_state),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_taints_by_condition),
        cmocka_unit_test(test_lost_and_found),
        cmocka_unit_test(test_when_found),
        cmocka_unit_test(test_reported),
        cmocka_unit_test(test_cordon),
        cmocka_unit_test(test_eviction_rate),
        cmocka_unit_test(test_master_disruption),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_many_passes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
