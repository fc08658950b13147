/*
 * tree - directories with all that is in them. Names are relative to a
 * folder, an open directory or AT_FDCWD. Links are never followed. All
 * functions return false with errno set after a failure.
 */
#ifndef SIM_IO_TREE_H
#define SIM_IO_TREE_H

#include <stdbool.h>

/* Calls act(folder, name) for each entry of a directory until it returns
 * false. */
bool tree_each(int folder, const char *name,
               bool (*act)(int folder, const char *name));

/* Removes a file, or a directory with all that is in it. What is absent is
 * removed. */
bool tree_remove(int folder, const char *name);

/* Brings a file, or a directory with all that is in it, to the disk. */
bool tree_sync(int folder, const char *name);

/* Makes the directories that a path's last part lies in. */
bool tree_make_parents(const char *path);

#endif
