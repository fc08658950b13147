#include "sim/engine/dist/kinds.h"

#include <math.h>

static const struct dist_param params[] = {
    {"shape", '1'}, {"scale", 's'}, {NULL, 0}};
static const char *const names[] = {"shape", "scale", NULL};

/* P(X > x) = (scale / x)^shape, x >= scale. */
static bool make(struct dist *d, const struct dist_value *values, size_t count,
                 const char **why)
{
    unsigned found;

    if (!dist_read(values, count, names, d->p, &found, why))
        return false;
    if (found != 3)
        return dist_refuse(why, "needs shape and scale");
    if (!dist_positive(d->p[0]) || !dist_positive(d->p[1]))
        return dist_refuse(why, "shape and scale must be positive");
    return true;
}

static double sample(const struct dist *d, struct rng *rng)
{
    return d->p[1] * exp(rng_exponential(rng) / d->p[0]);
}

static double mean(const struct dist *d)
{
    double a = d->p[0];

    return a > 1.0 ? d->p[1] * a / (a - 1.0) : INFINITY;
}

static double variance(const struct dist *d)
{
    double a = d->p[0], b = d->p[1];

    return a > 2.0 ? b * b * a / ((a - 1.0) * (a - 1.0) * (a - 2.0)) : INFINITY;
}

static double quantile(const struct dist *d, double probability)
{
    return d->p[1] * exp(-log1p(-probability) / d->p[0]);
}

const struct dist_kind dist_kind_pareto = {
    .name = "pareto",
    .summary = "a tail that falls as a power",
    .params = params,
    .make = make,
    .sample = sample,
    .mean = mean,
    .variance = variance,
    .quantile = quantile,
};
