/*
 * compare_table - the summary of a comparison on the terminal: which variant
 * is best, by how much, how sure. At most 30 lines of 80 columns.
 */
#ifndef SIM_CLI_COMPARE_TABLE_H
#define SIM_CLI_COMPARE_TABLE_H

#include <stdio.h>

#include "sim/cli/study.h"

/* dir: where the files are, for people; NULL: nowhere. */
void compare_table(const struct study *study, const char *dir, FILE *out);

#endif
