#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/engine/rng.h"
#include "sim/experiment/effects.h"

#define assert_near(got, want, within)                                         \
    assert_true(fabs((got) - (want)) <= (within))

static bool same_places(const struct design *a, const struct design *b)
{
    return a->points == b->points &&
           memcmp(a->places, b->places,
                  a->points * a->factors * sizeof *a->places) == 0;
}

/* --------------------------------------------------------------- designs */

static void factorial(void **state)
{
    const size_t lengths[] = {2, 3};
    const size_t many[] = {1u << 31, 1u << 31, 1u << 31};
    struct design d = design_factorial(lengths, 2);

    (void)state;
    assert_int_equal(d.points, 6);
    for (size_t p = 0; p < 6; p++) {
        assert_int_equal(design_at(&d, p, 0)->level, p / 3);
        assert_int_equal(design_at(&d, p, 1)->level, p % 3);
    }
    assert_near(design_at(&d, 4, 1)->u, 0.5, 0);
    assert_true(design_factorial_points(many, 3) == SIZE_MAX);
    design_release(&d);
}

static void one_at_a_time(void **state)
{
    const size_t lengths[] = {2, 1, 3}, base[] = {1, 0, 1};
    static const size_t want[][3] = {
        {1, 0, 1}, {0, 0, 1}, {1, 0, 0}, {1, 0, 2}};
    struct design d = design_one_at_a_time(lengths, base, 3);

    (void)state;
    assert_int_equal(d.points, 4);
    for (size_t p = 0; p < 4; p++) {
        for (size_t f = 0; f < 3; f++)
            assert_int_equal(design_at(&d, p, f)->level, want[p][f]);
    }
    design_release(&d);
}

static void latin_hypercube(void **state)
{
    enum { SAMPLES = 12 };
    const size_t lengths[] = {0, 3, 0};
    struct design d = design_latin_hypercube(lengths, 3, SAMPLES, 5);
    struct design again = design_latin_hypercube(lengths, 3, SAMPLES, 5);
    struct design other = design_latin_hypercube(lengths, 3, SAMPLES, 6);
    size_t levels[3] = {0};

    (void)state;
    assert_true(same_places(&d, &again) && !same_places(&d, &other));
    for (size_t f = 0; f < 3; f += 2) {
        unsigned hit = 0;

        for (size_t p = 0; p < SAMPLES; p++)
            hit |= 1u << (size_t)(design_at(&d, p, f)->u * SAMPLES);
        assert_int_equal(hit, (1u << SAMPLES) - 1); /* each part once */
    }
    for (size_t p = 0; p < SAMPLES; p++)
        levels[design_at(&d, p, 1)->level]++;
    assert_true(levels[0] == 4 && levels[1] == 4 && levels[2] == 4);
    design_release(&d);
    design_release(&again);
    design_release(&other);
}

static size_t moved(const struct design *d, size_t point, size_t *factor)
{
    size_t moves = 0;

    for (size_t f = 0; f < d->factors; f++) {
        if (design_at(d, point, f)->level != design_at(d, point + 1, f)->level)
            moves++, *factor = f;
    }
    return moves;
}

static void morris_trajectories(void **state)
{
    const size_t lengths[] = {0, 2, 3, 5};
    struct design d = design_morris(lengths, 4, 50, 9);
    unsigned starts = 0;

    (void)state;
    assert_int_equal(d.points, 250);
    for (size_t first = 0; first < 250; first += 5) {
        unsigned turned = 0;
        size_t f = 0;

        for (size_t s = 0; s < 4; s++) {
            assert_int_equal(moved(&d, first + s, &f), 1);
            turned |= 1u << f;
        }
        assert_int_equal(turned, 15);
        starts |= 1u << design_at(&d, first, 3)->level;
    }
    assert_int_equal(starts, 31); /* every level is begun at */
    for (size_t p = 0; p < d.points; p++) {
        const struct design_place *place = design_at(&d, p, 0);

        assert_near(place->u, 0.125 + 0.25 * (double)place->level, 0);
    }
    design_release(&d);
}

/* ---------------------------------------------------------------- Morris */

/* Linear terms have equal effects everywhere; a product does not. */
static void morris_of_known_functions(void **state)
{
    const size_t lengths[] = {0, 4, 2, 3};
    struct design d = design_morris(lengths, 4, 200, 1);
    struct morris_effect e[4];
    double y[1000];

    (void)state;
    for (size_t p = 0; p < d.points; p++) {
        /* In parts of the range: levels of four, two, three. */
        double a = (double)design_at(&d, p, 0)->level / 3;
        double b = (double)design_at(&d, p, 1)->level / 3;
        double c = (double)design_at(&d, p, 2)->level;

        y[p] = 2 * a - 3 * b + 4 * (b - 0.5) * c;
    }
    effects_morris(&d, y, e);
    assert_near(e[0].mu, 2, 1e-12);
    assert_near(e[0].sigma, 0, 1e-12);
    assert_near(e[0].mu_star_ci.high, 2, 1e-9);
    assert_int_equal(e[0].count, 200);
    /* b: -3 or 1, evenly: mean -1, mean size 2, deviation 2. */
    assert_true(e[1].mu_ci.low < -1 && -1 < e[1].mu_ci.high);
    assert_true(e[1].mu_star_ci.low < 2 && 2 < e[1].mu_star_ci.high);
    assert_true(e[1].sigma_ci.low < 2 && 2 < e[1].sigma_ci.high);
    /* c: 4 (b - 1/2): mean 0, and yet it matters. */
    assert_true(e[2].mu_ci.low < 0 && 0 < e[2].mu_ci.high);
    assert_true(e[2].mu_star > 1);
    assert_true(e[3].mu == 0 && e[3].mu_star == 0 && e[3].sigma == 0);
    design_release(&d);
}

static void morris_by_hand(void **state)
{
    struct design_place places[] = {{0, 0}, {1, 1}, {1, 1}, {0, 0}};
    size_t lengths[] = {2};
    struct design d = {4, 1, lengths, places};
    const double y[] = {1, 4, 6, 1}; /* effects 3 and 5 */
    const double holed[] = {1, 4, NAN, 1};
    struct morris_effect e;

    (void)state;
    effects_morris(&d, y, &e);
    assert_true(e.count == 2 && e.mu == 4 && e.mu_star == 4);
    assert_near(e.sigma, sqrt(2), 1e-12);
    assert_near(e.mu_ci.high, 4 + 12.7062047362, 1e-8);
    assert_near(e.mu_star_ci.low, 0, 0);
    /* chi-squared(1): 0.025 at 0.000982069, 0.975 at 5.023886 (tables) */
    assert_near(e.sigma_ci.low, sqrt(2 / 5.02388619), 1e-7);
    effects_morris(&d, holed, &e);
    assert_true(e.count == 1 && e.mu == 3 && isnan(e.sigma));
    assert_true(isnan(e.mu_ci.low) && isnan(e.sigma_ci.low));
}

/* ---------------------------------------------------------- main effects */

/* y = 10 + a + b in two replications, the second with one more of a. */
static void main_effects_by_hand(void **state)
{
    static const double a[] = {-1, 1}, b[] = {-3, 1, 2};
    const size_t lengths[] = {2, 3};
    struct design d = design_factorial(lengths, 2);
    struct main_effect m[5];
    struct factor_effect f[2];
    const double *columns[6];
    double y[6][2];

    (void)state;
    for (size_t p = 0; p < 6; p++) {
        y[p][0] = 10 + a[p / 3] + b[p % 3];
        y[p][1] = 11 + 2 * a[p / 3] + b[p % 3];
        columns[p] = y[p];
    }
    assert_int_equal(effects_main_rows(&d), 5);
    effects_main(&d, columns, 2, 1, m, f);
    assert_true(m[1].factor == 0 && m[1].level == 1 && m[1].count == 2);
    assert_near(m[0].effect, -1.5, 1e-12);
    assert_near(m[1].effect, 1.5, 1e-12);
    assert_near(m[1].ci.high, 1.5 + 12.7062047362 * 0.5, 1e-8);
    for (size_t l = 0; l < 3; l++)
        assert_near(m[2 + l].effect, b[l], 1e-12);
    assert_near(f[0].range, 3, 1e-12);
    assert_near(f[1].range, 5, 1e-12);
    assert_true(f[1].low == 0 && f[1].high == 2);
    assert_near(f[1].ci.low, 5, 1e-9);
    effects_main(&d, columns, 1, 1, m, f);
    assert_true(m[0].count == 1 && isnan(m[0].ci.low) && isnan(f[0].ci.low));
    y[2][1] = NAN; /* that replication is out */
    effects_main(&d, columns, 2, 1, m, f);
    assert_true(m[0].count == 1 && fabs(m[0].effect + 1) < 1e-12);
    design_release(&d);
}

static void rounding_is_no_effect(void **state)
{
    const size_t lengths[] = {3, 4};
    struct design d = design_factorial(lengths, 2);
    struct main_effect m[7];
    struct factor_effect f[2];
    const double *columns[12];
    const double y[] = {45056.625, 44803.1};

    (void)state;
    for (size_t p = 0; p < 12; p++)
        columns[p] = y;
    effects_main(&d, columns, 2, 1, m, f);
    assert_true(f[0].range == 0 && f[1].range == 0 && m[3].effect == 0);
    design_release(&d);
}

static void lines_through_samples(void **state)
{
    const size_t lengths[] = {0, 2};
    struct design d = design_latin_hypercube(lengths, 2, 20, 2);
    struct design few = design_latin_hypercube(lengths, 2, 2, 2);
    struct main_effect m[3];
    struct factor_effect f[2];
    const double *columns[20];
    double y[20];

    (void)state;
    for (size_t p = 0; p < 20; p++) {
        y[p] = 4 - 7 * design_at(&d, p, 0)->u +
               (design_at(&d, p, 1)->level == 1 ? 2 : 0);
        columns[p] = &y[p];
    }
    effects_main(&d, columns, 1, 1, m, f);
    assert_near(m[0].effect, -7, 1e-9);
    assert_near(f[0].range, -7, 1e-9);
    assert_near(m[2].effect, 1, 1e-9);
    assert_near(f[1].range, 2, 1e-9);
    effects_main(&few, columns, 1, 1, m, f); /* three terms, two points */
    assert_true(m[0].count == 0 && isnan(m[0].effect) && isnan(f[1].range));
    design_release(&d);
    design_release(&few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factorial),
        cmocka_unit_test(one_at_a_time),
        cmocka_unit_test(latin_hypercube),
        cmocka_unit_test(morris_trajectories),
        cmocka_unit_test(morris_of_known_functions),
        cmocka_unit_test(morris_by_hand),
        cmocka_unit_test(main_effects_by_hand),
        cmocka_unit_test(rounding_is_no_effect),
        cmocka_unit_test(lines_through_samples),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
