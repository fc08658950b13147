/* What the kubelet decides: probes, back-off, the condition Ready. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "models/kubelet_rules.h"

/* --- probes --- */

static struct probe_state begun(enum probe_purpose purpose)
{
    struct probe_state p = {.run = 0};

    kubelet_probe_begins(&p, purpose);
    return p;
}

static void before_any_probe(void **state)
{
    struct probe_state p;

    (void)state;
    p = begun(PROBE_STARTUP);
    assert_int_equal(p.result, PROBE_UNKNOWN);
    assert_false(kubelet_started(&p));
    assert_true(kubelet_started(NULL));
    p = begun(PROBE_READINESS);
    assert_int_equal(p.result, PROBE_FAILURE);
    assert_false(kubelet_container_ready(true, true, &p));
    assert_true(kubelet_container_ready(true, true, NULL));
    assert_false(kubelet_container_ready(true, false, NULL));
    assert_false(kubelet_container_ready(false, true, NULL));
    p = begun(PROBE_LIVENESS);
    assert_int_equal(p.result, PROBE_SUCCESS);
}

static void when_probes_run(void **state)
{
    static const struct {
        enum probe_purpose purpose;
        bool started;
        sim_time age;
        bool runs;
    } rows[] = {
        {PROBE_STARTUP, false, 10, true},
        {PROBE_STARTUP, false, 9, false},
        {PROBE_STARTUP, true, 10, false},
        {PROBE_READINESS, false, 10, false},
        {PROBE_READINESS, true, 10, true},
        {PROBE_READINESS, true, 9, false},
        {PROBE_LIVENESS, false, 100, false},
        {PROBE_LIVENESS, true, 100, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct probe_state p = begun(rows[i].purpose);

        assert_int_equal(kubelet_probe_runs(&p, rows[i].purpose,
                                            rows[i].started,
                                            rows[i].age * SIM_S, 10 * SIM_S),
                         rows[i].runs);
        p.on_hold = true;
        assert_false(kubelet_probe_runs(&p, rows[i].purpose, rows[i].started,
                                        SIM_NEVER, 0));
    }
}

/* As in TestFailureThreshold of pkg/kubelet/prober/worker_test.go. */
static void failure_threshold(void **state)
{
    struct probe_state p = begun(PROBE_READINESS);

    (void)state;
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 3; j++) {
            assert_true(kubelet_probe_outcome(&p, PROBE_READINESS, true, 1, 3));
            assert_int_equal(p.result, PROBE_SUCCESS);
        }
        for (int j = 0; j < 5; j++) {
            assert_int_equal(
                kubelet_probe_outcome(&p, PROBE_READINESS, false, 1, 3),
                j >= 2);
            assert_int_equal(p.result, j < 2 ? PROBE_SUCCESS : PROBE_FAILURE);
            assert_false(p.on_hold);
        }
    }
}

/* Liveness that failed rests till the container's next run, and counts from
 * nothing then; what else there was is still counted. */
static void restarts(void **state)
{
    struct probe_state p = begun(PROBE_LIVENESS);

    (void)state;
    kubelet_probe_outcome(&p, PROBE_LIVENESS, false, 1, 2);
    assert_int_equal(p.run, 1);
    assert_true(kubelet_probe_outcome(&p, PROBE_LIVENESS, false, 1, 2));
    assert_int_equal(p.run, 0);
    assert_true(p.on_hold);
    kubelet_probe_begins(&p, PROBE_LIVENESS);
    assert_false(p.on_hold);
    assert_int_equal(p.result, PROBE_SUCCESS);
    assert_false(kubelet_probe_outcome(&p, PROBE_LIVENESS, false, 1, 2));
    kubelet_probe_begins(&p, PROBE_LIVENESS);
    assert_true(kubelet_probe_outcome(&p, PROBE_LIVENESS, false, 1, 2));

    p = begun(PROBE_STARTUP);
    assert_true(kubelet_probe_outcome(&p, PROBE_STARTUP, true, 1, 2));
    assert_true(p.on_hold);
    assert_true(kubelet_started(&p));
    kubelet_probe_begins(&p, PROBE_STARTUP);
    assert_false(kubelet_started(&p));
}

/* --- back-off --- */

static const struct backoff_limits usual = {10 * SIM_S, 300 * SIM_S,
                                            600 * SIM_S};

/* A container that ends a second after each start. */
static void waits(void **state)
{
    static const sim_time expected[] = {0, 10, 20, 40, 80, 160, 300, 300};
    struct backoff b = {0, 0};
    sim_time event = 0, until;

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        until = kubelet_backoff_until(&b, &usual, event);
        assert_int_equal(until - event, expected[i] * SIM_S);
        kubelet_backoff_next(&b, &usual, event, until);
        event = until + SIM_S;
    }
    event = b.updated + usual.reset;
    assert_int_equal(kubelet_backoff_until(&b, &usual, event),
                     event + usual.max);
    event++;
    assert_int_equal(kubelet_backoff_until(&b, &usual, event), event);
    kubelet_backoff_next(&b, &usual, event, event);
    assert_int_equal(b.wait, usual.base);
}

static void no_waits(void **state)
{
    const struct backoff_limits none = {0, 0, 0};
    struct backoff b = {0, 0};

    (void)state;
    for (sim_time t = 0; t < 5; t++) {
        assert_int_equal(kubelet_backoff_until(&b, &none, t), t);
        kubelet_backoff_next(&b, &none, t, t);
    }
}

static void long_waits(void **state)
{
    const struct backoff_limits limits = {SIM_NEVER, SIM_NEVER, SIM_NEVER};
    struct backoff b = {0, 0};

    (void)state;
    kubelet_backoff_next(&b, &limits, 1, 1);
    assert_int_equal(kubelet_backoff_until(&b, &limits, 1), SIM_NEVER);
    kubelet_backoff_next(&b, &limits, 1, 1);
    assert_int_equal(b.wait, SIM_NEVER);
}

static void crash_limits(void **state)
{
    static const struct {
        bool reduced;
        int configured, base, max;
    } rows[] = {
        {false, -1, 10, 300}, {true, -1, 1, 60},   {false, 11, 10, 11},
        {false, 5, 5, 5},     {true, 300, 1, 300}, {true, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct backoff_limits limits = kubelet_crash_limits(
            usual, rows[i].reduced, rows[i].configured * SIM_S);

        assert_int_equal(limits.base, rows[i].base * SIM_S);
        assert_int_equal(limits.max, rows[i].max * SIM_S);
        assert_int_equal(limits.reset, usual.reset);
    }
}

/* --- the condition Ready --- */

static void ready_condition(void **state)
{
    static const struct {
        struct pod_readiness pod;
        const char *reason;
    } rows[] = {
        {{POD_RUNNING, false, 0, 0, 0}, "UnknownContainerStatuses"},
        {{POD_RUNNING, true, 0, 0, 0}, NULL},
        {{POD_RUNNING, true, 1, 0, 0}, "ContainersNotReady"},
        {{POD_PENDING, true, 0, 1, 0}, "ContainersNotReady"},
        {{POD_SUCCEEDED, true, 0, 1, 0}, "PodCompleted"},
        {{POD_SUCCEEDED, true, 1, 1, 0}, "ContainersNotReady"},
        {{POD_FAILED, true, 1, 1, 1}, "PodFailed"},
        {{POD_RUNNING, true, 0, 1, 1}, "ContainersNotReady"},
        {{POD_RUNNING, true, 0, 0, 1}, "ReadinessGatesNotReady"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *reason = kubelet_unready_reason(&rows[i].pod);

        if (rows[i].reason)
            assert_string_equal(reason, rows[i].reason);
        else
            assert_null(reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_any_probe),
        cmocka_unit_test(when_probes_run),
        cmocka_unit_test(failure_threshold),
        cmocka_unit_test(restarts),
        cmocka_unit_test(waits),
        cmocka_unit_test(no_waits),
        cmocka_unit_test(long_waits),
        cmocka_unit_test(crash_limits),
        cmocka_unit_test(ready_condition),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
