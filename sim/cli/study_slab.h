/*
 * study_slab - some metrics of all variants at once, as columns that the
 * statistics take. A bounded number of rows at a time.
 */
#ifndef SIM_CLI_STUDY_SLAB_H
#define SIM_CLI_STUDY_SLAB_H

#include "sim/cli/study.h"

struct study_slab {
    struct study *study;
    VEC_OF(struct metric_row) rows; /* of all variants, each once */
    size_t first, width;            /* rows that are loaded */
    double *values;                 /* [variant][replication][row] */
};

/* The caller releases it. */
struct study_slab study_slab_new(struct study *study);
void study_slab_release(struct study_slab *slab);

/* Loads the next rows; false: there are none, or study->error is set. */
bool study_slab_next(struct study_slab *slab);

/* A variant's values of a loaded row, NaN where it has no such row;
 * replication r at [r * slab->width]. row: below slab->width. */
static inline const double *study_slab_column(const struct study_slab *slab,
                                              size_t variant, size_t row)
{
    return slab->values + variant * slab->study->replications * slab->width +
           row;
}

#endif
