#include "sim/engine/dist/kinds.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sf_erf.h>
#include <math.h>

static const struct dist_param params[] = {
    {"mean", 's'}, {"stddev", 's'}, {NULL, 0}};
static const char *const names[] = {"mean", "stddev", NULL};

/* p: mean m and stddev s before the cut at 0, P(not cut off). */
static bool make(struct dist *d, const struct dist_value *values, size_t count,
                 const char **why)
{
    unsigned found;

    if (!dist_read(values, count, names, d->p, &found, why))
        return false;
    if (found != 3)
        return dist_refuse(why, "needs mean and stddev");
    if (!isfinite(d->p[0]) || !dist_nonnegative(d->p[1]))
        return dist_refuse(why, "stddev must not be negative");
    if (d->p[0] < -30.0 * d->p[1] || (d->p[1] <= 0.0 && d->p[0] < 0.0))
        return dist_refuse(why, "mean must not be 30 stddev below 0");
    d->p[2] = d->p[1] > 0.0 ? gsl_cdf_ugaussian_P(d->p[0] / d->p[1]) : 1.0;
    return true;
}

static double quantile(const struct dist *d, double probability)
{
    double m = d->p[0], s = d->p[1], kept = d->p[2], above, x;

    if (s <= 0.0)
        return m;
    if (probability <= 0.0)
        return 0.0;
    above = (1.0 - probability) * kept;
    if (above < 0.5)
        x = m + s * gsl_cdf_ugaussian_Qinv(above);
    else
        x = m + s * gsl_cdf_ugaussian_Pinv(gsl_cdf_ugaussian_Q(m / s) +
                                           probability * kept);
    return x > 0.0 ? x : 0.0;
}

/* Draws again what is cut off, where that is rare: it keeps the variates
 * fast and, in runs that share random numbers, mostly one output each. */
static double sample(const struct dist *d, struct rng *rng)
{
    double x;

    if (d->p[2] < 0.5)
        return quantile(d, rng_uniform(rng));
    do
        x = d->p[0] + d->p[1] * rng_normal(rng);
    while (x < 0.0);
    return x;
}

/* Density over survival of the standard normal law; GSL's own stops the
 * program where the density is too small for a double. */
static double hazard(double a)
{
    if (a > 0.0)
        return gsl_sf_hazard(a);
    return gsl_ran_ugaussian_pdf(a) / gsl_cdf_ugaussian_Q(a);
}

/* Moments of a normal law cut at a = -m/s, with its hazard h(a): mean
 * m + s h, variance s^2 (1 + a h - h^2). */
static double mean(const struct dist *d)
{
    double m = d->p[0], s = d->p[1];

    return s > 0.0 ? m + s * hazard(-m / s) : m;
}

static double variance(const struct dist *d)
{
    double s = d->p[1], a, h;

    if (s <= 0.0)
        return 0.0;
    a = -d->p[0] / s;
    h = hazard(a);
    return s * s * (1.0 - h * (h - a));
}

const struct dist_kind dist_kind_normal = {
    .name = "normal",
    .summary = "normal, cut off at 0",
    .params = params,
    .make = make,
    .sample = sample,
    .mean = mean,
    .variance = variance,
    .quantile = quantile,
};
