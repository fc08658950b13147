/*
 * test_kubelet_order - containers in their order: init containers, sidecars
 * that start first and end last; pulls that fail and are tried again.
 */
#include "models/kubelet_private.h"
#include "tests/unit/kubelet_fixture.h"

static const struct kubelet_pod *kubelet_of(const struct test *t)
{
    return world_pod(t->f.s.world, 0)->kubelet;
}

/* Pulls take 1 s each, the init container 5 s. */
static void init_containers_run_to_their_end(void **state)
{
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    t.f.workload.init = dist_constant(5);
    t.f.template.container_count = 2;
    t.f.containers[1] = t.f.containers[0];
    t.f.containers[0] =
        (struct container){.name = "init", .image = "tools", .init = true};
    start(&t);
    fixture_pod(&t.f, 0);
    fixture_run(&t.f, 6000);
    assert_int_equal(kubelet_of(&t)->containers[0].stage, CONTAINER_RUNNING);
    assert_int_equal(kubelet_of(&t)->containers[1].stage, CONTAINER_WAITING);
    fixture_run(&t.f, 10000);
    assert_int_equal(kubelet_of(&t)->containers[0].stage, CONTAINER_WAITING);
    assert_int_equal(world_pod(t.f.s.world, 0)->first_ready, 7115 * SIM_MS);
    end(&t);
}

/* The sidecar's startup probe passes at its first tick, after a period; the
 * process that serves drains for 3 s, and the sidecar waits for it. */
static void sidecars_start_first_and_end_last(void **state)
{
    static const struct probe startup = {.kind = PROBE_EXEC,
                                         .period = 10 * SIM_S,
                                         .timeout = SIM_S,
                                         .success_threshold = 1,
                                         .failure_threshold = 3};
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    t.f.workload.on_terminate = TERM_DRAIN;
    t.f.template.container_count = 2;
    t.f.containers[1] = t.f.containers[0];
    t.f.containers[0] = (struct container){.name = "proxy",
                                           .image = "tools",
                                           .init = true,
                                           .sidecar = true,
                                           .startup = &startup};
    start(&t);
    t.servers.busy = true;
    fixture_pod(&t.f, 0);
    fixture_run(&t.f, 9000);
    assert_int_equal(kubelet_of(&t)->containers[0].stage, CONTAINER_RUNNING);
    assert_int_equal(kubelet_of(&t)->containers[1].stage, CONTAINER_WAITING);
    fixture_run(&t.f, 20000);
    assert_int_equal(kubelet_of(&t)->containers[1].stage, CONTAINER_RUNNING);
    assert_true(world_pod(t.f.s.world, 0)->ready);
    world_pod_delete(t.f.s.world, 0, -1, NULL, INCIDENT_NONE);
    fixture_run(&t.f, 22000);
    assert_int_equal(kubelet_of(&t)->containers[0].stage, CONTAINER_RUNNING);
    assert_true(kubelet_of(&t)->containers[0].awaits_turn);
    fixture_run(&t.f, 24000);
    assert_null(world_pod(t.f.s.world, 0));
    end(&t);
}

/* At 1 s, and then when a sync finds the back-off over. */
static void pulls_that_fail_back_off(void **state)
{
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    t.f.template.cannot_start = true;
    start(&t);
    fixture_pod(&t.f, 0);
    fixture_run(&t.f, 2000);
    assert_int_equal(kubelet_of(&t)->containers[0].pull.wait, 10 * SIM_S);
    fixture_run(&t.f, 18000);
    assert_int_equal(kubelet_of(&t)->containers[0].pull.wait, 20 * SIM_S);
    fixture_run(&t.f, 1800000);
    assert_int_equal(kubelet_of(&t)->containers[0].pull.wait, 300 * SIM_S);
    assert_int_equal(world_pod(t.f.s.world, 0)->phase, POD_PENDING);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(init_containers_run_to_their_end),
        cmocka_unit_test(sidecars_start_first_and_end_last),
        cmocka_unit_test(pulls_that_fail_back_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
