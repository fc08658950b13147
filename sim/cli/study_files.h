/*
 * study_files - the files of a result directory.
 */
#ifndef SIM_CLI_STUDY_FILES_H
#define SIM_CLI_STUDY_FILES_H

#include "sim/cli/study.h"
#include "sim/io/csv.h"

/* Writes the detail rows of one replication to its unit's part; study_write
 * puts them together in order. False: study->error is set. */
bool study_write_part(struct study *study, const struct simulation *s,
                      struct unit_progress *progress);

/* For the files' writers. Remembers the first error; always false. */
bool study_fail(struct study *study, int error);
/* A file of the directory with its header; NULL: study->error is set. */
FILE *study_open(struct study *study, const char *name, const char *header);
bool study_close(struct study *study, FILE *file);

/* Columns that several files have. */
void study_put_metric(struct csv *csv, const struct metric_row *row);

/* Reads rows [first, first + count) of the store over the replications, as
 * many at once as fit in a bounded buffer, and gives them to `each` one by
 * one: values[replication * stride]. */
void study_each_row(struct study *study, size_t variant, size_t first,
                    size_t count,
                    void (*each)(void *self, size_t row, const double *values,
                                 size_t stride),
                    void *self);

/* study_compare.c: variants.csv; and where there is a baseline
 * comparison.csv and ranking.csv; effects of the factors. */
bool study_write_comparisons(struct study *study);

#endif
