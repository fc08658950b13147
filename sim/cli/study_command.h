/*
 * study_command - what run, compare, batch and merge have in common: a plan
 * becomes a result directory, a summary and an exit status.
 */
#ifndef SIM_CLI_STUDY_COMMAND_H
#define SIM_CLI_STUDY_COMMAND_H

#include "sim/cli/study.h"

/* The result directory of a plan: --output, else results/NAME, for a shard
 * results/NAME-K-of-N. The caller frees it. */
char *study_directory(const struct plan *plan, const struct options *options);

/* Runs a plan whose units can be kept and resumed. Returns the status. */
int study_command(const struct plan *plan, const struct options *options,
                  const struct scenario_options *base);

/* Writes the files, draws, puts the directory in place, prints the summary.
 * Returns the status. keeps: what is finished stays in DIR.partial where that
 * fails. The directory is done with. */
int study_finish(struct study *study, const char *name, bool keeps);

/* Prints messages to standard error and frees them. True: no error. */
bool study_say(struct diag *diag);

#endif
