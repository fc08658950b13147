/*
 * study_command - what run, compare, batch and merge have in common: a plan
 * becomes a result directory, a summary and an exit status.
 */
#ifndef SIM_CLI_STUDY_COMMAND_H
#define SIM_CLI_STUDY_COMMAND_H

#include "sim/cli/study.h"
#include "sim/experiment/executor_mpi.h"

/* The result directory of a plan: --output, else results/NAME, for a shard
 * results/NAME-K-of-N. The caller frees it. */
char *study_directory(const struct plan *plan, const struct options *options);

/* Runs a plan whose units can be kept and resumed. remote: other processes,
 * or NULL. Returns the status. */
int study_command(const struct plan *plan, const struct options *options,
                  const struct scenario_options *base, struct remote *remote);

/* Runs units of another process's plan, which it sends, until it has no more.
 * Says nothing. */
int study_work(struct remote *remote, const struct options *options,
               const struct scenario_options *base);

/* The other processes of this program, where mpirun started several; NULL:
 * there are none. All but the one that keeps the results are silent. */
struct remote *study_join(void);
/* What standard input holds, read once, for all. */
void study_share_input(struct remote *remote, struct options *options);

/* Writes the files, draws, puts the directory in place, prints the summary.
 * Returns the status. keeps: what is finished stays in DIR.partial where that
 * fails. The directory is done with. */
int study_finish(struct study *study, const char *name, bool keeps);

/* Prints messages to standard error and frees them. True: no error. */
bool study_say(struct diag *diag);

#endif
