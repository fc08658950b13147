#include "sim/engine/dist/kinds.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

static const struct dist_param params[] = {
    {"median", 's'}, {"p99", 's'},   {"mean", 's'}, {"cv", '1'},
    {"mu", '1'},     {"sigma", '1'}, {NULL, 0}};
static const char *const names[] = {"median", "p99",   "mean", "cv",
                                    "mu",     "sigma", NULL};
enum { MEDIAN_P99 = 3, MEAN_CV = 12, MU_SIGMA = 48 };

/* p: mu and sigma of ln seconds, exp(mu). */
static bool make(struct dist *d, const struct dist_value *values, size_t count,
                 const char **why)
{
    double n[6] = {0};
    unsigned found;

    if (!dist_read(values, count, names, n, &found, why))
        return false;
    if (found == MEDIAN_P99) {
        if (!dist_positive(n[0]) || !(n[1] >= n[0]) || !dist_positive(n[1]))
            return dist_refuse(why, "median must be positive, p99 not less");
        d->p[0] = log(n[0]);
        d->p[1] = log(n[1] / n[0]) / gsl_cdf_ugaussian_Pinv(0.99);
    } else if (found == MEAN_CV) {
        if (!dist_positive(n[2]) || !dist_nonnegative(n[3]))
            return dist_refuse(why, "mean must be positive, cv not negative");
        d->p[1] = sqrt(log1p(n[3] * n[3]));
        d->p[0] = log(n[2]) - 0.5 * d->p[1] * d->p[1];
    } else if (found == MU_SIGMA) {
        if (!isfinite(n[4]) || !dist_nonnegative(n[5]))
            return dist_refuse(why, "sigma must not be negative");
        d->p[0] = n[4];
        d->p[1] = n[5];
    } else {
        return dist_refuse(
            why, "needs median and p99, mean and cv, or mu and sigma");
    }
    d->p[2] = found == MEDIAN_P99 ? n[0] : exp(d->p[0]);
    return true;
}

static double sample(const struct dist *d, struct rng *rng)
{
    return d->p[2] * exp(d->p[1] * rng_normal(rng));
}

static double mean(const struct dist *d)
{
    return d->p[2] * exp(0.5 * d->p[1] * d->p[1]);
}

static double variance(const struct dist *d)
{
    double m = mean(d);

    return m * m * expm1(d->p[1] * d->p[1]);
}

static double quantile(const struct dist *d, double probability)
{
    if (d->p[1] <= 0.0)
        return d->p[2];
    return d->p[2] * exp(d->p[1] * gsl_cdf_ugaussian_Pinv(probability));
}

const struct dist_kind dist_kind_lognormal = {
    .name = "lognormal",
    .summary = "delays with a long tail",
    .params = params,
    .make = make,
    .sample = sample,
    .mean = mean,
    .variance = variance,
    .quantile = quantile,
};
