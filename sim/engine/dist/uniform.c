#include "sim/engine/dist/kinds.h"

static const struct dist_param params[] = {
    {"min", 's'}, {"max", 's'}, {NULL, 0}};
static const char *const names[] = {"min", "max", NULL};

static bool make(struct dist *d, const struct dist_value *values, size_t count,
                 const char **why)
{
    unsigned found;

    if (!dist_read(values, count, names, d->p, &found, why))
        return false;
    if (found != 3)
        return dist_refuse(why, "needs min and max");
    if (!dist_nonnegative(d->p[0]) || !dist_nonnegative(d->p[1]))
        return dist_refuse(why, "min and max must not be negative");
    if (d->p[0] > d->p[1])
        return dist_refuse(why, "min must not be above max");
    return true;
}

static double quantile(const struct dist *d, double probability)
{
    return d->p[0] + probability * (d->p[1] - d->p[0]);
}

static double sample(const struct dist *d, struct rng *rng)
{
    return quantile(d, rng_uniform(rng));
}

static double mean(const struct dist *d)
{
    return d->p[0] + (d->p[1] - d->p[0]) / 2.0;
}

static double variance(const struct dist *d)
{
    double width = d->p[1] - d->p[0];

    return width * width / 12.0;
}

const struct dist_kind dist_kind_uniform = {
    .name = "uniform",
    .summary = "any value between min and max alike",
    .params = params,
    .make = make,
    .sample = sample,
    .mean = mean,
    .variance = variance,
    .quantile = quantile,
};
