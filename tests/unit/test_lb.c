/* test_lb - the strategies by their rules, and the counters beneath them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/lb/lb.h"

enum { ENDPOINTS = 5 };

struct bench {
    struct lb_balancer balancer;
    struct rng rng;
    struct endpoint_set *set;
};

/* Endpoints 0..count-1: pod 10 + i in slot 2 i. */
static void setup(struct bench *b, const char *strategy, uint32_t count)
{
    const struct lb_strategy *s = lb_find(strategy);

    assert_non_null(s);
    lb_balancer_init(&b->balancer, s, NULL);
    rng_init(&b->rng, (struct rng_root){1, 0}, "lb", strategy, 0);
    b->set = calloc(1, sizeof *b->set + count * sizeof b->set->endpoints[0]);
    b->set->count = b->set->usable = count;
    for (uint32_t i = 0; i < count; i++) {
        b->set->endpoints[i].pod = 10 + i;
        b->set->endpoints[i].slot = 2 * i;
        b->set->slots = 2 * i + 1;
    }
}

static void teardown(struct bench *b)
{
    lb_balancer_release(&b->balancer);
    free(b->set);
}

static uint32_t pick(struct bench *b)
{
    const struct endpoint *e =
        lb_balancer_pick(&b->balancer, b->set, &b->rng, 0, 0);

    return (uint32_t)(e - b->set->endpoints);
}

static void end_at(struct bench *b, uint32_t slot, pod_id pod)
{
    lb_balancer_done(&b->balancer, &(struct lb_end){.slot = slot, .pod = pod});
}

static void done(struct bench *b, uint32_t i)
{
    end_at(b, b->set->endpoints[i].slot, b->set->endpoints[i].pod);
}

static void test_catalog(void **state)
{
    (void)state;
    for (size_t i = 0; lb_strategies[i]; i++) {
        const struct lb_strategy *s = lb_strategies[i];

        assert_ptr_equal(lb_find(s->name), s);
        assert_true(s->name && s->unit && s->state && s->rule);
        assert_true(s->constants && s->source && s->pick);
        assert_null(strchr(s->name, '_'));
    }
    assert_null(lb_find("no-such-strategy"));
}

/* Every strategy: always an endpoint of the set, also where it shrinks, all
 * are picked, and one alone is picked always. */
static void test_all(void **state)
{
    (void)state;
    for (size_t i = 0; lb_strategies[i]; i++) {
        uint32_t seen[ENDPOINTS] = {0};
        struct bench b;

        setup(&b, lb_strategies[i]->name, ENDPOINTS);
        for (int n = 0; n < 1000; n++)
            seen[pick(&b)]++;
        for (int e = 0; e < ENDPOINTS; e++)
            assert_true(seen[e] > 100);
        b.set->usable = 2;
        for (int n = 0; n < 100; n++)
            assert_true(pick(&b) < 2);
        b.set->usable = 1;
        for (int n = 0; n < 100; n++)
            assert_int_equal(pick(&b), 0);
        teardown(&b);
    }
}

static void test_random(void **state)
{
    uint32_t seen[ENDPOINTS] = {0};
    struct bench b;

    (void)state;
    setup(&b, "random", ENDPOINTS);
    for (int n = 0; n < 100000; n++)
        seen[pick(&b)]++;
    for (int e = 0; e < ENDPOINTS; e++)
        assert_in_range(seen[e], 19500, 20500);
    teardown(&b);
}

static void test_round_robin(void **state)
{
    struct bench b;

    (void)state;
    setup(&b, "round-robin", 3);
    for (uint32_t n = 0; n < 10; n++)
        assert_int_equal(pick(&b), n % 3);
    b.set->usable = 1;
    assert_int_equal(pick(&b), 0);
    teardown(&b);
}

static void test_least_connections(void **state)
{
    struct bench b;

    (void)state;
    setup(&b, "least-connections", 3);
    for (uint32_t n = 0; n < 6; n++)
        assert_int_equal(pick(&b), n % 3); /* ties in turn */
    done(&b, 1);
    assert_int_equal(pick(&b), 1);
    done(&b, 2);
    done(&b, 2);
    assert_int_equal(pick(&b), 2);
    assert_int_equal(pick(&b), 2);
    teardown(&b);
}

/* The busiest of all is never taken: the other one drawn has fewer. */
static void test_p2c(void **state)
{
    struct bench b;

    (void)state;
    setup(&b, "p2c", 3);
    for (int n = 0; n < 100; n++)
        pick(&b);
    for (int n = 0; n < 100; n++) {
        uint32_t i = pick(&b), most = 0;

        done(&b, i);
        for (uint32_t e = 0; e < 3; e++) {
            uint32_t active = b.balancer.counters[2 * e].active;

            most = active > most ? active : most;
        }
        assert_true(b.balancer.counters[2 * i].active <= most);
    }
    b.balancer.counters[0].active = 1000;
    for (int n = 0; n < 100; n++)
        assert_int_not_equal(pick(&b), 0);
    teardown(&b);
}

/* Another pod in the slot: counted from 0, and what was open at the one
 * before takes nothing from it. */
static void test_slot_reuse(void **state)
{
    struct bench b;

    (void)state;
    setup(&b, "least-connections", 2);
    for (int n = 0; n < 4; n++)
        pick(&b);
    assert_int_equal(b.balancer.counters[0].active, 2);
    b.set->endpoints[0].pod = 99;
    b.set->sequence++;
    assert_int_equal(pick(&b), 0);
    assert_int_equal(b.balancer.counters[0].pod, 99);
    assert_int_equal(b.balancer.counters[0].active, 1);
    end_at(&b, 0, 10);
    assert_int_equal(b.balancer.counters[0].active, 1);
    end_at(&b, 0, 99);
    assert_int_equal(b.balancer.counters[0].active, 0);
    teardown(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_catalog),
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_round_robin),
        cmocka_unit_test(test_least_connections),
        cmocka_unit_test(test_p2c),
        cmocka_unit_test(test_slot_reuse),
    };

    return cmocka_run_group_tests_name("lb", tests, NULL, NULL);
}
