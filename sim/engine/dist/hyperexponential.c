#include "sim/engine/dist/kinds.h"

#include <math.h>

static const struct dist_param params[] = {
    {"probabilities", 'l'}, {"means", 'L'}, {NULL, 0}};

/* The table: n means, then n cumulative probabilities, the last 1.
 * p: mean, variance. */
static size_t branches(const struct dist *d)
{
    return d->table->count / 2;
}

static double probability_of(const struct dist *d, size_t branch)
{
    const double *cumulative = d->table->values + branches(d);

    return branch ? cumulative[branch] - cumulative[branch - 1] : cumulative[0];
}

static bool check(const struct dist_value *p, const struct dist_value *m,
                  double *sum, const char **why)
{
    if (!p || !m)
        return dist_refuse(why, "needs probabilities and means");
    if (p->list_count != m->list_count || p->list_count == 0)
        return dist_refuse(why, "needs as many probabilities as means");
    if (p->list_count > DIST_LIST_MAX)
        return dist_refuse(why, "has too many branches");
    *sum = 0.0;
    for (size_t i = 0; i < p->list_count; i++) {
        if (!(p->list[i] >= 0.0) || !dist_positive(m->list[i]))
            return dist_refuse(why, "probabilities must not be negative, "
                                    "means must be positive");
        *sum += p->list[i];
    }
    if (!(fabs(*sum - 1.0) <= 1e-6))
        return dist_refuse(why, "probabilities must add up to 1");
    return true;
}

static bool make(struct dist *d, const struct dist_value *values, size_t count,
                 const char **why)
{
    const struct dist_value *p =
        dist_value_find(values, count, "probabilities");
    const struct dist_value *m = dist_value_find(values, count, "means");
    double sum, so_far = 0.0, second = 0.0;
    size_t n;

    if (!check(p, m, &sum, why))
        return false;
    if (count != 2)
        return dist_refuse(why, "takes only probabilities and means");
    n = p->list_count;
    d->table = dist_table_new(2 * n);
    for (size_t i = 0; i < n; i++) {
        double share = p->list[i] / sum, mean = m->list[i];

        so_far += share;
        d->table->values[i] = mean;
        d->table->values[n + i] = i + 1 < n ? so_far : 1.0;
        d->p[0] += share * mean;
        second += 2.0 * share * mean * mean;
    }
    d->p[1] = second - d->p[0] * d->p[0];
    return true;
}

static double sample(const struct dist *d, struct rng *rng)
{
    size_t n = branches(d), i = 0;
    double u = rng_uniform(rng);

    while (i + 1 < n && u >= d->table->values[n + i])
        i++;
    return d->table->values[i] * rng_exponential(rng);
}

static double mean(const struct dist *d)
{
    return d->p[0];
}

static double variance(const struct dist *d)
{
    return d->p[1];
}

static double survival(const struct dist *d, double x)
{
    double sum = 0.0;

    for (size_t i = 0; i < branches(d); i++)
        sum += probability_of(d, i) * exp(-x / d->table->values[i]);
    return sum;
}

/* By bisection between the extreme branches' quantiles: survival falls. */
static double quantile(const struct dist *d, double probability)
{
    double unit = -log1p(-probability), low = INFINITY, high = 0.0;

    if (!(probability > 0.0 && probability < 1.0))
        return unit;
    for (size_t i = 0; i < branches(d); i++) {
        low = fmin(low, unit * d->table->values[i]);
        high = fmax(high, unit * d->table->values[i]);
    }
    for (int i = 0; i < 200 && low < high; i++) {
        double middle = low + (high - low) / 2.0;

        if (middle <= low || middle >= high)
            break;
        if (survival(d, middle) > 1.0 - probability)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2.0;
}

const struct dist_kind dist_kind_hyperexponential = {
    .name = "hyperexponential",
    .summary = "exponential, of a mean drawn from a list",
    .params = params,
    .make = make,
    .sample = sample,
    .mean = mean,
    .variance = variance,
    .quantile = quantile,
};
