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
