/*
 * effects - which factor moves a quantity most?
 */
#ifndef SIM_EXPERIMENT_EFFECTS_H
#define SIM_EXPERIMENT_EFFECTS_H

#include <stddef.h>

#include "sim/engine/stat.h"
#include "sim/experiment/design.h"

/*
 * Elementary effects of a factor, each over its whole range: the change in
 * the quantity when that factor alone moved, over the part of its range that
 * it moved by (Morris, Technometrics 33, 1991).
 */
struct morris_effect { /* NaN where undefined: below one, below two */
    size_t count;      /* trajectories in which both points have a value */
    double mu;         /* mean: signed, so that effects may cancel out */
    double mu_star;    /* mean of absolute values: how much it matters
                          (Campolongo, Cariboni and Saltelli, Env. Mod.
                          Softw. 22, 2007) */
    double sigma;      /* standard deviation: not linear, or in interplay */
    struct interval mu_ci, mu_star_ci; /* 95 %, t over trajectories */
    struct interval sigma_ci; /* 95 %, chi-squared: of normal effects */
};

/* design: of design_morris. y[point]: the quantity (mean over replications;
 * NaN: no value). Sets effects[factor]. */
void effects_morris(const struct design *design, const double *y,
                    struct morris_effect *effects);

/*
 * Main effects by least squares: the quantity as a constant plus one term a
 * factor, fitted to each replication; means and intervals over the
 * replications. In a full factorial these are the differences of the levels'
 * means to the grand mean (Montgomery, Design and Analysis of Experiments,
 * chapter 5). The interval says how well the replications determine the
 * effect at these points, not what other points would say.
 */
struct main_effect {
    size_t factor;
    size_t level;       /* of a list; of a distribution 0: the effect is a
                           line's change over all probabilities */
    size_t count;       /* replications in which every point has a value */
    double effect;      /* of a list's value: difference to the mean of all
                           its values; NaN: count is 0 */
    struct interval ci; /* 95 %; NaN below two */
};

/* How far a factor moves the quantity: from its lowest effect to its highest.
 * For a distribution the line's change, as it is. */
struct factor_effect {
    size_t low, high;   /* levels; 0 and 0 for a distribution */
    size_t count;       /* as above */
    double range;       /* of a list: >= 0 */
    struct interval ci; /* 95 %, of that pair of levels */
};

/* Rows of main effects: one for each value of each list, one for each
 * distribution. */
size_t effects_main_rows(const struct design *design);

/* columns[point]: that point's values, replication r at [r * stride], r <
 * count; NaN: none. Sets main[effects_main_rows] in order of factor and level
 * and factors[factor]. With fewer points than there are effects to tell
 * apart, all are undefined. */
void effects_main(const struct design *design, const double *const *columns,
                  size_t count, size_t stride, struct main_effect *main,
                  struct factor_effect *factors);

#endif
