/*
 * csv - RFC 4180 in and out (libcsv).
 */
#ifndef SIM_IO_CSV_H
#define SIM_IO_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/engine/sim.h"
#include "sim/io/diag.h"

/* Writing. A row is fields, then csv_end. `struct csv out = {file, false};`
 * is ready for use and needs no release; a stream has no room to remember
 * whether a comma is due. Errors of the stream (a full disk) are found by
 * its owner at its end: ferror, fclose. */
struct csv {
    FILE *file;  /* borrowed */
    bool in_row; /* a field of this row has been written */
};

void csv_text(struct csv *out, const char *text); /* NULL: empty field */
void csv_int(struct csv *out, int64_t value);
void csv_double(struct csv *out, double value); /* NaN: empty field */
void csv_time(struct csv *out, sim_time t);     /* seconds, exact;
                                                   SIM_NEVER: empty field */
void csv_end(struct csv *out);
/* A header: the names of a comma-separated list, as they are. */
void csv_header(struct csv *out, const char *names);
/* Ends of line are "\r\n", as RFC 4180 says. Infinity is written "inf". */

/* Reading, in constant memory. Files that gzip made are read through the
 * program gzip. */
struct csv_row {
    size_t count;
    const char *const *fields; /* valid until the next row */
    size_t line;               /* of its first byte, from 1 */
};

/* Calls row(self, &row) for each row after the header, which goes to
 * header(self, &row) first. Either returns false to stop. Rows with another
 * number of fields than the header, bad quoting, unreadable files and a
 * missing header are errors; keep_going: such rows are counted in *skipped
 * and passed over (skipped may be NULL). Empty lines are passed over. "-":
 * standard input. Returns false after an error; that a function stopped the
 * reading is none. A field has at most 16 MiB. */
bool csv_read(const char *path, bool (*header)(void *, const struct csv_row *),
              bool (*row)(void *, const struct csv_row *), void *self,
              bool keep_going, size_t *skipped, struct diag *diag);

/* The same, row by row: the header is the first. The caller closes it. Each
 * has its own diag, which must outlive it. Never NULL. */
struct csv_file;
struct csv_file *csv_open(const char *path, struct diag *diag);
/* The next row, valid until the next call. False: there is none, for the end
 * or an error: csv_failed. */
bool csv_next(struct csv_file *file, struct csv_row *row);
bool csv_failed(const struct csv_file *file);
void csv_close(struct csv_file *file); /* NULL is nothing to close */

#endif
