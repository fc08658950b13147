#include "sim/engine/dist/kinds.h"

static const struct dist_param params[] = {{"value", 's'}, {NULL, 0}};
static const char *const names[] = {"value", NULL};

static bool make(struct dist *d, const struct dist_value *values, size_t count,
                 const char **why)
{
    unsigned found;

    if (!dist_read(values, count, names, d->p, &found, why))
        return false;
    if (!found)
        return dist_refuse(why, "needs a value");
    if (!(d->p[0] >= 0.0))
        return dist_refuse(why, "value must not be negative");
    return true;
}

static double sample(const struct dist *d, struct rng *rng)
{
    (void)rng;
    return d->p[0];
}

static double mean(const struct dist *d)
{
    return d->p[0];
}

static double variance(const struct dist *d)
{
    (void)d;
    return 0.0;
}

static double quantile(const struct dist *d, double probability)
{
    (void)probability;
    return d->p[0];
}

const struct dist_kind dist_kind_constant = {
    .name = "constant",
    .summary = "always the same value",
    .params = params,
    .make = make,
    .sample = sample,
    .mean = mean,
    .variance = variance,
    .quantile = quantile,
};
