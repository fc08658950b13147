/*
 * trace - recorded data: a CSV file of any origin, row by row, by the names
 * that we give its columns (spec.md, section 3.3).
 *
 * A reader says which fields it wants; the scenario says which column each
 * is, in what unit, which rows count, and what time is 0. Memory is constant:
 * one row at a time. Immutable specs are shared; each reader is its owner's.
 */
#ifndef MODELS_TRACE_H
#define MODELS_TRACE_H

#include "sim/engine/sim.h"
#include "sim/io/diag.h"

enum trace_type {
    TRACE_TEXT,
    TRACE_NUMBER, /* >= 0, times the column's unit */
    TRACE_SPAN,   /* a time >= 0: a number of units */
    TRACE_TIME    /* a point in time: a number of units, or a date */
};

struct trace_field {
    const char *name; /* ours: "time"; a list ends with NULL */
    enum trace_type type;
    bool required;
};

struct trace_column {
    const char *header; /* NULL: none is meant */
    bool asked;         /* the scenario names it: it must be there */
    double unit;        /* ns of a time; what a number is multiplied by */
    const char *format; /* of a date, as strptime's; NULL: ISO 8601's */
};

struct trace_filter {
    const char *header, *glob;
};

enum trace_origin { ORIGIN_AUTO, ORIGIN_FIRST, ORIGIN_VALUE };

struct trace_spec {
    const char *path;
    const struct trace_field *fields;
    const struct trace_column *columns; /* by field */
    size_t filter_count;
    const struct trace_filter *filters;
    enum trace_origin origin; /* AUTO: the first row's where times are dates,
                                 else 0 */
    const char *origin_text;  /* VALUE */
};

struct trace_value {
    const char *text; /* "": empty, or no such column. Until the next row */
    double number;    /* NaN where the text is empty */
    sim_time time;    /* since the origin; SIM_NEVER where it is empty */
};

struct trace;

/* Opens the file and finds its columns. NULL after an error in diag, which
 * must outlive the trace. The caller closes it. */
struct trace *trace_open(const struct trace_spec *spec, struct diag *diag);
/* The next row that the filters let pass, a value a field. False: the end, or
 * an error in diag. */
bool trace_next(struct trace *trace, struct trace_value *values);
/* Where the last row stands. */
struct place trace_place(const struct trace *trace);
bool trace_failed(const struct trace *trace);
void trace_close(struct trace *trace); /* NULL is nothing to close */

/* A date by a format of %Y %m %d %b %H %M %S %F %T %z %s: ns since 1970, UTC.
 * %S takes decimals; %z may be missing. False: not of this form. */
bool trace_date(const char *text, const char *format, sim_time *out);

#endif
