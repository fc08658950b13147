#include "sim/engine/dist/kinds.h"

#include <math.h>

static const struct dist_param params[] = {
    {"min", 's'}, {"mode", 's'}, {"max", 's'}, {NULL, 0}};
static const char *const names[] = {"min", "mode", "max", NULL};

static bool make(struct dist *d, const struct dist_value *values, size_t count,
                 const char **why)
{
    unsigned found;

    if (!dist_read(values, count, names, d->p, &found, why))
        return false;
    if (found != 7)
        return dist_refuse(why, "needs min, mode and max");
    if (!dist_nonnegative(d->p[0]) || !dist_nonnegative(d->p[2]))
        return dist_refuse(why, "min, mode and max must not be negative");
    if (!(d->p[0] <= d->p[1] && d->p[1] <= d->p[2]))
        return dist_refuse(why, "mode must lie between min and max");
    return true;
}

static double quantile(const struct dist *d, double probability)
{
    double a = d->p[0], c = d->p[1], b = d->p[2];

    if (probability * (b - a) <= c - a)
        return a + sqrt(probability * (b - a) * (c - a));
    return b - sqrt((1.0 - probability) * (b - a) * (b - c));
}

static double sample(const struct dist *d, struct rng *rng)
{
    return quantile(d, rng_uniform(rng));
}

static double mean(const struct dist *d)
{
    return (d->p[0] + d->p[1] + d->p[2]) / 3.0;
}

static double variance(const struct dist *d)
{
    double left = d->p[1] - d->p[0], right = d->p[2] - d->p[1];

    return (left * left + left * right + right * right) / 18.0;
}

const struct dist_kind dist_kind_triangular = {
    .name = "triangular",
    .summary = "between min and max, likeliest at mode",
    .params = params,
    .make = make,
    .sample = sample,
    .mean = mean,
    .variance = variance,
    .quantile = quantile,
};
