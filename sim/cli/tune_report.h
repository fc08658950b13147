/*
 * tune_report - what a search for the best value found: tune.csv, and the
 * summary on the terminal.
 */
#ifndef SIM_CLI_TUNE_REPORT_H
#define SIM_CLI_TUNE_REPORT_H

#include "sim/cli/tune_search.h"

/* The rows of tune.csv: a value tried and a target each. */
extern const char tune_columns[];
void tune_rows(const struct tune_search *search, FILE *out);

/* The answer first, then the evidence: at most 30 lines of 80 columns. */
void tune_table(const struct tune_search *search, const char *dir, FILE *out);
/* One object. */
void tune_json(const struct tune_search *search, const char *dir, FILE *out);

#endif
