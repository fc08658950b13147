/*
 * test_calls - pods that ask other Services while they serve a request: when,
 * in which place, what fails by it and who is to blame, and that nothing is
 * lost of it.
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

enum { CALLS = 3 };

/* Two Services: pods of `web` call `other`. */
struct tiers {
    struct fixture f;
    struct workload workloads[2];
    struct call_spec calls[CALLS];
    service_id other;
    pod_id backs[4];
    uint32_t back_count;
};

static struct traffic_spec *call_of(struct tiers *x, int i)
{
    return &x->f.traffic[1 + i];
}

/* Own work of 10 ms, and 20 ms of each call; a request a second. */
static void tiers(struct tiers *x, uint32_t calls)
{
    struct fixture *f = &x->f;

    memset(x, 0, sizeof *x);
    steady(f);
    x->workloads[0] = x->workloads[1] = f->workload;
    x->workloads[0].concurrency = x->workloads[1].concurrency = 10;
    x->workloads[1].service_time = dist_constant(0.02);
    x->workloads[0].call_count = calls;
    x->workloads[0].calls = x->calls;
    for (uint32_t i = 0; i < CALLS; i++) {
        x->calls[i] = (struct call_spec){i, 1, false};
        f->traffic[1 + i] = f->traffic[0];
        f->traffic[1 + i].name = "call";
        f->traffic[1 + i].service = "other";
        f->traffic[1 + i].arrivals = ARRIVALS_CALLS;
        f->traffic[1 + i].rate = 0;
        f->traffic[1 + i].location = AT_CALLERS;
    }
    f->other_template.workload = 1;
    f->other_spec.ports = &f->service_port;
    f->other_spec.port_count = 1;
    f->scenario.workloads = x->workloads;
    f->scenario.workload_count = 2;
    f->scenario.traffic_count = 1 + calls;
    f->scenario.call_count = calls;
}

static void publish(struct tiers *x)
{
    struct endpoint_set *set = endpoint_set_new(x->other, x->back_count);

    for (uint32_t i = 0; i < x->back_count; i++) {
        const struct pod *pod = world_pod(x->f.s.world, x->backs[i]);

        set->endpoints[i] =
            (struct endpoint){.pod = pod->id,
                              .ip = pod->sandbox_ip,
                              .node = pod->node,
                              .slot = i,
                              .zone = world_node(x->f.s.world, pod->node)->zone,
                              .flags = ENDPOINT_READY | ENDPOINT_SERVING};
    }
    world_service_publish(x->f.s.world, set);
}

/* Pods of web on nodes 0, 1, .., those of other on 3, 2, .. */
static void make(struct tiers *x, uint32_t fronts, uint32_t backs)
{
    fixture_make(&x->f, 1);
    x->other = world_service_create(x->f.s.world, &x->f.other_spec, 2);
    fixture_pods(&x->f, fronts);
    for (x->back_count = 0; x->back_count < backs; x->back_count++)
        x->backs[x->back_count] =
            fixture_pod(&x->f, 3 - x->back_count, &x->f.other_template);
    publish(x);
}

static struct pod *back(struct tiers *x)
{
    return world_pod(x->f.s.world, x->backs[0]);
}

static struct pod *front(struct tiers *x)
{
    return world_pod(x->f.s.world, x->f.pods[0]);
}

static uint64_t ended_as(const struct tiers *x, int entry, enum outcome outcome)
{
    return x->f.s.traffic->entries[entry].ended[outcome];
}

/* --- what takes how long --- */

static const struct {
    const char *label;
    uint32_t calls;
    bool parallel[CALLS];
    double probability[CALLS];
    double error_rate; /* of what is called */
    double time;
    uint64_t made; /* calls of each request */
    bool fails;
} shapes[] = {
    {"none", 0, {0}, {0}, 0, 0.01, 0, false},
    {"one", 1, {0}, {1}, 0, 0.03, 1, false},
    {"one after another", 3, {0}, {1, 1, 1}, 0, 0.07, 3, false},
    {"beside each other", 3, {0, 1, 1}, {1, 1, 1}, 0, 0.03, 3, false},
    {"two, then one", 3, {0, 1, 0}, {1, 1, 1}, 0, 0.05, 3, false},
    {"one, then two", 3, {0, 0, 1}, {1, 1, 1}, 0, 0.05, 3, false},
    {"never", 2, {0}, {0, 0}, 0, 0.01, 0, false},
    {"only the last", 3, {0, 1, 1}, {0, 0, 1}, 0, 0.03, 1, false},
    {"the first fails", 3, {0}, {1, 1, 1}, 1, 0.03, 1, true},
    {"the first two fail", 3, {0, 1, 0}, {1, 1, 1}, 1, 0.03, 2, true},
};

static void test_shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct tiers x;
        uint64_t made = 0;
        double time;

        tiers(&x, shapes[i].calls);
        x.workloads[1].error_rate = shapes[i].error_rate;
        for (int k = 0; k < CALLS; k++) {
            x.calls[k].parallel = shapes[i].parallel[k];
            x.calls[k].probability = shapes[i].probability[k];
        }
        make(&x, 1, 1);
        run_to(&x.f, 10 * SIM_S + SIM_S / 2);
        for (uint32_t k = 0; k < shapes[i].calls; k++)
            made += x.f.s.traffic->entries[1 + k].offered;
        time = sim_to_seconds(x.f.metrics.last_end - 10 * SIM_S);
        if (fabs(time - shapes[i].time) > 1e-9 || made != 10 * shapes[i].made ||
            ended_as(&x, 0, REQUEST_FAILED) != (shapes[i].fails ? 10 : 0))
            fail_msg("%s: %g s, %d calls", shapes[i].label, time, (int)made);
        check_conservation(&x.f);
        fixture_release(&x.f);
    }
}

/* A share of requests calls, whatever the pods are. */
static void test_probability(void **state)
{
    struct tiers x;

    (void)state;
    tiers(&x, 1);
    x.calls[0].probability = 0.3;
    x.f.traffic[0].rate = 100;
    make(&x, 2, 1);
    run_to(&x.f, 100 * SIM_S + SIM_S / 200);
    assert_in_range(x.f.s.traffic->entries[1].offered, 2800, 3200);
    fixture_release(&x.f);
}

/* The caller's node is where the call comes from. */
static void test_way(void **state)
{
    struct tiers x;

    (void)state;
    tiers(&x, 1);
    x.f.scenario.cluster.latency =
        (struct network_latency){dist_constant(0.001), dist_constant(0.01),
                                 dist_constant(0.1), dist_constant(0)};
    x.f.traffic[0].location = AT_EXTERNAL;
    make(&x, 1, 1); /* nodes 0 and 3: another zone */
    run_to(&x.f, 10 * SIM_S + SIM_S / 2);
    assert_true(fabs(x.f.metrics.latency - 10 * (0.03 + 0.2) - 10 * 0.22) <
                1e-6);
    fixture_release(&x.f);
}

/* --- its place --- */

/* Requests at one instant. */
static void test_places(void **state)
{
    static const struct {
        int discipline;
        double last; /* of two requests that come at once */
    } all[] = {{DISCIPLINE_FIFO, 0.06}, {DISCIPLINE_PS, 0.04}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tiers x;

        tiers(&x, 1);
        x.workloads[0].concurrency = 1;
        x.workloads[0].discipline = all[i].discipline;
        x.workloads[0].queue_limit = 1; /* beside the one */
        make(&x, 1, 1);
        run_to(&x.f, SIM_S / 2);
        for (int k = 0; k < 3; k++)
            request_begin(&x.f.s.traffic->entries[0], SIM_NEVER);
        assert_int_equal(ended_as(&x, 0, REQUEST_FAILED), 1);
        run_to(&x.f, SIM_S / 2 + 25 * SIM_MS); /* none is at work any more */
        assert_int_equal(server_present(front(&x)), 2);
        request_begin(&x.f.s.traffic->entries[0], SIM_NEVER);
        assert_int_equal(x.f.metrics.request_cause[CAUSE_OVERLOADED], 2);
        run_to(&x.f, 9 * SIM_S / 10);
        assert_int_equal(ended_as(&x, 0, REQUEST_SUCCEEDED), 2);
        assert_true(fabs(sim_to_seconds(x.f.metrics.last_end) - 0.5 -
                         all[i].last) < 1e-9);
        fixture_release(&x.f);
    }
}

/* A pod that drains answers what waits for its calls. */
static void test_drain(void **state)
{
    struct tiers x;

    (void)state;
    tiers(&x, 1);
    make(&x, 1, 1);
    x.f.idle = NO_ID;
    run_to(&x.f, SIM_S + 15 * SIM_MS);
    server_drain(x.f.s.servers, front(&x));
    run_to(&x.f, SIM_S + 29 * SIM_MS);
    assert_int_equal(x.f.idle, NO_ID);
    run_to(&x.f, SIM_S + 31 * SIM_MS);
    assert_int_equal(x.f.idle, x.f.pods[0]);
    assert_int_equal(ended_as(&x, 0, REQUEST_SUCCEEDED), 1);
    fixture_release(&x.f);
}

/* While its process hangs nothing is answered, though its call has been. */
static void test_hang(void **state)
{
    (void)state;
    for (int discipline = DISCIPLINE_FIFO; discipline <= DISCIPLINE_PS;
         discipline++) {
        struct tiers x;
        incident_id hang;

        tiers(&x, 1);
        x.workloads[0].discipline = discipline;
        make(&x, 1, 1);
        run_to(&x.f, SIM_S + 15 * SIM_MS);
        hang = incident(&x.f, "hang");
        server_fault_begin(x.f.s.servers, front(&x), FAULT_HANG, 0, hang);
        run_to(&x.f, SIM_S + 100 * SIM_MS);
        assert_int_equal(ended_as(&x, 1, REQUEST_SUCCEEDED), 1);
        assert_int_equal(ended_as(&x, 0, REQUEST_SUCCEEDED), 0);
        server_fault_end(x.f.s.servers, front(&x), hang);
        run_to(&x.f, SIM_S + 101 * SIM_MS);
        assert_int_equal(ended_as(&x, 0, REQUEST_SUCCEEDED), 1);
        fixture_release(&x.f);
    }
}

/* --- who is to blame --- */

static void test_blame_of_errors(void **state)
{
    struct tiers x;
    incident_id crash;

    (void)state;
    tiers(&x, 1);
    make(&x, 1, 1);
    crash = incident(&x.f, "crash");
    run_to(&x.f, SIM_S + 15 * SIM_MS);
    world_pod_touch(x.f.s.world, x.backs[0], crash);
    server_reset(x.f.s.servers, back(&x));
    run_to(&x.f, 3 * SIM_S + SIM_S / 2);
    assert_int_equal(ended_as(&x, 0, REQUEST_FAILED), 3);
    assert_int_equal(x.f.metrics.request_cause[CAUSE_APP_ERROR], 3);
    assert_int_equal(x.f.metrics.request_cause[CAUSE_RESET], 1);
    assert_int_equal(x.f.metrics.request_cause[CAUSE_CONNECT_REFUSED], 2);
    assert_int_equal(x.f.metrics.by_origin[crash % 8], 6);
    fixture_release(&x.f);
}

/* The clients give up before the calls do: those that wait for a call, and
 * those that queue behind them. */
static void test_blame_of_waits(void **state)
{
    (void)state;
    for (int64_t concurrency = 1; concurrency <= 100; concurrency += 99) {
        struct tiers x;
        incident_id fall;

        tiers(&x, 1);
        x.workloads[0].concurrency = concurrency;
        x.f.traffic[0].timeout = SIM_S / 2;
        x.f.traffic[0].rate = 10;
        x.f.traffic[0].location = AT_EXTERNAL;
        make(&x, 1, 1);
        run_to(&x.f, 90 * SIM_S); /* pods are no longer new */
        fall = incident(&x.f, "node-loss");
        world_node_set_up(x.f.s.world, 3, false, fall);
        world_pod_touch(x.f.s.world, x.backs[0], fall);
        server_vanish(x.f.s.servers, back(&x));
        run_to(&x.f, 100 * SIM_S);
        assert_in_range(ended_as(&x, 0, REQUEST_FAILED), 90, 96);
        assert_int_equal(x.f.metrics.by_origin[fall % 8],
                         ended_as(&x, 0, REQUEST_FAILED));
        fixture_release(&x.f);
    }
}

/* --- whatever happens --- */

static const struct {
    const char *label;
    int discipline;
    int64_t pool, streams, hedges, retries;
    enum access access;
    enum lb_at at;
} ways[] = {
    {"plain", DISCIPLINE_FIFO, 0, 0, 0, 0, ACCESS_SERVICE, LB_PROXY},
    {"ps", DISCIPLINE_PS, 0, 0, 0, 0, ACCESS_SERVICE, LB_PROXY},
    {"connections", DISCIPLINE_FIFO, 2, 1, 0, 2, ACCESS_SERVICE, LB_PROXY},
    {"streams", DISCIPLINE_PS, 1, 8, 2, 0, ACCESS_SERVICE, LB_PROXY},
    {"names", DISCIPLINE_FIFO, 0, 0, 0, 2, ACCESS_HEADLESS, LB_PROXY},
    {"sidecars", DISCIPLINE_PS, 2, 1, 0, 1, ACCESS_SERVICE, LB_CLIENT},
    {"a gateway", DISCIPLINE_FIFO, 0, 0, 2, 0, ACCESS_SERVICE, LB_GATEWAY},
};

static void configure(struct tiers *x, size_t way)
{
    struct fixture *f = &x->f;

    tiers(x, CALLS);
    f->traffic[0].arrivals = ARRIVALS_POISSON;
    f->traffic[0].rate = 150;
    f->traffic[0].timeout = 150 * SIM_MS;
    x->calls[1].parallel = true;
    x->calls[2].probability = 0.5;
    x->workloads[0].concurrency = x->workloads[1].concurrency = 3;
    x->workloads[0].discipline = ways[way].discipline;
    x->workloads[0].service_time = dist_exponential(0.005);
    x->workloads[1].service_time = dist_exponential(0.01);
    x->workloads[0].queue_limit = 20;
    x->workloads[1].error_rate = 0.02;
    f->scenario.cluster.latency.same_zone = dist_exponential(0.0005);
    for (int i = 0; i < CALLS; i++) {
        struct traffic_spec *t = call_of(x, i);

        t->access = (int)ways[way].access;
        t->timeout = 60 * SIM_MS;
        t->connect_timeout = 20 * SIM_MS;
        t->deadline = i == 1 ? 80 * SIM_MS : SIM_NEVER;
        t->hedge_max = ways[way].hedges;
        t->hedge_after = 20 * SIM_MS;
        t->retries_max = ways[way].retries;
        t->backoff_base = t->backoff_max = 5 * SIM_MS;
        t->pool = (struct pool_spec){.on = ways[way].pool > 0,
                                     .size = ways[way].pool,
                                     .streams = ways[way].streams,
                                     .max_requests = 50,
                                     .idle_timeout = SIM_S,
                                     .max_age = 2 * SIM_S};
    }
    fixture_balance(f, &lb_p2c, ways[way].at);
    f->lb.service = "other";
    f->lb.instances = 2;
    f->lb.per_request = ways[way].at != LB_PROXY;
    f->lb.gateway.connect_timeout = 20 * SIM_MS;
}

static void disturb(struct tiers *x, int i)
{
    struct servers *v = x->f.s.servers;
    struct pod *pod = i % 2 ? world_pod(x->f.s.world, x->f.pods[i / 2 % 3])
                            : world_pod(x->f.s.world, x->backs[i / 2 % 2]);

    if (i % 9 == 0 || i % 9 == 1)
        server_reset(v, pod);
    else if (i % 9 == 4)
        server_vanish(v, pod);
    else if (!server_listens(pod) && server_present(pod) == 0)
        server_open(v, pod);
}

static uint64_t run_way(size_t way)
{
    struct tiers x;
    uint64_t hash;

    configure(&x, way);
    make(&x, 3, 2);
    run_to(&x.f, SIM_S);
    servers_begin_window(x.f.s.servers);
    for (int i = 1; i < 300; i++) {
        run_to(&x.f, SIM_S + i * 37 * SIM_MS);
        traffic_audit(x.f.s.traffic);
        servers_audit(x.f.s.servers);
        check_conservation(&x.f);
        if (x.f.s.failed)
            fail_msg("%s: an audit fails at step %d", ways[way].label, i);
        disturb(&x, i);
    }
    if (ended_as(&x, 0, REQUEST_SUCCEEDED) < 200 ||
        ended_as(&x, 0, REQUEST_FAILED) < 100 ||
        ended_as(&x, 1, REQUEST_ABANDONED) < 5 ||
        ended_as(&x, 1, REQUEST_FAILED) < 20)
        fail_msg("%s: %d succeeded, %d failed, %d abandoned, %d failed",
                 ways[way].label, (int)ended_as(&x, 0, REQUEST_SUCCEEDED),
                 (int)ended_as(&x, 0, REQUEST_FAILED),
                 (int)ended_as(&x, 1, REQUEST_ABANDONED),
                 (int)ended_as(&x, 1, REQUEST_FAILED));
    traffic_set_rate(x.f.s.traffic, 0, 0);
    sim_run(x.f.s.sim);
    check_conservation(&x.f);
    assert_int_equal(x.f.metrics.begun, ended(&x.f.metrics));
    servers_audit(x.f.s.servers);
    assert_false(x.f.s.failed);
    hash = x.f.metrics.hash;
    fixture_release(&x.f);
    return hash;
}

static void test_conservation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        assert_int_equal(run_way(i), run_way(i));
}

/* Connections that a pod keeps end with its process. */
static void test_process_ends(void **state)
{
    struct tiers x;

    (void)state;
    tiers(&x, 1);
    call_of(&x, 0)->pool = (struct pool_spec){.on = true,
                                              .size = 2,
                                              .streams = 1,
                                              .max_requests = INT64_MAX,
                                              .idle_timeout = SIM_NEVER,
                                              .max_age = SIM_NEVER};
    make(&x, 1, 1);
    run_to(&x.f, 5 * SIM_S + SIM_S / 2);
    assert_int_equal(x.f.s.traffic->entries[1].clients[0].pools->ordinal, 1);
    server_reset(x.f.s.servers, front(&x));
    server_open(x.f.s.servers, front(&x));
    run_to(&x.f, 10 * SIM_S + SIM_S / 2);
    assert_int_equal(x.f.s.traffic->entries[1].clients[0].pools->ordinal, 2);
    assert_int_equal(x.f.s.traffic->entries[1].client_count, 1);
    fixture_release(&x.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shapes),
                                       cmocka_unit_test(test_probability),
                                       cmocka_unit_test(test_way),
                                       cmocka_unit_test(test_places),
                                       cmocka_unit_test(test_drain),
                                       cmocka_unit_test(test_hang),
                                       cmocka_unit_test(test_blame_of_errors),
                                       cmocka_unit_test(test_blame_of_waits),
                                       cmocka_unit_test(test_conservation),
                                       cmocka_unit_test(test_process_ends)};

    return cmocka_run_group_tests_name("calls", tests, NULL, NULL);
}
