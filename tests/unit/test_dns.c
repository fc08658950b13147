/* What clients believe a headless Service's addresses to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/network/dns.h"
#include "tests/unit/node_fixture.h"

static const struct service_spec headless = {
    .meta = {.name = "names", .space = "default"}, .headless = true};
static const struct service_spec plain = {
    .meta = {.name = "web", .space = "default"}};

/* Service 0 headless, 1 not. */
static void start(struct fixture *f)
{
    fixture_start(f);
    f->s.dns = dns_new(&f->s);
    world_service_create(f->s.world, &headless, 0);
    world_service_create(f->s.world, &plain, 1);
    world_begin_measure(f->s.world); /* lifetimes are whole from now on */
}

static void end(struct fixture *f)
{
    dns_free(f->s.dns);
    fixture_end(f);
}

/* What the client gets now, as spec.cluster.dns has it. */
static struct dns_answer look_up(struct fixture *f, struct dns_cache *cache,
                                 service_id service, uint64_t client)
{
    const struct resolver_spec resolver = {
        .cache = f->scenario.cluster.dns.client_cache,
        .negative = 10 * SIM_S,
        .timeout = 5 * SIM_S,
        .attempts = 2};
    const struct dns_question question = {.service = service,
                                          .client = client,
                                          .node = NO_ID,
                                          .resolver = &resolver};
    struct dns_answer answer;

    dns_resolve(f->s.dns, cache, &question, &answer);
    return answer;
}

/* How many addresses. */
static uint32_t resolve(struct fixture *f, struct dns_cache *cache,
                        uint64_t client)
{
    struct dns_answer answer = look_up(f, cache, 0, client);

    assert_int_equal(answer.set->usable, answer.set->ready);
    return answer.set->ready;
}

/* One address from 0 s, two from 100 s; a client asks each 5 s. When does it
 * first see two? */
static void staleness(void **state)
{
    static const struct {
        const char *label;
        sim_time ttl;
        bool cache;
        sim_time cache_ttl, client;
        int64_t seen; /* ms; 0: never */
    } cases[] = {
        {"nothing keeps anything", 30 * SIM_S, false, 0, 0, 105000},
        {"TTL honoured", 30 * SIM_S, false, 0, -1, 125000},
        {"server's cache, client none", 30 * SIM_S, true, 30 * SIM_S, 0,
         125000},
        {"what is left of the server's TTL", 30 * SIM_S, true, 30 * SIM_S, -1,
         125000},
        {"short cache", 30 * SIM_S, true, 5 * SIM_S, -1, 105000},
        {"fixed", 5 * SIM_S, false, 0, 60 * SIM_S, 125000},
        {"for ever", 5 * SIM_S, false, 0, SIM_NEVER, 0},
    };
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dns_cache cache = {0};
        int64_t seen = 0;

        fixture_init(&f, 0);
        f.scenario.cluster.dns.ttl = cases[i].ttl;
        f.scenario.cluster.dns.cache = cases[i].cache;
        f.scenario.cluster.dns.cache_ttl = cases[i].cache_ttl;
        f.scenario.cluster.dns.client_cache = cases[i].client;
        start(&f);
        fixture_publish(&f, 0, 1, 0);
        for (int64_t ms = 5000; ms <= 300000 && !seen; ms += 5000) {
            fixture_run(&f, ms);
            if (ms == 100000)
                fixture_publish(&f, 0, 2, 0);
            if (resolve(&f, &cache, 0) == 2)
                seen = ms;
        }
        if (seen != cases[i].seen)
            fail_msg("%s: %lld ms", cases[i].label, (long long)seen);
        dns_cache_release(&cache);
        end(&f);
    }
}

/* A server hears after the watch latency. */
static void servers_are_late(void **state)
{
    struct dns_cache cache = {0};
    struct fixture f;

    (void)state;
    fixture_init(&f, 0);
    f.scenario.cluster.dns.client_cache = 0;
    start(&f);
    assert_int_equal(resolve(&f, &cache, 0), 0);
    fixture_publish(&f, 0, 1, 0);
    fixture_run(&f, 5);
    fixture_publish(&f, 0, 2, 0);
    fixture_run(&f, 9);
    assert_int_equal(resolve(&f, &cache, 0), 0);
    fixture_run(&f, 10);
    assert_int_equal(resolve(&f, &cache, 0), 1);
    fixture_run(&f, 15);
    assert_int_equal(resolve(&f, &cache, 1), 2);
    dns_cache_release(&cache);
    end(&f);
}

/* With random lags the servers differ for a while, and none goes back. */
static void servers_differ(void **state)
{
    struct dns_cache cache = {0};
    uint32_t before[2] = {0, 0};
    bool differed = false;
    struct fixture f;

    (void)state;
    fixture_init(&f, 0);
    f.scenario.cluster.control_plane.watch_latency = dist_uniform(0, 5);
    f.scenario.cluster.dns.client_cache = 0;
    start(&f);
    for (uint32_t i = 1; i <= 50; i++) {
        fixture_publish(&f, 0, i, 0);
        fixture_run(&f, 100 * (int64_t)i);
        for (uint64_t c = 0; c < 2; c++) {
            uint32_t now = resolve(&f, &cache, c);

            assert_true(now >= before[c]);
            before[c] = now;
        }
        differed = differed || before[0] != before[1];
    }
    assert_true(differed);
    fixture_run(&f, 20000);
    assert_int_equal(resolve(&f, &cache, 0), 50);
    assert_int_equal(resolve(&f, &cache, 1), 50);
    dns_cache_release(&cache);
    end(&f);
}

/* Terminating endpoints have no records, even where nothing else is left. */
static void only_ready_ones(void **state)
{
    struct dns_cache cache = {0};
    struct fixture f;

    (void)state;
    fixture_init(&f, 0);
    f.scenario.cluster.dns.client_cache = 0;
    start(&f);
    fixture_publish(&f, 0, 2, 1);
    fixture_run(&f, 1000);
    assert_int_equal(resolve(&f, &cache, 0), 2);
    fixture_publish(&f, 0, 0, 3);
    fixture_run(&f, 2000);
    assert_int_equal(resolve(&f, &cache, 0), 0);
    assert_int_equal(cache.answer->count, 0);
    dns_cache_release(&cache);
    end(&f);
}

/* A resolver that keeps answers for ever keeps an empty one for 10 s. */
static void empty_answers(void **state)
{
    struct dns_cache cache = {0};
    struct fixture f;

    (void)state;
    fixture_init(&f, 0);
    f.scenario.cluster.dns.client_cache = SIM_NEVER;
    start(&f);
    assert_int_equal(resolve(&f, &cache, 0), 0);
    fixture_publish(&f, 0, 1, 0);
    fixture_run(&f, 9999);
    assert_int_equal(resolve(&f, &cache, 0), 0);
    fixture_run(&f, 10000);
    assert_int_equal(resolve(&f, &cache, 0), 1);
    dns_cache_release(&cache);
    end(&f);
}

static void latency(void **state)
{
    struct dns_cache cache = {0};
    struct dns_answer answer;
    struct fixture f;

    (void)state;
    fixture_init(&f, 0);
    start(&f);
    fixture_publish(&f, 1, 4, 0);
    fixture_run(&f, 1000);
    assert_int_equal(look_up(&f, &cache, 0, 0).latency, SIM_MS);
    assert_int_equal(look_up(&f, &cache, 0, 0).latency, 0);
    dns_cache_release(&cache);
    answer = look_up(&f, &cache, 1, 0);
    assert_int_equal(answer.set->ready, 4);
    assert_int_equal(answer.latency, 0);
    dns_cache_release(&cache);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(staleness),      cmocka_unit_test(servers_are_late),
        cmocka_unit_test(servers_differ), cmocka_unit_test(only_ready_ones),
        cmocka_unit_test(empty_answers),  cmocka_unit_test(latency),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
