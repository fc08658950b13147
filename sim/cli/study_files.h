/*
 * study_files - the files of a result directory.
 */
#ifndef SIM_CLI_STUDY_FILES_H
#define SIM_CLI_STUDY_FILES_H

#include "sim/cli/study.h"

/* Writes the detail rows of one replication to parts of its own, so that
 * threads need not wait for each other; study_write puts them together in
 * order. False: study->error is set. */
bool study_write_parts(struct study *study, const struct simulation *s,
                       size_t replication);

#endif
