#include "sim/experiment/comparison.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "sim/engine/mem.h"

const char *const better_names[] = {"tied", "variant", "baseline"};

static double p_value(const struct tally *t)
{
    double n = (double)t->count, error = sqrt(tally_variance(t) / n);

    if (t->count < 2)
        return NAN;
    if (!(error > 0))
        return t->mean == 0 ? 1 : 0;
    return fmin(1, 2 * gsl_cdf_tdist_Q(fabs(t->mean) / error, n - 1));
}

struct comparison comparison_paired(const double *values,
                                    const double *baseline, size_t count,
                                    size_t stride, struct output_range range)
{
    double width = range.high - range.low; /* of what differences can be */
    struct tally t = {0};
    struct comparison c;

    assert(width >= 0);
    for (size_t i = 0; i < count; i++) {
        double difference = values[i * stride] - baseline[i * stride];

        if (!isnan(difference))
            tally_add(&t, difference);
    }
    c = (struct comparison){.count = (size_t)t.count,
                            .difference = tally_mean(&t),
                            .ci = stat_t_interval(&t, 1 - COMPARISON_ALPHA),
                            .p_value = p_value(&t)};
    if (t.count >= 2) {
        c.ci.low = fmax(c.ci.low, -width);
        c.ci.high = fmin(c.ci.high, width);
    }
    return c;
}

/* -------------------------------------------------------------- families */

struct test {
    double p;
    size_t index;
};

static int by_p(const void *left, const void *right)
{
    const struct test *a = left, *b = right;

    if (a->p != b->p)
        return a->p < b->p ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

void comparison_holm(double *p_values, size_t count)
{
    struct test *tests = mem_calloc(count, sizeof *tests);
    double adjusted = 0;
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        if (!isnan(p_values[i]))
            tests[n++] = (struct test){p_values[i], i};
    }
    qsort(tests, n, sizeof *tests, by_p);
    for (size_t k = 0; k < n; k++) {
        adjusted = fmax(adjusted, fmin(1, tests[k].p * (double)(n - k)));
        p_values[tests[k].index] = adjusted;
    }
    free(tests);
}

enum better comparison_verdict(double difference, double adjusted_p,
                               enum direction direction)
{
    if (direction == DIRECTION_NONE || !(adjusted_p < COMPARISON_ALPHA) ||
        difference == 0)
        return BETTER_TIED;
    return (difference > 0) == (direction == DIRECTION_HIGHER)
               ? BETTER_VARIANT
               : BETTER_BASELINE;
}

/* --------------------------------------------------------------- ranking */

/* Differences of all pairs: that of i and j, i < j, is at pair(i, j). */
struct pairs {
    size_t variants;
    double *difference, *p;
};

static size_t pair(const struct pairs *all, size_t i, size_t j)
{
    assert(i < j && j < all->variants);
    return i * (2 * all->variants - i - 1) / 2 + (j - i - 1);
}

static void compare_all(struct pairs *all, const double *const *columns,
                        size_t count, size_t stride)
{
    const struct output_range any = {-INFINITY, INFINITY};
    size_t k = all->variants, total = k * (k - 1) / 2;

    all->difference = mem_calloc(total + 1, sizeof *all->difference);
    all->p = mem_calloc(total + 1, sizeof *all->p);
    for (size_t i = 0; i < k; i++) {
        for (size_t j = i + 1; j < k; j++) {
            struct comparison c =
                comparison_paired(columns[i], columns[j], count, stride, any);

            all->difference[pair(all, i, j)] = c.difference;
            all->p[pair(all, i, j)] = c.p_value;
        }
    }
    comparison_holm(all->p, total);
}

static bool beats(const struct pairs *all, size_t i, size_t j,
                  enum direction direction)
{
    size_t at = i < j ? pair(all, i, j) : pair(all, j, i);
    enum better wanted = i < j ? BETTER_VARIANT : BETTER_BASELINE;

    return comparison_verdict(all->difference[at], all->p[at], direction) ==
           wanted;
}

static double mean_of(const double *values, size_t count, size_t stride)
{
    const struct output_range any = {-INFINITY, INFINITY};

    return output_summarise(values, count, stride, any).mean;
}

/* `mean` holds what is better the lower, while sorting. */
static int by_rank(const void *left, const void *right)
{
    const struct ranking *a = left, *b = right;

    if (a->rank != b->rank) /* 0 comes last */
        return a->rank - 1 < b->rank - 1 ? -1 : 1;
    if (a->rank > 0 && a->mean != b->mean)
        return a->mean < b->mean ? -1 : 1;
    return a->variant < b->variant ? -1 : a->variant > b->variant;
}

void comparison_rank(const double *const *columns, size_t variants,
                     size_t count, size_t stride, enum direction direction,
                     struct ranking *ranking)
{
    struct pairs all = {.variants = variants};
    double sign = direction == DIRECTION_HIGHER ? -1 : 1;

    assert(direction != DIRECTION_NONE && variants > 0);
    compare_all(&all, columns, count, stride);
    for (size_t i = 0; i < variants; i++) {
        double mean = mean_of(columns[i], count, stride);

        ranking[i] = (struct ranking){i, isnan(mean) ? 0u : 1u, sign * mean};
        for (size_t j = 0; j < variants && ranking[i].rank > 0; j++)
            ranking[i].rank += j != i && beats(&all, j, i, direction);
    }
    qsort(ranking, variants, sizeof *ranking, by_rank);
    for (size_t i = 0; i < variants; i++)
        ranking[i].mean *= sign;
    free(all.difference);
    free(all.p);
}
