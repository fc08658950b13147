/*
 * test_traffic - a request's life: every cause provoked, blame, time-outs to
 * the nanosecond, retries, conservation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <math.h>

#include "tests/unit/traffic_fixture.h"

/* -------------------------------------------------------------- causes */

/* What is done to the cluster before the first request. */
enum deed {
    NOTHING,
    NO_PODS,
    PROCESS_ENDS,
    ADDRESS_FREED,
    ADDRESS_FREED_THEN_NODE,
    NODE_DIES,
    ADDRESS_TO_OTHER,
    ADDRESS_TO_OTHER_SILENT,
    ADDRESS_TO_OTHER_PORT,
    ADDRESS_TO_SAME,
    CRASH_LATER, /* while the request is served */
    NODE_DIES_LATER,
    SERVICE_DELETED
};

static const struct {
    const char *label;
    enum deed deed;
    enum access access;
    sim_time timeout, connect_timeout;
    double service, error_rate;
    sim_time latency; /* one way */
    enum cause cause;
    sim_time end; /* of the first request, which begins at 1 s */
    bool blamed;  /* on what was done; else on nobody or overload */
} causes[] = {
    {"served", NOTHING, ACCESS_SERVICE, SIM_S, SIM_NEVER, 0.01, 0, 0,
     CAUSE_NONE, 1010 * SIM_MS, false},
    {"served, there and back", NOTHING, ACCESS_SERVICE, SIM_S, SIM_NEVER, 0.01,
     0, SIM_MS, CAUSE_NONE, 1012 * SIM_MS, false},
    {"no endpoints", NO_PODS, ACCESS_SERVICE, SIM_S, SIM_NEVER, 0.01, 0, SIM_MS,
     CAUSE_NO_ENDPOINTS, SIM_S, false},
    {"no name", NO_PODS, ACCESS_HEADLESS, SIM_S, SIM_NEVER, 0.01, 0, SIM_MS,
     CAUSE_DNS, SIM_S, false},
    {"Service deleted", SERVICE_DELETED, ACCESS_SERVICE, SIM_S, SIM_NEVER, 0.01,
     0, 0, CAUSE_DNS, SIM_S, false},
    {"refused after a round trip", PROCESS_ENDS, ACCESS_SERVICE, SIM_S,
     SIM_NEVER, 0.01, 0, SIM_MS, CAUSE_CONNECT_REFUSED, 1002 * SIM_MS, true},
    {"refused, headless", PROCESS_ENDS, ACCESS_HEADLESS, SIM_S, SIM_NEVER, 0.01,
     0, SIM_MS, CAUSE_CONNECT_REFUSED, 1002 * SIM_MS, true},
    {"nobody there, connect time-out", ADDRESS_FREED, ACCESS_SERVICE, SIM_S,
     200 * SIM_MS, 0.01, 0, SIM_MS, CAUSE_CONNECT_TIMEOUT, 1200 * SIM_MS, true},
    {"nobody there, time-out", ADDRESS_FREED, ACCESS_SERVICE, SIM_S, SIM_NEVER,
     0.01, 0, SIM_MS, CAUSE_CONNECT_TIMEOUT, 2 * SIM_S, true},
    {"nobody there, no time-out at all", ADDRESS_FREED, ACCESS_SERVICE,
     SIM_NEVER, SIM_NEVER, 0.01, 0, SIM_MS, CAUSE_CONNECT_TIMEOUT, 128 * SIM_S,
     true},
    {"node down", NODE_DIES, ACCESS_SERVICE, SIM_S, 100 * SIM_MS, 0.01, 0,
     SIM_MS, CAUSE_CONNECT_TIMEOUT, 1100 * SIM_MS, true},
    {"address lost before its node was", ADDRESS_FREED_THEN_NODE,
     ACCESS_SERVICE, SIM_S, 100 * SIM_MS, 0.01, 0, SIM_MS,
     CAUSE_CONNECT_TIMEOUT, 1100 * SIM_MS, true},
    {"another's pod listens", ADDRESS_TO_OTHER, ACCESS_SERVICE, SIM_S,
     SIM_NEVER, 0.01, 0, SIM_MS, CAUSE_MISROUTED, 1002 * SIM_MS, true},
    {"another's pod does not listen", ADDRESS_TO_OTHER_SILENT, ACCESS_SERVICE,
     SIM_S, SIM_NEVER, 0.01, 0, SIM_MS, CAUSE_CONNECT_REFUSED, 1002 * SIM_MS,
     true},
    {"another's pod listens elsewhere", ADDRESS_TO_OTHER_PORT, ACCESS_SERVICE,
     SIM_S, SIM_NEVER, 0.01, 0, SIM_MS, CAUSE_CONNECT_REFUSED, 1002 * SIM_MS,
     true},
    {"a new pod of the Service", ADDRESS_TO_SAME, ACCESS_SERVICE, SIM_S,
     SIM_NEVER, 0.01, 0, SIM_MS, CAUSE_NONE, 1012 * SIM_MS, false},
    {"reset", CRASH_LATER, ACCESS_SERVICE, SIM_S, SIM_NEVER, 0.5, 0, SIM_MS,
     CAUSE_RESET, 1101 * SIM_MS, true},
    {"node dies with it", NODE_DIES_LATER, ACCESS_SERVICE, SIM_S, SIM_NEVER,
     0.5, 0, SIM_MS, CAUSE_TIMEOUT, 2 * SIM_S, true},
    {"node dies with it, no time-out", NODE_DIES_LATER, ACCESS_SERVICE,
     SIM_NEVER, SIM_NEVER, 0.5, 0, SIM_MS, CAUSE_TIMEOUT,
     1100 * SIM_MS + 924600 * SIM_MS, true},
    {"too slow", NOTHING, ACCESS_SERVICE, SIM_S, SIM_NEVER, 1.5, 0, SIM_MS,
     CAUSE_TIMEOUT, 2 * SIM_S, false},
    {"in time to the nanosecond", NOTHING, ACCESS_SERVICE, SIM_S, SIM_NEVER,
     0.998, 0, SIM_MS, CAUSE_NONE, 2 * SIM_S, false},
    {"late by a nanosecond", NOTHING, ACCESS_SERVICE, SIM_S, SIM_NEVER,
     0.998000001, 0, SIM_MS, CAUSE_TIMEOUT, 2 * SIM_S, false},
    {"application error", NOTHING, ACCESS_SERVICE, SIM_S, SIM_NEVER, 0.01, 1,
     SIM_MS, CAUSE_APP_ERROR, 1012 * SIM_MS, false},
};

/* Gives the pod's address to a new one. */
static pod_id take_over(struct fixture *f, const struct pod_template *template)
{
    struct pod *pod = world_pod(f->s.world, f->pods[0]);
    uint32_t ip = pod->sandbox_ip;
    pod_id heir;

    free_address(f, pod);
    f->scenario.cluster.ipam_allocator = IPAM_LOWEST;
    heir = fixture_pod(f, 0, template);
    assert_int_equal(world_pod(f->s.world, heir)->sandbox_ip, ip);
    return heir;
}

static void node_dies(struct fixture *f, incident_id origin)
{
    for (uint32_t i = 0; i < f->pod_count; i++)
        server_vanish(f->s.servers, world_pod(f->s.world, f->pods[i]));
    world_node_set_up(f->s.world, 0, false, origin);
}

static void do_deed(struct fixture *f, enum deed deed, incident_id origin)
{
    struct world *w = f->s.world;
    struct pod *pod = world_pod(w, f->pods[0]);

    if (deed != NO_PODS && deed != NOTHING && deed != SERVICE_DELETED)
        world_pod_touch(w, pod->id, origin);
    switch (deed) {
    case PROCESS_ENDS:
    case CRASH_LATER:
        server_reset(f->s.servers, pod);
        break;
    case ADDRESS_FREED:
        free_address(f, pod);
        break;
    case ADDRESS_FREED_THEN_NODE:
        free_address(f, pod);
        run_to(f, 3 * SIM_S / 4);
        node_dies(f, incident(f, "another"));
        break;
    case NODE_DIES:
    case NODE_DIES_LATER:
        node_dies(f, origin);
        break;
    case ADDRESS_TO_OTHER:
        take_over(f, &f->other_template);
        break;
    case ADDRESS_TO_OTHER_SILENT:
        server_reset(f->s.servers,
                     world_pod(w, take_over(f, &f->other_template)));
        break;
    case ADDRESS_TO_OTHER_PORT:
        f->other_port.port = 9090;
        f->other_container.port_count = 1;
        f->other_container.ports = &f->other_port;
        f->other_template.container_count = 1;
        f->other_template.containers = &f->other_container;
        take_over(f, &f->other_template);
        break;
    case ADDRESS_TO_SAME:
        take_over(f, &f->template);
        break;
    case SERVICE_DELETED:
        world_service_delete(w, f->service);
        break;
    default:
        break;
    }
}

static void provoke(size_t i, struct fixture *f)
{
    enum deed deed = causes[i].deed;
    bool later = deed == CRASH_LATER || deed == NODE_DIES_LATER;
    struct dist latency = dist_constant(sim_to_seconds(causes[i].latency));
    incident_id origin;

    steady(f);
    f->scenario.cluster.latency =
        (struct network_latency){latency, latency, latency, latency};
    f->workload.service_time = dist_constant(causes[i].service);
    f->workload.error_rate = causes[i].error_rate;
    f->traffic[0].timeout = causes[i].timeout;
    f->traffic[0].connect_timeout = causes[i].connect_timeout;
    f->traffic[0].access = (int)causes[i].access;
    f->traffic[0].location = AT_ZONE; /* clients survive node 0 */
    f->traffic[0].zone = "b";
    fixture_make(f, 1);
    f->pods[0] = fixture_pod(f, 0, &f->template);
    f->pod_count = deed == NO_PODS ? 0 : 1;
    fixture_publish(f);
    origin = incident(f, "deed");
    run_to(f, later ? 1100 * SIM_MS : SIM_S / 2);
    do_deed(f, deed, origin);
    run_to(f, 3 * SIM_S / 2);
    let_end(f);
}

static void check_cause(size_t i, const struct fixture *f)
{
    const struct metrics *m = &f->metrics;
    enum cause cause = causes[i].cause;
    bool good = m->begun == 1 && m->last_end == causes[i].end;

    if (cause == CAUSE_NONE)
        good = good && m->succeeded == 1 && m->failed_attempts == 0;
    else
        good = good && m->failed == 1 && m->by_cause[cause] == 1 &&
               m->request_cause[cause] == 1;
    if (causes[i].blamed)
        good = good && m->by_origin[INCIDENT_STARTUP + 1] == 1;
    if (!good)
        fail_msg("%s: %d begun, %d succeeded, %d of the cause, %d blamed on "
                 "it, end %.9f",
                 causes[i].label, (int)m->begun, (int)m->succeeded,
                 (int)m->by_cause[cause],
                 (int)m->by_origin[INCIDENT_STARTUP + 1],
                 sim_to_seconds(m->last_end));
}

static void test_causes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        struct fixture f;

        provoke(i, &f);
        check_cause(i, &f);
        fixture_release(&f);
    }
}

/* ------------------------------------------------------------- overload */

static void test_overload(void **state)
{
    struct fixture f;

    (void)state;
    fixture_defaults(&f);
    f.traffic[0].rate = 300; /* of 100 */
    f.traffic[0].timeout = 20 * SIM_MS;
    f.workload.queue_limit = 3;
    fixture_make(&f, 1);
    fixture_pods(&f, 1);
    run_to(&f, 100 * SIM_S);
    check_conservation(&f);
    assert_true(f.metrics.by_cause[CAUSE_OVERLOADED] > 1000);
    assert_true(f.metrics.by_cause[CAUSE_TIMEOUT] > 1000);
    assert_int_equal(f.metrics.by_origin[INCIDENT_OVERLOAD], f.metrics.failed);
    let_end(&f);
    /* The server served what its clients had given up. */
    assert_int_equal(f.metrics.served,
                     f.metrics.begun - f.metrics.by_cause[CAUSE_OVERLOADED]);
    fixture_release(&f);
}

/* -------------------------------------------------------------- retries */

/* Waits before retry k are uniform(0, min(max, base 2^k)): means of
 * differences of failure times, over many requests. */
static void test_retry_waits(void **state)
{
    struct fixture f;
    double mean;

    (void)state;
    steady(&f);
    f.traffic[0].arrivals = ARRIVALS_CONSTANT;
    f.traffic[0].rate = 0.01;
    f.traffic[0].retries_max = 4;
    f.traffic[0].backoff_base = SIM_S;
    f.traffic[0].backoff_max = 4 * SIM_S;
    fixture_make(&f, 1);
    fixture_publish(&f); /* empty */
    mean = 0;
    for (int i = 1; i <= 2000; i++) {
        sim_time begin = i * 100 * SIM_S;

        run_to(&f, begin + 50 * SIM_S);
        assert_int_equal(f.metrics.last_attempts, 5);
        assert_true(f.metrics.last_end - begin <= (1 + 2 + 4 + 4) * SIM_S);
        mean += sim_to_seconds(f.metrics.last_end - begin) / 2000;
    }
    assert_true(fabs(mean - (1 + 2 + 4 + 4) / 2.0) < 0.1);
    assert_int_equal(f.metrics.by_cause[CAUSE_NO_ENDPOINTS], 5 * 2000);
    let_end(&f);
    fixture_release(&f);
}

static const struct {
    const char *label;
    int64_t max;
    unsigned on;
    double error_rate;
    uint64_t attempts; /* of the first request */
} retried[] = {
    {"none", 0, ~0u, 1, 1},
    {"not on errors by default", 3, ~(1u << CAUSE_APP_ERROR), 1, 1},
    {"on errors where asked", 3, 1u << CAUSE_APP_ERROR, 1, 4},
    {"not after success", 3, ~0u, 0, 1},
};

static void test_retry_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof retried / sizeof retried[0]; i++) {
        struct fixture f;

        steady(&f);
        f.traffic[0].retries_max = retried[i].max;
        f.traffic[0].retry_on = retried[i].on;
        f.workload.error_rate = retried[i].error_rate;
        fixture_make(&f, 1);
        fixture_pods(&f, 2);
        run_to(&f, 3 * SIM_S / 2);
        let_end(&f);
        if (f.metrics.attempts != retried[i].attempts)
            fail_msg("%s: %d attempts", retried[i].label,
                     (int)f.metrics.attempts);
        fixture_release(&f);
    }
}

/* At most max(3, 20 %) retries at once: the others end circuit_open. */
static void test_retry_budget(void **state)
{
    struct fixture f;
    uint64_t open;

    (void)state;
    fixture_defaults(&f);
    f.traffic[0].retries_max = 1;
    f.traffic[0].retry_budget = 0.2;
    f.traffic[0].timeout = SIM_S;
    fixture_make(&f, 1);
    f.pods[0] = fixture_pod(&f, 0, &f.template);
    f.pod_count = 1;
    fixture_publish(&f);
    run_to(&f, SIM_S);
    do_deed(&f, ADDRESS_FREED, incident(&f, "gone"));
    run_to(&f, 200 * SIM_S);
    check_conservation(&f);
    open = f.metrics.by_cause[CAUSE_CIRCUIT_OPEN];
    /* 100/s fail after 1 s. x/s of them are retried, for 1 s each: x =
     * 0.2 (100 + x), so 25 of 100. */
    assert_true(fabs((double)open / (double)f.metrics.failed - 0.75) < 0.05);
    assert_int_equal(f.metrics.request_cause[CAUSE_CIRCUIT_OPEN], open);
    let_end(&f);
    fixture_release(&f);
}

static void test_deadline(void **state)
{
    struct fixture f;

    (void)state;
    steady(&f);
    f.workload.service_time = dist_constant(100);
    f.workload.concurrency = INT64_MAX;
    f.traffic[0].timeout = SIM_S;
    f.traffic[0].deadline = 5 * SIM_S / 2;
    f.traffic[0].retries_max = 10;
    fixture_make(&f, 1);
    fixture_pods(&f, 1);
    run_to(&f, 3 * SIM_S / 2);
    traffic_set_rate(f.s.traffic, 0, 0);
    run_to(&f, 10 * SIM_S);
    assert_int_equal(f.metrics.failed, 1);
    assert_int_equal(f.metrics.last_end, 7 * SIM_S / 2);
    assert_int_equal(f.metrics.last_attempts, 3);
    assert_int_equal(f.metrics.by_cause[CAUSE_TIMEOUT], 3);
    /* In back-off it ends as its last attempt did. */
    fixture_release(&f);
    steady(&f);
    f.traffic[0].deadline = SIM_S / 2;
    f.traffic[0].retries_max = 10;
    f.traffic[0].backoff_base = f.traffic[0].backoff_max = SIM_HOUR;
    fixture_make(&f, 1);
    run_to(&f, 3 * SIM_S / 2);
    let_end(&f);
    assert_int_equal(f.metrics.failed, 1);
    assert_int_equal(f.metrics.last_end, 3 * SIM_S / 2);
    assert_int_equal(f.metrics.request_cause[CAUSE_NO_ENDPOINTS], 1);
    fixture_release(&f);
}

/* Pods of the Service that declare other ports, of one port or the other. */
static void test_unheard(void **state)
{
    static const struct {
        const char *label;
        int first, second, target; /* ports of two containers; 0: none */
        const char *name;          /* the Service's targetPort */
        bool refused;
    } all[] = {
        {"declared", 8080, 9090, 8080, NULL, false},
        {"another", 8080, 9090, 8443, NULL, true},
        {"one declares none", 8080, 0, 8443, NULL, false},
        {"by name", 8080, 9090, 0, "web", false},
        {"another name", 8080, 9090, 0, "http", true},
        {"another name, one declares none", 8080, 0, 0, "http", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct container_port ports[2] = {{.port = all[i].first, .name = "web"},
                                          {.port = all[i].second}};
        struct container containers[2] = {
            {.port_count = 1, .ports = &ports[0]},
            {.port_count = all[i].second > 0, .ports = &ports[1]}};
        struct fixture f;

        steady(&f);
        f.template.container_count = 2;
        f.template.containers = containers;
        f.service_port.target = all[i].target;
        f.service_port.target_name = all[i].name;
        f.traffic[0].unheard = true;
        fixture_make(&f, 1);
        fixture_pods(&f, 1);
        run_to(&f, 10 * SIM_S + SIM_S / 2);
        if (f.metrics.by_cause[CAUSE_CONNECT_REFUSED] !=
            (all[i].refused ? 10 : 0))
            fail_msg("%s: %d refused", all[i].label,
                     (int)f.metrics.by_cause[CAUSE_CONNECT_REFUSED]);
        let_end(&f);
        fixture_release(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unheard),  cmocka_unit_test(test_causes),
        cmocka_unit_test(test_overload), cmocka_unit_test(test_retry_waits),
        cmocka_unit_test(test_retry_on), cmocka_unit_test(test_retry_budget),
        cmocka_unit_test(test_deadline),
    };

    return cmocka_run_group_tests_name("traffic", tests, NULL, NULL);
}
