/*
 * output - analysis of the output of independent replications.
 */
#ifndef SIM_EXPERIMENT_OUTPUT_H
#define SIM_EXPERIMENT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/engine/stat.h"

/* Range that a quantity can take: its intervals are clipped to it. */
struct output_range {
    double low, high; /* may be infinite */
};

/* What replications say of one quantity. Undefined values (NaN) are left
 * out; count says how many were not. */
struct output_summary {
    size_t count;
    double mean, stddev, min, max; /* NaN where undefined: count 0; stddev
                                      below two */
    struct interval ci;            /* 95 %, Student's t; NaN below two */
};

/* values[i * stride], i < count. */
struct output_summary output_summarise(const double *values, size_t count,
                                       size_t stride,
                                       struct output_range range);

/* A quantile of the values, and an interval for it that holds whatever their
 * distribution: from the order statistics whose ranks enclose it with
 * probability 0.95 or more, by the binomial distribution, as near to equal
 * tails as that allows (Conover, Practical Nonparametric Statistics, section
 * 3.2). NaN bounds where there are too few values for one (below six for the
 * median). value: as of the sorted sample, interpolated linearly between its
 * points (GSL); NaN: no value. */
struct output_quantile {
    size_t count;
    double value;
    struct interval ci;
};
struct output_quantile output_quantile(const double *values, size_t count,
                                       size_t stride, double probability);

/*
 * Where the warm-up of a series ends: MSER-5 (White, Simulation 69, 1997;
 * White, Cobb and Spratt, WSC 2000). The series is cut where the standard
 * error of what is left, in means of five, is the least; a cut in the second
 * half says that the series is too short to tell (Franklin and White, WSC
 * 2008). Values without number (NaN) are left out before batching.
 * Returns the observations to delete, a multiple of five (in numbers of the
 * series as given); *found false: fewer than ten batches, or a cut in the
 * second half; 0 then.
 */
size_t output_mser5(const double *series, size_t count, bool *found);

/* What a precision goal is relative to. */
enum precision_scale {
    PRECISION_OF_MEAN, /* half-width <= P |mean| */
    PRECISION_OF_REST  /* ratios: half-width <= P (1 - mean) */
};

/* True where the interval of the values is tight enough. An all-zero
 * failure count and a ratio of exactly 1 have nothing to be relative to and
 * are never tight: what was not seen may still happen. */
bool output_tight(const double *values, size_t count, size_t stride,
                  enum precision_scale scale, double precision);

#endif
