/* The reconcile framework: queue, client limits, watch lag, workers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/controller.h"
#include "models/controller_client.h"
#include "models/controller_queue.h"

/* --- token bucket: when the n-th of requests sent at once is served --- */

static void test_token_bucket(void **state)
{
    static const struct {
        double rate;
        int64_t burst, number;
        sim_time at;
    } cases[] = {
        {20, 30, 1, 0},
        {20, 30, 30, 0},
        {20, 30, 31, 50 * SIM_MS},
        {20, 30, 500, 23500 * SIM_MS}, /* (500 - 30) / 20 s */
        {0.1, 1, 3, 20 * SIM_S},
        {1e12, 1, 1000, 0},
        {INFINITY, 1, 1000, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct token_bucket b =
            token_bucket_make(cases[i].rate, cases[i].burst);
        sim_time at = -1;

        for (int64_t n = 0; n < cases[i].number; n++)
            at = token_bucket_take(&b, 0);
        if (at != cases[i].at)
            fail_msg("case %zu: at %lld", i, (long long)at);
    }
}

static void test_token_bucket_refills(void **state)
{
    struct token_bucket b = token_bucket_make(10, 2);

    (void)state;
    assert_true(token_bucket_try(&b, 0));
    assert_true(token_bucket_try(&b, 0));
    assert_false(token_bucket_try(&b, 0));
    assert_false(token_bucket_try(&b, 99 * SIM_MS));
    assert_true(token_bucket_try(&b, 100 * SIM_MS));
    assert_true(token_bucket_try(&b, SIM_HOUR));
    assert_true(token_bucket_try(&b, SIM_HOUR));
    assert_false(token_bucket_try(&b, SIM_HOUR));
}

static void test_spam_filter(void **state)
{
    struct spam_filter f = {0};
    int passed[3] = {0};

    (void)state;
    for (int n = 0; n < 40; n++) {
        for (uint64_t object = 0; object < 3; object++)
            passed[object] += spam_filter_pass(&f, object, 0);
    }
    for (int i = 0; i < 3; i++)
        assert_int_equal(passed[i], 25);
    assert_false(spam_filter_pass(&f, 1, 299 * SIM_S));
    assert_true(spam_filter_pass(&f, 1, 300 * SIM_S));
    assert_false(spam_filter_pass(&f, 1, 300 * SIM_S));
    for (uint64_t object = 10; object < 2000; object++)
        assert_true(spam_filter_pass(&f, object, 300 * SIM_S));
    assert_false(spam_filter_pass(&f, 1, 300 * SIM_S));
    spam_filter_release(&f);
}

/* --- workqueue --- */

static void test_queue_deduplicates(void **state)
{
    struct workqueue q = {0};
    uint64_t key;

    (void)state;
    workqueue_add(&q, 7);
    workqueue_add(&q, 8);
    workqueue_add(&q, 7);
    assert_true(workqueue_get(&q, &key));
    assert_int_equal(key, 7);
    workqueue_add(&q, 7); /* while it is processed: later again, once */
    workqueue_add(&q, 7);
    assert_true(workqueue_get(&q, &key));
    assert_int_equal(key, 8);
    assert_false(workqueue_get(&q, &key));
    workqueue_done(&q, 7);
    assert_true(workqueue_get(&q, &key));
    assert_int_equal(key, 7);
    workqueue_done(&q, 8);
    workqueue_done(&q, 7);
    assert_false(workqueue_get(&q, &key));
    assert_int_equal(q.count, 0);
    workqueue_release(&q);
}

/* Against a model: a plain array of what each key's state should be. */
static void test_queue_at_random(void **state)
{
    enum { KEYS = 3000 };
    struct workqueue q = {0};
    static uint8_t dirty[KEYS], processing[KEYS];
    uint64_t x = 1, key;

    (void)state;
    for (int step = 0; step < 200000; step++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        key = (x >> 40) % KEYS;
        if (x >> 63) {
            workqueue_add(&q, key << 32);
            dirty[key] = 1;
        } else if (processing[key]) {
            workqueue_done(&q, key << 32);
            processing[key] = 0;
        } else if (workqueue_get(&q, &key)) {
            key >>= 32;
            assert_true(dirty[key] && !processing[key]);
            dirty[key] = 0;
            processing[key] = 1;
        }
    }
    for (key = 0; key < KEYS; key++) {
        const struct work_item *item = workqueue_find(&q, key << 32);

        assert_int_equal(item && item->dirty, dirty[key]);
        assert_int_equal(item && item->processing, processing[key]);
    }
    workqueue_release(&q);
}

static void test_queue_counts_failures(void **state)
{
    struct workqueue q = {0};

    (void)state;
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(workqueue_fail(&q, 3), i);
    assert_int_equal(workqueue_fail(&q, 4), 0);
    workqueue_forget(&q, 3);
    assert_null(workqueue_find(&q, 3));
    assert_int_equal(workqueue_fail(&q, 3), 0);
    workqueue_release(&q);
}

/* --- a controller that writes down what it does --- */

enum { LOG_MAX = 64 };

struct probe_state {
    struct {
        sim_time at;
        char what; /* r reconcile, w write */
        uint64_t value;
    } log[LOG_MAX];
    size_t count;
    /* What a reconcile does: so many writes, of this batch. */
    unsigned writes, batch;
    int retries; /* still to be asked for */
};

static void note(struct controller_run *run, struct probe_state *p, char what,
                 uint64_t value)
{
    assert_true(p->count < LOG_MAX);
    p->log[p->count].at = sim_now(controller_simulation(run)->sim);
    p->log[p->count].what = what;
    p->log[p->count++].value = value;
}

static void probe_apply(struct controller_run *run, void *state, uint64_t a,
                        uint64_t b)
{
    (void)a;
    note(run, state, 'w', b);
}

static void probe_observe(struct controller_run *run, void *state,
                          const struct world_change *change)
{
    (void)state;
    controller_enqueue(run, change->id);
}

static void probe_reconcile(struct controller_run *run, void *state,
                            work_key key)
{
    struct probe_state *p = state;

    note(run, p, 'r', key);
    for (unsigned i = 0; i < p->writes; i++)
        controller_write(run, probe_apply, key, i, p->batch);
    if (p->retries > 0) {
        p->retries--;
        controller_retry(run, key);
    } else {
        controller_forget(run, key);
    }
}

static int64_t probe_workers(const struct scenario *scenario)
{
    return scenario->cluster.control_plane.deployment_workers;
}

static const struct controller probe = {
    .name = "probe",
    .watches = 1U << CHANGE_NODE,
    .state_size = sizeof(struct probe_state),
    .workers = probe_workers,
    .observe = probe_observe,
    .reconcile = probe_reconcile,
};

struct fixture {
    struct scenario scenario;
    struct simulation s;
    struct node_spec node;
    struct controller_run *run;
    struct probe_state *probe;
};

static struct fixture *set_up(double watch, double write, int64_t workers)
{
    static const struct controller *const list[] = {&probe, NULL};
    struct fixture *f = calloc(1, sizeof *f);
    struct control_plane_params *p = &f->scenario.cluster.control_plane;

    p->watch_latency = dist_constant(watch);
    p->write_latency = dist_constant(write);
    p->controller_qps = 20;
    p->controller_burst = 30;
    p->deployment_workers = workers;
    p->queue_backoff_base = 5 * SIM_MS;
    p->queue_backoff_max = 1000 * SIM_S;
    f->node = (struct node_spec){.name = "node", .zone = ""};
    f->s.sim = sim_new(0);
    f->s.scenario = &f->scenario;
    f->s.root = (struct rng_root){1, 0};
    f->s.world = world_new(f->s.sim, &f->scenario, f->s.root);
    f->s.controllers = controllers_new_list(&f->s, list);
    f->run = controllers_find(f->s.controllers, "probe");
    f->probe = controller_state(f->run);
    return f;
}

static void tear_down(struct fixture *f)
{
    controllers_free(f->s.controllers);
    world_free(f->s.world);
    sim_free(f->s.sim);
    free(f);
}

struct expected {
    sim_time ms;
    char what;
    uint64_t value;
};

static void check_log(const struct fixture *f, const struct expected *want,
                      size_t count)
{
    assert_int_equal(f->probe->count, count);
    for (size_t i = 0; i < count; i++) {
        if (f->probe->log[i].at != want[i].ms * SIM_MS ||
            f->probe->log[i].what != want[i].what ||
            f->probe->log[i].value != want[i].value)
            fail_msg("step %zu: %c %llu at %lld ns", i, f->probe->log[i].what,
                     (unsigned long long)f->probe->log[i].value,
                     (long long)f->probe->log[i].at);
    }
}
#define CHECK_LOG(f, want) check_log(f, want, sizeof(want) / sizeof(want)[0])

static void test_lag_and_writes_in_turn(void **state)
{
    static const struct expected want[] = {
        {10, 'r', 0}, {15, 'w', 0}, {20, 'w', 1}};
    struct fixture *f = set_up(0.010, 0.005, 1);

    (void)state;
    f->probe->writes = 2;
    world_node_create(f->s.world, &f->node);
    sim_run(f->s.sim);
    CHECK_LOG(f, want);
    tear_down(f);
}

static void test_batch_goes_side_by_side(void **state)
{
    static const struct expected want[] = {
        {10, 'r', 0}, {15, 'w', 0}, {15, 'w', 1}, {15, 'w', 2}};
    struct fixture *f = set_up(0.010, 0.005, 1);

    (void)state;
    f->probe->writes = 3;
    f->probe->batch = 1;
    world_node_create(f->s.world, &f->node);
    sim_run(f->s.sim);
    CHECK_LOG(f, want);
    tear_down(f);
}

/* A change during the work: once more when the work is done. */
static void test_taken_up_again(void **state)
{
    static const struct expected want[] = {{10, 'r', 0}, {15, 'w', 0},
                                           {20, 'w', 1}, {20, 'r', 0},
                                           {25, 'w', 0}, {30, 'w', 1}};
    struct fixture *f = set_up(0.010, 0.005, 2);

    (void)state;
    f->probe->writes = 2;
    world_node_create(f->s.world, &f->node);
    sim_run_until(f->s.sim, 2 * SIM_MS);
    world_node_set_ready(f->s.world, 0, NODE_FALSE);
    world_node_set_ready(f->s.world, 0, NODE_TRUE);
    sim_run(f->s.sim);
    CHECK_LOG(f, want);
    tear_down(f);
}

static void test_workers(void **state)
{
    static const struct expected one[] = {{10, 'r', 0}, {15, 'w', 0},
                                          {15, 'r', 1}, {20, 'w', 0},
                                          {20, 'r', 2}, {25, 'w', 0}};
    static const struct expected two[] = {{10, 'r', 0}, {10, 'r', 1},
                                          {15, 'w', 0}, {15, 'r', 2},
                                          {15, 'w', 0}, {20, 'w', 0}};

    (void)state;
    for (int workers = 1; workers <= 2; workers++) {
        struct fixture *f = set_up(0.010, 0.005, workers);

        f->probe->writes = 1;
        for (int i = 0; i < 3; i++)
            world_node_create(f->s.world, &f->node);
        sim_run(f->s.sim);
        check_log(f, workers == 1 ? one : two, 6);
        tear_down(f);
    }
}

static void test_back_off_doubles(void **state)
{
    static const struct expected want[] = {
        {0, 'r', 0}, {5, 'r', 0}, {15, 'r', 0}, {35, 'r', 0}, {75, 'r', 0}};
    struct fixture *f = set_up(0, 0, 1);

    (void)state;
    f->probe->retries = 4;
    controller_enqueue(f->run, 0);
    sim_run(f->s.sim);
    CHECK_LOG(f, want);
    tear_down(f);
}

static void test_earlier_delay_counts(void **state)
{
    static const struct expected want[] = {{20, 'r', 5}};
    struct fixture *f = set_up(0, 0, 1);

    (void)state;
    controller_enqueue_after(f->run, 5, 50 * SIM_MS);
    controller_enqueue_after(f->run, 5, 20 * SIM_MS);
    controller_enqueue_after(f->run, 5, 30 * SIM_MS);
    sim_run(f->s.sim);
    CHECK_LOG(f, want);
    tear_down(f);
}

/* A stop loses what is not written; the start does all of it again. */
static void test_stopped(void **state)
{
    static const struct expected want[] = {
        {10, 'r', 0}, {15, 'w', 0}, {50, 'r', 0}, {55, 'w', 0}, {60, 'w', 1}};
    struct fixture *f = set_up(0.010, 0.005, 1);

    (void)state;
    f->probe->writes = 2;
    world_node_create(f->s.world, &f->node);
    sim_run_until(f->s.sim, 16 * SIM_MS);
    controller_set_stopped(f->run, true);
    sim_run_until(f->s.sim, 50 * SIM_MS);
    controller_set_stopped(f->run, false);
    sim_run(f->s.sim);
    CHECK_LOG(f, want);
    tear_down(f);
}

/* 60 requests, Events among them: 30 at once, 30 at 20 a second. */
static void test_events_share_the_bucket(void **state)
{
    struct fixture *f = set_up(0, 0, 1);

    (void)state;
    f->probe->writes = 50;
    f->probe->batch = 1;
    for (int i = 0; i < 10; i++)
        assert_true(controller_event(f->run, 1));
    controller_enqueue(f->run, 0);
    sim_run(f->s.sim);
    assert_int_equal(f->probe->count, 51);
    assert_int_equal(sim_now(f->s.sim), 1500 * SIM_MS);
    assert_int_equal(controller_request_count(f->run), 60);
    assert_int_equal(controller_event_count(f->run), 10);
    tear_down(f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token_bucket),
        cmocka_unit_test(test_token_bucket_refills),
        cmocka_unit_test(test_spam_filter),
        cmocka_unit_test(test_queue_deduplicates),
        cmocka_unit_test(test_queue_at_random),
        cmocka_unit_test(test_queue_counts_failures),
        cmocka_unit_test(test_lag_and_writes_in_turn),
        cmocka_unit_test(test_batch_goes_side_by_side),
        cmocka_unit_test(test_taken_up_again),
        cmocka_unit_test(test_workers),
        cmocka_unit_test(test_back_off_doubles),
        cmocka_unit_test(test_earlier_delay_counts),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_events_share_the_bucket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
