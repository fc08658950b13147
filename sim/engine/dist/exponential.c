#include "sim/engine/dist/kinds.h"

#include <math.h>

static const struct dist_param params[] = {
    {"mean", 's'}, {"rate", 'r'}, {NULL, 0}};
static const char *const names[] = {"mean", "rate", NULL};

static bool make(struct dist *d, const struct dist_value *values, size_t count,
                 const char **why)
{
    double n[2] = {0};
    unsigned found;

    if (!dist_read(values, count, names, n, &found, why))
        return false;
    if (found != 1 && found != 2)
        return dist_refuse(why, "needs mean or rate");
    if (!dist_positive(found == 1 ? n[0] : n[1]))
        return dist_refuse(why, "mean or rate must be positive");
    d->p[0] = found == 1 ? n[0] : 1.0 / n[1];
    return true;
}

static double sample(const struct dist *d, struct rng *rng)
{
    return d->p[0] * rng_exponential(rng);
}

static double mean(const struct dist *d)
{
    return d->p[0];
}

static double variance(const struct dist *d)
{
    return d->p[0] * d->p[0];
}

static double quantile(const struct dist *d, double probability)
{
    return -d->p[0] * log1p(-probability);
}

const struct dist_kind dist_kind_exponential = {
    .name = "exponential",
    .summary = "memoryless, of a mean or a rate",
    .params = params,
    .make = make,
    .sample = sample,
    .mean = mean,
    .variance = variance,
    .quantile = quantile,
};
