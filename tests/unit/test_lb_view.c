/* test_lb_view - what balancers know of load that others made: views, and
 * Prequal's probes. */
#include "models/lb/history.h"
#include "models/lb/rif_latency.h"
#include "tests/unit/lb_fixture.h"

enum { SERVERS = 4 };

/* A group of one balancer, over servers whose loads are ours to say. */
struct stage {
    struct bench bench;
    struct lb_group group;
    struct lb_history *history;
    uint64_t loads[SERVERS];
    uint32_t probes[SERVERS];
};

static uint64_t present(void *self, pod_id pod)
{
    const struct stage *s = self;

    return s->loads[pod - 10];
}

static void probe(void *self, struct lb_balancer *b, const struct endpoint *e)
{
    struct stage *s = self;

    (void)b;
    s->probes[e->pod - 10]++;
}

static void begin(struct stage *s, const char *strategy, struct lb_view view,
                  const void *config)
{
    memset(s, 0, sizeof *s);
    s->history = lb_history_new(view.time);
    bench_init(&s->bench, strategy, config, SERVERS);
    s->group.present = present;
    s->group.probe = probe;
    s->group.self = s;
    s->group.view = view;
    s->group.history = s->history;
    rng_init(&s->group.rng, (struct rng_root){1, 0}, "group", NULL, 0);
    lb_group_add(&s->group, &s->bench.balancer);
}

static void end(struct stage *s)
{
    bench_release(&s->bench);
    lb_group_release(&s->group);
    lb_history_free(s->history);
}

static void set(struct stage *s, uint32_t i, uint64_t load)
{
    s->loads[i] = load;
    lb_history_note(s->history, 10 + i, s->bench.now, load);
}

static void test_history(void **state)
{
    struct lb_history *h = lb_history_new(10);
    static const struct {
        sim_time at;
        uint32_t present;
    } wanted[] = {{-5, 0}, {0, 1}, {4, 1}, {5, 7}, {9, 7}, {10, 3}, {99, 3}};

    (void)state;
    lb_history_note(h, 2, 0, 1);
    lb_history_note(h, 2, 5, 2);
    lb_history_note(h, 2, 5, 7); /* the last word of the instant */
    lb_history_note(h, 2, 10, 3);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        assert_int_equal(lb_history_at(h, 2, wanted[i].at), wanted[i].present);
    assert_int_equal(lb_history_at(h, 1, 7), 0);
    assert_int_equal(lb_history_at(h, 9, 7), 0);
    /* What is as old as the horizon is still known, whatever comes. */
    for (sim_time t = 11; t < 1000; t++) {
        lb_history_note(h, 2, t, (uint64_t)t);
        assert_int_equal(lb_history_at(h, 2, t - 10), t < 15   ? 1
                                                      : t < 20 ? 7
                                                      : t < 21
                                                          ? 3
                                                          : (uint32_t)(t - 10));
    }
    lb_history_free(h);
}

/* By each view, which of the servers is the least loaded. */
static void test_views(void **state)
{
    static const struct {
        struct lb_view view;
        uint32_t chosen; /* at 1 s, 1.5 s, 1.9 s, 2 s */
        uint32_t later[3];
    } all[] = {{{LB_VIEW_TRUE, 0}, 3, {3, 0, 0}},
               {{LB_VIEW_DELAY, SIM_S / 2}, 1, {3, 3, 3}},
               {{LB_VIEW_EVERY, SIM_S}, 3, {3, 3, 0}}};
    static const sim_time times[] = {3 * SIM_S / 2, 19 * SIM_S / 10, 2 * SIM_S};

    (void)state;
    for (size_t v = 0; v < sizeof all / sizeof all[0]; v++) {
        struct stage s;

        begin(&s, "least-connections", all[v].view, NULL);
        for (uint32_t i = 0; i < SERVERS; i++)
            set(&s, i, i == 1 ? 0 : 5);
        s.bench.now = 9 * SIM_S / 10;
        set(&s, 3, 1); /* the least from now on */
        set(&s, 1, 9);
        s.bench.now = SIM_S;
        assert_int_equal(bench_pick(&s.bench), all[v].chosen);
        s.bench.now = times[0];
        assert_int_equal(bench_pick(&s.bench), all[v].later[0]);
        s.bench.now = times[1];
        set(&s, 0, 0);
        assert_int_equal(bench_pick(&s.bench), all[v].later[1]);
        s.bench.now = times[2];
        assert_int_equal(bench_pick(&s.bench), all[v].later[2]);
        end(&s);
    }
}

/* Every strategy that chooses by load keeps off the loaded ones. */
static void test_view_everywhere(void **state)
{
    (void)state;
    for (size_t k = 0; lb_strategies[k]; k++) {
        struct lb_view view = {LB_VIEW_TRUE, 0};
        uint32_t seen[SERVERS] = {0};
        struct stage s;

        if (!lb_strategies[k]->by_load)
            continue;
        begin(&s, lb_strategies[k]->name, view, NULL);
        for (uint32_t i = 0; i < SERVERS; i++)
            set(&s, i, i == 2 ? 0 : 1000);
        for (int n = 0; n < 400; n++) {
            uint32_t i;

            s.bench.key = (uint64_t)n;
            seen[i = bench_pick(&s.bench)]++;
            bench_end(&s.bench, i, LB_OK, SIM_MS);
        }
        if (strcmp(lb_strategies[k]->name, "first") != 0)
            for (uint32_t i = 0; i < SERVERS; i++)
                assert_true(i == 2 || seen[2] > seen[i]);
        end(&s);
    }
}

/* ------------------------------------------------------------- Prequal */

static void tell(struct stage *s, uint32_t i, uint64_t rif, double latency)
{
    struct lb_report report = {10 + i, 2 * i, rif, latency};

    lb_prequal.probed(&s->bench.balancer, &report, s->bench.now);
}

static void test_prequal_probes(void **state)
{
    struct stage s;

    (void)state;
    begin(&s, "prequal", (struct lb_view){LB_VIEW_OWN, 0}, NULL);
    for (int n = 1; n <= 1000; n++) {
        uint32_t sum = 0;

        bench_pick(&s.bench);
        for (int i = 0; i < SERVERS; i++) {
            assert_true(s.probes[i] <= (uint32_t)n); /* different ones */
            sum += s.probes[i];
        }
        assert_int_equal(sum, 3 * n);
    }
    for (int i = 0; i < SERVERS; i++)
        assert_in_range(s.probes[i], 700, 800);
    end(&s);
}

/* Hot: above the quantile 0.84 of what was told last. */
static void test_prequal_rule(void **state)
{
    void *config = bench_config("prequal");
    struct stage s;

    (void)state;
    begin(&s, "prequal", (struct lb_view){LB_VIEW_OWN, 0}, config);
    for (int n = 0; n < 16; n++) /* most have 1; some have more */
        tell(&s, 0, 1, 9e6);
    for (int n = 0; n < 13; n++)
        tell(&s, 1, 1, 5e6);
    tell(&s, 2, 1, 3e6);
    tell(&s, 3, 7, 1e6); /* hot, however quick it says it is */
    assert_int_equal(bench_pick(&s.bench), 2);
    s.bench.now += 1100 * SIM_MS; /* all are too old */
    tell(&s, 3, 30, 1e6);
    tell(&s, 1, 20, 9e6); /* all hot: the fewest in flight */
    assert_int_equal(bench_pick(&s.bench), 1);
    end(&s);
    bench_config_free("prequal", config);
}

static void test_rif_latency(void **state)
{
    struct rif_latency r = {.levels = {{.count = 0}}};

    (void)state;
    assert_true(rif_latency_at(&r, 3) == 0);
    rif_latency_add(&r, 2, 100);
    rif_latency_add(&r, 2, 300);
    rif_latency_add(&r, 2, 200);
    rif_latency_add(&r, 6, 900);
    assert_true(rif_latency_at(&r, 2) == 200);
    assert_true(rif_latency_at(&r, 4) == 200); /* as near as 6 */
    assert_true(rif_latency_at(&r, 5) == 900);
    assert_true(rif_latency_at(&r, 1000) == 900);
    for (int i = 0; i < RIF_SAMPLES; i++)
        rif_latency_add(&r, 2, 50); /* the last ones count */
    assert_true(rif_latency_at(&r, 2) == 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_history),
                                       cmocka_unit_test(test_views),
                                       cmocka_unit_test(test_view_everywhere),
                                       cmocka_unit_test(test_prequal_probes),
                                       cmocka_unit_test(test_prequal_rule),
                                       cmocka_unit_test(test_rif_latency)};

    return cmocka_run_group_tests_name("lb_view", tests, NULL, NULL);
}
