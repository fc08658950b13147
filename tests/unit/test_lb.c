/* test_lb - the strategies by their rules, and the counters beneath them. */
#include "tests/unit/lb_fixture.h"

enum { ENDPOINTS = 5 };

static void setup(struct bench *b, const char *strategy, uint32_t count)
{
    bench_init(b, strategy, NULL, count);
}

static void teardown(struct bench *b)
{
    bench_release(b);
}

static uint32_t pick(struct bench *b)
{
    return bench_pick(b);
}

static void done(struct bench *b, uint32_t i)
{
    bench_end(b, i, LB_OK, SIM_MS);
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

/* Those that spread nothing, or one client's requests over few. */
static bool is_partial(const struct lb_strategy *s)
{
    static const char *const names[] = {
        "source-hash", "ring-hash",  "maglev",  "bounded-load",
        "first",       "pick-first", "ipvs-sh", "ipvs-dh",
        "ipvs-mh",     "ipvs-sed",   "ipvs-nq", NULL};

    for (size_t i = 0; names[i]; i++)
        if (strcmp(s->name, names[i]) == 0)
            return true;
    return false;
}

/* Every strategy: always an endpoint of the set, also where it shrinks and
 * grows; one alone is picked always; all are picked by those that spread. */
static void test_all(void **state)
{
    (void)state;
    for (size_t i = 0; lb_strategies[i]; i++) {
        static const uint32_t few[] = {1, 4};
        uint32_t seen[ENDPOINTS] = {0};
        struct bench b;

        setup(&b, lb_strategies[i]->name, ENDPOINTS);
        for (int n = 0; n < 1000; n++, b.key++, b.now += SIM_MS) {
            uint32_t e = pick(&b);

            seen[e]++;
            done(&b, e);
        }
        for (int e = 0; e < ENDPOINTS && !is_partial(lb_strategies[i]); e++)
            assert_in_range(seen[e], 100, 400);
        bench_set(&b, few, 2);
        for (int n = 0; n < 100; n++, b.key++)
            assert_true(pick(&b) < 2);
        bench_set(&b, few + 1, 1);
        for (int n = 0; n < 100; n++, b.key++)
            assert_int_equal(pick(&b), 0);
        bench_set(&b, NULL, 300);
        for (int n = 0; n < 1000; n++, b.key++)
            assert_true(pick(&b) < 300);
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

/* In turn, from anywhere on, and so anew where the set changes. nginx begins
 * with the first. */
static void test_round_robin(void **state)
{
    enum { BALANCERS = 3000 };
    uint32_t begun[3] = {0}, again[3] = {0};
    struct bench b;

    (void)state;
    setup(&b, "round-robin", 3);
    for (int k = 0; k < BALANCERS; k++) {
        uint32_t first = pick(&b);

        begun[first]++;
        for (uint32_t n = 1; n < 7; n++)
            assert_int_equal(pick(&b), (first + n) % 3);
        bench_set(&b, NULL, 2 + (uint32_t)(k % 2));
        if (k % 2 == 0)
            again[pick(&b)]++;
        bench_set(&b, NULL, 3);
    }
    for (int i = 0; i < 3; i++)
        assert_in_range(begun[i], BALANCERS / 3 - 120, BALANCERS / 3 + 120);
    for (int i = 0; i < 2; i++)
        assert_in_range(again[i], BALANCERS / 4 - 100, BALANCERS / 4 + 100);
    teardown(&b);
    setup(&b, "weighted-round-robin", 3);
    for (uint32_t n = 0; n < 10; n++)
        assert_int_equal(pick(&b), n % 3);
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
    lb_balancer_done(&b.balancer, &(struct lb_end){.slot = 0, .pod = 10});
    assert_int_equal(b.balancer.counters[0].active, 1);
    lb_balancer_done(&b.balancer, &(struct lb_end){.slot = 0, .pod = 99});
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
