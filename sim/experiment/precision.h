/*
 * precision - when have there been enough replications?
 *
 * The rule is a function of the values of replications 1..n in index order
 * alone: it is evaluated at n = 10, 15, 20 and so on, and at the maximum,
 * and the first n at which every goal of every variant is tight is the
 * answer. Threads, ranks and shards that finish more, or in another order,
 * thus agree on n, and what was computed beyond it is discarded.
 *
 * A goal is tight where the half-width of its 95 % interval is at most
 * `precision` of |mean|, for ratios of 1 - mean (output_tight). It is a
 * relative-precision stopping rule as in Law, Simulation Modeling and
 * Analysis, 5th ed., section 9.4.1; a first look at ten keeps the loss of
 * coverage that comes from stopping when the interval happens to be short
 * small (Chow and Robbins, Ann. Math. Stat. 36, 1965: none in the limit).
 */
#ifndef SIM_EXPERIMENT_PRECISION_H
#define SIM_EXPERIMENT_PRECISION_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/experiment/output.h"

/* A quantity that the rule is about. */
struct precision_goal {
    size_t row; /* for the owner of the values */
    enum precision_scale scale;
};

struct precision_rule {
    double precision;        /* > 0 */
    size_t max_replications; /* >= 1 */
    size_t variants;
    const struct precision_goal *goals; /* borrowed */
    size_t goal_count;
    /* The column of a variant's goal, the first replication's value first,
     * *stride values apart. Borrowed until the next call. */
    const double *(*column)(const void *self, size_t variant, size_t row,
                            size_t *stride);
    const void *self;
};

/* The n at which the rule is evaluated next after n replications; 0: first.
 * n == max_replications: there is none, asserted. */
size_t precision_next(size_t n, size_t max_replications);

/* Whether every goal is tight after n replications. No goal at all: true. */
bool precision_reached(const struct precision_rule *rule, size_t n);

/* How many of `available` replications the rule takes; *reached: whether all
 * goals are tight by then. Where the rule would go on beyond what is
 * available it takes all and *reached is false. */
size_t precision_take(const struct precision_rule *rule, size_t available,
                      bool *reached);

#endif
