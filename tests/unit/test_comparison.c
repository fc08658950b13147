#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/engine/rng.h"
#include "sim/experiment/comparison.h"

#define assert_near(got, want, within)                                         \
    assert_true(fabs((got) - (want)) <= (within))

static const struct output_range any = {-INFINITY, INFINITY};

/* Student's own example (The probable error of a mean, Biometrika 6, 1908):
 * hours of sleep gained with two drugs by the same ten patients. */
static const double sleep_1[] = {0.7, -1.6, -0.2, -1.2, -0.1,
                                 3.4, 3.7,  0.8,  0.0,  2.0};
static const double sleep_2[] = {1.9, 0.8, 1.1, 0.1, -0.1,
                                 4.4, 5.5, 1.6, 4.6, 3.4};

static void published_example(void **state)
{
    struct comparison c = comparison_paired(sleep_1, sleep_2, 10, 1, any);

    (void)state;
    assert_int_equal(c.count, 10);
    assert_near(c.difference, -1.58, 1e-12);
    assert_near(c.ci.low, -2.4598858, 1e-6);
    assert_near(c.ci.high, -0.7001142, 1e-6);
    assert_near(c.p_value, 0.00283289, 1e-7);
}

static void undefined_values_take_their_pair_with_them(void **state)
{
    const double x[] = {1, 9, 2, 9, 5, 9, NAN, 9, 4, 9}; /* stride 2 */
    const double y[] = {0, 9, NAN, 9, 3, 9, 1, 9, 1, 9};
    struct comparison c = comparison_paired(x, y, 5, 2, any);

    (void)state;
    assert_int_equal(c.count, 3); /* differences 1, 2, 3 */
    assert_near(c.difference, 2, 1e-12);
    /* t(0.975, 2) = 4.30265273 (tables); s = 1, n = 3 */
    assert_near(c.ci.high, 2 + 4.30265273 / sqrt(3), 1e-7);
    /* t = 2 sqrt 3, 2 df: p = 1 - t / sqrt(2 + t^2) in closed form */
    assert_near(c.p_value, 1 - 2 * sqrt(3) / sqrt(14), 1e-12);
}

static void one_pair_has_no_interval(void **state)
{
    const double x[] = {3, NAN}, y[] = {1, 1};
    struct comparison c = comparison_paired(x, y, 2, 1, any);

    (void)state;
    assert_int_equal(c.count, 1);
    assert_near(c.difference, 2, 0);
    assert_true(isnan(c.ci.low) && isnan(c.ci.high) && isnan(c.p_value));
    c = comparison_paired(x + 1, y, 1, 1, any);
    assert_true(c.count == 0 && isnan(c.difference) && isnan(c.ci.low));
    assert_int_equal(comparison_verdict(2, NAN, DIRECTION_HIGHER), BETTER_TIED);
}

static void no_variance(void **state)
{
    const double x[] = {2, 3, 4}, y[] = {1, 2, 3};
    struct comparison same = comparison_paired(x, x, 3, 1, any);
    struct comparison shift = comparison_paired(x, y, 3, 1, any);

    (void)state;
    assert_true(same.difference == 0 && same.p_value == 1);
    assert_true(same.ci.low == 0 && same.ci.high == 0);
    assert_true(shift.difference == 1 && shift.p_value == 0);
    assert_true(shift.ci.low == 1 && shift.ci.high == 1);
}

static void intervals_stay_in_what_can_be(void **state)
{
    const double x[] = {1, 0.2}, y[] = {0, 0};
    struct comparison c =
        comparison_paired(x, y, 2, 1, (struct output_range){0, 1});

    (void)state;
    assert_true(c.ci.low == -1 && c.ci.high == 1);
}

static void holm_by_hand(void **state)
{
    double p[] = {0.01, NAN, 0.04, 0.03, 0.005};
    double certain[] = {0.9, 0.8};

    (void)state;
    comparison_holm(p, 5); /* four tests: 4, 3, 2, 1 times, never falling */
    assert_near(p[4], 0.02, 1e-15);
    assert_near(p[0], 0.03, 1e-15);
    assert_near(p[3], 0.06, 1e-15);
    assert_near(p[2], 0.06, 1e-15);
    assert_true(isnan(p[1]));
    comparison_holm(certain, 2);
    assert_true(certain[0] == 1 && certain[1] == 1);
    comparison_holm(certain, 0);
}

static void verdict_goes_by_direction(void **state)
{
    (void)state;
    assert_int_equal(comparison_verdict(1, 0.01, DIRECTION_HIGHER),
                     BETTER_VARIANT);
    assert_int_equal(comparison_verdict(1, 0.01, DIRECTION_LOWER),
                     BETTER_BASELINE);
    assert_int_equal(comparison_verdict(-1, 0.01, DIRECTION_LOWER),
                     BETTER_VARIANT);
    assert_int_equal(comparison_verdict(-1, 0.05, DIRECTION_LOWER),
                     BETTER_TIED);
    assert_int_equal(comparison_verdict(1, 0.01, DIRECTION_NONE), BETTER_TIED);
}

/* Variants 0 and 2 differ by noise alone, 1 is clearly worse, 3 is missing,
 * 4 the best. */
static void ranks(void **state)
{
    enum { N = 12, VARIANTS = 5 };
    double x[VARIANTS][N];
    const double *columns[VARIANTS];
    struct ranking r[VARIANTS];
    struct rng rng;

    (void)state;
    rng_init(&rng, (struct rng_root){3, 0}, "ranks", NULL, 0);
    for (size_t v = 0; v < VARIANTS; v++)
        columns[v] = x[v];
    for (size_t i = 0; i < N; i++) {
        double shared = rng_normal(&rng);

        x[0][i] = 10 + shared + rng_normal(&rng) / 10;
        x[1][i] = 20 + shared + rng_normal(&rng) / 10;
        x[2][i] = 10 + shared + rng_normal(&rng) / 10;
        x[3][i] = NAN;
        x[4][i] = 9 + shared + rng_normal(&rng) / 10;
    }
    comparison_rank(columns, VARIANTS, N, 1, DIRECTION_LOWER, r);
    assert_true(r[0].variant == 4 && r[0].rank == 1);
    assert_true(r[1].rank == 2 && r[2].rank == 2 && r[1].mean <= r[2].mean);
    assert_true(r[3].variant == 1 && r[3].rank == 4);
    assert_true(r[4].variant == 3 && r[4].rank == 0 && isnan(r[4].mean));
    comparison_rank(columns, VARIANTS, N, 1, DIRECTION_HIGHER, r);
    assert_true(r[0].variant == 1 && r[0].rank == 1);
    assert_true(r[3].variant == 4 && r[3].rank == 4);
}

static void one_replication_ranks_nobody_above(void **state)
{
    const double a = 1, b = 2;
    const double *columns[] = {&a, &b};
    struct ranking r[2];

    (void)state;
    comparison_rank(columns, 2, 1, 1, DIRECTION_HIGHER, r);
    assert_true(r[0].rank == 1 && r[0].variant == 1);
    assert_true(r[1].rank == 1 && r[1].variant == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_example),
        cmocka_unit_test(undefined_values_take_their_pair_with_them),
        cmocka_unit_test(one_pair_has_no_interval),
        cmocka_unit_test(no_variance),
        cmocka_unit_test(intervals_stay_in_what_can_be),
        cmocka_unit_test(holm_by_hand),
        cmocka_unit_test(verdict_goes_by_direction),
        cmocka_unit_test(ranks),
        cmocka_unit_test(one_replication_ranks_nobody_above),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
