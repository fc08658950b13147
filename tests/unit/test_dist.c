#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_cdf.h>

#include "sim/engine/dist.h"
#include "sim/engine/mem.h"
#include "tests/unit/shared_rows.h"

/* "shape=2 mean=3" */
static struct dist_value parse_one(char *word)
{
    char *equals = strchr(word, '=');

    assert_non_null(equals);
    *equals = 0;
    return (struct dist_value){.name = word,
                               .number = strtod(equals + 1, NULL)};
}

/* Makes a distribution from words; false with *why where it is refused. */
static bool make(struct dist *d, const char *kind, const char *parameters,
                 const char **why)
{
    struct dist_value values[6];
    char text[200];
    size_t count = 0;

    snprintf(text, sizeof text, "%s", parameters);
    *d = (struct dist){.kind = dist_kind_find(kind)};
    assert_non_null(d->kind);
    for (char *word = strtok(text, " ;"); word; word = strtok(NULL, " ;")) {
        assert_true(count < 6);
        values[count++] = parse_one(word);
    }
    *why = NULL;
    return d->kind->make(d, values, count, why);
}

static struct dist made(const char *kind, const char *parameters)
{
    struct dist d;
    const char *why;

    if (!make(&d, kind, parameters, &why))
        fail_msg("%s {%s}: %s", kind, parameters, why);
    return d;
}

static void near(const char *what, double got, double want, double relative)
{
    if (got == want)
        return;
    if (!(fabs(got - want) <= relative * fabs(want)))
        fail_msg("%s: got %.15g, want %.15g", what, got, want);
}

static struct dist hyper(void)
{
    static const double probabilities[] = {0.9, 0.1}, means[] = {1.0, 20.0};
    struct dist_value values[] = {
        {.name = "probabilities", .list = probabilities, .list_count = 2},
        {.name = "means", .list = means, .list_count = 2}};
    struct dist d = {.kind = dist_kind_find("hyperexponential")};
    const char *why = NULL;

    assert_true(d.kind->make(&d, values, 2, &why));
    return d;
}

/* -------------------------------------------------------------- theory */

static void test_moments(void **state)
{
    static const struct {
        const char *kind, *parameters;
        double mean, variance, median;
    } cases[] = {
        {"constant", "value=5", 5, 0, 5},
        {"uniform", "min=1 max=4", 2.5, 0.75, 2.5},
        {"exponential", "mean=4", 4, 16, 2.772588722239781},
        {"exponential", "rate=4", 0.25, 0.0625, 0.17328679513998632},
        {"weibull", "shape=1 mean=4", 4, 16, 2.772588722239781},
        {"weibull", "shape=2 scale=1", 0.886226925452758, 0.2146018366025517,
         0.8325546111576977},
        {"lognormal", "median=4 p99=30", 5.8204567934889527, 37.853515742234226,
         4},
        {"lognormal", "mean=10 cv=2", 10, 400, 4.47213595499958},
        {"lognormal", "mu=0 sigma=0", 1, 0, 1},
        {"gamma", "shape=2 scale=0.5", 1, 0.5, 0.8391734950083303},
        {"gamma", "shape=0.5 mean=3", 3, 18, 1.3648092693587183},
        {"erlang", "k=2 mean=1", 1, 0.5, 0.8391734950083303},
        {"pareto", "shape=3 scale=2", 3, 3, 2.519842099789746},
        {"pareto", "shape=1.5 scale=1", 3, INFINITY, 1.5874010519682},
        {"pareto", "shape=1 scale=1", INFINITY, INFINITY, 2},
        {"normal", "mean=10 stddev=0.01", 10, 1e-4, 10},
        {"normal", "mean=0 stddev=1", 0.797884560802865, 0.363380227632419,
         0.674489750196082},
        {"normal", "mean=3 stddev=0", 3, 0, 3},
        {"triangular", "min=0 mode=1 max=4", 1.66666666666667,
         0.722222222222222, 1.550510257216822},
        {"triangular", "min=2 mode=2 max=2", 2, 0, 2},
        {"never", "", INFINITY, NAN, INFINITY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dist d = made(cases[i].kind, cases[i].parameters);

        near(cases[i].kind, dist_mean(&d), cases[i].mean, 1e-12);
        if (!isnan(cases[i].variance))
            near(cases[i].kind, dist_variance(&d), cases[i].variance, 1e-12);
        near(cases[i].kind, dist_quantile(&d, 0.5), cases[i].median, 1e-12);
    }
}

static double lifetime_metric(const struct dist *d, const char *metric)
{
    if (strcmp(metric, "mean") == 0)
        return dist_mean(d);
    if (strcmp(metric, "variance") == 0)
        return dist_variance(d);
    if (strcmp(metric, "median") == 0)
        return dist_quantile(d, 0.5);
    if (strncmp(metric, "quantile_", 9) == 0)
        return dist_quantile(d, strtod(metric + 9, NULL));
    if (strcmp(metric, "mu") == 0)
        return d->p[0];
    if (strcmp(metric, "sigma") == 0)
        return d->p[1];
    /* Residual life of a renewal process: E X^2 / (2 E X). */
    if (strcmp(metric, "mean_residual_stationary") == 0)
        return (dist_variance(d) + pow(dist_mean(d), 2)) / (2.0 * dist_mean(d));
    return NAN;
}

/* Survival and hazard at x: the quantile function inverted. */
static bool check_survival(const struct dist *d, const struct shared_row *row,
                           double want)
{
    double x;

    if (strncmp(row->cells[4], "survival_at_", 12) != 0)
        return false;
    x = strtod(row->cells[4] + 12, NULL);
    near(row->cells[0], dist_quantile(d, 1.0 - want), x, 1e-6);
    return true;
}

static bool check_lifetime(const struct shared_row *row)
{
    static const struct {
        const char *model, *kind;
    } models[] = {{"Weibull", "weibull"},
                  {"lognormal", "lognormal"},
                  {"lognormal from mean and cv", "lognormal"},
                  {"gamma", "gamma"}};
    double want = strtod(row->cells[5], NULL), got;

    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        struct dist d;

        if (strcmp(row->cells[2], models[i].model) != 0)
            continue;
        d = made(models[i].kind, row->cells[3]);
        if (check_survival(&d, row, want))
            return true;
        got = lifetime_metric(&d, row->cells[4]);
        if (isnan(got))
            return false;
        near(row->cells[0], got, want, 1e-9);
        return true;
    }
    return false;
}

static bool check_pareto(const struct shared_row *row)
{
    char text[100];
    struct dist d;

    if (strncmp(row->cells[2], "Pareto", 6) != 0)
        return false;
    snprintf(text, sizeof text, "shape=%g scale=%g",
             shared_rows_number(row->cells[3], "alpha", NAN),
             shared_rows_number(row->cells[3], "xm", NAN));
    d = made("pareto", text);
    near(row->cells[0], lifetime_metric(&d, row->cells[4]),
         strtod(row->cells[5], NULL), 1e-9);
    return true;
}

static void test_shared_lifetimes(void **state)
{
    FILE *file = shared_rows_open("theory.csv");
    struct shared_row row;
    int checked = 0;

    (void)state;
    if (!file)
        return;
    while (shared_rows_next(file, &row))
        if (row.count >= 6 && strcmp(row.cells[1], "lifetime") == 0)
            checked += check_lifetime(&row) || check_pareto(&row);
    fclose(file);
    assert_true(checked > 0);
}

/* ---------------------------------------------------- samples, in turn */

enum { SAMPLES = 40000 };

static int compare_double(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Samples agree with the quantile function: the share of them at or below
 * the quantile of p is p, within Kolmogorov's distance (0.1 % are beyond). */
static void check_samples(const char *label, const struct dist *d)
{
    double *x = mem_calloc(SAMPLES, sizeof *x), sum = 0.0;
    struct rng rng;

    rng_init(&rng, (struct rng_root){3, 0}, label, NULL, 0);
    for (int i = 0; i < SAMPLES; i++) {
        x[i] = dist_sample(d, &rng);
        assert_true(x[i] >= 0.0);
        sum += x[i];
    }
    qsort(x, SAMPLES, sizeof *x, compare_double);
    for (int k = 1; k < 100; k++) {
        double q = dist_quantile(d, k / 100.0);
        size_t below = 0;

        for (size_t step = 1 << 16; step; step /= 2)
            if (below + step <= SAMPLES && x[below + step - 1] <= q)
                below += step;
        if (fabs((double)below / SAMPLES - k / 100.0) > 1.95 / sqrt(SAMPLES))
            fail_msg("%s: %zu of %d below quantile %d%%", label, below, SAMPLES,
                     k);
    }
    if (isfinite(dist_variance(d)) && !(fabs(sum / SAMPLES - dist_mean(d)) <=
                                        4.0 * sqrt(dist_variance(d) / SAMPLES)))
        fail_msg("%s: mean %g, want %g", label, sum / SAMPLES, dist_mean(d));
    free(x);
}

static void test_samples(void **state)
{
    static const char *const cases[][2] = {
        {"uniform", "min=1 max=4"},
        {"exponential", "mean=0.02"},
        {"weibull", "shape=0.8 mean=43200"},
        {"weibull", "shape=3 scale=1"},
        {"lognormal", "median=2 p99=10"},
        {"lognormal", "mean=10 cv=0.1"},
        {"gamma", "shape=0.3 mean=1"},
        {"gamma", "shape=2.5 scale=4"},
        {"gamma", "shape=100 scale=1"},
        {"erlang", "k=1 mean=1"},
        {"erlang", "k=3 mean=1"},
        {"erlang", "k=30 mean=2"},
        {"pareto", "shape=2.5 scale=1"},
        {"normal", "mean=5 stddev=1"},
        {"normal", "mean=1 stddev=1"},
        {"normal", "mean=-2 stddev=1"},
        {"normal", "mean=-20 stddev=1"},
        {"triangular", "min=1 mode=2 max=7"},
        {"triangular", "min=1 mode=7 max=7"},
    };
    struct dist d;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        d = made(cases[i][0], cases[i][1]);
        check_samples(cases[i][0], &d);
    }
    d = hyper();
    check_samples("hyperexponential", &d);
    near("mean", dist_mean(&d), 2.9, 1e-12);
    near("variance", dist_variance(&d), 2 * (0.9 + 40) - 2.9 * 2.9, 1e-12);
    dist_release(&d);
}

/* The quantile function rises, and ends where it should. */
static void test_quantiles_rise(void **state)
{
    static const char *const cases[][2] = {
        {"weibull", "shape=0.05 scale=1"}, {"gamma", "shape=0.001 scale=1"},
        {"gamma", "shape=1e5 scale=1"},    {"normal", "mean=-25 stddev=1"},
        {"normal", "mean=8 stddev=1"},     {"lognormal", "mu=-3 sigma=4"},
        {"pareto", "shape=0.5 scale=3"},   {"triangular", "min=0 mode=0 max=1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dist d = made(cases[i][0], cases[i][1]);
        double last = dist_quantile(&d, 0.0);

        assert_true(last >= 0.0);
        for (int k = 1; k <= 1000; k++) {
            double q = dist_quantile(&d, k / 1000.0);

            if (!(q >= last))
                fail_msg("%s {%s}: quantile %g is %g after %g", cases[i][0],
                         cases[i][1], k / 1000.0, q, last);
            last = q;
        }
    }
}

/* ----------------------------------------------------------- empirical */

static void test_empirical(void **state)
{
    static const double values[] = {3, 1, 2, 2};
    struct dist d = dist_empirical(values, 4), copy = dist_copy(&d);
    struct rng rng;
    double sum = 0.0;
    sim_time t;

    (void)state;
    assert_true(dist_mean(&d) == 2.0);
    assert_true(dist_variance(&d) == 0.5);
    assert_true(dist_quantile(&d, 0.0) == 1.0);
    assert_true(dist_quantile(&d, 0.25) == 1.0);
    assert_true(dist_quantile(&d, 0.26) == 2.0);
    assert_true(dist_quantile(&d, 0.75) == 2.0);
    assert_true(dist_quantile(&d, 1.0) == 3.0);
    assert_false(dist_is_constant(&d, &t));
    dist_release(&d);
    assert_null(d.table);
    rng_init(&rng, (struct rng_root){1, 1}, "empirical", NULL, 0);
    for (int i = 0; i < 10000; i++)
        sum += dist_sample(&copy, &rng);
    assert_true(fabs(sum / 10000 - 2.0) < 0.03);
    dist_release(&copy);
}

/* --------------------------------------------------------------- times */

static void test_times(void **state)
{
    struct dist d = dist_constant(1.5e-9);
    struct rng rng;
    sim_time t = 7;

    (void)state;
    rng_init(&rng, (struct rng_root){1, 1}, "times", NULL, 0);
    assert_int_equal(dist_sample_time(&d, &rng), 2);
    assert_true(dist_is_constant(&d, &t) && t == 2);
    assert_int_equal(rng.next, RNG_BUFFER); /* nothing was drawn */
    d = dist_never();
    assert_int_equal(dist_sample_time(&d, &rng), SIM_NEVER);
    assert_true(dist_is_constant(&d, &t) && t == SIM_NEVER);
    d = dist_uniform(2, 2);
    assert_true(dist_is_constant(&d, &t) && t == 2 * SIM_S);
    d = dist_exponential(1e30);
    assert_int_equal(dist_sample_time(&d, &rng), SIM_NEVER);
    assert_false(dist_is_constant(&d, &t));
    d = dist_exponential(1);
    for (int i = 0; i < 1000; i++)
        assert_true(dist_sample_time(&d, &rng) >= 0);

    assert_int_equal(sim_seconds(0.1), 100000000);
    assert_int_equal(sim_seconds(-0.1), -100000000);
    assert_int_equal(sim_seconds(-1.5e-9), -2);
    assert_int_equal(sim_seconds(4e6), 4000000 * SIM_S);
    assert_int_equal(sim_seconds(9.2e9), INT64_C(9200000000000000000));
    assert_int_equal(sim_seconds(9.3e9), SIM_NEVER);
    assert_int_equal(sim_seconds(INFINITY), SIM_NEVER);
    assert_int_equal(sim_seconds(-1e30), INT64_MIN);
    assert_true(sim_to_seconds(1500 * SIM_MS) == 1.5);
}

/* -------------------------------------------------------------- refusal */

static void test_refused(void **state)
{
    static const char *const cases[][3] = {
        {"constant", "", "needs a value"},
        {"constant", "value=-1", "value must not be negative"},
        {"uniform", "min=1", "needs min and max"},
        {"uniform", "min=2 max=1", "min must not be above max"},
        {"exponential", "", "needs mean or rate"},
        {"exponential", "mean=1 rate=1", "needs mean or rate"},
        {"exponential", "mean=0", "mean or rate must be positive"},
        {"exponential", "median=1", "has no parameter of that name"},
        {"weibull", "shape=1", "needs shape, and scale or mean"},
        {"weibull", "shape=1 scale=1 mean=1", "needs shape, and scale or mean"},
        {"weibull", "shape=0 mean=1", "shape must be from 0.05 to 1000"},
        {"lognormal", "median=1 cv=1",
         "needs median and p99, mean and cv, or mu and sigma"},
        {"lognormal", "median=2 p99=1",
         "median must be positive, p99 not less"},
        {"gamma", "shape=nan scale=1", "shape must be from 0.001 to 100000"},
        {"erlang", "k=1.5 mean=1", "k must be a whole number from 1 to 100000"},
        {"pareto", "shape=0 scale=1", "shape and scale must be positive"},
        {"normal", "mean=-31 stddev=1", "mean must not be 30 stddev below 0"},
        {"triangular", "min=0 mode=3 max=2",
         "mode must lie between min and max"},
        {"hyperexponential", "", "needs probabilities and means"},
        {"empirical", "", "needs a file with a column of values"},
        {"never", "value=1", "takes no parameters"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dist d;
        const char *why;

        assert_false(make(&d, cases[i][0], cases[i][1], &why));
        assert_string_equal(why, cases[i][2]);
    }
    assert_null(dist_kind_find("no such kind"));
}

static void test_kinds_are_complete(void **state)
{
    (void)state;
    for (size_t i = 0; dist_kinds[i]; i++) {
        const struct dist_kind *k = dist_kinds[i];

        assert_ptr_equal(dist_kind_find(k->name), k);
        assert_non_null(k->summary);
        assert_non_null(k->params);
        assert_true(k->make && k->sample && k->mean && k->variance &&
                    k->quantile);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_shared_lifetimes),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_quantiles_rise),
        cmocka_unit_test(test_empirical),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_kinds_are_complete),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
