/*
 * test_hedge - attempts of one request beside each other: when they are sent,
 * which of them counts, and that nothing is lost of those that do not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <math.h>

#include "models/traffic/connection.h"
#include "tests/unit/traffic_fixture.h"

/* One request a second to three pods of many servers; hedged after 50 ms,
 * three attempts in all. */
static void hedged(struct fixture *f)
{
    steady(f);
    f->workload.concurrency = 1000;
    f->traffic[0].hedge_max = 3;
    f->traffic[0].hedge_after = 50 * SIM_MS;
}

/* All ends: every attempt in one way, one of a request that is abandoned at
 * most with it. */
static void no_more(struct fixture *f)
{
    const struct metrics *m = &f->metrics;
    uint64_t open;

    for (size_t i = 0; i < f->scenario.traffic_count; i++)
        traffic_set_rate(f->s.traffic, (uint32_t)i, 0);
    sim_run(f->s.sim);
    check_conservation(f);
    assert_int_equal(m->begun, ended(m));
    open = m->attempts - m->succeeded - m->failed_attempts - m->cancelled;
    assert_in_range(open, 0, m->abandoned);
}

/* --- one request at a time --- */

static const struct {
    const char *label;
    double service;
    sim_time timeout, deadline;
    int64_t max;
    bool listens;
    double error_rate;
    /* of each request: */
    uint32_t attempts, failed, served;
    enum cause cause; /* NONE: it succeeded */
    double time;
} ones[] = {
    {"answered before", 0.04, SIM_NEVER, SIM_NEVER, 3, true, 0, 1, 0, 1,
     CAUSE_NONE, 0.04},
    {"answered after one more", 0.07, SIM_NEVER, SIM_NEVER, 3, true, 0, 2, 0, 2,
     CAUSE_NONE, 0.07},
    {"after both", 0.2, SIM_NEVER, SIM_NEVER, 3, true, 0, 3, 0, 3, CAUSE_NONE,
     0.2},
    {"two in all", 0.2, SIM_NEVER, SIM_NEVER, 2, true, 0, 2, 0, 2, CAUSE_NONE,
     0.2},
    {"failures send the next at once", 0.01, SIM_NEVER, SIM_NEVER, 3, false, 0,
     3, 3, 0, CAUSE_CONNECT_REFUSED, 0},
    {"other failures end it", 0.07, SIM_NEVER, SIM_NEVER, 3, true, 1, 2, 1, 2,
     CAUSE_APP_ERROR, 0.07},
    /* At 0, 50 and, as the first has failed, 60 ms. */
    {"time-outs", 0.9, 60 * SIM_MS, SIM_NEVER, 3, true, 0, 3, 3, 3,
     CAUSE_TIMEOUT, 0.12},
    {"the deadline ends all", 0.9, SIM_NEVER, 120 * SIM_MS, 3, true, 0, 3, 3, 3,
     CAUSE_TIMEOUT, 0.12},
    {"the deadline ends what is there", 0.9, 70 * SIM_MS, 80 * SIM_MS, 2, true,
     0, 2, 2, 2, CAUSE_TIMEOUT, 0.08},
};

static void test_one(void **state)
{
    enum { REQUESTS = 20 };

    (void)state;
    for (size_t i = 0; i < sizeof ones / sizeof ones[0]; i++) {
        struct fixture f;
        const struct metrics *m = &f.metrics;
        double time;

        hedged(&f);
        f.workload.service_time = dist_constant(ones[i].service);
        f.workload.error_rate = ones[i].error_rate;
        f.traffic[0].timeout = ones[i].timeout;
        f.traffic[0].deadline = ones[i].deadline;
        f.traffic[0].hedge_max = ones[i].max;
        fixture_make(&f, 1);
        fixture_pods(&f, 3);
        for (int k = 0; k < 3 && !ones[i].listens; k++)
            server_reset(f.s.servers, world_pod(f.s.world, f.pods[k]));
        run_to(&f, REQUESTS * SIM_S + SIM_S / 2);
        time = sim_to_seconds(m->last_end - REQUESTS * SIM_S);
        no_more(&f);
        if (m->attempts != REQUESTS * ones[i].attempts ||
            m->failed_attempts != REQUESTS * ones[i].failed ||
            m->served != REQUESTS * ones[i].served ||
            m->request_cause[ones[i].cause] != (ones[i].cause ? REQUESTS : 0) ||
            m->succeeded != (ones[i].cause ? 0 : REQUESTS) ||
            fabs(time - ones[i].time) > 1e-9)
            fail_msg("%s: %g attempts, %g failed, %g served, %g s",
                     ones[i].label, (double)m->attempts / REQUESTS,
                     (double)m->failed_attempts / REQUESTS,
                     (double)m->served / REQUESTS, time);
        fixture_release(&f);
    }
}

/* A pod that hangs costs a hedge, and no request. */
static void test_rescue(void **state)
{
    struct fixture f;

    (void)state;
    hedged(&f);
    f.traffic[0].timeout = SIM_S / 2;
    fixture_balance(&f, &lb_round_robin, LB_GATEWAY);
    f.lb.per_request = true;
    f.lb.gateway.connect_timeout = SIM_NEVER;
    fixture_make(&f, 1);
    fixture_pods(&f, 2);
    server_fault_begin(f.s.servers, world_pod(f.s.world, f.pods[0]), FAULT_HANG,
                       0, incident(&f, "hang"));
    run_to(&f, 100 * SIM_S + SIM_S / 2);
    no_more(&f);
    assert_int_equal(f.metrics.succeeded, 100);
    assert_int_equal(f.metrics.failed_attempts, 0);
    /* In turn: a request that begins at the bad pod ends at the other. */
    assert_int_equal(f.metrics.attempts, 200);
    fixture_release(&f);
}

/* --- the budget --- */

static void test_budget(void **state)
{
    struct fixture f;

    (void)state;
    hedged(&f);
    f.traffic[0].rate = 100;
    f.traffic[0].retry_budget = 0; /* three all the same */
    f.traffic[0].timeout = 10 * SIM_S;
    f.workload.service_time = dist_constant(1);
    fixture_make(&f, 1);
    fixture_pods(&f, 3);
    run_to(&f, 900 * SIM_MS);
    assert_int_equal(f.s.traffic->entries[0].retrying, 3);
    run_to(&f, 10 * SIM_S);
    no_more(&f);
    assert_int_equal(f.metrics.failed, 0);
    assert_in_range(f.metrics.attempts - f.metrics.begun, 27, 36);
    assert_int_equal(f.s.traffic->entries[0].retrying, 0);
    fixture_release(&f);
}

/* Nothing listens, and no hedge is allowed: the budget is to blame. */
static void test_exhausted(void **state)
{
    struct fixture f;

    (void)state;
    hedged(&f);
    f.traffic[0].retry_budget = 0;
    fixture_make(&f, 1);
    fixture_pods(&f, 1);
    server_reset(f.s.servers, world_pod(f.s.world, f.pods[0]));
    run_to(&f, SIM_S / 2);
    f.s.traffic->entries[0].retrying = 3; /* others' */
    run_to(&f, 10 * SIM_S + SIM_S / 2);
    assert_int_equal(f.metrics.request_cause[CAUSE_CIRCUIT_OPEN], 10);
    assert_int_equal(f.metrics.by_cause[CAUSE_CONNECT_REFUSED], 10);
    assert_int_equal(f.metrics.attempts, 20);
    check_conservation(&f);
    fixture_release(&f);
}

/* --- connections --- */

/* A stream that is cancelled leaves its connection open; without streams the
 * connection is closed. */
static void test_streams(void **state)
{
    (void)state;
    for (int64_t streams = 1; streams <= 8; streams += 7) {
        struct fixture f;

        hedged(&f);
        f.traffic[0].clients = 1;
        f.traffic[0].pool = (struct pool_spec){.on = true,
                                               .size = 4,
                                               .streams = streams,
                                               .max_requests = INT64_MAX,
                                               .idle_timeout = SIM_NEVER,
                                               .max_age = SIM_NEVER};
        f.workload.service_time = dist_constant(0.2);
        fixture_make(&f, 1);
        fixture_pods(&f, 3);
        run_to(&f, 20 * SIM_S + SIM_S / 2);
        assert_int_equal(f.metrics.succeeded, 20);
        assert_int_equal(f.metrics.attempts, 60);
        assert_int_equal(f.s.traffic->entries[0].clients[0].pools->ordinal,
                         streams == 1 ? 1 + 40 : 1);
        fixture_release(&f);
    }
}

/* --- whatever happens --- */

static const struct {
    const char *label;
    const struct lb_strategy *strategy;
    enum lb_at at;
    bool per_request, udp, closed, breaker;
    int64_t pool, streams;
    sim_time deadline;
} ways[] = {
    {"proxy", &lb_random, LB_PROXY, false, false, false, false, 0, 0,
     SIM_NEVER},
    {"a closed loop", &lb_random, LB_PROXY, false, false, true, false, 0, 0,
     SIM_NEVER},
    {"deadlines", &lb_random, LB_PROXY, false, false, false, false, 0, 0,
     70 * SIM_MS},
    {"a pool", &lb_random, LB_PROXY, false, false, false, false, 2, 1,
     SIM_NEVER},
    {"streams", &lb_random, LB_PROXY, false, false, false, false, 1, 4,
     70 * SIM_MS},
    {"pools of each pod", &lb_least_request, LB_CLIENT, true, false, false,
     false, 2, 1, SIM_NEVER},
    {"udp", &lb_random, LB_PROXY, false, true, false, false, 2, 1, SIM_NEVER},
    {"a gateway", &lb_p2c, LB_GATEWAY, true, false, false, true, 0, 0,
     SIM_NEVER},
    {"connections to a gateway", &lb_p2c, LB_GATEWAY, true, false, false, true,
     1, 1, SIM_NEVER},
    {"streams to a gateway", &lb_p2c, LB_GATEWAY, true, false, false, true, 1,
     4, 70 * SIM_MS},
    {"a gateway of connections", &lb_p2c, LB_GATEWAY, false, false, false,
     false, 0, 0, SIM_NEVER},
    {"a sidecar", &lb_ewma, LB_CLIENT, true, false, true, true, 0, 0,
     70 * SIM_MS},
    {"prequal", &lb_prequal, LB_CLIENT, true, false, false, false, 0, 0,
     SIM_NEVER},
};

static void configure(struct fixture *f, size_t i)
{
    struct traffic_spec *t = &f->traffic[0];

    fixture_defaults(f);
    t->rate = 300;
    t->timeout = 50 * SIM_MS;
    t->connect_timeout = 20 * SIM_MS;
    t->deadline = ways[i].deadline;
    t->hedge_max = 3;
    t->hedge_after = 15 * SIM_MS;
    t->retry_budget = 0.5;
    t->udp = f->service_port.udp = ways[i].udp;
    if (ways[i].closed) {
        t->arrivals = ARRIVALS_CLOSED;
        t->rate = 1;
        t->clients = 40;
        t->demand.think = dist_exponential(0.1);
    }
    t->pool = (struct pool_spec){.on = ways[i].pool > 0,
                                 .size = ways[i].pool,
                                 .streams = ways[i].streams,
                                 .max_requests = 50,
                                 .idle_timeout = SIM_S,
                                 .max_age = 2 * SIM_S};
    f->scenario.cluster.latency.same_node = dist_constant(0.0001);
    f->scenario.cluster.latency.same_zone = dist_exponential(0.001);
    f->scenario.cluster.latency.cross_zone = dist_constant(0.002);
    f->scenario.cluster.kube_proxy.udp_timeout = 30 * SIM_S;
    f->scenario.cluster.kube_proxy.stream_timeout = 120 * SIM_S;
    fixture_balance(f, ways[i].strategy, ways[i].at);
    f->lb.instances = 2;
    f->lb.per_request = ways[i].per_request;
    f->lb.gateway.connect_timeout = 10 * SIM_MS;
    if (!ways[i].breaker)
        return;
    f->lb.gateway.breaker = (struct breaker_spec){.on = true,
                                                  .connections = 6,
                                                  .pending = 4,
                                                  .requests = 100,
                                                  .retries = 3,
                                                  .budget = -1};
    if (ways[i].at == LB_GATEWAY)
        f->lb.gateway.retries = (struct gateway_retry_spec){
            .on = true,
            .most = 2,
            .each = 30 * SIM_MS,
            .base = SIM_MS,
            .longest = 5 * SIM_MS,
            .causes = 1u << CAUSE_RESET | 1u << CAUSE_CONNECT_REFUSED |
                      1u << CAUSE_TIMEOUT};
}

static void disturb(struct fixture *f, int i)
{
    struct pod *pod = world_pod(f->s.world, f->pods[i % 4]);

    if (i % 9 == 0)
        server_reset(f->s.servers, pod);
    else if (i % 9 == 4)
        server_vanish(f->s.servers, pod);
    else if (i % 9 == 7 && !server_listens(pod))
        server_open(f->s.servers, pod);
    if (i % 40 == 11)
        world_node_set_up(f->s.world, 3, false, INCIDENT_STARTUP);
    else if (i % 40 == 15)
        world_node_set_up(f->s.world, 3, true, INCIDENT_STARTUP);
}

static uint64_t run_way(size_t way)
{
    struct fixture f;
    uint64_t hash;

    configure(&f, way);
    fixture_make(&f, 7);
    fixture_pods(&f, 4);
    run_to(&f, SIM_S);
    servers_begin_window(f.s.servers);
    for (int i = 1; i < 200; i++) {
        run_to(&f, SIM_S + i * 37 * SIM_MS);
        traffic_audit(f.s.traffic);
        servers_audit(f.s.servers);
        check_conservation(&f);
        if (f.s.failed)
            fail_msg("%s: an audit fails at step %d", ways[way].label, i);
        disturb(&f, i);
    }
    if (f.metrics.succeeded < 100 || f.metrics.failed < 20 ||
        f.metrics.attempts < f.metrics.begun + 100 || f.metrics.cancelled < 50)
        fail_msg("%s: %d succeeded, %d failed, %d attempts, %d cancelled",
                 ways[way].label, (int)f.metrics.succeeded,
                 (int)f.metrics.failed, (int)f.metrics.attempts,
                 (int)f.metrics.cancelled);
    no_more(&f);
    traffic_audit(f.s.traffic);
    assert_false(f.s.failed);
    assert_int_equal(f.s.traffic->entries[0].retrying, 0);
    hash = f.metrics.hash;
    fixture_release(&f);
    return hash;
}

static void test_conservation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        assert_int_equal(run_way(i), run_way(i));
}

/* A hedge that no request knows of is found. */
static void test_lost_hedge(void **state)
{
    struct fixture f;

    (void)state;
    hedged(&f);
    f.workload.service_time = dist_constant(0.9);
    fixture_make(&f, 1);
    fixture_pods(&f, 3);
    run_to(&f, SIM_S + SIM_S / 2);
    traffic_audit(f.s.traffic);
    assert_false(f.s.failed);
    f.s.traffic->requests[f.s.traffic->requests[0].next_hedge].number++;
    traffic_audit(f.s.traffic);
    assert_true(f.s.failed);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one),       cmocka_unit_test(test_rescue),
        cmocka_unit_test(test_budget),    cmocka_unit_test(test_exhausted),
        cmocka_unit_test(test_streams),   cmocka_unit_test(test_conservation),
        cmocka_unit_test(test_lost_hedge)};

    return cmocka_run_group_tests_name("hedge", tests, NULL, NULL);
}
