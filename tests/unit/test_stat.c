#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/engine/mem.h"
#include "sim/engine/rng.h"
#include "sim/engine/stat.h"

static bool near(double got, double want, double relative)
{
    return fabs(got - want) <= relative * fabs(want);
}

/* ------------------------------------------------------ tally, timeavg */

static void test_tally(void **state)
{
    static const double x[] = {2, 4, 4, 4, 5, 5, 7, 9};
    struct tally all = {0}, a = {0}, b = {0};

    (void)state;
    assert_true(isnan(tally_mean(&all)) && isnan(tally_variance(&all)));
    for (size_t i = 0; i < 8; i++) {
        tally_add(&all, x[i]);
        tally_add(i < 3 ? &a : &b, x[i]);
        if (i == 0)
            assert_true(isnan(tally_variance(&all)));
    }
    assert_true(near(tally_mean(&all), 5.0, 1e-15));
    assert_true(near(tally_variance(&all), 32.0 / 7.0, 1e-15));
    assert_true(all.min == 2.0 && all.max == 9.0);
    tally_merge(&a, &b);
    assert_int_equal(a.count, 8);
    assert_true(near(tally_mean(&a), 5.0, 1e-15));
    assert_true(near(tally_variance(&a), 32.0 / 7.0, 1e-15));
    assert_true(a.min == 2.0 && a.max == 9.0);
    b = (struct tally){0};
    tally_merge(&a, &b);
    assert_int_equal(a.count, 8);
    tally_merge(&b, &a);
    assert_true(near(tally_variance(&b), 32.0 / 7.0, 1e-15));
}

/* A big mean does not drown a small variance. */
static void test_tally_keeps_digits(void **state)
{
    struct tally t = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        tally_add(&t, 1e9 + (i % 2));
    assert_true(near(tally_variance(&t), 0.25 * 1000 / 999, 1e-6));
}

static void test_timeavg(void **state)
{
    struct timeavg t;

    (void)state;
    timeavg_start(&t, -10 * SIM_S, 1.0);
    assert_true(isnan(timeavg_mean(&t, -10 * SIM_S)));
    timeavg_set(&t, -5 * SIM_S, 3.0);
    assert_true(timeavg_mean(&t, 0) == 2.0);
    timeavg_restart(&t, 0); /* warmed up */
    assert_true(timeavg_integral(&t, 2 * SIM_S) == 6.0);
    timeavg_set(&t, 2 * SIM_S, 0.0);
    assert_true(timeavg_integral(&t, 4 * SIM_S) == 6.0);
    assert_true(timeavg_mean(&t, 4 * SIM_S) == 1.5);
}

/* -------------------------------------------------------------- sketch */

static int compare_i64(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

enum { VALUES = 20001 };

/* Quantiles are within 0.8 % of the exact ones, over all magnitudes. */
static void test_sketch_error(void **state)
{
    int64_t *x = mem_calloc(VALUES, sizeof *x);
    struct sketch s = {0};
    double sum = 0.0;
    struct rng rng;

    (void)state;
    assert_null(s.buckets);
    assert_true(isnan(sketch_quantile(&s, 0.5)) && isnan(sketch_mean(&s)));
    rng_init(&rng, (struct rng_root){1, 0}, "sketch", NULL, 0);
    for (size_t i = 0; i < VALUES; i++) {
        x[i] = (int64_t)(rng_u64(&rng) >> (1 + rng_below(&rng, 63)));
        sum += (double)x[i];
        sketch_add(&s, x[i]);
    }
    qsort(x, VALUES, sizeof *x, compare_i64);
    for (int k = 0; k <= 1000; k++) {
        double rank = ceil(k / 1000.0 * VALUES);
        double want = (double)x[rank < 1 ? 0 : (size_t)rank - 1];

        assert_true(near(sketch_quantile(&s, k / 1000.0), want, 0.0079));
    }
    assert_true(near(sketch_mean(&s), sum / VALUES, 1e-12));
    assert_true(s.min == x[0] && s.max == x[VALUES - 1]);
    assert_true(sketch_quantile(&s, 1.0) == (double)x[VALUES - 1]);
    sketch_release(&s);
    free(x);
}

static void test_sketch_small_values_are_exact(void **state)
{
    struct sketch s = {0};

    (void)state;
    for (int64_t v = 0; v < 100; v++)
        sketch_add_many(&s, v, (uint64_t)(v % 3 + 1));
    sketch_add_many(&s, 5, 0);
    for (int64_t v = 0; v < 100; v++) {
        uint64_t upto = 0;

        for (int64_t w = 0; w <= v; w++)
            upto += (uint64_t)(w % 3 + 1);
        assert_true(sketch_quantile(&s, ((double)upto - 0.5) /
                                            (double)s.count) == (double)v);
    }
    sketch_clear(&s);
    assert_int_equal(s.count, 0);
    sketch_add(&s, INT64_MAX);
    assert_true(sketch_quantile(&s, 0.5) == (double)INT64_MAX);
    sketch_release(&s);
}

struct visits {
    uint64_t count;
    double last;
};

static void visit(void *self, double low, double high, uint64_t count)
{
    struct visits *v = self;

    assert_true(low >= v->last && high > low && count > 0);
    assert_true(high - low <= fmax(1.0, low / 64.0));
    v->last = high;
    v->count += count;
}

/* A merge is what one sketch of all would have been. */
static void test_sketch_merge(void **state)
{
    struct sketch all = {0}, parts[2] = {{0}, {0}}, none = {0};
    struct visits visits = {0};

    (void)state;
    for (int64_t i = 0; i < 2000; i++) {
        int64_t v = i * i * i;

        sketch_add(&all, v);
        sketch_add(&parts[i % 3 == 0], v);
    }
    sketch_merge(&parts[0], &parts[1]);
    sketch_merge(&parts[0], &none);
    sketch_merge(&none, &parts[0]);
    assert_int_equal(none.count, all.count);
    for (int k = 0; k <= 100; k++)
        assert_true(sketch_quantile(&none, k / 100.0) ==
                    sketch_quantile(&all, k / 100.0));
    assert_true(near(sketch_mean(&none), sketch_mean(&all), 1e-12));
    sketch_each(&all, visit, &visits);
    assert_int_equal(visits.count, 2000);
    sketch_release(&all);
    sketch_release(&none);
    for (int i = 0; i < 2; i++)
        sketch_release(&parts[i]);
}

/* ------------------------------------------- survival, Student's t */

static void test_kaplan_meier(void **state)
{
    /* Remission in weeks under 6-mercaptopurine, Freireich et al., Blood
     * 21(6), 1963: the textbook example; its median is 23 weeks. */
    static const double mp[] = {6,  6,  6,  6,  7,  9,  10, 10, 11, 13, 16,
                                17, 19, 20, 22, 23, 25, 32, 32, 34, 35};
    static const bool mp_ended[] = {1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1,
                                    0, 0, 0, 1, 1, 0, 0, 0, 0, 0};
    static const double placebo[] = {8, 1, 1, 2,  2,  3,  4,  4,  5,  5, 23,
                                     8, 8, 8, 11, 11, 12, 12, 15, 17, 22};
    bool all[21];
    static const double two[] = {9, 4};
    static const bool tie[] = {false, true};
    static const double same[] = {5, 5};

    (void)state;
    memset(all, 1, sizeof all);
    assert_true(stat_kaplan_meier_median(mp, mp_ended, 21) == 23.0);
    assert_true(stat_kaplan_meier_median(placebo, all, 21) == 8.0);
    assert_true(stat_kaplan_meier_median(two, all, 2) == 4.0);
    assert_true(isnan(stat_kaplan_meier_median(two, tie, 0)));
    assert_true(isnan(stat_kaplan_meier_median(mp + 11, mp_ended + 11, 10)));
    /* At equal ages the end comes before the censoring. */
    assert_true(stat_kaplan_meier_median(same, tie, 2) == 5.0);
}

static void test_t_quantile(void **state)
{
    (void)state;
    assert_true(near(stat_t_quantile(0.975, 19), 2.09302405441, 1e-10));
    assert_true(near(stat_t_quantile(0.975, 29), 2.04522964213, 1e-10));
    assert_true(near(stat_t_quantile(0.025, 1), -12.7062047364, 1e-10));
    assert_true(fabs(stat_t_quantile(0.5, 7)) < 1e-12);
}

static void test_t_interval(void **state)
{
    struct tally t = {0};
    struct interval i = stat_t_interval(&t, 0.95);

    (void)state;
    assert_true(isnan(i.low) && isnan(i.high));
    tally_add(&t, 1.0);
    i = stat_t_interval(&t, 0.95);
    assert_true(isnan(i.low) && isnan(i.high));
    for (int x = 2; x <= 20; x++)
        tally_add(&t, x);
    i = stat_t_interval(&t, 0.95); /* 10.5 +- 2.093024 sqrt(35 / 20) */
    assert_true(near(i.low, 10.5 - 2.09302405441 * sqrt(1.75), 1e-9));
    assert_true(near(i.high, 10.5 + 2.09302405441 * sqrt(1.75), 1e-9));
}

/* The interval holds the truth as often as it says. */
static void test_coverage(void **state)
{
    const int trials = 4000;
    int held = 0;
    struct rng rng;

    (void)state;
    rng_init(&rng, (struct rng_root){1, 0}, "coverage", NULL, 0);
    for (int k = 0; k < trials; k++) {
        struct tally t = {0};
        struct interval i;

        for (int j = 0; j < 6; j++)
            tally_add(&t, 3.0 + 2.0 * rng_normal(&rng));
        i = stat_t_interval(&t, 0.9);
        held += i.low <= 3.0 && 3.0 <= i.high;
    }
    assert_true(fabs((double)held / trials - 0.9) < 4.0 * sqrt(0.09 / trials));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tally),
        cmocka_unit_test(test_tally_keeps_digits),
        cmocka_unit_test(test_timeavg),
        cmocka_unit_test(test_sketch_error),
        cmocka_unit_test(test_sketch_small_values_are_exact),
        cmocka_unit_test(test_sketch_merge),
        cmocka_unit_test(test_kaplan_meier),
        cmocka_unit_test(test_t_quantile),
        cmocka_unit_test(test_t_interval),
        cmocka_unit_test(test_coverage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
