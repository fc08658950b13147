/*
 * dist - distributions of non-negative quantities.
 *
 * Values are in the unit of the parameters: seconds for durations. Each
 * kind is one file in sim/engine/dist/ and one line in dist.def; that word
 * is the keyword in scenarios and the row in `podchurn list distributions`.
 *
 * `constant` has one parameter, "value". `empirical` knows "file" and
 * "column" for the list of parameters only: a reader of scenarios reads that
 * column and passes it as the list "values" (or calls dist_empirical).
 */
#ifndef SIM_ENGINE_DIST_H
#define SIM_ENGINE_DIST_H

#include "sim/engine/rng.h"
#include "sim/engine/sim.h"

enum { DIST_PARAMETERS = 4 };

/* Observations of an empirical distribution: sorted, shared, counted. */
struct dist_table;

/* A distribution: a plain value, but for `table`. */
struct dist {
    const struct dist_kind *kind;
    double p[DIST_PARAMETERS]; /* canonical parameters of the kind */
    struct dist_table *table;  /* empirical, hyperexponential; else NULL */
};

/* One parameter that a user may write. */
struct dist_param {
    const char *name; /* "shape", "mean", "p99" */
    char unit;        /* 's' duration, '1' plain number, 'r' rate 1/s,
                         'l' list of numbers, 'L' list of durations,
                         'f' file, 't' text */
};

/* What a user wrote: one value a named parameter. */
struct dist_value {
    const char *name;
    double number;      /* seconds or plain */
    const double *list; /* for lists: borrowed */
    size_t list_count;
};

struct dist_kind {
    const char *name;                /* "weibull" */
    const char *summary;             /* one line for `podchurn list` */
    const struct dist_param *params; /* ends with name NULL */
    /* Sets d->p from what was written. False: *why is a static text that
     * says what is wrong or missing ("needs shape and scale or mean"). */
    bool (*make)(struct dist *d, const struct dist_value *values, size_t count,
                 const char **why);
    double (*sample)(const struct dist *d, struct rng *rng);
    double (*mean)(const struct dist *d);     /* may be INFINITY */
    double (*variance)(const struct dist *d); /* may be INFINITY */
    double (*quantile)(const struct dist *d, double probability);
};

/* All kinds, in the order of dist.def; ends with NULL. */
extern const struct dist_kind *const dist_kinds[];
const struct dist_kind *dist_kind_find(const char *name);

/* Ready-made ones. dist_never: every sample is INFINITY. */
struct dist dist_constant(double value);
struct dist dist_exponential(double mean);
struct dist dist_uniform(double min, double max);
struct dist dist_never(void);
/* From observations (copied, any order). The caller releases it. */
struct dist dist_empirical(const double *values, size_t count);

/* Takes another reference to what d shares; drops one. */
struct dist dist_copy(const struct dist *d);
void dist_release(struct dist *d);

double dist_sample(const struct dist *d, struct rng *rng);
double dist_mean(const struct dist *d);
double dist_variance(const struct dist *d);
double dist_quantile(const struct dist *d, double probability);

/* A sample of seconds as time >= 0, rounded once; SIM_NEVER where it is
 * infinite or beyond the clock. Inlines constants and exponentials. */
sim_time dist_sample_time(const struct dist *d, struct rng *rng);

/* True where every sample is the same; *value is it (ns). */
bool dist_is_constant(const struct dist *d, sim_time *value);

/* Seconds to ns, rounded to nearest; SIM_NEVER beyond the clock. */
sim_time sim_seconds(double seconds);
static inline double sim_to_seconds(sim_time t)
{
    return (double)t / 1e9;
}

#endif
