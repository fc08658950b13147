/* test_lb_rules - strategies by their rules: weights, health, latency, what
 * servers tell. (Sequences of other projects: tests/conformance.) */
#include <math.h>

#include "tests/unit/lb_fixture.h"

#include "models/lb/envoy.h"
#include "models/lb/latency.h"
#include "models/lb/weights.h"

enum { MOST = 16 };

/* Params as a scenario would write them. */
static void *config_of(const char *strategy, const char *yaml)
{
    void *config = bench_config(strategy);
    struct doc_set *docs = doc_set_new();
    struct diag *diag = diag_new();

    assert_true(doc_read_text(docs, "test", yaml, diag));
    assert_true(param_read(lb_find(strategy)->params, config, doc_root(docs, 0),
                           0, diag));
    diag_free(diag);
    doc_set_free(docs);
    return config;
}

/* Picks that end at once. */
static void count_picks(struct bench *b, uint32_t *seen, int picks)
{
    memset(seen, 0, MOST * sizeof *seen);
    for (int n = 0; n < picks; n++) {
        uint32_t i = bench_pick(b);

        seen[i]++;
        bench_end(b, i, LB_OK, SIM_MS);
    }
}

static void test_weights_read(void **state)
{
    static const char *const bad[] = {"{weights: {a: -1}}",
                                      "{weights: {a: many}}",
                                      "{weights: [1, 2]}", "{weights: 3}"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        void *config = bench_config("maglev");
        struct doc_set *docs = doc_set_new();
        struct diag *diag = diag_new();

        assert_true(doc_read_text(docs, "test", bad[i], diag));
        assert_false(param_read(lb_find("maglev")->params, config,
                                doc_root(docs, 0), 0, diag));
        diag_free(diag);
        doc_set_free(docs);
        bench_config_free("maglev", config);
    }
}

/* By pod, by node, by label; the first key that fits counts. */
static void test_weights(void **state)
{
    static const struct label labels[] = {{"app", "web"}, {"version", "v2"}};
    struct pod_template template = {.labels = {2, labels}};
    struct node_spec spec = {.name = "node-1"};
    struct node node = {.spec = &spec}, *nodes[] = {&node};
    struct pod pod = {.template = &template, .labels = &template.labels};
    struct world world;
    struct endpoint endpoint = {.pod = 0, .node = 0};
    static const struct {
        const char *yaml;
        double weight;
    } all[] = {{"{}", 1},
               {"{weights: {web-0: 3}}", 3},
               {"{weights: {node-1: 0.5, web-0: 3}}", 0.5},
               {"{weights: {version=v2: 2}}", 2},
               {"{weights: {version=v1: 2, app=we: 3, app: 4}}", 1}};

    (void)state;
    memset(&world, 0, sizeof world);
    pod.name = mem_strdup("web-0");
    world.pods.items = mem_zalloc(sizeof *world.pods.items);
    world.pods.items[0].pod = &pod;
    world.nodes.items = nodes;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct lb_weights *w = config_of("maglev", all[i].yaml);

        assert_true(lb_weight_of(w, &world, &endpoint) == all[i].weight);
        assert_true(lb_weight_of(w, NULL, &endpoint) == 1);
        bench_config_free("maglev", w);
    }
    free(world.pods.items);
    free(pod.name);
}

/* A new endpoint gets a tenth at first, and its share in the end. */
static void test_slow_start(void **state)
{
    static const char *const names[] = {"least-request",
                                        "weighted-round-robin"};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        void *config = config_of(names[k], "{slowStart: {window: 100s}}");
        uint32_t seen[MOST];
        struct bench b;

        bench_init(&b, names[k], config, 4);
        count_picks(&b, seen, 400);
        assert_in_range(seen[3], 99, 101);
        bench_set(&b, NULL, 5);
        b.now = SIM_S;
        count_picks(&b, seen, 410);
        assert_in_range(seen[4], 8, 12);
        b.now = 51 * SIM_S;
        count_picks(&b, seen, 450);
        assert_in_range(seen[4], 46, 54);
        b.now = 102 * SIM_S;
        count_picks(&b, seen, 500);
        assert_in_range(seen[4], 98, 102);
        bench_release(&b);
        bench_config_free(names[k], config);
    }
}

/* Who fails is left out for failTimeout, then tried again. */
static void test_health(void **state)
{
    void *config =
        config_of("weighted-round-robin", "{maxFails: 2, failTimeout: 10s}");
    uint32_t seen[MOST];
    struct bench b;

    (void)state;
    bench_init(&b, "weighted-round-robin", config, 3);
    for (int fails = 0; fails < 2;) {
        uint32_t i = bench_pick(&b);

        fails += i == 1;
        bench_end(&b, i, i == 1 ? LB_ERROR : LB_OK, SIM_MS);
    }
    count_picks(&b, seen, 30);
    assert_int_equal(seen[1], 0);
    b.now = 11 * SIM_S;
    count_picks(&b, seen, 30);
    assert_in_range(seen[1], 8, 10);
    for (int n = 0; n < 30; n++) /* all fail: all are tried */
        bench_end(&b, bench_pick(&b), LB_LATE, SIM_MS);
    bench_release(&b);
    bench_config_free("weighted-round-robin", config);
}

static void test_least_request_full(void **state)
{
    uint32_t seen[MOST] = {0};
    struct bench b;

    (void)state;
    bench_init(&b, "least-request-full", NULL, 4);
    for (int round = 0; round < 1000; round++) {
        uint32_t first = bench_pick(&b);

        seen[first]++;
        for (int n = 1; n < 4; n++) /* the others, in any order */
            assert_int_not_equal(bench_pick(&b), first);
        for (uint32_t i = 0; i < 4; i++)
            bench_end(&b, i, LB_OK, 0);
    }
    for (int i = 0; i < 4; i++)
        assert_in_range(seen[i], 200, 300);
    bench_release(&b);
}

/* Nobody has more than 1.25 times the mean, whoever asks. */
static void test_bounded_load(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, "bounded-load", NULL, 5);
    for (uint32_t n = 0; n < 100; n++)
        bench_pick(&b);
    for (uint32_t i = 0; i < 5; i++)
        assert_in_range(b.balancer.counters[2 * i].active, 0, 26);
    bench_release(&b);
}

static void test_first(void **state)
{
    void *config = config_of("first", "{maxConnections: 2}");
    static const uint32_t wanted[] = {0, 0, 1, 1, 2, 2, 0};
    struct bench b;

    (void)state;
    bench_init(&b, "first", config, 3);
    for (size_t n = 0; n < sizeof wanted / sizeof wanted[0]; n++)
        assert_int_equal(bench_pick(&b), wanted[n]);
    bench_end(&b, 1, LB_OK, 0);
    assert_int_equal(bench_pick(&b), 1);
    bench_release(&b);
    bench_config_free("first", config);
}

/* It stays where it is until the connection breaks or the pod leaves. */
static void test_pick_first(void **state)
{
    static const uint32_t all[] = {0, 1, 2, 3};
    struct bench b;
    pod_id pod;

    (void)state;
    bench_init(&b, "pick-first", NULL, 4);
    pod = b.set->endpoints[bench_pick(&b)].pod;
    for (int n = 0; n < 10; n++)
        assert_int_equal(b.set->endpoints[bench_pick(&b)].pod, pod);
    bench_end(&b, pod - 10, LB_ERROR, 0);
    assert_int_equal(bench_pick(&b), pod - 10);
    bench_end(&b, pod - 10, LB_BROKEN, 0);
    assert_int_equal(bench_pick(&b), (pod - 10 + 1) % 4);
    pod = b.set->endpoints[bench_pick(&b)].pod;
    bench_set(&b, pod == 10 ? all + 1 : all, 3);
    if (pod == 13)
        assert_true(bench_pick(&b) < 3);
    else if (pod != 10)
        assert_int_equal(b.set->endpoints[bench_pick(&b)].pod, pod);
    bench_release(&b);
}

/* An ended connection weighs 1/256 of an open one, for two minutes. */
static void test_ipvs_inactive(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, "ipvs-lc", NULL, 2);
    assert_int_equal(bench_pick(&b), 0);
    bench_end(&b, 0, LB_OK, 0);
    assert_int_equal(bench_pick(&b), 1);
    assert_int_equal(bench_pick(&b), 0);
    bench_end(&b, 0, LB_OK, 0);
    assert_int_equal(bench_pick(&b), 0); /* 2 inactive against 1 active */
    bench_end(&b, 0, LB_OK, 0);
    bench_end(&b, 1, LB_OK, 0);
    assert_int_equal(bench_pick(&b), 1); /* 3 against 1 */
    bench_end(&b, 1, LB_OK, 0);
    b.now = 120 * SIM_S;
    assert_int_equal(bench_pick(&b), 0); /* all forgotten */
    bench_release(&b);
}

static void test_latency(void **state)
{
    struct latency l = {100, 0}, peak = l;

    (void)state;
    assert_true(fabs(latency_now(&l, 10, 10) - 100 * exp(-1)) < 1e-9);
    latency_observe(&l, 10, 10, 200);
    assert_true(fabs(l.cost - (200 - 100 * exp(-1))) < 1e-9);
    latency_observe_peak(&peak, 10, 10, 200);
    assert_true(peak.cost == 200);
    latency_observe_peak(&peak, 10, 20, 0);
    assert_true(fabs(peak.cost - 200 * exp(-1)) < 1e-9);
}

/* One endpoint is ten times as slow: it gets little. */
static void test_slow_endpoint(void **state)
{
    static const char *const names[] = {"ewma", "peak-ewma"};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        uint32_t seen[4] = {0};
        struct bench b;

        bench_init(&b, names[k], NULL, 4);
        for (int n = 0; n < 4000; n++, b.now += SIM_MS) {
            uint32_t i = bench_pick(&b);

            seen[i]++;
            bench_end(&b, i, LB_OK, i == 2 ? 10 * SIM_MS : SIM_MS);
        }
        assert_in_range(seen[2], 1, 400);
        bench_release(&b);
    }
}

/* ------------------------------------------------- what servers tell */

/* Requests at pod 10 + i. */
static uint64_t loads[MOST];

static uint64_t present(void *self, pod_id pod)
{
    (void)self;
    return loads[pod - 10];
}

static double servers(void *self, pod_id pod)
{
    (void)self;
    (void)pod;
    return 1;
}

static void grouped(struct lb_group *group, struct bench *b, int count,
                    const char *strategy, const void *config,
                    uint32_t endpoints)
{
    memset(group, 0, sizeof *group);
    memset(loads, 0, sizeof loads);
    group->present = present;
    group->servers = servers;
    group->peers = (uint32_t)count;
    if (lb_find(strategy)->oracle)
        group->view.kind = LB_VIEW_TRUE;
    rng_init(&group->rng, (struct rng_root){1, 0}, "group", NULL, 0);
    for (int i = 0; i < count; i++) {
        bench_init(&b[i], strategy, config, endpoints);
        lb_group_add(group, &b[i].balancer);
    }
}

static void ungrouped(struct lb_group *group, struct bench *b, int count)
{
    for (int i = 0; i < count; i++)
        bench_release(&b[i]);
    lb_group_release(group);
}

static void test_jsq(void **state)
{
    struct lb_group group;
    struct bench b;

    (void)state;
    grouped(&group, &b, 1, "jsq", NULL, 4);
    loads[0] = 3;
    loads[1] = 2;
    loads[2] = 1;
    loads[3] = 2;
    assert_int_equal(bench_pick(&b), 2);
    loads[2] = 2;
    assert_int_equal(bench_pick(&b), 3); /* ties in turn */
    assert_int_equal(bench_pick(&b), 1);
    assert_int_equal(bench_pick(&b), 2);
    ungrouped(&group, &b, 1);
}

/* Idle servers tell one balancer each, and only once. */
static void test_jiq(void **state)
{
    struct lb_group group;
    struct bench b[2];
    uint32_t seen[4] = {0};

    (void)state;
    grouped(&group, b, 2, "jiq", NULL, 4);
    for (int i = 0; i < 4; i++)
        loads[i] = i == 0; /* the first balancer hears of three */
    bench_pick(&b[0]);
    b[0].balancer.strategy->idle(&group, 99); /* of another Service */
    b[0].balancer.strategy->idle(&group, 10);
    b[0].balancer.strategy->idle(&group, 10);
    for (int i = 0; i < 4; i++)
        loads[i] = 1;
    for (int i = 0; i < 1000; i++)
        seen[bench_pick(&b[i % 2])]++;
    for (int i = 0; i < 4; i++)
        assert_in_range(seen[i], 200, 300);
    for (pod_id pod = 10; pod < 14; pod++)
        b[0].balancer.strategy->idle(&group, pod);
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < 2; i++) {
        const struct {
            pod_id *items;
            size_t count, room;
        } *queue = b[i].balancer.state;

        for (size_t left = queue->count; left > 0; left--)
            seen[bench_pick(&b[i])]++;
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(seen[i], 1);
    ungrouped(&group, b, 2);
}

/* A server that is busy all the time with the same rate gets less. */
static void test_grpc_wrr(void **state)
{
    void *config = config_of("grpc-wrr", "{blackoutPeriod: 1s}");
    struct lb_group group;
    struct bench b;
    uint32_t seen[2] = {0};

    (void)state;
    grouped(&group, &b, 1, "grpc-wrr", config, 2);
    loads[0] = 1;
    for (int n = 0; n < 30000; n++, b.now += SIM_MS) {
        uint32_t i = bench_pick(&b);

        loads[1] = n % 4 == 0; /* a quarter of the time */
        if (n >= 20000)
            seen[i]++;
        bench_end(&b, i, LB_OK, SIM_MS);
    }
    assert_true(seen[1] > 2 * seen[0] && seen[0] > 100);
    ungrouped(&group, &b, 1);
    bench_config_free("grpc-wrr", config);
}

/* Each balancer uses its own part; together they use all evenly. */
static void test_subset(void **state)
{
    void *config = config_of("subset-p2c", "{minAperture: 4}");
    struct lb_group group;
    struct bench b[MOST];
    uint32_t seen[MOST] = {0};

    (void)state;
    grouped(&group, b, 8, "subset-p2c", config, MOST);
    for (int i = 0; i < 8; i++) {
        uint32_t own[MOST] = {0}, used = 0;

        for (int n = 0; n < 2000; n++) {
            uint32_t e = bench_pick(&b[i]);

            own[e]++;
            seen[e]++;
        }
        for (int e = 0; e < MOST; e++)
            used += own[e] > 0;
        assert_int_equal(used, 4);
    }
    for (int e = 0; e < MOST; e++)
        assert_in_range(seen[e], 950, 1050);
    ungrouped(&group, b, 8);
    bench_config_free("subset-p2c", config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights_read),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_slow_start),
        cmocka_unit_test(test_health),
        cmocka_unit_test(test_least_request_full),
        cmocka_unit_test(test_bounded_load),
        cmocka_unit_test(test_first),
        cmocka_unit_test(test_pick_first),
        cmocka_unit_test(test_ipvs_inactive),
        cmocka_unit_test(test_latency),
        cmocka_unit_test(test_slow_endpoint),
        cmocka_unit_test(test_jsq),
        cmocka_unit_test(test_jiq),
        cmocka_unit_test(test_grpc_wrr),
        cmocka_unit_test(test_subset),
    };

    return cmocka_run_group_tests_name("lb_rules", tests, NULL, NULL);
}
