/*
 * theory_cases - distributions and quantiles against exact values. What
 * needs a simulation is the business of `validate`.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/dist.h"
#include "sim/engine/stat.h"
#include "sim/io/units.h"
#include "tests/conformance/conformance.h"

enum { MOST_PARAMS = 8 };

/* "shape=0.5;scale=1". */
struct params {
    size_t count;
    struct dist_value values[MOST_PARAMS];
};

static struct params read_params(struct test_case *c)
{
    char *text = intern_copy(c->intern, case_field(c, "params"),
                             strlen(case_field(c, "params")) + 1, 1);
    struct params p = {0};

    while (text && *text && p.count < MOST_PARAMS) {
        char *equals = strchr(text, '='), *end = strchr(text, ';');

        if (!equals)
            break;
        *equals = '\0';
        if (end)
            *end = '\0';
        p.values[p.count].name = text;
        if (!units_double(equals + 1, &p.values[p.count++].number))
            case_fail(c, "bad parameter '%s'", equals + 1);
        text = end ? end + 1 : NULL;
    }
    return p;
}

static double param(const struct params *p, const char *name, double otherwise)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->values[i].name, name) == 0)
            return p->values[i].number;
    }
    return otherwise;
}

/* The number at the end of "survival_at_2", "quantile_0.95". */
static bool tail_number(const char *metric, const char *prefix, double *x)
{
    size_t length = strlen(prefix);

    return strncmp(metric, prefix, length) == 0 &&
           units_double(metric + length, x);
}

/* --- lifetimes --- */

/* P(X > x), from quantiles. */
static double survival(const struct dist *d, double x)
{
    double low = 0, high = 1;

    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2;

        if (dist_quantile(d, middle) < x)
            low = middle;
        else
            high = middle;
    }
    return 1 - low;
}

static double hazard(const struct dist *d, double x)
{
    const double h = 1e-4;

    return log(survival(d, x - h) / survival(d, x + h)) / (2 * h);
}

/* Of a renewal process that has gone on for ever: E[X^2] / (2 E[X]). */
static double mean_residual(const struct dist *d)
{
    double mean = dist_mean(d);

    return (dist_variance(d) + mean * mean) / (2 * mean);
}

/* NaN: not a metric of a distribution. */
static double metric_of(const struct dist *d, const char *metric)
{
    double x;

    if (strcmp(metric, "mean") == 0)
        return dist_mean(d);
    if (strcmp(metric, "variance") == 0)
        return dist_variance(d);
    if (strcmp(metric, "median") == 0)
        return dist_quantile(d, 0.5);
    if (strcmp(metric, "mean_residual_stationary") == 0)
        return mean_residual(d);
    if (strcmp(metric, "mu") == 0)
        return log(dist_quantile(d, 0.5));
    if (strcmp(metric, "sigma") == 0) /* the quantile one sigma above */
        return log(dist_quantile(d, 0.84134474606854294859) /
                   dist_quantile(d, 0.5));
    if (tail_number(metric, "quantile_", &x))
        return dist_quantile(d, x);
    if (tail_number(metric, "survival_at_", &x))
        return survival(d, x);
    if (tail_number(metric, "hazard_at_", &x))
        return hazard(d, x);
    return NAN;
}

/* The textbooks' names, in ours. */
static const char *own_name(const char *name)
{
    if (strcmp(name, "xm") == 0)
        return "scale";
    return strcmp(name, "alpha") == 0 ? "shape" : name;
}

/* The smallest of n Weibull lifetimes is one of scale n^(-1/shape). */
static void smallest_of(struct params *p)
{
    double n = param(p, "n", 1), shape = param(p, "shape", 1);

    p->values[0] = (struct dist_value){.name = "shape", .number = shape};
    p->values[1] =
        (struct dist_value){.name = "scale", .number = pow(n, -1 / shape)};
    p->count = 2;
}

static bool make_dist(struct test_case *c, struct dist *d)
{
    const char *model = case_field(c, "model"), *why = "";
    struct params p = read_params(c);
    const struct dist_kind *kind;
    char word[32] = "";

    if (strncmp(model, "first failure among n", 21) == 0) {
        smallest_of(&p);
        model = "weibull";
    }
    for (size_t i = 0; i + 1 < sizeof word && isalpha((unsigned char)model[i]);
         i++)
        word[i] = (char)tolower((unsigned char)model[i]);
    kind = dist_kind_find(word);
    if (!kind) {
        case_skip(c, "a distribution that is not known");
        return false;
    }
    for (size_t i = 0; i < p.count; i++)
        p.values[i].name = own_name(p.values[i].name);
    memset(d, 0, sizeof *d);
    d->kind = kind;
    if (!kind->make(d, p.values, p.count, &why)) {
        case_fail(c, "%s %s: %s", word, case_field(c, "params"), why);
        return false;
    }
    return true;
}

static void expect_value(struct test_case *c, double got, double relative)
{
    double wanted = 0;

    if (!units_double(case_field(c, "value"), &wanted))
        case_fail(c, "bad value '%s'", case_field(c, "value"));
    expect_near(c, case_field(c, "metric"), wanted, got,
                relative * fabs(wanted) + 1e-12);
}

void case_lifetime(struct test_case *c)
{
    const char *metric = case_field(c, "metric");
    bool derived = strncmp(metric, "hazard", 6) == 0;
    struct dist d;
    double got;

    if (!make_dist(c, &d))
        return;
    got = metric_of(&d, metric);
    if (isnan(got))
        case_skip(c, "a metric that is not known");
    else
        expect_value(c, got, derived ? 1e-5 : 1e-9);
    dist_release(&d);
}

/* --- statistics --- */

void case_stats(struct test_case *c)
{
    const char *model = case_field(c, "model");
    struct params p = read_params(c);
    double probability;

    if (sscanf(model, "Student t %lf quantile", &probability) == 1)
        expect_value(c, stat_t_quantile(probability, param(&p, "df", 1)), 1e-9);
    else
        case_skip(c, "statistics that the program does not use");
}
