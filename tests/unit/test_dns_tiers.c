/* Caches of nodes, settings of resolvers, order of records, names of pods,
 * servers in trouble. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/network/dns.h"
#include "tests/unit/node_fixture.h"

enum { CLIENTS = 4 };

struct test {
    struct fixture f;
    struct service_spec service;
    struct statefulset_spec set;
    struct traffic_spec traffic;
    struct resolver_spec resolver;
    struct dns_cache caches[CLIENTS];
    node_id nodes[CLIENTS];
    struct dns_answer answer; /* the last */
};

/* Nodes 2; clients 0 and 1 on node 0, 2 on node 1, 3 outside. CoreDNS keeps
 * answers for 30 s; clients none. One server, so that it is everyone's. */
static void prepare(struct test *t)
{
    static const node_id nodes[CLIENTS] = {0, 0, 1, NO_ID};

    memset(t, 0, sizeof *t);
    fixture_init(&t->f, 2);
    memcpy(t->nodes, nodes, sizeof nodes);
    t->service = (struct service_spec){
        .meta = {.name = "db", .space = "default"}, .headless = true};
    t->f.scenario.cluster.dns.cache = true;
    t->f.scenario.cluster.dns.servers = 1;
    t->f.scenario.cluster.dns.node_local =
        (struct node_local_params){.success_ttl = 30 * SIM_S,
                                   .denial_ttl = 5 * SIM_S,
                                   .latency = dist_constant(0.0001)};
    t->resolver = (struct resolver_spec){
        .negative = 10 * SIM_S, .timeout = 5 * SIM_S, .attempts = 2};
}

static void start(struct test *t)
{
    fixture_start(&t->f);
    for (size_t i = 0; i < t->f.node_count; i++)
        world_node_create(t->f.s.world, &t->f.nodes[i]);
    t->f.s.dns = dns_new(&t->f.s);
    world_service_create(t->f.s.world, &t->service, 0);
}

static void end(struct test *t)
{
    for (size_t i = 0; i < CLIENTS; i++)
        dns_cache_release(&t->caches[i]);
    dns_free(t->f.s.dns);
    fixture_end(&t->f);
}

static void ask_for(struct test *t, uint32_t client, const char *pod,
                    bool virtual_ip)
{
    const struct dns_question question = {.pod = pod,
                                          .virtual_ip = virtual_ip,
                                          .client = client,
                                          .node = t->nodes[client],
                                          .resolver = &t->resolver};

    dns_resolve(t->f.s.dns, &t->caches[client], &question, &t->answer);
}

/* How many addresses the client gets at that time, ms. */
static uint32_t at(struct test *t, int64_t ms, uint32_t client)
{
    fixture_run(&t->f, ms);
    ask_for(t, client, NULL, false);
    return t->answer.set->ready;
}

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
        cmocka_unit_test(a_node_has_a_cache),
        cmocka_unit_test(denials),
        cmocka_unit_test(a_boot_empties_the_cache),
        cmocka_unit_test(ages_add_up),
        cmocka_unit_test(order),
        cmocka_unit_test(pods_have_names),
        cmocka_unit_test(a_pod_that_is_gone_has_a_name),
        cmocka_unit_test(only_their_governor_names_them),
        cmocka_unit_test(no_answer),
        cmocka_unit_test(failures_are_remembered),
        cmocka_unit_test(slow_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
