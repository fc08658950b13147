#include "sim/engine/dist/kinds.h"

#include <math.h>

static const struct dist_param params[] = {{NULL, 0}};

static bool make(struct dist *d, const struct dist_value *values, size_t count,
                 const char **why)
{
    (void)d;
    (void)values;
    return count == 0 || dist_refuse(why, "takes no parameters");
}

static double sample(const struct dist *d, struct rng *rng)
{
    (void)d;
    (void)rng;
    return INFINITY;
}

static double mean(const struct dist *d)
{
    (void)d;
    return INFINITY;
}

static double variance(const struct dist *d)
{
    (void)d;
    return NAN; /* there is none: the mean is infinite */
}

static double quantile(const struct dist *d, double probability)
{
    (void)d;
    (void)probability;
    return INFINITY;
}

const struct dist_kind dist_kind_never = {
    .name = "never",
    .summary = "it does not happen",
    .params = params,
    .make = make,
    .sample = sample,
    .mean = mean,
    .variance = variance,
    .quantile = quantile,
};
