/*
 * test_pool - connections that clients keep: what is pinned to whom, when
 * they end, who waits for them, what becomes of the requests on them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <math.h>

#include "tests/unit/traffic_fixture.h"

/* One client with one connection to a Service whose proxy takes its pods in
 * turn: each new connection goes to another pod. Requests at 1, 2, .. s. */
static void pooled(struct fixture *f)
{
    steady(f);
    f->metrics.last_server = NO_ID;
    f->traffic[0].clients = 1;
    f->traffic[0].timeout = SIM_S / 2;
    f->traffic[0].pool = (struct pool_spec){.on = true,
                                            .size = 1,
                                            .streams = 1,
                                            .max_requests = INT64_MAX,
                                            .idle_timeout = SIM_NEVER,
                                            .max_age = SIM_NEVER};
    fixture_balance(f, &lb_round_robin, LB_PROXY);
}

static void run_pods(struct fixture *f, uint32_t pods, sim_time until)
{
    fixture_make(f, 1);
    fixture_pods(f, pods);
    run_to(f, until);
}

/* ---------------------------------------------------------------- pinned */

static const struct {
    const char *label;
    bool on, per_request;
    enum lb_at at;
    enum access access;
    sim_time idle_timeout;
    int64_t max_requests;
    uint64_t changes; /* of server, over 12 requests */
} pinnings[] = {
    {"one a request", false, false, LB_PROXY, ACCESS_SERVICE, SIM_NEVER,
     INT64_MAX, 12},
    {"kept", true, false, LB_PROXY, ACCESS_SERVICE, SIM_NEVER, INT64_MAX, 1},
    {"kept, chosen by the client", true, false, LB_CLIENT, ACCESS_SERVICE,
     SIM_NEVER, INT64_MAX, 1},
    {"kept, by name", true, false, LB_PROXY, ACCESS_HEADLESS, SIM_NEVER,
     INT64_MAX, 1},
    {"requests balanced by the client", true, true, LB_CLIENT, ACCESS_SERVICE,
     SIM_NEVER, INT64_MAX, 12},
    {"the same, by name", true, true, LB_CLIENT, ACCESS_HEADLESS, SIM_NEVER,
     INT64_MAX, 12},
    {"three requests each", true, false, LB_PROXY, ACCESS_SERVICE, SIM_NEVER, 3,
     4},
    {"idle for too long", true, false, LB_PROXY, ACCESS_SERVICE, SIM_S / 2,
     INT64_MAX, 12},
    {"never idle for so long", true, false, LB_PROXY, ACCESS_SERVICE,
     992 * SIM_MS, INT64_MAX, 1},
};

static void test_pinned(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pinnings / sizeof pinnings[0]; i++) {
        struct fixture f;

        pooled(&f);
        f.traffic[0].pool.on = pinnings[i].on;
        f.traffic[0].pool.idle_timeout = pinnings[i].idle_timeout;
        f.traffic[0].pool.max_requests = pinnings[i].max_requests;
        f.traffic[0].access = (int)pinnings[i].access;
        fixture_balance(&f, &lb_round_robin, pinnings[i].at);
        f.lb.per_request = pinnings[i].per_request;
        run_pods(&f, 2, 25 * SIM_S / 2);
        if (f.metrics.succeeded != 12 ||
            f.metrics.server_changes != pinnings[i].changes)
            fail_msg("%s: %d succeeded, %d changes", pinnings[i].label,
                     (int)f.metrics.succeeded, (int)f.metrics.server_changes);
        let_end(&f);
        fixture_release(&f);
    }
}

/* No more in the tables of proxies, and served all the same. */
static void test_removed(void **state)
{
    struct fixture f;
    pod_id pinned;

    (void)state;
    pooled(&f);
    run_pods(&f, 2, 7 * SIM_S / 2);
    pinned = f.metrics.last_server;
    f.pods[0] = f.pods[0] == pinned ? f.pods[1] : f.pods[0];
    f.pod_count = 1;
    fixture_publish(&f);
    run_to(&f, 21 * SIM_S / 2);
    assert_int_equal(f.metrics.succeeded, 10);
    assert_int_equal(f.metrics.last_server, pinned);
    let_end(&f);
    fixture_release(&f);
}

/* At an age of 9 to 11 s, drawn for each. */
static void test_age(void **state)
{
    struct fixture f;
    uint64_t changes;

    (void)state;
    pooled(&f);
    f.traffic[0].pool.max_age = 10 * SIM_S;
    run_pods(&f, 2, 17 * SIM_S / 2);
    assert_int_equal(f.metrics.server_changes, 1);
    run_to(&f, 27 * SIM_S / 2);
    assert_int_equal(f.metrics.server_changes, 2);
    run_to(&f, 1001 * SIM_S);
    changes = f.metrics.server_changes;
    /* A mean of 10 s, and half a second to the next request. */
    assert_in_range(changes, 92, 99);
    assert_int_equal(f.metrics.failed, 0);
    let_end(&f);
    fixture_release(&f);
}

/* --------------------------------------------------------------- waiting */

static const struct {
    const char *label;
    int64_t size, streams;
    uint64_t succeeded; /* of 40 at 10/s, of 0.2 s each, within 0.5 s */
} waitings[] = {
    /* The fifth waits for so long that its answer is late; from then on all
     * have waited for too long when their turn comes. */
    {"one at a time", 1, 1, 4},
    {"two connections are enough", 2, 1, 40},
    {"two streams are enough", 1, 2, 40},
    {"any number of streams", 1, INT64_MAX, 40},
};

static void test_waiting(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof waitings / sizeof waitings[0]; i++) {
        struct fixture f;
        bool good;

        pooled(&f);
        f.workload.service_time = dist_constant(0.2);
        f.workload.concurrency = INT64_MAX;
        f.traffic[0].rate = 10;
        f.traffic[0].pool.size = waitings[i].size;
        f.traffic[0].pool.streams = waitings[i].streams;
        run_pods(&f, 2, 4050 * SIM_MS);
        let_end(&f);
        good = f.metrics.begun == 40 &&
               f.metrics.succeeded == waitings[i].succeeded &&
               f.metrics.by_cause[CAUSE_TIMEOUT] == f.metrics.failed;
        if (!good)
            fail_msg("%s: %d of %d succeeded", waitings[i].label,
                     (int)f.metrics.succeeded, (int)f.metrics.begun);
        fixture_release(&f);
    }
}

/* First come, first served, each as the one before has its answer. */
static void test_line(void **state)
{
    struct fixture f;

    (void)state;
    pooled(&f);
    f.workload.service_time = dist_constant(1);
    f.workload.concurrency = INT64_MAX;
    f.traffic[0].rate = 10;
    f.traffic[0].timeout = SIM_NEVER;
    run_pods(&f, 1, 1050 * SIM_MS); /* ten, from 0.1 s on */
    traffic_set_rate(f.s.traffic, 0, 0);
    run_to(&f, 1150 * SIM_MS);
    assert_int_equal(f.metrics.succeeded, 1);
    run_to(&f, 5150 * SIM_MS);
    assert_int_equal(f.metrics.succeeded, 5);
    let_end(&f);
    assert_int_equal(f.metrics.succeeded, 10);
    assert_int_equal(f.metrics.last_end, 10100 * SIM_MS);
    assert_int_equal(f.metrics.waited, 0); /* at the server nobody waits */
    fixture_release(&f);
}

/* ------------------------------------------------------------------ ends */

enum deed { DRAIN, CRASH, NODE_DIES, RESTART };

static const struct {
    const char *label;
    enum deed deed;
    sim_time at, latency; /* the request of 4 s: 0.1 s of work */
    int64_t streams;
    enum cause cause; /* of that request, or the one of 5 s */
    sim_time end;     /* of that one, where it fails */
    uint64_t failed;  /* of ten, and the others succeed */
} ends[] = {
    {"drained while idle", DRAIN, 3500 * SIM_MS, SIM_MS, 1, CAUSE_NONE, 0, 0},
    {"drained while busy", DRAIN, 4050 * SIM_MS, SIM_MS, 1, CAUSE_NONE, 0, 0},
    {"drained while busy, shared", DRAIN, 4050 * SIM_MS, SIM_MS, 4, CAUSE_NONE,
     0, 0},
    {"drained on its way", DRAIN, 4000500 * SIM_US, SIM_MS, 1, CAUSE_RESET,
     4002 * SIM_MS, 1},
    {"crash while idle", CRASH, 3500 * SIM_MS, SIM_MS, 1, CAUSE_RESET,
     4002 * SIM_MS, 1},
    {"crash while busy", CRASH, 4050 * SIM_MS, SIM_MS, 1, CAUSE_RESET,
     4051 * SIM_MS, 1},
    {"another process since", RESTART, 3500 * SIM_MS, SIM_MS, 1, CAUSE_RESET,
     4002 * SIM_MS, 1},
    {"node dies while idle", NODE_DIES, 3500 * SIM_MS, SIM_MS, 1, CAUSE_TIMEOUT,
     4500 * SIM_MS, 1},
    {"node dies while busy", NODE_DIES, 4050 * SIM_MS, SIM_MS, 1, CAUSE_TIMEOUT,
     4500 * SIM_MS, 1},
    {"node dies, shared: until the kernel gives up", NODE_DIES, 3500 * SIM_MS,
     SIM_MS, 4, CAUSE_TIMEOUT, 10500 * SIM_MS, 7},
};

static void do_deed(struct fixture *f, enum deed deed, struct pod *pod,
                    incident_id origin)
{
    world_pod_touch(f->s.world, pod->id, origin);
    switch (deed) {
    case DRAIN:
        server_drain(f->s.servers, pod);
        break;
    case CRASH:
        server_reset(f->s.servers, pod);
        break;
    case RESTART:
        server_reset(f->s.servers, pod);
        server_open(f->s.servers, pod);
        break;
    case NODE_DIES:
        server_vanish(f->s.servers, pod);
        world_node_set_up(f->s.world, pod->node, false, origin);
        break;
    }
}

static void end_one(size_t i, struct fixture *f)
{
    struct dist latency = dist_constant(sim_to_seconds(ends[i].latency));
    incident_id origin;
    struct pod *pod;

    pooled(f);
    f->scenario.cluster.latency =
        (struct network_latency){latency, latency, latency, latency};
    f->workload.service_time = dist_constant(0.1);
    f->traffic[0].pool.streams = ends[i].streams;
    f->traffic[0].location = AT_ZONE; /* the client survives node 0 */
    f->traffic[0].zone = "b";
    run_pods(f, 2, SIM_MS); /* on nodes 0 and 1 */
    origin = incident(f, "deed");
    run_to(f, ends[i].at);
    pod = world_pod(f->s.world, f->pods[0]);
    if (f->metrics.last_server != pod->id)
        pod = world_pod(f->s.world, f->pods[1]);
    do_deed(f, ends[i].deed, pod, origin);
    if (ends[i].deed != RESTART) {
        f->pods[0] = f->pods[pod->id == f->pods[0] ? 1 : 0];
        f->pod_count = 1;
        fixture_publish(f);
    }
    run_to(f, 21 * SIM_S / 2);
}

static void test_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct fixture f;
        const struct metrics *m = &f.metrics;

        end_one(i, &f);
        let_end(&f);
        if (m->begun != 10 || m->failed != ends[i].failed ||
            m->by_cause[ends[i].cause] != ends[i].failed ||
            (m->failed && m->last_attempt_failed != ends[i].end) ||
            m->by_origin[INCIDENT_STARTUP + 1] != m->failed)
            fail_msg("%s: %d failed, %d of that cause, the last at %.4f",
                     ends[i].label, (int)m->failed,
                     (int)m->by_cause[ends[i].cause],
                     sim_to_seconds(m->last_attempt_failed));
        fixture_release(&f);
    }
}

/* Refused: it never was a connection, and the next request opens another. */
static void test_refused(void **state)
{
    struct fixture f;

    (void)state;
    pooled(&f);
    fixture_make(&f, 1);
    fixture_pods(&f, 2);
    server_reset(f.s.servers, world_pod(f.s.world, f.pods[0]));
    run_to(&f, 21 * SIM_S / 2);
    assert_in_range(f.metrics.by_cause[CAUSE_CONNECT_REFUSED], 0, 1);
    assert_int_equal(f.metrics.succeeded + f.metrics.failed, 10);
    assert_int_equal(f.metrics.server_changes, 1);
    let_end(&f);
    fixture_release(&f);
}

/* ------------------------------------------- everything, at random */

static void disturb(struct fixture *f, struct rng *rng)
{
    struct pod *pod = world_pod(f->s.world, f->pods[rng_below(rng, 8)]);

    switch (rng_below(rng, 6)) {
    case 0:
        server_reset(f->s.servers, pod);
        break;
    case 1:
        server_drain(f->s.servers, pod);
        break;
    case 2:
        world_node_set_up(f->s.world, 3, rng_below(rng, 2), INCIDENT_NONE);
        break;
    default:
        if (!server_listens(pod)) {
            server_reset(f->s.servers, pod);
            server_open(f->s.servers, pod);
        }
        break;
    }
}

static uint64_t storm(uint64_t seed, const struct lb_strategy *strategy,
                      enum lb_at at, int64_t streams)
{
    struct fixture f;
    struct rng rng;
    uint64_t hash;

    pooled(&f);
    f.workload.service_time = dist_exponential(0.01);
    f.workload.queue_limit = 10;
    f.scenario.traffic_count = 2;
    f.traffic[0].arrivals = ARRIVALS_POISSON;
    f.traffic[0].rate = 400;
    f.traffic[0].clients = 12;
    f.traffic[0].timeout = 50 * SIM_MS;
    f.traffic[0].retries_max = 3;
    f.traffic[0].backoff_max = f.traffic[0].backoff_base = 5 * SIM_MS;
    f.traffic[0].pool =
        (struct pool_spec){true, 2, streams, 50, SIM_S / 5, SIM_S};
    f.traffic[1].deadline = 300 * SIM_MS;
    f.traffic[1].location = AT_EXTERNAL;
    f.traffic[1].name = "others";
    f.traffic[1].pool = f.traffic[0].pool;
    f.scenario.cluster.latency =
        (struct network_latency){dist_constant(0), dist_constant(0.0002),
                                 dist_exponential(0.001), dist_constant(0.01)};
    fixture_balance(&f, strategy, at);
    f.lb.per_request = at == LB_CLIENT;
    fixture_make(&f, seed);
    fixture_pods(&f, 8);
    rng_init(&rng, (struct rng_root){seed, 0}, "test", NULL, 0);
    for (int i = 1; i <= 1000; i++) {
        run_to(&f, i * 10 * SIM_MS);
        check_conservation(&f);
        disturb(&f, &rng);
    }
    let_end(&f);
    assert_true(f.metrics.succeeded > 1000 && f.metrics.failed > 10);
    hash = f.metrics.hash;
    fixture_release(&f);
    return hash;
}

static void test_storm(void **state)
{
    static const struct lb_strategy *const strategies[] = {
        &lb_random, &lb_round_robin, &lb_least_connections, &lb_p2c};
    static const int64_t streams[] = {1, 3, INT64_MAX};

    (void)state;
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 3; j++)
            for (int at = LB_PROXY; at <= LB_CLIENT; at++)
                assert_true(
                    storm(7, strategies[i], (enum lb_at)at, streams[j]) ==
                    storm(7, strategies[i], (enum lb_at)at, streams[j]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pinned),  cmocka_unit_test(test_removed),
        cmocka_unit_test(test_age),     cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_line),    cmocka_unit_test(test_ends),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_storm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
