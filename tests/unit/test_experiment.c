#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/engine/rng.h"
#include "sim/experiment/experiment.h"

/* A unit's value depends on its variant and replication alone. */
static bool run_unit(void *self, size_t variant, size_t replication,
                     struct unit_progress *progress, double *values)
{
    const double *spread = self;
    struct rng rng;

    rng_init(&rng, (struct rng_root){7, replication}, "test", NULL, 0);
    values[0] = (double)variant + *spread * rng_uniform(&rng);
    values[1] = (double)replication;
    return experiment_report(progress, 0.5);
}

static struct experiment_spec spec_of(double *spread, size_t threads)
{
    return (struct experiment_spec){.variants = 3,
                                    .rows = 2,
                                    .replications = 17,
                                    .threads = threads,
                                    .run = run_unit,
                                    .self = spread};
}

static void threads_do_not_matter(void **state)
{
    double spread = 1;
    struct experiment_spec one = spec_of(&spread, 1);
    struct experiment_result a = experiment_run(&one);

    (void)state;
    for (size_t threads = 2; threads < 9; threads += 3) {
        struct experiment_spec many = spec_of(&spread, threads);
        struct experiment_result b = experiment_run(&many);

        assert_true(b.complete);
        assert_int_equal(b.replications, 17);
        assert_memory_equal(a.values, b.values, 3 * 17 * 2 * sizeof(double));
        experiment_release(&b);
    }
    assert_true(experiment_values(&a, 2, 1)[4 * 2] == 4);
    experiment_release(&a);
}

static void precision_stops_on_the_grid(void **state)
{
    static const struct precision_goal goals[] = {{0, PRECISION_OF_MEAN}};
    double spread = 1;
    struct experiment_spec spec = spec_of(&spread, 2);
    struct experiment_result result;

    (void)state;
    spec.variants = 1;
    spec.precision = 0.2;
    spec.max_replications = 200;
    spec.goals = goals;
    spec.goal_count = 1;
    result = experiment_run(&spec);
    assert_true(result.precise);
    assert_true(result.replications >= 10 && result.replications % 5 == 0);
    assert_true(output_tight(experiment_values(&result, 0, 0),
                             result.replications, 2, PRECISION_OF_MEAN, 0.2));
    /* Not a step earlier, or it would have stopped there. */
    assert_true(result.replications == 10 ||
                !output_tight(experiment_values(&result, 0, 0),
                              result.replications - 5, 2, PRECISION_OF_MEAN,
                              0.2));
    experiment_release(&result);
}

static void no_spread_stops_only_at_the_maximum(void **state)
{
    static const struct precision_goal goals[] = {{0, PRECISION_OF_MEAN}};
    double spread = 0;
    struct experiment_spec spec = spec_of(&spread, 2);
    struct experiment_result result;

    (void)state;
    spec.variants = 1;
    spec.precision = 0.2;
    spec.max_replications = 23;
    spec.goals = goals;
    spec.goal_count = 1;
    result = experiment_run(&spec);
    assert_false(result.precise);
    assert_int_equal(result.replications, 23);
    experiment_release(&result);
}

static bool failing(void *self, size_t variant, size_t replication,
                    struct unit_progress *progress, double *values)
{
    (void)self;
    (void)variant;
    (void)progress;
    values[0] = values[1] = 0;
    return replication != 3;
}

static void a_failed_unit_stops_all(void **state)
{
    struct experiment_spec spec = spec_of(NULL, 2);
    struct experiment_result result;

    (void)state;
    spec.run = failing;
    result = experiment_run(&spec);
    assert_false(result.complete);
    experiment_release(&result);
}

static void summary_by_hand(void **state)
{
    const double x[] = {1, NAN, 2, 3, 4};
    struct output_summary s =
        output_summarise(x, 5, 1, (struct output_range){0, 3.5});

    (void)state;
    assert_int_equal(s.count, 4);
    assert_float_equal(s.mean, 2.5, 1e-12);
    assert_float_equal(s.stddev, 1.2909944487, 1e-9);
    assert_float_equal(s.min, 1, 0);
    assert_float_equal(s.max, 4, 0);
    /* t(0.975, 3) = 3.18244630528 (tables), half-width 2.0542 */
    assert_float_equal(s.ci.low, 0.4457397432, 1e-8);
    assert_float_equal(s.ci.high, 3.5, 0); /* clipped */
    s = output_summarise(x, 1, 1, (struct output_range){0, 9});
    assert_true(s.count == 1 && isnan(s.ci.low) && isnan(s.stddev));
}

static void precision_of_ratios_is_of_the_rest(void **state)
{
    const double x[] = {0.999, 0.998, 0.9995, 0.9985, 0.999};

    (void)state;
    assert_true(output_tight(x, 5, 1, PRECISION_OF_MEAN, 0.05));
    assert_false(output_tight(x, 5, 1, PRECISION_OF_REST, 0.05));
}

static void the_same_each_time_is_tight_unless_nothing(void **state)
{
    const double six[] = {6, 6, 6}, none[] = {0, 0, 0}, all[] = {1, 1, 1};

    (void)state;
    assert_true(output_tight(six, 3, 1, PRECISION_OF_MEAN, 0.05));
    assert_false(output_tight(none, 3, 1, PRECISION_OF_MEAN, 0.05));
    assert_false(output_tight(all, 3, 1, PRECISION_OF_REST, 0.05));
}

/* ---------------------------------------------- the rule on a prefix */

struct values {
    const double *items;
    size_t variants;
};

static const double *column_of(const void *self, size_t variant, size_t row,
                               size_t *stride)
{
    const struct values *v = self;

    assert_int_equal(row, 3);
    *stride = v->variants;
    return v->items + variant;
}

static void looks_at_10_15_20_and_the_maximum(void **state)
{
    (void)state;
    assert_int_equal(precision_next(0, 200), 10);
    assert_int_equal(precision_next(10, 200), 15);
    assert_int_equal(precision_next(12, 200), 15);
    assert_int_equal(precision_next(195, 198), 198);
    assert_int_equal(precision_next(0, 7), 7);
}

static void a_prefix_is_taken(void **state)
{
    enum { N = 40 };
    static const struct precision_goal goal = {3, PRECISION_OF_MEAN};
    double x[2 * N];
    struct values values = {x, 2};
    struct precision_rule rule = {.precision = 0.1,
                                  .max_replications = 200,
                                  .variants = 2,
                                  .goals = &goal,
                                  .goal_count = 1,
                                  .column = column_of,
                                  .self = &values};
    bool reached;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        x[2 * i] = 5; /* tight at once */
        x[2 * i + 1] = i % 2 ? 4 : 6;
    }
    /* +-1 alternating, t(0.975, 14) = 2.1448: half-width 0.57 at 15, 0.48
     * at 20: the other variant waits for it. */
    assert_int_equal(precision_take(&rule, N, &reached), 20);
    assert_true(reached);
    assert_int_equal(precision_take(&rule, 19, &reached), 19);
    assert_false(reached); /* the rule wants 20 */
    rule.max_replications = 19;
    assert_int_equal(precision_take(&rule, N, &reached), 19);
    assert_true(reached); /* 0.49 */
    rule.max_replications = 18;
    assert_int_equal(precision_take(&rule, N, &reached), 18);
    assert_false(reached);
}

/* ------------------------------------------------ quantiles, warm-up */

static void quantile_by_order_statistics(void **state)
{
    const double x[] = {7, NAN, 3, 1, 9, 5, 11, NAN};
    double many[100];
    struct output_quantile q = output_quantile(x, 8, 1, 0.5);

    (void)state;
    /* Six values: all of them enclose the median with 1 - 2/64. */
    assert_int_equal(q.count, 6);
    assert_true(q.value == 6 && q.ci.low == 1 && q.ci.high == 11);
    q = output_quantile(x, 6, 1, 0.5); /* five: 1 - 2/32 is too little */
    assert_true(q.count == 5 && q.value == 5 && isnan(q.ci.low));
    q = output_quantile(x + 1, 1, 1, 0.5);
    assert_true(q.count == 0 && isnan(q.value) && isnan(q.ci.high));
    for (int i = 0; i < 100; i++)
        many[i] = 100 - i;
    /* Tables of the binomial: ranks 40 and 61 of 100 for the median. */
    q = output_quantile(many, 100, 1, 0.5);
    assert_true(q.value == 50.5 && q.ci.low == 40 && q.ci.high == 61);
    q = output_quantile(many, 100, 1, 0.99); /* 0.99^100 = 0.37 above all */
    assert_true(isnan(q.ci.high) && isnan(q.ci.low));
}

static void warm_up_is_found(void **state)
{
    double x[200];
    bool found;

    (void)state;
    for (int i = 0; i < 200; i++)
        x[i] = (i < 30 ? 30 - i : 0) + (i % 2 ? 1 : -1) * 0.5;
    assert_int_equal(output_mser5(x, 200, &found), 30);
    assert_true(found);
    for (int i = 0; i < 200; i++)
        x[i] = 4;
    assert_true(output_mser5(x, 200, &found) == 0 && found);
    for (int i = 0; i < 200; i++)
        x[i] = i < 120 ? i : 120; /* goes on too long */
    assert_true(output_mser5(x, 200, &found) == 0 && !found);
    assert_true(output_mser5(x, 49, &found) == 0 && !found);
    x[3] = NAN; /* nine batches and a rest of four */
    assert_true(output_mser5(x, 50, &found) == 0 && !found);
}

/* By hand: batch means 9, 1, 1, 2, 1, 2, 1, 2, 1, 2. Left: all: m2 = 52.4 +
 * ...; without the first: nine values, m2 = 20/9, m2 / 81 = 0.0274; without
 * two: eight of mean 1.5, m2 = 2, / 64 = 0.0313. So one batch goes. */
static void mser_by_hand(void **state)
{
    const double batches[] = {9, 1, 1, 2, 1, 2, 1, 2, 1, 2};
    double x[50];
    bool found;

    (void)state;
    for (int i = 0; i < 50; i++)
        x[i] = batches[i / 5] + (i % 5 - 2);
    assert_int_equal(output_mser5(x, 50, &found), 5);
    assert_true(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(precision_stops_on_the_grid),
        cmocka_unit_test(no_spread_stops_only_at_the_maximum),
        cmocka_unit_test(a_failed_unit_stops_all),
        cmocka_unit_test(summary_by_hand),
        cmocka_unit_test(precision_of_ratios_is_of_the_rest),
        cmocka_unit_test(the_same_each_time_is_tight_unless_nothing),
        cmocka_unit_test(looks_at_10_15_20_and_the_maximum),
        cmocka_unit_test(a_prefix_is_taken),
        cmocka_unit_test(quantile_by_order_statistics),
        cmocka_unit_test(warm_up_is_found),
        cmocka_unit_test(mser_by_hand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
