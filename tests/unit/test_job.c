/* Jobs: how many pods run, fail, succeed, and when they are made anew. */
#include "models/controllers/job_rules.h"
#include "tests/unit/control_fixture.h"

extern const struct controller controller_job, controller_ttlafterfinished,
    controller_garbagecollector;

static const struct controller *const three[] = {
    &controller_job, &controller_ttlafterfinished, &controller_garbagecollector,
    NULL};

struct work {
    struct control *c;
    struct world *w;
    struct job_spec spec;
    job_id id;
};

static void begin(struct work *k, int parallelism, int completions)
{
    memset(k, 0, sizeof *k);
    k->c = control_new(three);
    k->w = k->c->s.world;
    k->c->start = SIM_S;
    control_add_nodes(k->c, 3, "");
    k->spec = (struct job_spec){.meta = {.name = "batch", .space = "default"},
                                .template = {.hash = 1,
                                             .restart_policy = RESTART_NEVER,
                                             .grace_period = 30 * SIM_S},
                                .parallelism = parallelism,
                                .completions = completions,
                                .backoff_limit = 6,
                                .backoff_limit_per_index = -1,
                                .max_failed_indexes = -1,
                                .active_deadline = SIM_NEVER,
                                .ttl = SIM_NEVER};
}

static void create(struct work *k)
{
    k->id = world_job_create(k->w, &k->spec, INCIDENT_STARTUP);
}

static const struct job *job_of(const struct work *k)
{
    return k->w->jobs.items[k->id];
}

static bool is_active(const struct pod *pod)
{
    return pod && pod->owner_kind == OWNER_JOB && pod->deletion == SIM_NEVER &&
           pod->phase != POD_FAILED && pod->phase != POD_SUCCEEDED;
}

/* The oldest pod that is active; index < 0: of any. */
static struct pod *oldest(const struct work *k, int index)
{
    for (size_t i = 0; i < k->w->pods.count; i++) {
        struct pod *pod = world_pod(k->w, (pod_id)i);

        if (is_active(pod) && (index < 0 || pod->index == index))
            return pod;
    }
    return NULL;
}

static int active(const struct work *k)
{
    int count = 0;

    for (size_t i = 0; i < k->w->pods.count; i++)
        count += is_active(world_pod(k->w, (pod_id)i));
    return count;
}

static void end(struct work *k, int index, bool ok)
{
    world_pod_set_phase(k->w, oldest(k, index)->id,
                        ok ? POD_SUCCEEDED : POD_FAILED,
                        ok ? "Completed" : "Error");
}

static void test_parallel(void **state)
{
    struct work k;

    (void)state;
    begin(&k, 2, 5);
    create(&k);
    control_run(k.c, 2);
    assert_int_equal(active(&k), 2);
    for (int i = 0; i < 5; i++) {
        end(&k, -1, true);
        control_run(k.c, 5 + 3 * i);
        assert_int_equal(active(&k), i < 3 ? 2 : 4 - i);
    }
    assert_int_equal(job_of(&k)->state, JOB_COMPLETE);
    assert_int_equal(job_of(&k)->status_succeeded, 5);
    assert_int_equal(k.w->pods.count, 5);
    control_free(k.c);
}

/* 10 s after the first failure, 20 s after the second ...; the seventh is
 * one too many. */
static void test_backoff(void **state)
{
    static const double waits[] = {10, 20, 40, 80, 160, 320};
    struct work k;
    double now = 2;

    (void)state;
    begin(&k, 1, 1);
    create(&k);
    for (int i = 0; i < 6; i++) {
        control_run(k.c, now);
        assert_int_equal(active(&k), 1);
        end(&k, -1, false);
        control_run(k.c, now + waits[i] - 0.1);
        assert_int_equal(active(&k), 0);
        now += waits[i] + 2;
    }
    control_run(k.c, now);
    end(&k, -1, false);
    control_run(k.c, now + 2000);
    assert_int_equal(job_of(&k)->state, JOB_FAILED);
    assert_string_equal(job_of(&k)->reason, "BackoffLimitExceeded");
    assert_int_equal(k.w->pods.count, 7);
    control_free(k.c);
}

static void test_deadline_and_ttl(void **state)
{
    struct work k;

    (void)state;
    begin(&k, 3, 3);
    k.c->term = SIM_S;
    k.spec.active_deadline = 20 * SIM_S;
    k.spec.ttl = 30 * SIM_S;
    create(&k);
    control_run(k.c, 19);
    assert_int_equal(active(&k), 3);
    control_run(k.c, 21);
    assert_int_equal(active(&k), 0);
    control_run(k.c, 24);
    assert_string_equal(job_of(&k)->reason, "DeadlineExceeded");
    control_run(k.c, 49);
    assert_false(job_of(&k)->deleted);
    control_run(k.c, 60);
    assert_true(job_of(&k)->deleted);
    assert_int_equal(k.w->pod_count, 0);
    control_free(k.c);
}

static void test_suspend(void **state)
{
    struct work k;

    (void)state;
    begin(&k, 2, 4);
    k.spec.suspend = true;
    create(&k);
    control_run(k.c, 5);
    assert_int_equal(active(&k), 0);
    world_job_suspend(k.w, k.id, false, INCIDENT_NONE);
    control_run(k.c, 10);
    assert_int_equal(active(&k), 2);
    world_job_suspend(k.w, k.id, true, INCIDENT_NONE);
    control_run(k.c, 20);
    assert_int_equal(active(&k), 0);
    assert_int_equal(job_of(&k)->status_failed, 0);
    assert_int_equal(job_of(&k)->state, JOB_ACTIVE);
    control_free(k.c);
}

/* Each index until it succeeds; names begin with it. */
static void test_indexed(void **state)
{
    struct work k;

    (void)state;
    begin(&k, 2, 3);
    k.spec.indexed = true;
    create(&k);
    control_run(k.c, 2);
    assert_int_equal(strncmp(oldest(&k, 1)->name, "batch-1-", 8), 0);
    assert_null(oldest(&k, 2));
    end(&k, 0, true);
    control_run(k.c, 4);
    assert_non_null(oldest(&k, 2));
    end(&k, 1, false);
    control_run(k.c, 13);
    assert_null(oldest(&k, 1));
    control_run(k.c, 15);
    assert_non_null(oldest(&k, 1));
    end(&k, 1, true);
    end(&k, 2, true);
    control_run(k.c, 20);
    assert_int_equal(job_of(&k)->state, JOB_COMPLETE);
    control_free(k.c);
}

/* podFailurePolicy: what disruptions end is not counted. */
static void test_failure_policy(void **state)
{
    static const int codes[] = {42};
    static const struct failure_rule rules[] = {
        {.action = FAILURE_FAIL_JOB, .code_count = 1, .codes = codes},
        {.action = FAILURE_IGNORE, .on_disruption = true},
    };
    struct work k;

    (void)state;
    begin(&k, 1, 1);
    k.spec.backoff_limit = 0;
    k.spec.rule_count = 2;
    k.spec.rules = rules;
    assert_int_equal(job_failure_action(&k.spec, false, 42), FAILURE_FAIL_JOB);
    assert_int_equal(job_failure_action(&k.spec, false, 1), FAILURE_COUNT);
    assert_int_equal(job_failure_action(&k.spec, true, -1), FAILURE_IGNORE);
    create(&k);
    control_run(k.c, 2);
    world_pod_set_phase(k.w, oldest(&k, -1)->id, POD_FAILED, "Evicted");
    control_run(k.c, 20);
    assert_int_equal(job_of(&k)->state, JOB_ACTIVE);
    assert_int_equal(active(&k), 1);
    end(&k, -1, false);
    control_run(k.c, 30);
    assert_int_equal(job_of(&k)->state, JOB_FAILED);
    control_free(k.c);
}

/* The rules of KEP-3998: so many of these indexes, all of these, so many of
 * any. */
static void test_success_rules(void **state)
{
    static const struct index_range some[] = {{0, 0}, {2, 3}};
    static const struct success_rule rules[] = {
        {.indexes_given = true, .range_count = 2, .ranges = some, .count = 2},
        {.indexes_given = true, .range_count = 2, .ranges = some, .count = -1},
        {.count = 3}};
    static const struct {
        bool succeeded[5];
        bool met[3];
    } cases[] = {{{false}, {false, false, false}},
                 {{true, true}, {false, false, false}},
                 {{true, true, true}, {true, false, true}},
                 {{true, false, true, true}, {true, true, true}},
                 {{false, true, false, true, true}, {false, false, true}}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t k = 0; k < 3; k++) {
            struct job_spec spec = {.success_count = 1, .success = &rules[k]};

            if (job_succeeds(&spec, cases[i].succeeded, 5) != cases[i].met[k])
                fail_msg("case %zu, rule %zu", i, k);
        }
    }
}

/* One of three indexes is enough: the others' pods go, and only when they are
 * gone is the Job complete. */
static void test_success_policy(void **state)
{
    static const struct success_rule rule = {.count = 1};
    struct work k;

    (void)state;
    begin(&k, 3, 3);
    k.c->term = 5 * SIM_S;
    k.spec.indexed = true;
    k.spec.success_count = 1;
    k.spec.success = &rule;
    create(&k);
    control_run(k.c, 3);
    end(&k, 1, true);
    control_run(k.c, 6);
    assert_int_equal(active(&k), 0);
    assert_int_equal(job_of(&k)->state, JOB_ACTIVE);
    control_run(k.c, 14);
    assert_int_equal(job_of(&k)->state, JOB_COMPLETE);
    assert_int_equal(job_of(&k)->status_failed, 0);
    assert_int_equal(k.w->pods.count, 3);
    control_free(k.c);
}

/* A work queue: one success, and nothing is made any more. */
static void test_work_queue(void **state)
{
    struct work k;

    (void)state;
    begin(&k, 3, -1);
    create(&k);
    control_run(k.c, 2);
    assert_int_equal(active(&k), 3);
    end(&k, -1, true);
    control_run(k.c, 5);
    assert_int_equal(active(&k), 2);
    end(&k, -1, true);
    end(&k, -1, true);
    control_run(k.c, 8);
    assert_int_equal(job_of(&k)->state, JOB_COMPLETE);
    control_free(k.c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parallel),
        cmocka_unit_test(test_backoff),
        cmocka_unit_test(test_deadline_and_ttl),
        cmocka_unit_test(test_suspend),
        cmocka_unit_test(test_indexed),
        cmocka_unit_test(test_failure_policy),
        cmocka_unit_test(test_work_queue),
        cmocka_unit_test(test_success_rules),
        cmocka_unit_test(test_success_policy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
