#include "sim/engine/dist/kinds.h"

#include <math.h>

static const struct dist_param params[] = {
    {"k", '1'}, {"mean", 's'}, {NULL, 0}};
static const char *const names[] = {"k", "mean", NULL};

/* p: k, mean of one stage. */
static bool make(struct dist *d, const struct dist_value *values, size_t count,
                 const char **why)
{
    double n[2] = {0};
    unsigned found;

    if (!dist_read(values, count, names, n, &found, why))
        return false;
    if (found != 3)
        return dist_refuse(why, "needs k and mean");
    if (!(n[0] >= 1.0 && n[0] <= 1e5) || floor(n[0]) < n[0])
        return dist_refuse(why, "k must be a whole number from 1 to 100000");
    if (!dist_positive(n[1]))
        return dist_refuse(why, "mean must be positive");
    d->p[0] = n[0];
    d->p[1] = n[1] / n[0];
    return true;
}

static double sample(const struct dist *d, struct rng *rng)
{
    double sum = 0.0;

    if (d->p[0] > 8.0) /* from here on the gamma sampler is faster */
        return d->p[1] * dist_gamma_sample(d->p[0], rng);
    for (int stages = (int)d->p[0]; stages > 0; stages--)
        sum += rng_exponential(rng);
    return d->p[1] * sum;
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

const struct dist_kind dist_kind_erlang = {
    .name = "erlang",
    .summary = "the sum of k equal exponential stages",
    .params = params,
    .make = make,
    .sample = sample,
    .mean = mean,
    .variance = variance,
    .quantile = quantile,
};
