/*
 * kinds - what the files of sim/engine/dist/ share; for them and dist.c.
 *
 * A kind NAME is the file NAME.c, which defines `const struct dist_kind
 * dist_kind_NAME`, and the line DIST(NAME) in dist.def.
 */
#ifndef SIM_ENGINE_DIST_KINDS_H
#define SIM_ENGINE_DIST_KINDS_H

#include "sim/engine/dist.h"

#define DIST(name) extern const struct dist_kind dist_kind_##name;
#include "sim/engine/dist/dist.def"
#undef DIST

enum { DIST_LIST_MAX = 4096 };

/* Shared by copies of an empirical or a hyperexponential distribution. */
struct dist_table {
    _Atomic size_t references;
    size_t count;
    double values[]; /* as the kind likes */
};

/* A table of `count` zeros with one reference, the caller's. */
struct dist_table *dist_table_new(size_t count);

/* The value of that name; NULL: not written. */
const struct dist_value *dist_value_find(const struct dist_value *values,
                                         size_t count, const char *name);

/* Stores the numbers of those of names[] that were written (the end of
 * names[] is NULL). Returns a bit for each: bit i for
 * names[i]. A name not in names[] is an error: false, *why set. */
bool dist_read(const struct dist_value *values, size_t count,
               const char *const *names, double *numbers, unsigned *found,
               const char **why);

/* Where a make function says no. */
static inline bool dist_refuse(const char **why, const char *text)
{
    *why = text;
    return false;
}

/* True where x is finite and above (not below) zero. */
static inline bool dist_positive(double x)
{
    return x > 0.0 && x <= 1.7e308;
}
static inline bool dist_nonnegative(double x)
{
    return x >= 0.0 && x <= 1.7e308;
}

/* Gamma of scale 1: Marsaglia and Tsang (2000), exact; and its other
 * functions for shape a, scale b; erlang uses them too. */
double dist_gamma_sample(double shape, struct rng *rng);
double dist_gamma_quantile(double probability, double shape, double scale);

#endif
