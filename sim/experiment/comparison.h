/*
 * comparison - which of several variants is better, and how sure is that?
 *
 * All variants ran the same replications under common random numbers, so
 * the k-th value of one belongs to the k-th of the other: differences are
 * taken pair by pair (Law, Simulation Modeling and Analysis, 5th ed.,
 * sections 10.2.1 and 11.2). A pair counts where both values are defined.
 *
 * A column is values[i * stride], i < count; undefined values are NaN.
 */
#ifndef SIM_EXPERIMENT_COMPARISON_H
#define SIM_EXPERIMENT_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/engine/stat.h"
#include "sim/experiment/output.h"

/* Which way a quantity is better. */
enum direction { DIRECTION_NONE, DIRECTION_HIGHER, DIRECTION_LOWER };

/* Claims are made at this level: 5 % may be wrong. */
#define COMPARISON_ALPHA 0.05

/* What the pairs say of value - baseline. */
struct comparison {
    size_t count;       /* pairs with both values */
    double difference;  /* its mean; NaN: no pair */
    struct interval ci; /* 95 %, Student's t; NaN below two pairs */
    double p_value;     /* of the paired t test, two-sided, not adjusted; NaN
                           below two pairs. Where all differences are the
                           same: 1 if that is zero, else 0 */
};

/* range: of the quantity; the interval is clipped to what a difference of
 * two such can be. */
struct comparison comparison_paired(const double *values,
                                    const double *baseline, size_t count,
                                    size_t stride, struct output_range range);

/*
 * Adjusts p-values of a family of tests in place, so that the probability of
 * any wrong claim among them is at most the level they are held against
 * (Holm, Scand. J. Statist. 6, 1979). NaN: no test was made; it stays and
 * does not count as one of the family.
 */
void comparison_holm(double *p_values, size_t count);

enum better { BETTER_TIED, BETTER_VARIANT, BETTER_BASELINE };
extern const char *const better_names[]; /* "tied", "variant", "baseline" */

/* Who is better. Tied where the adjusted p-value is not below
 * COMPARISON_ALPHA, where none could be had, and where no direction is the
 * better one. */
enum better comparison_verdict(double difference, double adjusted_p,
                               enum direction direction);

/* A variant's place. */
struct ranking {
    size_t variant;
    size_t rank; /* from 1; 0: it has no value at all */
    double mean; /* NaN then */
};

/*
 * Ranks variants by one quantity: a variant's rank is one more than the
 * number of variants that are significantly better than it, by paired t
 * tests of all pairs, Holm-adjusted over all of them. So rank 1 means that
 * nothing has been shown to be better, equal ranks are tied, and no gap that
 * noise can explain makes a rank. (Ranks by means alone pretend to know more;
 * tests against the best mean alone forget that it was chosen by the same
 * data.) columns[v]: of each variant. Sets ranking[variants] in order of
 * rank, then mean (the better first), then number; those without a value
 * come last. direction is not DIRECTION_NONE.
 */
void comparison_rank(const double *const *columns, size_t variants,
                     size_t count, size_t stride, enum direction direction,
                     struct ranking *ranking);

#endif
