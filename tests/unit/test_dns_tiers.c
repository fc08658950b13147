/* Caches of nodes, times of denials, order of records. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/dns_fixture.h"

/* ------------------------------------------------------------ tiers */

/* Clients of a node share its cache; its TTL is what the server has left. */
static void a_node_has_a_cache(void **state)
{
    struct test t;

    (void)state;
    prepare(&t);
    t.f.scenario.cluster.dns.node_local.on = true;
    start(&t);
    fixture_publish(&t.f, 0, 1, 0);
    assert_int_equal(at(&t, 1000, 3), 1); /* the server's: until 31 s */
    assert_int_equal(t.answer.latency, SIM_MS);
    assert_int_equal(at(&t, 11000, 0), 1); /* node 0: 20 s are left */
    assert_int_equal(t.answer.latency, 1100 * SIM_US);
    fixture_publish(&t.f, 0, 2, 0);
    assert_int_equal(at(&t, 12000, 1), 1);
    assert_int_equal(t.answer.latency, 100 * SIM_US);
    assert_int_equal(at(&t, 28000, 2), 1); /* node 1: 3 s left, kept 5 s */
    assert_int_equal(at(&t, 30999, 1), 1);
    assert_int_equal(at(&t, 31000, 1), 2);
    assert_int_equal(at(&t, 31000, 3), 2);
    assert_int_equal(at(&t, 32999, 2), 1);
    assert_int_equal(at(&t, 33000, 2), 2);
    end(&t);
}

/* Denials live by their own times: in the node's cache 5 s. */
static void denials(void **state)
{
    static const struct {
        const char *label;
        bool node_local;
        sim_time denial, cache_denial, own;
        int64_t seen; /* ms: when an address that comes at 0.1 s is seen */
    } cases[] = {
        {"as the others", false, -1, -1, 0, 30000},
        {"TTL of denials", false, 7 * SIM_S, -1, 0, 7000},
        {"least TTL", false, SIM_S, -1, 0, 5000},
        {"cache's time for denials", false, -1, 9 * SIM_S, 0, 9000},
        {"node", true, -1, -1, 0, 30000},
        {"node and server", true, 5 * SIM_S, 5 * SIM_S, 0, 5000},
        {"client's own on top", true, 5 * SIM_S, 5 * SIM_S, 60 * SIM_S, 10000},
        {"client honours TTL", true, 5 * SIM_S, 5 * SIM_S, -1, 5000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ms = 100;
        struct test t;

        prepare(&t);
        t.f.scenario.cluster.dns.node_local.on = cases[i].node_local;
        t.f.scenario.cluster.dns.denial_ttl = cases[i].denial;
        t.f.scenario.cluster.dns.cache_denial_ttl = cases[i].cache_denial;
        t.resolver.cache = cases[i].own;
        start(&t);
        assert_int_equal(at(&t, 0, 0), 0);
        fixture_run(&t.f, 90);
        fixture_publish(&t.f, 0, 1, 0);
        while (at(&t, ms, 0) == 0 && ms < 100000)
            ms += 100;
        if (ms != cases[i].seen)
            fail_msg("%s: %lld ms", cases[i].label, (long long)ms);
        end(&t);
    }
}

/* A node that boots has an empty cache. */
static void a_boot_empties_the_cache(void **state)
{
    struct test t;

    (void)state;
    prepare(&t);
    t.f.scenario.cluster.dns.node_local.on = true;
    t.f.scenario.cluster.dns.cache = false;
    start(&t);
    world_node_set_up(t.f.s.world, 0, true, INCIDENT_STARTUP);
    fixture_publish(&t.f, 0, 1, 0);
    assert_int_equal(at(&t, 1000, 0), 1);
    fixture_publish(&t.f, 0, 2, 0);
    assert_int_equal(at(&t, 2000, 0), 1);
    world_node_set_up(t.f.s.world, 0, false, INCIDENT_STARTUP);
    world_node_set_up(t.f.s.world, 0, true, INCIDENT_STARTUP);
    assert_int_equal(at(&t, 3000, 0), 2);
    end(&t);
}

/* Mean age of news: uniform over the oldest cache's time, and a resolver's
 * own time on top; TTLs that are honoured add nothing. */
static void ages_add_up(void **state)
{
    static const struct {
        const char *label;
        bool node_local;
        sim_time own;
        double mean; /* s */
    } cases[] = {
        {"server", false, 0, 15},
        {"node", true, 0, 15},
        {"TTL honoured", true, -1, 15},
        {"own time", false, 7 * SIM_S, 15 + 3.5},
        {"all three", true, 7 * SIM_S, 15 + 3.5},
    };
    enum { CHANGES = 400, STEP = 50, SPAN = 108541 }; /* ms */

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double sum = 0;
        struct test t;

        prepare(&t);
        t.f.scenario.cluster.dns.node_local.on = cases[i].node_local;
        t.resolver.cache = cases[i].own;
        start(&t);
        for (uint32_t n = 1; n <= CHANGES; n++) {
            int64_t begin = (int64_t)n * SPAN, ms = begin;

            fixture_run(&t.f, begin - 10);
            fixture_publish(&t.f, 0, 1 + n % 2, 0);
            for (;; ms += STEP) {
                at(&t, ms, 3); /* somebody else asks all the time */
                if (at(&t, ms, 0) == 1 + n % 2)
                    break;
            }
            sum += (double)(ms - begin) / 1000;
            for (; ms < begin + SPAN - 10; ms += STEP) {
                at(&t, ms, 3);
                at(&t, ms, 0);
            }
        }
        if (fabs(sum / CHANGES - cases[i].mean) > 1.5)
            fail_msg("%s: %g s, not %g", cases[i].label, sum / CHANGES,
                     cases[i].mean);
        end(&t);
    }
}

/* In the warm-up the first time of each cache is a share of the whole: no two
 * caches that begin together go on in step. */
static void caches_are_out_of_step(void **state)
{
    static const struct {
        const char *label;
        bool cache, node_local;
        sim_time own;
    } tiers[] = {{"servers", true, false, 0},
                 {"nodes", false, true, 0},
                 {"clients", false, false, 30 * SIM_S}};
    enum { SEEDS = 200 };

    (void)state;
    for (size_t i = 0; i < sizeof tiers / sizeof *tiers; i++) {
        double sum = 0, squares = 0;

        for (unsigned seed = 0; seed < SEEDS; seed++) {
            int64_t ms = 1000;
            double age;
            struct test t;

            prepare(&t);
            t.warm_up = true;
            t.f.scenario.cluster.dns.cache = tiers[i].cache;
            t.f.scenario.cluster.dns.node_local.on = tiers[i].node_local;
            t.resolver.cache = tiers[i].own;
            t.seed = seed;
            start(&t);
            fixture_publish(&t.f, 0, 1, 0);
            assert_int_equal(at(&t, ms, 0), 1);
            fixture_publish(&t.f, 0, 2, 0);
            while (at(&t, ms, 0) == 1)
                ms += 10;
            age = (double)(ms - 1000) / 1000;
            assert_true(age <= 30);
            sum += age;
            squares += age * age;
            fixture_publish(&t.f, 0, 1, 0);
            assert_int_equal(at(&t, ms + 29990, 0), 2); /* whole */
            assert_int_equal(at(&t, ms + 30000, 0), 1);
            end(&t);
        }
        if (fabs(sum / SEEDS - 15) > 2 || fabs(squares / SEEDS - 300) > 60)
            fail_msg("%s: mean %g, square %g", tiers[i].label, sum / SEEDS,
                     squares / SEEDS);
    }
}

/* ------------------------------------------------------------ order */

/* The share of each of 5 records that comes first in 4000 answers. */
static void first_of_five(struct test *t, double *share)
{
    memset(share, 0, 5 * sizeof *share);
    for (int64_t i = 0; i < 4000; i++) {
        at(t, 1000 + i, 0);
        assert_true(t->answer.first < 5);
        share[t->answer.first] += 1.0 / 4000;
    }
}

static void order(void **state)
{
    static const struct {
        const char *label;
        bool loadbalance, node_local, node_loadbalance, spread;
        sim_time own;
    } cases[] = {
        {"shuffled", true, false, false, true, 0},
        {"as listed", false, false, false, false, 0},
        {"the node's cache keeps an order", true, true, false, false, 0},
        {"the node shuffles", false, true, true, true, 0},
        {"the client keeps an order", true, false, false, false, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double share[5];
        struct test t;

        prepare(&t);
        t.f.scenario.cluster.dns.loadbalance = cases[i].loadbalance;
        t.f.scenario.cluster.dns.node_local.on = cases[i].node_local;
        t.f.scenario.cluster.dns.node_local.loadbalance =
            cases[i].node_loadbalance;
        t.resolver.take = TAKE_FIRST;
        t.resolver.cache = cases[i].own;
        start(&t);
        fixture_publish(&t.f, 0, 5, 0);
        first_of_five(&t, share);
        for (size_t k = 0; k < 5; k++) {
            bool good = cases[i].spread ? fabs(share[k] - 0.2) < 0.03
                                        : share[k] < 1e-9 || share[k] > 0.999;

            if (!good)
                fail_msg("%s: %zu is first in %g", cases[i].label, k, share[k]);
        }
        end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_has_a_cache),
        cmocka_unit_test(denials),
        cmocka_unit_test(a_boot_empties_the_cache),
        cmocka_unit_test(ages_add_up),
        cmocka_unit_test(caches_are_out_of_step),
        cmocka_unit_test(order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
