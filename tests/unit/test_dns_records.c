/* Names of pods, and servers in trouble. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/dns_fixture.h"

/* ------------------------------------------------------ names of pods */

static const char db_0[] = "db-0", db_1[] = "db-1";

/* A StatefulSet db with pods db-0 and db-1, governed by Service `governor`. */
static void start_set(struct test *t, const char *governor)
{
    t->set.meta = (struct meta){.name = "db", .space = "default"};
    t->set.service_name = governor;
    t->set.template = t->f.template;
    t->traffic =
        (struct traffic_spec){.space = "default", .service = "db", .pod = db_1};
    t->f.scenario.traffic = &t->traffic;
    t->f.scenario.traffic_count = 1;
    start(t);
    world_statefulset_create(t->f.s.world, &t->set, INCIDENT_STARTUP);
    for (int i = 0; i < 2; i++)
        world_pod_create_owned(t->f.s.world, OWNER_STATEFULSET, 0,
                               &t->set.template, i, NO_ID, INCIDENT_STARTUP);
}

/* A version with pod 0, and pod 1 ready or not. */
static void list(struct test *t, bool ready)
{
    struct endpoint_set *set = endpoint_set_new(0, 2);

    for (uint32_t i = 0; i < 2; i++)
        set->endpoints[i] = (struct endpoint){
            .pod = i,
            .slot = i,
            .ip = 1000 + i,
            .flags = i == 0 || ready ? ENDPOINT_READY | ENDPOINT_SERVING : 0};
    world_service_publish(t->f.s.world, set);
}

static void pods_have_names(void **state)
{
    struct test t;

    (void)state;
    prepare(&t);
    t.service.headless = false; /* governs all the same */
    start_set(&t, "db");
    list(&t, false);
    fixture_run(&t.f, 1000);
    ask_for(&t, 0, db_0, false);
    assert_int_equal(t.answer.set->ready, 1);
    assert_int_equal(t.answer.set->endpoints[0].ip, 1000);
    ask_for(&t, 1, db_1, false);
    assert_int_equal(t.answer.set->ready, 0);
    assert_false(t.answer.failed);
    list(&t, true);
    fixture_run(&t.f, 30999); /* the server's cache has it without address */
    ask_for(&t, 1, db_1, false);
    assert_int_equal(t.answer.set->ready, 0);
    fixture_run(&t.f, 31000);
    ask_for(&t, 1, db_1, false);
    assert_int_equal(t.answer.set->ready, 1);
    assert_int_equal(t.answer.set->endpoints[0].ip, 1001);
    end(&t);
}

/* What lists a pod that is gone is late, and so is its name. */
static void a_pod_that_is_gone_has_a_name(void **state)
{
    struct test t;

    (void)state;
    prepare(&t);
    t.f.scenario.cluster.dns.cache = false;
    start_set(&t, "db");
    list(&t, true);
    fixture_run(&t.f, 1000);
    ask_for(&t, 0, db_1, false);
    assert_int_equal(t.answer.set->ready, 1);
    world_pod_remove(t.f.s.world, 1);
    list(&t, true);
    fixture_run(&t.f, 2000);
    ask_for(&t, 0, db_1, false);
    assert_int_equal(t.answer.set->ready, 1);
    end(&t);
}

static void only_their_governor_names_them(void **state)
{
    struct test t;

    (void)state;
    prepare(&t);
    start_set(&t, "another");
    list(&t, true);
    fixture_run(&t.f, 1000);
    ask_for(&t, 0, db_1, false);
    assert_int_equal(t.answer.set->ready, 0);
    ask_for(&t, 1, NULL, false);
    assert_int_equal(t.answer.set->ready, 2);
    end(&t);
}

/* ----------------------------------------------------------- trouble */

enum { OUTAGE = 7, WORSE = 8 };

/* Caches go on until what they have is old; then nothing is answered, and
 * the resolver gives up after its tries. */
static void no_answer(void **state)
{
    struct test t;

    (void)state;
    prepare(&t);
    t.f.scenario.cluster.dns.node_local.on = true;
    start(&t);
    fixture_publish(&t.f, 0, 1, 0);
    assert_int_equal(at(&t, 1000, 0), 1); /* node 0's: until 31 s */
    dns_break(t.f.s.dns, 0, OUTAGE);
    assert_int_equal(at(&t, 30999, 1), 1);
    assert_int_equal(at(&t, 30999, 2), 0); /* node 1 has nothing */
    assert_true(t.answer.failed);
    assert_int_equal(t.answer.origin, OUTAGE);
    assert_int_equal(t.answer.latency, 10 * SIM_S);
    assert_int_equal(at(&t, 31000, 1), 0);
    assert_true(t.answer.failed);
    ask_for(&t, 3, NULL, true); /* a virtual IP's name neither */
    assert_true(t.answer.failed);
    dns_mend(t.f.s.dns, OUTAGE);
    assert_int_equal(at(&t, 31001, 1), 1);
    assert_int_equal(t.answer.origin, INCIDENT_NONE);
    ask_for(&t, 3, NULL, true);
    assert_false(t.answer.failed);
    end(&t);
}

/* A resolver with a time of its own remembers that it failed: from when it
 * has, so long as denials. */
static void failures_are_remembered(void **state)
{
    struct test t;

    (void)state;
    prepare(&t);
    t.resolver.cache = 60 * SIM_S;
    start(&t);
    fixture_publish(&t.f, 0, 1, 0);
    fixture_run(&t.f, 1000);
    dns_break(t.f.s.dns, 0, OUTAGE);
    at(&t, 1000, 3);
    dns_mend(t.f.s.dns, OUTAGE);
    assert_int_equal(at(&t, 3000, 3), 0);
    assert_int_equal(t.answer.latency, 8 * SIM_S);
    assert_int_equal(at(&t, 20999, 3), 0);
    assert_true(t.answer.failed);
    assert_int_equal(t.answer.origin, OUTAGE);
    assert_int_equal(t.answer.latency, 0);
    assert_int_equal(at(&t, 21000, 3), 1);
    end(&t);
}

static void slow_answers(void **state)
{
    struct test t;

    (void)state;
    prepare(&t);
    start(&t);
    fixture_publish(&t.f, 0, 1, 0);
    fixture_run(&t.f, 1000);
    dns_break(t.f.s.dns, 300, OUTAGE);
    assert_int_equal(at(&t, 1000, 3), 1);
    assert_int_equal(t.answer.latency, 300 * SIM_MS);
    assert_int_equal(t.answer.origin, OUTAGE);
    assert_false(t.answer.failed);
    dns_break(t.f.s.dns, 20000, WORSE); /* 20 s: given up after 10 s */
    assert_int_equal(at(&t, 1000, 3), 0);
    assert_true(t.answer.failed);
    assert_int_equal(t.answer.origin, WORSE);
    dns_mend(t.f.s.dns, WORSE);
    assert_int_equal(at(&t, 1000, 3), 1);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pods_have_names),
        cmocka_unit_test(a_pod_that_is_gone_has_a_name),
        cmocka_unit_test(only_their_governor_names_them),
        cmocka_unit_test(no_answer),
        cmocka_unit_test(failures_are_remembered),
        cmocka_unit_test(slow_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
