/*
 * tune - the smallest (or largest) of ordered values that meets a target.
 *
 * Pull-style: ask which replications are wanted, run them, tell their
 * values, until none are wanted. What is asked for depends on the values
 * told alone. All values run the same replications: common random numbers.
 *
 * A value meets several targets where it meets each: each is tested at the
 * full level, for a value is claimed only where no test fails (the
 * intersection-union test; Berger, Technometrics 24, 1982).
 *
 * Both ends first, then bisection between one that meets the target and one
 * that does not. A value is decided after 10, 20, 40 .. replications: it
 * meets the target where a one-sided bound for its mean does, misses it where
 * the other bound does; what is undecided at the maximum is not proven, and
 * taken as not met. The bounds' level is Bonferroni's share of 5 % over all
 * looks and over all values that a bisection tries, so that with probability
 * 0.95 no value that truly misses the target is given as the answer, however
 * often one looks (the indifference zone of ranking and selection is not
 * needed: a value too near the target to tell is not claimed).
 *
 * An answer without any variance, as of failures that did not happen, has no
 * honest bound: it is looked at 59 times, which leaves at most 5 % of
 * replications that are otherwise (0.95^59 < 0.05), or as often as allowed.
 *
 * Bisection is right where the quantity is monotone. Looked for is evidence
 * that it is not: values in the middle of what should meet and of what should
 * miss are tried, and all that were tried are compared pair by pair.
 */
#ifndef SIM_EXPERIMENT_TUNE_H
#define SIM_EXPERIMENT_TUNE_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/experiment/comparison.h"

/* What the mean of a quantity is to be. */
struct tune_target {
    enum direction meets; /* HIGHER: >= bound, LOWER: <= bound */
    double bound;
    bool strict;               /* > and < instead */
    struct output_range range; /* of the quantity */
};

struct tune_spec {
    size_t count;                      /* values, in order, >= 1 */
    const struct tune_target *targets; /* borrowed; the first is the one that
                                          more or less is told apart by */
    size_t target_count;               /* >= 1 */
    size_t replications;               /* at the first look, >= 1 */
    size_t max_replications;           /* >= replications */
};

enum tune_verdict {
    TUNE_UNTRIED,
    TUNE_MET,       /* with confidence */
    TUNE_MISSED,    /* with confidence */
    TUNE_NOT_PROVEN /* neither, at the maximum */
};
extern const char *const tune_verdict_names[]; /* "", "met", "missed", "not
                                                  proven" */

struct tune;

struct tune *tune_new(const struct tune_spec *spec);
void tune_free(struct tune *tune);

/* Replications from..to-1 of a value are wanted next, none of which has been
 * told. False: the search is over. */
bool tune_next(struct tune *tune, size_t *value, size_t *from, size_t *to);
/* Tells what the next replication says of each target, in index order of
 * replications (NaN: undefined). */
void tune_add(struct tune *tune, size_t value, const double *x);

struct tune_result {
    bool attained;     /* a value meets the target */
    size_t answer;     /* it */
    bool largest;      /* it is the largest that does: more is worse */
    bool monotone;     /* false: values tried contradict it; see below */
    size_t low, high;  /* such a pair, low < high: the one that should not be
                          worse is significantly so, or misses the target where
                          the other meets it */
    double confidence; /* 0.95 */
};
/* Once the search is over. */
struct tune_result tune_result(struct tune *tune);

/* What was found of a value; count 0: untried. */
enum tune_verdict tune_verdict(const struct tune *tune, size_t value);
struct output_summary tune_summary(const struct tune *tune, size_t value,
                                   size_t target);

#endif
