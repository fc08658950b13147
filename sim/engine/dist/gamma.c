#include "sim/engine/dist/kinds.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

static const struct dist_param params[] = {
    {"shape", '1'}, {"scale", 's'}, {"mean", 's'}, {NULL, 0}};
static const char *const names[] = {"shape", "scale", "mean", NULL};

/* p: shape, scale. */
static bool make(struct dist *d, const struct dist_value *values, size_t count,
                 const char **why)
{
    double n[3] = {0};
    unsigned found;

    if (!dist_read(values, count, names, n, &found, why))
        return false;
    if (found != 3 && found != 5)
        return dist_refuse(why, "needs shape, and scale or mean");
    if (!(n[0] >= 1e-3 && n[0] <= 1e5))
        return dist_refuse(why, "shape must be from 0.001 to 100000");
    if (!dist_positive(found == 3 ? n[1] : n[2]))
        return dist_refuse(why, "scale or mean must be positive");
    d->p[0] = n[0];
    d->p[1] = found == 3 ? n[1] : n[2] / n[0];
    return true;
}

/* Marsaglia and Tsang, "A simple method for generating gamma variables",
 * ACM TOMS 26(3), 2000; below shape 1 by the boost of their section 6. */
double dist_gamma_sample(double shape, struct rng *rng)
{
    double boost = 1.0, a, c, x, v;

    if (shape < 1.0) {
        boost = exp(-rng_exponential(rng) / shape);
        shape += 1.0;
    }
    a = shape - 1.0 / 3.0;
    c = 1.0 / sqrt(9.0 * a);
    do {
        do {
            x = rng_normal(rng);
            v = 1.0 + c * x;
        } while (v <= 0.0);
        v = v * v * v;
    } while (rng_exponential(rng) < -0.5 * x * x - a * (1.0 - v + log(v)));
    return boost * a * v;
}

/* True where the quantile is above x; by the tail that has more digits. */
static bool is_above(double probability, double x, double shape)
{
    if (probability < 0.5)
        return gsl_cdf_gamma_P(x, shape, 1.0) < probability;
    return gsl_cdf_gamma_Q(x, shape, 1.0) > 1.0 - probability;
}

/* By bisection: GSL's own inverse gives up, and with it the program, for
 * small shapes. Close to 0 the law is a power: P = x^shape / G(shape + 1). */
double dist_gamma_quantile(double probability, double shape, double scale)
{
    double low = shape, high = shape, middle, power;

    if (probability <= 0.0)
        return 0.0;
    if (probability >= 1.0)
        return INFINITY;
    power = exp((log(probability) + gsl_sf_lngamma(shape + 1.0)) / shape);
    if (power < 1e-15)
        return scale * power;
    while (!is_above(probability, low, shape))
        low /= 2.0;
    while (is_above(probability, high, shape))
        high *= 2.0;
    for (;;) {
        middle = low + (high - low) / 2.0;
        if (middle <= low || middle >= high)
            return scale * middle;
        if (is_above(probability, middle, shape))
            low = middle;
        else
            high = middle;
    }
}

static double sample(const struct dist *d, struct rng *rng)
{
    return d->p[1] * dist_gamma_sample(d->p[0], rng);
}

static double mean(const struct dist *d)
{
    return d->p[0] * d->p[1];
}

static double variance(const struct dist *d)
{
    return d->p[0] * d->p[1] * d->p[1];
}

static double quantile(const struct dist *d, double probability)
{
    return dist_gamma_quantile(probability, d->p[0], d->p[1]);
}

const struct dist_kind dist_kind_gamma = {
    .name = "gamma",
    .summary = "between exponential and constant, or wider",
    .params = params,
    .make = make,
    .sample = sample,
    .mean = mean,
    .variance = variance,
    .quantile = quantile,
};
