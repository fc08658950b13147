/*
 * resultdir - a directory that appears whole or not at all.
 *
 * Files are written to NAME.partial beside it; resultdir_commit renames.
 * An existing NAME is replaced only if it holds a run.json that podchurn
 * wrote; anything else is never touched. Two processes never write one
 * directory (the .partial is locked with flock, where the file system can).
 * A crash leaves NAME as it was, or NAME.partial-old in its place, which the
 * next resultdir_open puts back.
 */
#ifndef SIM_IO_RESULTDIR_H
#define SIM_IO_RESULTDIR_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/io/diag.h"

struct resultdir;

/* True where a directory holds a run.json that begins as podchurn's do. */
bool resultdir_is_one(const char *path);

/* Checks and prepares. NULL after an error in diag: NAME exists and is not
 * ours, its parent cannot be written, another process is at it. A stale
 * .partial of a dead process is removed. Missing parents are made. */
struct resultdir *resultdir_open(const char *name, struct diag *diag);

/* As resultdir_open, but what is in the .partial of a dead process stays. */
struct resultdir *resultdir_resume(const char *name, struct diag *diag);

/* Opens a file below it for writing ("plots/a.svg" makes plots/). NULL with
 * errno set after a failure. Closed by resultdir_close_file or commit. */
FILE *resultdir_file(struct resultdir *dir, const char *name);
/* False: writing it failed (full disk); errno says why. */
bool resultdir_close_file(struct resultdir *dir, FILE *file);

/* The path that files have before commit: for programs run on them. */
const char *resultdir_path(const struct resultdir *dir);

/* Closes all files, syncs, renames into place, frees. False after an error
 * in diag; then nothing of NAME has changed and .partial is removed. */
bool resultdir_commit(struct resultdir *dir, struct diag *diag);

/* As resultdir_commit, but after an error .partial stays for
 * resultdir_resume. */
bool resultdir_commit_or_leave(struct resultdir *dir, struct diag *diag);

/* Removes what was written, frees. */
void resultdir_abandon(struct resultdir *dir);

/* Closes all files, leaves .partial as it is for resultdir_resume, frees. */
void resultdir_leave(struct resultdir *dir);

#endif
