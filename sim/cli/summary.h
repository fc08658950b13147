/*
 * summary - what a run says on the terminal: 80 columns, at most 30 lines.
 */
#ifndef SIM_CLI_SUMMARY_H
#define SIM_CLI_SUMMARY_H

#include <stdio.h>

#include "sim/cli/study.h"

/* dir: where the results are; NULL: none were written. */
void summary_table(const struct study *study, const char *dir, FILE *out);
/* The rows of metrics.csv. */
void summary_csv(const struct study *study, FILE *out);
/* One object: scenario, Services with metrics and intervals, SLOs. */
void summary_json(const struct study *study, const char *dir, FILE *out);

#endif
