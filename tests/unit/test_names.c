/* Clients that look names up: what a look-up costs, what it is blamed for,
 * which record they take, when they look again. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/traffic_fixture.h"

/* A request a second from one client of a headless Service. */
static void named(struct fixture *f)
{
    steady(f);
    f->traffic[0].clients = 1;
    f->traffic[0].access = ACCESS_HEADLESS;
    f->traffic[0].timeout = SIM_S / 2;
}

static void run_pods(struct fixture *f, uint32_t pods, sim_time until)
{
    fixture_make(f, 1);
    fixture_pods(f, pods);
    run_to(f, until);
}

/* ------------------------------------------------------------- look-ups */

static const struct {
    const char *label;
    enum access access;
    bool resolves, failed, pooled, library;
    sim_time latency, deadline;
    uint64_t dns, late; /* of 5 requests: failed by dns, by a time-out */
    int64_t first_end;  /* ms */
} look_ups[] = {
    {"quick", ACCESS_HEADLESS, false, false, false, false, SIM_MS, SIM_NEVER, 0,
     0, 1011},
    {"no answer, at once", ACCESS_HEADLESS, false, true, false, false,
     100 * SIM_MS, SIM_NEVER, 5, 0, 1100},
    {"no answer, time-out first", ACCESS_HEADLESS, false, true, false, false,
     10 * SIM_S, SIM_NEVER, 5, 0, 1500},
    {"slow, time-out first", ACCESS_HEADLESS, false, false, false, false, SIM_S,
     SIM_NEVER, 5, 0, 1500},
    {"slow, then the server is", ACCESS_HEADLESS, false, false, false, false,
     495 * SIM_MS, SIM_NEVER, 0, 5, 1500},
    {"slow, deadline first", ACCESS_HEADLESS, false, false, false, false, SIM_S,
     SIM_S / 4, 5, 0, 1250},
    {"a kept connection's", ACCESS_HEADLESS, false, false, true, false, SIM_S,
     SIM_NEVER, 5, 0, 1500},
    {"a library's", ACCESS_HEADLESS, false, false, true, true, SIM_S, SIM_NEVER,
     5, 0, 1500},
    {"a virtual IP's", ACCESS_SERVICE, true, true, false, false, 100 * SIM_MS,
     SIM_NEVER, 5, 0, 1100},
    {"a virtual IP that is known", ACCESS_SERVICE, false, true, false, false,
     100 * SIM_MS, SIM_NEVER, 0, 0, 1010},
};

static void look_ups_take_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof look_ups / sizeof look_ups[0]; i++) {
        struct fixture f;
        uint64_t by_origin;
        incident_id origin;

        named(&f);
        f.traffic[0].access = (int)look_ups[i].access;
        f.traffic[0].resolves = look_ups[i].resolves;
        f.traffic[0].deadline = look_ups[i].deadline;
        f.traffic[0].pool = (struct pool_spec){.on = look_ups[i].pooled,
                                               .size = 1,
                                               .streams = 1,
                                               .max_requests = INT64_MAX,
                                               .idle_timeout = SIM_NEVER,
                                               .max_age = SIM_NEVER};
        if (look_ups[i].library) {
            fixture_balance(&f, &lb_round_robin, LB_CLIENT);
            f.lb.per_request = true;
        }
        fixture_make(&f, 1);
        fixture_pods(&f, 2);
        origin = incident(&f, "dns");
        f.s.dns->failed = look_ups[i].failed;
        f.s.dns->latency = look_ups[i].latency;
        f.s.dns->origin = origin;
        run_to(&f, 1999 * SIM_MS);
        assert_int_equal(f.metrics.last_end / SIM_MS, look_ups[i].first_end);
        run_to(&f, 5999 * SIM_MS);
        by_origin = f.metrics.by_origin[origin % 8];
        if (f.metrics.request_cause[CAUSE_DNS] != look_ups[i].dns ||
            by_origin != look_ups[i].dns + look_ups[i].late ||
            f.metrics.request_cause[CAUSE_TIMEOUT] != look_ups[i].late)
            fail_msg("%s: dns %d, blamed %d, late %d", look_ups[i].label,
                     (int)f.metrics.request_cause[CAUSE_DNS], (int)by_origin,
                     (int)f.metrics.request_cause[CAUSE_TIMEOUT]);
        let_end(&f);
        fixture_release(&f);
    }
}

/* A name without address is the Service's doing. */
static void no_address(void **state)
{
    struct fixture f;

    (void)state;
    named(&f);
    run_pods(&f, 0, 5 * SIM_S / 2);
    assert_int_equal(f.metrics.request_cause[CAUSE_DNS], 2);
    assert_int_equal(f.metrics.by_origin[INCIDENT_NONE], 2);
    fixture_release(&f);
}

/* All records, or the first of the answer: which the fake never shuffles. */
static void which_record(void **state)
{
    (void)state;
    for (int take = TAKE_ALL; take <= TAKE_FIRST; take++) {
        struct fixture f;

        named(&f);
        f.metrics.last_server = NO_ID;
        f.traffic[0].resolver.take = take;
        run_pods(&f, 4, 40 * SIM_S + SIM_S / 2);
        assert_int_equal(f.metrics.succeeded, 40);
        if (take == TAKE_FIRST)
            assert_int_equal(f.metrics.server_changes, 1);
        else
            assert_true(f.metrics.server_changes > 20);
        let_end(&f);
        fixture_release(&f);
    }
}

/* ------------------------------------------------------- after a loss */

/* As gRPC does: one connection to each address, requests in turn. */
static void library(struct fixture *f)
{
    named(f);
    f->traffic[0].pool = (struct pool_spec){.on = true,
                                            .size = 1,
                                            .streams = 100,
                                            .max_requests = INT64_MAX,
                                            .idle_timeout = SIM_NEVER,
                                            .max_age = SIM_NEVER};
    f->traffic[0].resolver.ask = ASK_AFTER_LOSS;
    f->traffic[0].resolver.min_interval = 30 * SIM_S;
    fixture_balance(f, &lb_round_robin, LB_CLIENT);
    f->lb.per_request = true;
}

static void new_pods_are_not_seen(void **state)
{
    struct fixture f;

    (void)state;
    library(&f);
    run_pods(&f, 2, 10 * SIM_S + SIM_S / 2);
    assert_int_equal(f.s.dns->asked, 1);
    fixture_pods(&f, 2);
    run_to(&f, 1000 * SIM_S);
    assert_int_equal(f.s.dns->asked, 1);
    assert_int_equal(server_present(world_pod(f.s.world, f.pods[2])), 0);
    assert_true(server_cpu(f.s.servers, world_pod(f.s.world, f.pods[2])) <=
                0.0);
    assert_int_equal(f.metrics.failed, 0);
    check_conservation(&f);
    fixture_release(&f);
}

/* At 100 s a connection is lost: asked at once; at 110 s another: asked 30 s
 * after that. The pod that is gone fails no request. */
static void a_loss_makes_it_ask(void **state)
{
    struct fixture f;

    (void)state;
    library(&f);
    f.traffic[0].rate = 10;
    run_pods(&f, 3, 99 * SIM_S);
    assert_int_equal(f.s.dns->asked, 1);
    run_to(&f, 99950 * SIM_MS);
    server_reset(f.s.servers, world_pod(f.s.world, f.pods[0]));
    run_to(&f, 101 * SIM_S);
    assert_int_equal(f.s.dns->asked, 2);
    assert_int_equal(f.metrics.failed, 1); /* that found out */
    assert_int_equal(f.metrics.request_cause[CAUSE_RESET], 1);
    run_to(&f, 110 * SIM_S);
    server_drain(f.s.servers, world_pod(f.s.world, f.pods[1]));
    world_pod_set_serving(f.s.world, f.pods[1], false);
    run_to(&f, 129 * SIM_S);
    assert_int_equal(f.s.dns->asked, 2);
    fixture_pods(&f, 1);
    run_to(&f, 131 * SIM_S);
    assert_int_equal(f.s.dns->asked, 3);
    assert_int_equal(f.metrics.failed, 1);
    run_to(&f, 140 * SIM_S);
    assert_true(server_cpu(f.s.servers, world_pod(f.s.world, f.pods[3])) > 0.3);
    assert_int_equal(f.s.dns->asked, 3);
    check_conservation(&f);
    fixture_release(&f);
}

/* A process that comes back at its address is tried again: after 1 s, 2.6 s,
 * and so on. */
static void an_address_is_tried_again(void **state)
{
    struct fixture f;
    struct pod *pod;
    double before;

    (void)state;
    library(&f);
    f.traffic[0].rate = 10;
    run_pods(&f, 2, 50 * SIM_S);
    pod = world_pod(f.s.world, f.pods[0]);
    server_reset(f.s.servers, pod);
    run_to(&f, 60 * SIM_S);
    assert_true(f.metrics.failed <= 1);
    server_open(f.s.servers, pod);
    before = server_cpu(f.s.servers, pod);
    run_to(&f, 75 * SIM_S);
    assert_true(server_cpu(f.s.servers, pod) > before + 0.1);
    assert_true(f.metrics.failed <= 1);
    check_conservation(&f);
    fixture_release(&f);
}

/* Ages of 100 s, +-10 %, of two connections: asked after each, but not twice
 * within 30 s. */
static void an_age_is_a_loss(void **state)
{
    struct fixture f;

    (void)state;
    library(&f);
    f.traffic[0].rate = 10;
    f.traffic[0].pool.max_age = 100 * SIM_S;
    run_pods(&f, 2, 10010 * SIM_S);
    assert_true(f.s.dns->asked >= 100 && f.s.dns->asked <= 210);
    assert_int_equal(f.metrics.failed, 0);
    check_conservation(&f);
    fixture_release(&f);
}

/* Idle connections are closed by their client: no loss. */
static void idleness_is_no_loss(void **state)
{
    struct fixture f;

    (void)state;
    library(&f);
    f.traffic[0].rate = 0.1;
    f.traffic[0].pool.idle_timeout = SIM_S;
    run_pods(&f, 2, 1000 * SIM_S);
    assert_int_equal(f.s.dns->asked, 1);
    assert_int_equal(f.metrics.failed, 0);
    check_conservation(&f);
    fixture_release(&f);
}

/* A Service that is deleted: its name is missed after a loss, and no sooner. */
static void the_name_goes(void **state)
{
    struct fixture f;
    uint64_t failed;

    (void)state;
    library(&f);
    f.traffic[0].rate = 10;
    run_pods(&f, 2, 50 * SIM_S);
    world_service_delete(f.s.world, f.service);
    run_to(&f, 100 * SIM_S);
    assert_int_equal(f.metrics.failed, 0);
    server_reset(f.s.servers, world_pod(f.s.world, f.pods[0]));
    run_to(&f, 102 * SIM_S);
    failed = f.metrics.request_cause[CAUSE_DNS];
    assert_in_range(failed, 10, 20);
    run_to(&f, 110 * SIM_S);
    assert_in_range(f.metrics.request_cause[CAUSE_DNS], failed + 79,
                    failed + 81);
    f.service = world_service_create(f.s.world, &f.service_spec, 1);
    fixture_publish(&f);
    run_to(&f, 180 * SIM_S);
    failed = f.metrics.failed;
    run_to(&f, 200 * SIM_S);
    assert_int_equal(f.metrics.failed, failed);
    check_conservation(&f);
    fixture_release(&f);
}

/* It goes on with what it knows while DNS does not answer, and asks again
 * after 1.6 s, 2.56 s, .. 120 s, +-20 %; without any address likewise. */
static void it_asks_again(void **state)
{
    (void)state;
    for (int known = 0; known <= 1; known++) {
        struct fixture f;
        uint64_t asked;

        library(&f);
        f.traffic[0].rate = 10;
        fixture_make(&f, 1);
        if (known)
            fixture_pods(&f, 2);
        run_to(&f, 100 * SIM_S);
        asked = f.s.dns->asked;
        if (!known) { /* 1.6 + 2.56 + .. + 42.9 = 112 */
            assert_in_range(asked, 7, 9);
            assert_int_equal(f.metrics.succeeded, 0);
            fixture_pods(&f, 2);
        } else {
            f.s.dns->failed = true;
            server_reset(f.s.servers, world_pod(f.s.world, f.pods[0]));
            run_to(&f, 200 * SIM_S);
            assert_in_range(f.s.dns->asked - asked, 7, 10);
            assert_true(f.metrics.failed <= 1);
            f.s.dns->failed = false;
        }
        run_to(&f, 400 * SIM_S);
        asked = f.s.dns->asked;
        run_to(&f, 500 * SIM_S);
        assert_int_equal(f.s.dns->asked, asked);
        assert_true(f.metrics.succeeded > 2000);
        check_conservation(&f);
        fixture_release(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(look_ups_take_time),
        cmocka_unit_test(no_address),
        cmocka_unit_test(which_record),
        cmocka_unit_test(new_pods_are_not_seen),
        cmocka_unit_test(a_loss_makes_it_ask),
        cmocka_unit_test(an_address_is_tried_again),
        cmocka_unit_test(an_age_is_a_loss),
        cmocka_unit_test(idleness_is_no_loss),
        cmocka_unit_test(the_name_goes),
        cmocka_unit_test(it_asks_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
