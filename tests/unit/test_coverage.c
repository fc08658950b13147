/*
 * Do 95 % intervals hold the truth 95 times of 100? Fewer studies than in
 * tests/bench/bench_coverage.c; the seeds are fixed, so that this cannot fail
 * by chance, and the bounds are what a true coverage of 0.93 to 0.97 leads to
 * but once in a thousand times or so. And are differences under common random
 * numbers as sharp as they should be?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/bench/crn.h"

enum { STUDIES = 200, LEAST = 174, MOST = 199 };

static void queue(void **state)
{
    struct coverage c = coverage_of(&known_mm1, STUDIES, 0);

    (void)state;
    assert_in_range(c.covered, LEAST, MOST);
    assert_true(c.replications == 10);
}

static void renewal(void **state)
{
    struct coverage c = coverage_of(&known_renewal, STUDIES, 0);

    (void)state;
    assert_in_range(c.covered, LEAST, MOST);
}

/* Stopping when the interval happens to be short costs some coverage. */
static void with_a_precision(void **state)
{
    struct coverage c = coverage_of(&known_renewal, STUDIES, 0.06);

    (void)state;
    assert_in_range(c.covered, LEAST - 4, MOST);
    assert_true(c.reached == STUDIES && c.half_width <= 0.06);
    assert_true(c.replications > 11 && c.replications < 20);
}

static void common_random_numbers(void **state)
{
    (void)state;
    assert_true(
        crn_ratio("strategy=random", "strategy=p2c", "requests_failed") < 0.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue),
        cmocka_unit_test(renewal),
        cmocka_unit_test(with_a_precision),
        cmocka_unit_test(common_random_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
