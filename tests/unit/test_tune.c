#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/engine/rng.h"
#include "sim/experiment/tune.h"

/* A system whose truth is known: truth(value) + noise that all values share
 * + noise of their own. */
struct system {
    double (*truth)(double value);
    double shared, own;
    uint64_t seed;
    size_t told; /* replications run */
};

static double run(struct system *system, size_t value, size_t replication)
{
    struct rng_root root = {system->seed, replication};
    struct rng common, own;

    rng_init(&common, root, "shared", NULL, 0);
    rng_init(&own, root, "own", NULL, value);
    system->told++;
    return system->truth((double)value) + system->shared * rng_normal(&common) +
           system->own * rng_normal(&own);
}

/* One target; a test changes it where it wants. */
static struct tune_target target;

static struct tune_spec spec_of(size_t count, double bound)
{
    target = (struct tune_target){.meets = DIRECTION_HIGHER,
                                  .bound = bound,
                                  .range = {-INFINITY, INFINITY}};
    return (struct tune_spec){.count = count,
                              .targets = &target,
                              .target_count = 1,
                              .replications = 10,
                              .max_replications = 200};
}

static struct tune *search(const struct tune_spec *spec, struct system *system)
{
    struct tune *tune = tune_new(spec);
    size_t value, from, to;

    while (tune_next(tune, &value, &from, &to)) {
        assert_true(value < spec->count && from < to);
        assert_true(to <= spec->max_replications);
        for (size_t r = from; r < to; r++) {
            double x[] = {run(system, value, r), -1.5 * (double)value};

            tune_add(tune, value, x);
        }
    }
    return tune;
}

static struct tune_result answer(const struct tune_spec *spec,
                                 struct system *system)
{
    struct tune *tune = search(spec, system);
    struct tune_result r = tune_result(tune);

    tune_free(tune);
    return r;
}

static double identity(double value)
{
    return value;
}

static double falling(double value)
{
    return -value;
}

static double hill(double value)
{
    return -fabs(value - 10);
}

static double flat(double value)
{
    (void)value;
    return 0;
}

static double dent(double value)
{
    return value == 15 ? 0 : value;
}

static void the_smallest_that_meets(void **state)
{
    struct tune_spec spec = spec_of(100, 36.5);
    struct system system = {identity, 0.3, 0.1, 1, 0};
    struct tune *tune = search(&spec, &system);
    struct tune_result r = tune_result(tune);

    (void)state;
    assert_true(r.attained && r.answer == 37 && !r.largest && r.monotone);
    assert_int_equal(tune_verdict(tune, 37), TUNE_MET);
    assert_int_equal(tune_verdict(tune, 36), TUNE_MISSED);
    assert_true(tune_summary(tune, 38, 0).count >=
                10); /* the other neighbour */
    assert_true(tune_summary(tune, 90, 0).count == 0);
    assert_true(system.told < 250); /* not 100 x 200 */
    tune_free(tune);
}

static void the_largest_where_more_is_worse(void **state)
{
    struct tune_spec spec = spec_of(21, -7.5);
    struct system system = {falling, 0.3, 0.1, 1, 0};
    struct tune_result r = answer(&spec, &system);

    (void)state;
    assert_true(r.attained && r.answer == 7 && r.largest && r.monotone);
    target.bound = -30; /* all do */
    r = answer(&spec, &system);
    assert_true(r.attained && r.answer == 20 && r.largest);
}

static void lower_is_better(void **state)
{
    struct tune_spec spec = spec_of(21, -7.5);
    struct system system = {falling, 0.3, 0.1, 1, 0};
    struct tune_result r;

    (void)state;
    target.meets = DIRECTION_LOWER;
    r = answer(&spec, &system);
    assert_true(r.attained && r.answer == 8 && !r.largest && r.monotone);
}

static void every_value_meets(void **state)
{
    struct tune_spec spec = spec_of(9, -1);
    struct system system = {identity, 0.1, 0.1, 1, 0};
    struct tune_result r = answer(&spec, &system);

    (void)state;
    assert_true(r.attained && r.answer == 0 && !r.largest && r.monotone);
}

static void no_value_meets(void **state)
{
    struct tune_spec spec = spec_of(9, 100);
    struct system system = {identity, 0.1, 0.1, 1, 0};
    struct tune_result r = answer(&spec, &system);

    (void)state;
    assert_true(!r.attained && r.monotone);
}

static void a_single_value(void **state)
{
    struct tune_spec spec = spec_of(1, -1);
    struct system system = {identity, 0.1, 0.1, 1, 0};

    (void)state;
    assert_true(answer(&spec, &system).attained);
    target.bound = 1;
    assert_false(answer(&spec, &system).attained);
}

static void a_hill_is_found_and_said(void **state)
{
    struct tune_spec spec = spec_of(21, -2.5); /* 8 to 12 meet */
    struct system system = {hill, 0.1, 0.1, 1, 0};
    struct tune_result r = answer(&spec, &system);

    (void)state;
    assert_true(r.attained && r.answer == 8 && !r.monotone);
}

static void a_dent_is_said(void **state)
{
    struct tune_spec spec = spec_of(21, 9.5);
    struct system system = {dent, 0.1, 0.1, 1, 0};
    struct tune_result r = answer(&spec, &system);

    (void)state;
    assert_true(r.attained &&
                r.answer == 10); /* 15 is the middle of the rest */
    assert_true(!r.monotone && r.low == 10 && r.high == 15);
}

/* Both have to be met: what meets the one is 5 and more, the other 8 and
 * less. */
static void two_targets(void **state)
{
    struct tune_spec spec = spec_of(21, 4.5);
    const struct tune_target both[] = {target,
                                       {.meets = DIRECTION_HIGHER,
                                        .bound = -12.75,
                                        .range = {-INFINITY, INFINITY}}};
    struct system system = {identity, 0.1, 0.1, 1, 0};
    struct tune_result r;

    (void)state;
    spec.targets = both;
    spec.target_count = 2;
    r = answer(&spec, &system);
    assert_true(r.attained && r.answer == 5);
    spec.max_replications = 40;
    r = answer(&spec, &system);
    assert_true(r.attained && r.answer == 5);
}

static void without_variance_one_looks_longer(void **state)
{
    struct tune_spec spec = spec_of(5, 2);
    struct system system = {identity, 0, 0, 1, 0};
    struct tune *tune = search(&spec, &system);
    struct tune_result r = tune_result(tune);

    (void)state;
    assert_true(r.attained && r.answer == 2);
    assert_int_equal(tune_summary(tune, 2, 0).count, 59);
    assert_int_equal(tune_summary(tune, 4, 0).count, 10);
    tune_free(tune);
    target.strict = true;
    r = answer(&spec, &system);
    assert_true(r.attained && r.answer == 3);
}

static void one_replication_proves_nothing(void **state)
{
    struct tune_spec spec = spec_of(5, 2);
    struct system system = {identity, 0.1, 0.1, 1, 0};
    struct tune *tune;

    (void)state;
    spec.replications = spec.max_replications = 1;
    tune = search(&spec, &system);
    assert_false(tune_result(tune).attained);
    assert_int_equal(tune_verdict(tune, 4), TUNE_NOT_PROVEN);
    tune_free(tune);
}

static double undefined(double value)
{
    return value < 3 ? NAN : value;
}

static void undefined_values_prove_nothing(void **state)
{
    struct tune_spec spec = spec_of(9, 1);
    struct system system = {undefined, 0.1, 0.1, 1, 0};
    struct tune_result r = answer(&spec, &system);

    (void)state;
    assert_true(r.attained && r.answer == 3);
}

/* The worst case: every value but the last misses the target by next to
 * nothing, so that each that is tried may be taken for good by chance. */
static double nearly(double value)
{
    return value == 31 ? 9 : -1e-9;
}

static void wrong_answers_are_rare(void **state)
{
    enum { STUDIES = 300 };
    struct tune_spec spec = spec_of(32, 0);
    size_t wrong = 0;

    (void)state;
    spec.max_replications = 80;
    for (uint64_t seed = 1; seed <= STUDIES; seed++) {
        struct system system = {nearly, 0.3, 1, seed, 0};
        struct tune_result r = answer(&spec, &system);

        assert_true(r.attained);
        wrong += r.answer != 31;
    }
    assert_true(wrong <= 23); /* 5 %: more with probability 0.02 */
}

static void what_is_asked_for_depends_on_values_alone(void **state)
{
    struct tune_spec spec = spec_of(50, 20.2);
    struct system system = {identity, 1, 1, 4, 0}, same = system;
    struct tune_result a = answer(&spec, &system), b = answer(&spec, &same);

    (void)state;
    assert_true(a.answer == b.answer && system.told == same.told);
    assert_true(a.answer >= 21 && a.answer <= 22);
    system = (struct system){flat, 1, 1, 4, 0};
    target.bound = 0.5;
    assert_false(answer(&spec, &system).attained);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_that_meets),
        cmocka_unit_test(the_largest_where_more_is_worse),
        cmocka_unit_test(lower_is_better),
        cmocka_unit_test(every_value_meets),
        cmocka_unit_test(no_value_meets),
        cmocka_unit_test(a_single_value),
        cmocka_unit_test(a_hill_is_found_and_said),
        cmocka_unit_test(a_dent_is_said),
        cmocka_unit_test(two_targets),
        cmocka_unit_test(without_variance_one_looks_longer),
        cmocka_unit_test(one_replication_proves_nothing),
        cmocka_unit_test(undefined_values_prove_nothing),
        cmocka_unit_test(wrong_answers_are_rare),
        cmocka_unit_test(what_is_asked_for_depends_on_values_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
