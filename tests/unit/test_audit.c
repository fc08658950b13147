/*
 * test_audit - conservation and Little's law hold while pods and nodes fail,
 * and a breach of them is found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "models/traffic/queue.h"
#include "models/traffic/traffic_internal.h"
#include "tests/unit/traffic_fixture.h"

/* Some 200 requests/s to four pods that bear 400, in a window from 1 s on. */
static void begin(struct fixture *f, int discipline)
{
    fixture_defaults(f);
    f->traffic[0].rate = 300;
    f->traffic[0].timeout = 50 * SIM_MS;
    f->workload.discipline = discipline;
    fixture_make(f, 7);
    fixture_pods(f, 4);
    run_to(f, SIM_S);
    servers_begin_window(f->s.servers);
}

static bool audit(struct fixture *f)
{
    f->s.failed = false;
    traffic_audit(f->s.traffic);
    servers_audit(f->s.servers);
    return !f->s.failed;
}

static void test_holds(void **state)
{
    struct fixture f;

    (void)state;
    for (int discipline = DISCIPLINE_FIFO; discipline <= DISCIPLINE_PS;
         discipline++) {
        begin(&f, discipline);
        for (int i = 1; i < 200; i++) {
            struct pod *pod = world_pod(f.s.world, f.pods[i % 4]);

            run_to(&f, SIM_S + i * 37 * SIM_MS);
            assert_true(audit(&f));
            if (i % 9 == 0)
                server_reset(f.s.servers, pod);
            else if (i % 9 == 4)
                server_vanish(f.s.servers, pod);
            else if (i % 9 == 7 && !server_listens(pod))
                server_open(f.s.servers, pod);
        }
        assert_true(f.metrics.succeeded > 300 && f.metrics.failed > 300);
        let_end(&f);
        assert_true(audit(&f));
        fixture_release(&f);
    }
}

static void test_lost_request(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, DISCIPLINE_FIFO);
    run_to(&f, 2 * SIM_S);
    assert_true(audit(&f));
    f.s.traffic->entries[0].offered++;
    assert_false(audit(&f));
    f.s.traffic->entries[0].offered--;
    f.s.traffic->entries[0].ended[REQUEST_FAILED]++;
    assert_false(audit(&f));
    f.s.traffic->entries[0].ended[REQUEST_FAILED]--;
    assert_true(audit(&f));
    fixture_release(&f);
}

/* Attempts that leave their queue, and nobody hears of it. */
static void test_lost_attempt(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, DISCIPLINE_FIFO);
    f.workload.service_time = dist_constant(10);
    run_to(&f, 2 * SIM_S);
    assert_true(audit(&f));
    queue_clear((struct queue *)world_pod(f.s.world, f.pods[0])->server, NULL,
                NULL);
    assert_false(audit(&f));
    fixture_release(&f);
}

/* Clients that would wait for ever. */
static void test_give_up(void **state)
{
    struct fixture f;

    (void)state;
    fixture_defaults(&f);
    f.scenario.duration = 10 * SIM_S;
    f.workload.service_time = dist_constant(1e5);
    fixture_make(&f, 7);
    fixture_pods(&f, 4);
    world_begin_measure(f.s.world);
    run_to(&f, 10 * SIM_S);
    assert_true(f.metrics.begun > 0 && ended(&f.metrics) == 0);
    traffic_give_up(f.s.traffic);
    assert_int_equal(f.metrics.failed, f.metrics.begun);
    assert_int_equal(f.metrics.by_cause[CAUSE_TIMEOUT], f.metrics.failed);
    assert_true(audit(&f));
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_holds),
        cmocka_unit_test(test_lost_request),
        cmocka_unit_test(test_lost_attempt),
        cmocka_unit_test(test_give_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
