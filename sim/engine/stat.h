/*
 * stat - what a run says of its variables, in constant memory.
 */
#ifndef SIM_ENGINE_STAT_H
#define SIM_ENGINE_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/engine/sim.h"

/* Count, mean, variance (Welford), extremes of observations. Zeroed: empty. */
struct tally {
    uint64_t count;
    double mean, m2, min, max;
};
void tally_add(struct tally *t, double x);
void tally_merge(struct tally *into, const struct tally *from);
double tally_mean(const struct tally *t);     /* NaN: empty */
double tally_variance(const struct tally *t); /* n-1; NaN: below two */

/* Integral of a step function over time. */
struct timeavg {
    sim_time since, start; /* last change; start of measurement */
    double value;
    double integral; /* value x seconds */
};
void timeavg_start(struct timeavg *t, sim_time now, double value);
void timeavg_set(struct timeavg *t, sim_time now, double value);
/* Forgets the past, keeps the value: the end of the warm-up. */
void timeavg_restart(struct timeavg *t, sim_time now);
double timeavg_integral(const struct timeavg *t, sim_time now);
double timeavg_mean(const struct timeavg *t, sim_time now); /* NaN: no time */

/*
 * Quantiles of non-negative values in constant memory: logarithmic buckets,
 * 64 an octave, so that a quantile is off by at most 0.8 %. Values are
 * ns (or any integers); 0 has a bucket of its own. About 30 kB when used,
 * nothing before the first value. Mergeable: addition of counts.
 */
struct sketch {
    uint64_t count;
    int64_t min, max;
    double sum;
    uint32_t low, high; /* range of buckets touched */
    uint64_t *buckets;  /* owned */
};
void sketch_add(struct sketch *s, int64_t value);
void sketch_add_many(struct sketch *s, int64_t value, uint64_t count);
void sketch_merge(struct sketch *into, const struct sketch *from);
/* The value that `probability` of all are <=: in [min, max]; NaN: empty. */
double sketch_quantile(const struct sketch *s, double probability);
double sketch_mean(const struct sketch *s); /* exact; NaN: empty */
void sketch_clear(struct sketch *s);        /* empty, memory kept */
void sketch_release(struct sketch *s);
/* Calls visit(low edge, high edge, count) for each bucket in use, rising. */
void sketch_each(const struct sketch *s,
                 void (*visit)(void *self, double low, double high,
                               uint64_t count),
                 void *self);

/* Kaplan-Meier product-limit estimator (1958). ages: seconds; ended[i]
 * false: censored. Returns the median; NaN where the curve stays above one
 * half. Sorts copies. */
double stat_kaplan_meier_median(const double *ages, const bool *ended,
                                size_t count);

/* Quantile of Student's t with df > 0 degrees of freedom (GSL). */
double stat_t_quantile(double probability, double df);

struct interval {
    double low, high;
};
/* Confidence interval for the mean of independent normal observations:
 * mean +- t(1-(1-level)/2, n-1) s/sqrt(n). NaN bounds when count < 2. */
struct interval stat_t_interval(const struct tally *t, double level);

#endif
