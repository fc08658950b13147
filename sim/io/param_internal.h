/*
 * param_internal - what the parts of param share. Nobody else includes this.
 */
#ifndef SIM_IO_PARAM_INTERNAL_H
#define SIM_IO_PARAM_INTERNAL_H

#include "sim/io/param.h"

enum { PARAM_SHOWN_MAX = 60, PARAM_DEEP_MAX = 12 };

/* A row's field in its struct. */
static inline void *param_field(const struct param *row, void *target)
{
    return (char *)target + row->offset;
}
static inline const void *param_const_field(const struct param *row,
                                            const void *target)
{
    return (const char *)target + row->offset;
}

/* The row of a table with that name, or NULL. */
const struct param *param_row(const struct param *table, const char *name,
                              size_t length);

/* The default for Kubernetes 1.MINOR, or NULL. */
const char *param_default_text(const struct param *row, int minor);

/* Reads one field from a node that is not null. */
bool param_read_field(const struct param *row, void *field,
                      struct doc_node *node, int minor, struct diag *diag);

/* Releases what a field owns and makes it empty; a CUSTOM one is left to
 * its own function. */
void param_release_field(const struct param *row, void *field);

/* Reports "expected WHAT for 'key', got ..."; false. */
bool param_wrong(const struct doc_node *node, const char *what,
                 const char *hint, struct diag *diag);

/* Prints a text as YAML, quoted where it must be. */
void param_print_text(const char *text, FILE *out);

#endif
