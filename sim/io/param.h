/*
 * param - tables of settings: one row says name, type, default, unit,
 * meaning and source; from it a setting is read, checked, printed and
 * documented. A struct and its table are all that a new setting needs.
 */
#ifndef SIM_IO_PARAM_H
#define SIM_IO_PARAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/engine/dist.h"
#include "sim/io/diag.h"
#include "sim/io/doc.h"

enum param_type {
    PARAM_BOOL,     /* bool */
    PARAM_INT,      /* int64_t */
    PARAM_DOUBLE,   /* double */
    PARAM_RATIO,    /* double; "20%" or 0.2 */
    PARAM_RATE,     /* double, 1/s; "200/s" */
    PARAM_DURATION, /* sim_time; "forever"/"never" -> SIM_NEVER if max is 0 */
    PARAM_MILLI,    /* int64_t; a quantity in thousandths: cpu */
    PARAM_QUANTITY, /* int64_t; a quantity in whole units: bytes */
    PARAM_LIMIT,    /* int64_t; an integer or "unlimited" (INT64_MAX) */
    PARAM_STRING,   /* char *, owned by the struct; NULL where absent */
    PARAM_STRINGS,  /* struct param_strings */
    PARAM_MAP,      /* struct param_map: texts by name, as labels are */
    PARAM_ENUM,     /* int: index into choices */
    PARAM_DIST,     /* struct dist, of seconds */
    PARAM_TABLE,    /* a nested mapping: `table`, the struct at offset */
    PARAM_LIST,     /* a sequence of mappings: struct param_list */
    PARAM_CUSTOM    /* `read` does it */
};

struct param_strings {
    char **items;
    size_t count;
};

struct param_map {
    struct param_pair {
        char *name, *value;
    } * items; /* in order of the document */
    size_t count;
};

/* Structs of item_size bytes, each begun with its defaults. */
struct param_list {
    void *items;
    size_t count;
};

/* A default that changed with a Kubernetes version (minor number). */
struct param_since {
    int minor;        /* from 1.MINOR on */
    const char *text; /* the default then */
};

struct param;
typedef bool param_reader(const struct param *param, void *field,
                          struct doc_node *node, struct diag *diag);
typedef void param_printer(const struct param *param, const void *field,
                           FILE *out, int indent);

struct param {
    const char *name;
    enum param_type type;
    size_t offset;      /* of the field in its struct */
    const char *text;   /* default, as a user would write it; NULL: none
                           (zero, NULL, empty) */
    const char *help;   /* one line */
    const char *source; /* where the default comes from; NULL: our choice */
    double min, max;    /* allowed range in the field's unit (durations:
                           seconds); both 0: >= 0 for all but DOUBLE;
                           max below min: no upper limit */
    const char *const *choices;      /* ENUM: ends with NULL */
    const struct param *table;       /* TABLE, LIST */
    size_t item_size;                /* LIST */
    const struct param_since *since; /* ends with text NULL, rising; or NULL */
    param_reader *read;              /* CUSTOM */
    param_printer *print;            /* CUSTOM; NULL: not printed */
    void (*release)(void *field);    /* CUSTOM; NULL: nothing to release */
    bool required;
};
/* A table ends with a row whose name is NULL. */

/* Sets every field of the struct to its default for Kubernetes 1.MINOR.
 * Texts of defaults are asserted to be good. Lists and what is in brackets
 * or quotes are read as YAML. A CUSTOM field without a text is left as it
 * is: its owner has zeroed it. */
void param_defaults(const struct param *table, void *target, int minor);

/* Reads a mapping over what the struct holds (so call param_defaults
 * first). Unknown keys, wrong types, values out of range, missing required
 * keys: errors. False after an error. A NULL node is nothing to read. */
bool param_read(const struct param *table, void *target, struct doc_node *node,
                int minor, struct diag *diag);

/* One value as a row says; for `strategy: {p2c: {choices: 2}}` and the
 * like use param_read on the inner mapping. */
bool param_read_dist(struct doc_node *node, struct dist *out,
                     struct diag *diag);

/* A distribution as a user would write it, on one line in flow style:
 * `5ms`, `{weibull: {shape: 0.8, scale: 12h}}`. */
void param_print_dist(const struct dist *d, FILE *out);

/* Prints the struct as YAML, every key, at an indent of spaces. It reads back
 * to the same struct. A CUSTOM row's print is called behind "key:" and a
 * blank; it ends the line, and indents further lines by more than indent. */
void param_print(const struct param *table, const void *target, FILE *out,
                 int indent);

/* Releases what the struct owns. */
void param_release(const struct param *table, void *target);

/* Finds the row for "controlPlane.watchLatency" and so on; NULL: none. */
const struct param *param_find(const struct param *table, const char *path);

/* One line a row, nested tables with their path before:
 * name<TAB>default in 1.MINOR<TAB>unit<TAB>since<TAB>help<TAB>source. */
void param_document(const struct param *table, const char *prefix, int minor,
                    FILE *out);

#endif
