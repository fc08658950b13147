/*
 * test_faults - pods that hang, are slow, answer with errors; slow nodes; who
 * is blamed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <math.h>

#include "tests/unit/traffic_fixture.h"

/* One pod; a request a second that takes 10 ms, given up after 0.5 s. */
static struct pod *begin(struct fixture *f, int discipline)
{
    steady(f);
    f->traffic[0].timeout = SIM_S / 2;
    f->workload.discipline = discipline;
    f->workload.queue_limit = 1;
    fixture_make(f, 1);
    fixture_pods(f, 1);
    run_to(f, 5 * SIM_S / 2);
    assert_int_equal(f->metrics.succeeded, 2);
    return world_pod(f->s.world, f->pods[0]);
}

static bool strike(struct fixture *f, struct pod *pod,
                   enum server_fault_kind kind, double amount)
{
    return server_fault_begin(f->s.servers, pod, kind, amount,
                              incident(f, "fault"));
}

enum { FAULT = INCIDENT_STARTUP + 1 };

/* Whatever its queue may hold; what came meanwhile is answered at the end,
 * too late. */
static void test_hang(void **state)
{
    struct fixture f;
    struct pod *pod;

    (void)state;
    for (int discipline = DISCIPLINE_FIFO; discipline <= DISCIPLINE_PS;
         discipline++) {
        pod = begin(&f, discipline);
        assert_true(strike(&f, pod, FAULT_HANG, 0));
        run_to(&f, 120 * SIM_S + SIM_S / 4);
        assert_int_equal(f.metrics.succeeded, 2);
        assert_int_equal(f.metrics.by_cause[CAUSE_TIMEOUT], 117);
        assert_int_equal(f.metrics.by_origin[FAULT], 117);
        assert_int_equal(server_present(pod), 118);
        server_fault_end(f.s.servers, pod, FAULT);
        run_to(&f, 125 * SIM_S + SIM_S / 4);
        assert_int_equal(f.metrics.served, 2 + 118 + 4);
        assert_int_equal(f.metrics.by_cause[CAUSE_OVERLOADED], 1);
        assert_true(f.metrics.succeeded >= 2 + 3);
        let_end(&f);
        servers_audit(f.s.servers);
        assert_false(f.s.failed);
        fixture_release(&f);
    }
}

/* A new process does not hang. */
static void test_restart(void **state)
{
    struct fixture f;
    struct pod *pod = begin(&f, DISCIPLINE_FIFO);

    (void)state;
    assert_true(strike(&f, pod, FAULT_HANG, 0));
    run_to(&f, 4 * SIM_S + SIM_S / 10);
    server_reset(f.s.servers, pod);
    assert_int_equal(f.metrics.by_cause[CAUSE_RESET], 1);
    assert_false(strike(&f, pod, FAULT_SLOW, 2));
    server_open(f.s.servers, pod);
    run_to(&f, 6 * SIM_S + SIM_S / 2);
    assert_int_equal(f.metrics.succeeded, 4);
    let_end(&f);
    fixture_release(&f);
}

/* Factors multiply, of the pod and of its node; what is over is over. */
static void test_slow(void **state)
{
    struct fixture f;
    struct pod *pod = begin(&f, DISCIPLINE_FIFO);

    (void)state;
    f.metrics.sojourn = 0;
    assert_true(strike(&f, pod, FAULT_SLOW, 5));
    run_to(&f, 3 * SIM_S + SIM_S / 2);
    assert_true(fabs(f.metrics.sojourn - 0.05) < 1e-9);
    server_slow_node(f.s.servers, 0, 4, incident(&f, "node"));
    run_to(&f, 4 * SIM_S + SIM_S / 2);
    assert_true(fabs(f.metrics.sojourn - 0.25) < 1e-9);
    server_fault_end(f.s.servers, pod, FAULT);
    run_to(&f, 5 * SIM_S + SIM_S / 2);
    assert_true(fabs(f.metrics.sojourn - 0.29) < 1e-9);
    server_slow_node(f.s.servers, 0, 1, FAULT);
    assert_int_equal(server_fault(pod), NO_ID);
    run_to(&f, 6 * SIM_S + SIM_S / 2);
    assert_true(fabs(f.metrics.sojourn - 0.30) < 1e-9);
    server_slow_node(f.s.servers, 1, 3, incident(&f, "other node"));
    assert_int_equal(server_fault(pod), NO_ID);
    let_end(&f);
    fixture_release(&f);
}

/* Errors are blamed on the fault, those of the workload on nobody. */
static void test_error(void **state)
{
    struct fixture f;
    struct pod *pod;

    (void)state;
    steady(&f);
    f.traffic[0].rate = 1000;
    f.workload.service_time = dist_constant(1e-4);
    f.workload.error_rate = 0.5;
    fixture_make(&f, 1);
    fixture_pods(&f, 1);
    pod = world_pod(f.s.world, f.pods[0]);
    run_to(&f, 10 * SIM_S);
    assert_true(fabs((double)f.metrics.failed - 5000) < 250);
    assert_int_equal(f.metrics.by_origin[INCIDENT_NONE], f.metrics.failed);
    assert_true(strike(&f, pod, FAULT_ERROR, 0.5));
    f.metrics.failed = 0;
    run_to(&f, 20 * SIM_S);
    assert_true(fabs((double)f.metrics.failed - 7500) < 250);
    assert_true(f.metrics.by_origin[FAULT] + 1 >= f.metrics.failed);
    fixture_release(&f);
}

/* A partition of the one pod's node: of four clients, one on each node, only
 * that on the pod's own gets through; what was under way is lost. */
static void test_partition(void **state)
{
    struct fixture f;
    struct pod *pod;
    uint64_t before;

    (void)state;
    steady(&f);
    f.traffic[0].rate = 100;
    f.traffic[0].clients = 4;
    f.traffic[0].connect_timeout = SIM_S / 4;
    f.traffic[0].timeout = SIM_S;
    f.workload.service_time = dist_constant(0.02);
    f.workload.concurrency = 100;
    fixture_make(&f, 1);
    fixture_pods(&f, 1);
    pod = world_pod(f.s.world, f.pods[0]);
    run_to(&f, 10 * SIM_S + SIM_MS);
    before = f.metrics.succeeded;
    assert_int_equal(f.metrics.failed, 0);
    world_node_cut(f.s.world, pod->node, CUT_CLIENTS, true,
                   incident(&f, "partition"));
    run_to(&f, 20 * SIM_S);
    /* Those that the pod had, less its own node's. */
    assert_true(f.metrics.by_cause[CAUSE_TIMEOUT] >= 1);
    assert_true(f.metrics.by_cause[CAUSE_TIMEOUT] <= 3);
    assert_true(fabs((double)(f.metrics.succeeded - before) - 250) < 60);
    assert_true(fabs((double)f.metrics.by_cause[CAUSE_CONNECT_TIMEOUT] - 730) <
                70);
    assert_int_equal(f.metrics.by_origin[FAULT], f.metrics.failed_attempts);
    /* From the control plane: nobody notices. */
    world_node_cut(f.s.world, pod->node, CUT_CLIENTS, false, FAULT);
    world_node_cut(f.s.world, pod->node, CUT_CONTROL_PLANE, true, FAULT);
    run_to(&f, 21 * SIM_S);
    before = f.metrics.failed;
    run_to(&f, 30 * SIM_S);
    assert_int_equal(f.metrics.failed, before);
    let_end(&f);
    fixture_release(&f);
}

/* Connections that are kept: what comes on them is lost, not refused. */
static void test_partition_of_pools(void **state)
{
    struct fixture f;

    (void)state;
    steady(&f);
    f.traffic[0].clients = 1; /* on node 0 */
    f.traffic[0].timeout = SIM_S / 2;
    f.traffic[0].connect_timeout = SIM_S / 4;
    f.traffic[0].pool = (struct pool_spec){.on = true,
                                           .size = 1,
                                           .streams = 1,
                                           .idle_timeout = SIM_HOUR,
                                           .max_requests = INT64_MAX,
                                           .max_age = SIM_NEVER};
    fixture_make(&f, 1);
    f.pods[f.pod_count++] = fixture_pod(&f, 1, &f.template);
    fixture_publish(&f);
    run_to(&f, 5 * SIM_S + SIM_S / 2);
    assert_int_equal(f.metrics.failed, 0);
    world_node_cut(f.s.world, 1, CUT_CLIENTS, true, incident(&f, "partition"));
    run_to(&f, 9 * SIM_S + SIM_S / 2 + SIM_MS);
    assert_int_equal(f.metrics.by_cause[CAUSE_TIMEOUT], 1);
    assert_int_equal(f.metrics.by_cause[CAUSE_CONNECT_TIMEOUT], 3);
    assert_int_equal(f.metrics.by_origin[FAULT], 4);
    world_node_cut(f.s.world, 1, CUT_CLIENTS, false, FAULT);
    run_to(&f, 12 * SIM_S + SIM_S / 2);
    assert_int_equal(f.metrics.failed, 4);
    let_end(&f);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hang),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_slow),
        cmocka_unit_test(test_error),
        cmocka_unit_test(test_partition),
        cmocka_unit_test(test_partition_of_pools),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
