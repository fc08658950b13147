#include "sim/experiment/output.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

#include "sim/engine/mem.h"

static struct tally gather(const double *values, size_t count, size_t stride)
{
    struct tally t = {0};

    for (size_t i = 0; i < count; i++) {
        if (!isnan(values[i * stride]))
            tally_add(&t, values[i * stride]);
    }
    return t;
}

static double clip(double x, struct output_range range)
{
    if (x < range.low)
        return range.low;
    return x > range.high ? range.high : x;
}

struct output_summary output_summarise(const double *values, size_t count,
                                       size_t stride, struct output_range range)
{
    struct tally t = gather(values, count, stride);
    struct output_summary s = {.count = (size_t)t.count,
                               .mean = tally_mean(&t),
                               .stddev = sqrt(tally_variance(&t)),
                               .min = t.count ? t.min : NAN,
                               .max = t.count ? t.max : NAN,
                               .ci = stat_t_interval(&t, 0.95)};

    assert(!(range.low > range.high));
    if (t.count >= 2) {
        s.ci.low = clip(s.ci.low, range);
        s.ci.high = clip(s.ci.high, range);
    }
    return s;
}

/* The defined values, sorted; *count becomes their number. The caller frees
 * them. */
static double *sorted(const double *values, size_t *count, size_t stride)
{
    double *copy = mem_calloc(*count, sizeof *copy);
    size_t n = 0;

    for (size_t i = 0; i < *count; i++) {
        if (!isnan(values[i * stride]))
            copy[n++] = values[i * stride];
    }
    gsl_sort(copy, 1, n);
    *count = n;
    return copy;
}

/* Ranks r < s (from 1) with P(x(r) <= quantile <= x(s)) >= 0.95: at most
 * 2.5 % of the binomial's weight below r and from s on. s - 1 values below
 * the quantile at most. False: there are none. */
static bool enclosing_ranks(size_t n, double probability, size_t *low,
                            size_t *high)
{
    size_t r = 0, s = 1;

    while (r < n &&
           gsl_cdf_binomial_P((unsigned)r, probability, (unsigned)n) <= 0.025)
        r++;
    while (s <= n && gsl_cdf_binomial_Q((unsigned)s - 1, probability,
                                        (unsigned)n) > 0.025)
        s++;
    *low = r;
    *high = s;
    return r >= 1 && s <= n;
}

struct output_quantile output_quantile(const double *values, size_t count,
                                       size_t stride, double probability)
{
    struct output_quantile q = {.value = NAN, .ci = {NAN, NAN}};
    size_t n = count, low, high;
    double *x = sorted(values, &n, stride);

    assert(probability > 0 && probability < 1);
    q.count = n;
    if (n > 0)
        q.value = gsl_stats_quantile_from_sorted_data(x, 1, n, probability);
    if (n > 0 && enclosing_ranks(n, probability, &low, &high))
        q.ci = (struct interval){x[low - 1], x[high - 1]};
    free(x);
    return q;
}

enum { MSER_BATCH = 5, MSER_BATCHES = 10 };

/* The cut, in batches, from the back to the front: sums grow by one batch
 * each, so that all is linear. Of equal ones the earliest. */
static size_t mser_cut(const double *batches, size_t count)
{
    struct tally rest = {0};
    double best = INFINITY;
    size_t cut = 0;

    for (size_t d = count; d-- > 0;) {
        double n, error;

        tally_add(&rest, batches[d]);
        n = (double)rest.count;
        error = rest.m2 / (n * n); /* of the mean, squared */
        if (rest.count >= MSER_BATCH && error <= best) {
            best = error;
            cut = d;
        }
    }
    return cut;
}

size_t output_mser5(const double *series, size_t count, bool *found)
{
    double *batches = mem_calloc(count / MSER_BATCH + 1, sizeof *batches);
    size_t *ends = mem_calloc(count / MSER_BATCH + 1, sizeof *ends);
    size_t n = 0, in_batch = 0, cut;
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        if (isnan(series[i]))
            continue;
        sum += series[i];
        if (++in_batch == MSER_BATCH) {
            batches[n] = sum / MSER_BATCH;
            ends[n++] = i + 1;
            in_batch = 0;
            sum = 0;
        }
    }
    cut = n >= MSER_BATCHES ? mser_cut(batches, n) : n;
    *found = n >= MSER_BATCHES && cut <= n / 2;
    cut = *found && cut > 0 ? ends[cut - 1] : 0;
    free(batches);
    free(ends);
    return cut;
}

bool output_tight(const double *values, size_t count, size_t stride,
                  enum precision_scale scale, double precision)
{
    struct tally t = gather(values, count, stride);
    struct interval ci = stat_t_interval(&t, 0.95);
    double half, whole;

    assert(precision > 0);
    if (t.count < 2)
        return false;
    half = (ci.high - ci.low) / 2;
    whole = scale == PRECISION_OF_REST ? 1 - t.mean : fabs(t.mean);
    return whole > 0 && half <= precision * whole;
}
