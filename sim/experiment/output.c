#include "sim/experiment/output.h"

#include <assert.h>
#include <math.h>

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
