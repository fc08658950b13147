#include "sim/engine/dist/kinds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A reader of scenarios turns `file` and `column` into `values`. */
static const struct dist_param params[] = {
    {"file", 'f'}, {"column", 't'}, {"values", 'L'}, {NULL, 0}};

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* The table: the observations, rising. p: their mean, variance (of the
 * law that they make: divided by n). */
static bool make(struct dist *d, const struct dist_value *values, size_t count,
                 const char **why)
{
    const struct dist_value *v = dist_value_find(values, count, "values");
    size_t n = v ? v->list_count : 0;
    double *x, m2 = 0.0;

    if (n == 0)
        return dist_refuse(why, "needs a file with a column of values");
    for (size_t i = 0; i < n; i++)
        if (!dist_nonnegative(v->list[i]))
            return dist_refuse(why, "values must not be negative");
    d->table = dist_table_new(n);
    x = d->table->values;
    memcpy(x, v->list, n * sizeof *x);
    qsort(x, n, sizeof *x, by_value);
    for (size_t i = 0; i < n; i++) {
        double delta = x[i] - d->p[0];

        d->p[0] += delta / (double)(i + 1);
        m2 += delta * (x[i] - d->p[0]);
    }
    d->p[1] = m2 / (double)n;
    return true;
}

static double sample(const struct dist *d, struct rng *rng)
{
    return d->table->values[rng_below(rng, d->table->count)];
}

static double mean(const struct dist *d)
{
    return d->p[0];
}

static double variance(const struct dist *d)
{
    return d->p[1];
}

/* The least value that `probability` of the observations do not exceed. */
static double quantile(const struct dist *d, double probability)
{
    size_t n = d->table->count;
    double rank = ceil(probability * (double)n);

    if (rank < 1.0)
        return d->table->values[0];
    return d->table->values[rank >= (double)n ? n - 1 : (size_t)rank - 1];
}

const struct dist_kind dist_kind_empirical = {
    .name = "empirical",
    .summary = "one of the observations in a file",
    .params = params,
    .make = make,
    .sample = sample,
    .mean = mean,
    .variance = variance,
    .quantile = quantile,
};
