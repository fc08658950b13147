#include "sim/engine/dist/kinds.h"

#include <gsl/gsl_sf_gamma.h>
#include <math.h>

static const struct dist_param params[] = {
    {"shape", '1'}, {"scale", 's'}, {"mean", 's'}, {NULL, 0}};
static const char *const names[] = {"shape", "scale", "mean", NULL};

/* p: shape, scale, 1 / shape. */
static bool make(struct dist *d, const struct dist_value *values, size_t count,
                 const char **why)
{
    double n[3] = {0}, unit;
    unsigned found;

    if (!dist_read(values, count, names, n, &found, why))
        return false;
    if (found != 3 && found != 5)
        return dist_refuse(why, "needs shape, and scale or mean");
    if (!(n[0] >= 0.05 && n[0] <= 1e3))
        return dist_refuse(why, "shape must be from 0.05 to 1000");
    if (!dist_positive(found == 3 ? n[1] : n[2]))
        return dist_refuse(why, "scale or mean must be positive");
    unit = gsl_sf_gamma(1.0 + 1.0 / n[0]);
    d->p[0] = n[0];
    d->p[1] = found == 3 ? n[1] : n[2] / unit;
    d->p[2] = 1.0 / n[0];
    return true;
}

static double sample(const struct dist *d, struct rng *rng)
{
    return d->p[1] * pow(rng_exponential(rng), d->p[2]);
}

static double mean(const struct dist *d)
{
    return d->p[1] * gsl_sf_gamma(1.0 + d->p[2]);
}

/* scale^2 (G(1 + 2/k) - G(1 + 1/k)^2), for narrow laws without their
 * difference: G1^2 expm1(lnG(1 + 2/k) - 2 lnG(1 + 1/k)). */
static double variance(const struct dist *d)
{
    double m = mean(d), x = d->p[2];

    return m * m *
           expm1(gsl_sf_lngamma(1.0 + 2.0 * x) - 2.0 * gsl_sf_lngamma(1.0 + x));
}

static double quantile(const struct dist *d, double probability)
{
    return d->p[1] * pow(-log1p(-probability), d->p[2]);
}

const struct dist_kind dist_kind_weibull = {
    .name = "weibull",
    .summary = "lifetimes: ageing for shape above 1, infant below",
    .params = params,
    .make = make,
    .sample = sample,
    .mean = mean,
    .variance = variance,
    .quantile = quantile,
};
