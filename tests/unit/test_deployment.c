/* The rules of Deployments, by tables. */
#include "models/controllers/deployment_rules.h"
#include "tests/unit/control_fixture.h"

#define NUMBER(n)                                                              \
    {                                                                          \
        .percent = false, .value = (n)                                         \
    }
#define PERCENT(n)                                                             \
    {                                                                          \
        .percent = true, .value = (n)                                          \
    }
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* --- rules; numbers of Kubernetes' own tests where they have some --- */

static void test_fenceposts(void **state)
{
    static const struct {
        struct int_or_percent max_surge, max_unavailable;
        int desired, surge, unavailable;
    } cases[] = {
        {NUMBER(0), PERCENT(39), 10, 0, 3},
        {PERCENT(39), NUMBER(0), 10, 4, 0},
        {NUMBER(0), NUMBER(0), 10, 0, 1},
        {PERCENT(25), PERCENT(25), 10, 3, 2},
        {PERCENT(25), PERCENT(25), 3, 1, 0},
        {PERCENT(25), PERCENT(25), 1, 1, 0},
        {NUMBER(7), NUMBER(3), 2, 7, 3},
        {PERCENT(0), PERCENT(5), 10, 0, 1}, /* both round to 0 */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int surge, unavailable;

        deployment_fenceposts(cases[i].max_surge, cases[i].max_unavailable,
                              cases[i].desired, &surge, &unavailable);
        if (surge != cases[i].surge || unavailable != cases[i].unavailable)
            fail_msg("case %zu: %d, %d", i, surge, unavailable);
    }
}

static void test_availability_bounds(void **state)
{
    static const struct {
        struct deployment_view d;
        int max_unavailable, min_available;
    } cases[] = {
        {{.replicas = 10, .max_unavailable = NUMBER(5)}, 5, 5},
        {{.replicas = 10, .max_unavailable = NUMBER(10)}, 10, 0},
        {{.replicas = 5, .max_unavailable = NUMBER(10)}, 5, 0},
        {{.replicas = 0, .max_unavailable = NUMBER(10)}, 0, 0},
        {{.replicas = 10, .max_unavailable = PERCENT(50)}, 5, 5},
        {{.replicas = 5, .max_unavailable = PERCENT(100)}, 5, 0},
        {{.replicas = 5, .max_unavailable = NUMBER(1), .recreate = true}, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (deployment_max_unavailable(&cases[i].d) !=
                cases[i].max_unavailable ||
            deployment_min_available(&cases[i].d) != cases[i].min_available)
            fail_msg("case %zu", i);
    }
}

static void test_new_replicas(void **state)
{
    struct deployment_view d = {
        .replicas = 6, .max_surge = NUMBER(10), .max_unavailable = NUMBER(1)};

    (void)state;
    assert_int_equal(deployment_new_replicas(&d, 7, 2), 6);
    d.max_surge = (struct int_or_percent)NUMBER(2);
    assert_int_equal(deployment_new_replicas(&d, 7, 2), 3);
    assert_int_equal(deployment_new_replicas(&d, 8, 2), 2);
    assert_int_equal(deployment_new_replicas(&d, 9, 2), 2);
    d.recreate = true;
    assert_int_equal(deployment_new_replicas(&d, 9, 2), 6);
}

/* The old set first, then the new. */
static void test_rolling_steps(void **state)
{
    static const struct {
        int desired, surge, unavailable;
        int old_size, old_available, new_size, new_available;
        int new_then, old_then;
    } cases[] = {
        {10, 2, 0, 10, 10, 0, 0, 2, 10},
        {10, 2, 0, 2, 2, 11, 11, 10, 0},
        {10, 0, 0, 10, 10, 0, 0, 0, 9},
        {10, 0, 2, 10, 9, 0, 0, 0, 8}, /* the unhealthy one goes first */
        {10, 0, 2, 10, 8, 0, 0, 0, 8},
        {10, 0, 2, 8, 8, 2, 0, 2, 8}, /* the new ones are not ready */
        {10, 0, 2, 8, 8, 2, 2, 2, 6},
        {10, 3, 2, 10, 10, 3, 0, 3, 8},
        {10, 3, 2, 10, 5, 3, 0, 3, 8},
        {10, 3, 2, 0, 0, 10, 3, 10, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct deployment_view d = {.replicas = cases[i].desired,
                                    .max_surge = NUMBER(cases[i].surge),
                                    .max_unavailable =
                                        NUMBER(cases[i].unavailable)};
        struct replicaset_view sets[2] = {
            {.id = 0,
             .replicas = cases[i].old_size,
             .available = cases[i].old_available},
            {.id = 1,
             .is_new = true,
             .replicas = cases[i].new_size,
             .available = cases[i].new_available}};
        int old_then, new_then = cases[i].new_size;
        bool scaled = deployment_reconcile_old(&d, sets, 2);

        old_then = sets[0].replicas;
        assert_int_equal(scaled, old_then != cases[i].old_size);
        sets[0].replicas = cases[i].old_size;
        scaled = deployment_reconcile_new(&d, sets, 2);
        assert_int_equal(scaled, sets[1].replicas != cases[i].new_size);
        new_then = sets[1].replicas;
        if (cases[i].new_size > cases[i].desired)
            old_then = cases[i].old_then; /* the new one is scaled first */
        if (new_then != cases[i].new_then || old_then != cases[i].old_then)
            fail_msg("case %zu: old %d, new %d", i, old_then, new_then);
    }
}

static void test_cleanup_unhealthy(void **state)
{
    struct replicaset_view sets[3] = {
        {.created = 2, .replicas = 10, .available = 8},
        {.created = 1, .replicas = 3, .available = 2},
        {.created = 3, .is_new = true, .replicas = 5, .available = 0}};

    (void)state;
    assert_int_equal(deployment_cleanup_unhealthy(sets, 3, 2), 2);
    assert_int_equal(sets[1].replicas, 2); /* the oldest first */
    assert_int_equal(sets[0].replicas, 9);
    assert_int_equal(deployment_cleanup_unhealthy(sets, 3, 9), 1);
    assert_int_equal(deployment_cleanup_unhealthy(sets, 3, 9), 0);
}

static void test_fraction(void **state)
{
    static const struct {
        int replicas, status, surge, rs, before, delta;
    } cases[] = {
        {10, 0, 0, 5, 0, 0},   {120, 100, 0, 50, 0, 10},
        {10, 0, 0, 6, 12, -1}, {100, 0, 10, 50, 130, -8},
        {0, 10, 0, 6, 12, -6},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct deployment_view d = {.replicas = cases[i].replicas,
                                    .status_replicas = cases[i].status,
                                    .max_surge = NUMBER(cases[i].surge),
                                    .max_unavailable = NUMBER(1)};
        struct replicaset_view rs = {.replicas = cases[i].rs,
                                     .max_replicas_annotation =
                                         cases[i].before};

        if (deployment_fraction(&d, &rs) != cases[i].delta)
            fail_msg("case %zu: %d", i, deployment_fraction(&d, &rs));
    }
}

/* Sizes of the sets oldest first; the last is the new one unless absent. */
static void test_proportional_scale(void **state)
{
    static const struct {
        int old_desired, old_surge, desired, surge;
        bool no_new;
        int count, sizes[3], then[3];
        int stale_desired; /* annotation of the second; 0: as the others */
    } cases[] = {
        {5, 0, 3, 0, false, 2, {3, 2}, {2, 1}, 0},
        {9, 0, 4, 0, false, 2, {1, 8}, {0, 4}, 0},
        {3, 0, 2, 0, false, 3, {1, 1, 1}, {0, 1, 1}, 0},
        {4, 0, 5, 0, true, 2, {2, 2}, {2, 3}, 0},
        {5, 0, 5, 0, false, 3, {1, 1, 2}, {1, 2, 2}, 3},
        {10, 3, 50, 6, false, 2, {8, 5}, {34, 22}, 0},
        {10, 0, 14, 0, true, 2, {3, 7}, {4, 10}, 0},
        {2, 1, 2, 1, false, 2, {1, 2}, {1, 2}, 0},
        {10, 0, 20, 0, true, 1, {10}, {20}, 0},
        {10, 0, 0, 0, false, 2, {4, 6}, {0, 0}, 0},
        {10, 0, 7, 0, false, 2, {0, 0}, {0, 7}, 0}, /* none active */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct deployment_view d = {.replicas = cases[i].desired,
                                    .max_surge = NUMBER(cases[i].surge),
                                    .max_unavailable = NUMBER(1)};
        struct replicaset_view sets[3];

        for (int k = 0; k < cases[i].count; k++) {
            int desired = k == 1 && cases[i].stale_desired
                              ? cases[i].stale_desired
                              : cases[i].old_desired;

            sets[k] = (struct replicaset_view){
                .id = (uint32_t)k,
                .created = k,
                .is_new = !cases[i].no_new && k == cases[i].count - 1,
                .replicas = cases[i].sizes[k],
                .desired_annotation = desired,
                .max_replicas_annotation = desired + cases[i].old_surge};
        }
        deployment_scale(&d, sets, (size_t)cases[i].count);
        for (int k = 0; k < cases[i].count; k++) {
            if (sets[k].replicas != cases[i].then[k])
                fail_msg("case %zu: set %d has %d", i, k, sets[k].replicas);
        }
    }
}

static void test_history(void **state)
{
    static const struct {
        int count, sizes[4], status[4], limit;
        size_t deleted;
    } cases[] = {
        {4, {0, 0, 1, 1}, {0, 1, 0, 1}, 0, 1},
        {2, {1, 1}, {1, 1}, 0, 0},
        {3, {0, 0, 0}, {0, 0, 0}, INT32_MAX, 0},
        {3, {0, 0, 0}, {0, 0, 0}, 1, 2},
        {1, {0}, {0}, 1, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct replicaset_view sets[4];
        bool gone[4];

        for (int k = 0; k < cases[i].count; k++)
            sets[k] =
                (struct replicaset_view){.revision = 9 - k,
                                         .replicas = cases[i].sizes[k],
                                         .status_replicas = cases[i].status[k]};
        assert_int_equal(deployment_cleanup_history(sets,
                                                    (size_t)cases[i].count,
                                                    cases[i].limit, gone),
                         cases[i].deleted);
        if (i == 3) /* the lowest revisions go */
            assert_true(!gone[0] && gone[1] && gone[2]);
    }
}

static void test_progress(void **state)
{
    static const struct {
        struct deployment_counts before, now;
        bool progressing;
    } cases[] = {
        {{10, 4, 4, 4}, {10, 6, 4, 4}, true},
        {{10, 4, 4, 4}, {10, 4, 4, 4}, false},
        {{10, 7, 3, 3}, {10, 6, 3, 3}, false},
        {{10, 8, 8, 8}, {8, 8, 8, 8}, true},
        {{10, 10, 9, 8}, {10, 10, 10, 8}, true},
        {{10, 10, 10, 9}, {10, 10, 10, 10}, true},
    };
    const struct deployment_counts whole = {5, 5, 5, 5}, partly = {5, 4, 5, 5};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(
            deployment_progressing(&cases[i].before, &cases[i].now),
            cases[i].progressing);
    assert_true(deployment_complete(5, &whole));
    assert_false(deployment_complete(5, &partly));
    assert_false(deployment_complete(4, &whole));
}

static void test_names(void **state)
{
    char text[11];

    (void)state;
    /* rand.SafeEncodeString("123") and of the largest */
    assert_string_equal(deployment_hash_text(123, text), "567");
    assert_int_equal(strlen(deployment_hash_text(UINT32_MAX, text)), 10);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fenceposts),
        cmocka_unit_test(test_availability_bounds),
        cmocka_unit_test(test_new_replicas),
        cmocka_unit_test(test_rolling_steps),
        cmocka_unit_test(test_cleanup_unhealthy),
        cmocka_unit_test(test_fraction),
        cmocka_unit_test(test_proportional_scale),
        cmocka_unit_test(test_history),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
