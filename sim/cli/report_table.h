/*
 * report_table - tables of the page: rows of a CSV file, read in passing.
 */
#ifndef SIM_CLI_REPORT_TABLE_H
#define SIM_CLI_REPORT_TABLE_H

#include <stdbool.h>
#include <stdio.h>

/* Text with what HTML gives a meaning to escaped. */
void report_text(const char *text, FILE *out);

struct report_table {
    const char *file, *title;
    const char *columns; /* those shown, in order, separated by commas; a
                            mean stands with its interval, where ci_low and
                            ci_high are in the file */
    const char *first;   /* a column: only rows of its first value; NULL */
    size_t most;         /* rows */
};
/* Nothing where the file is not there or has no rows. False after an error
 * in it: a message went to standard error. */
bool report_table(const char *dir, const struct report_table *table, FILE *out);

/* The headline metrics, a row for each variant and Service. */
bool report_metrics(const char *dir, FILE *out);

#endif
