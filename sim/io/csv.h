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

/* Writing. A row is fields, then csv_end. Errors of the stream (a full
 * disk) are found by the owner of the stream at its end: ferror, fclose. */
void csv_text(FILE *out, const char *text); /* NULL: empty field */
void csv_int(FILE *out, int64_t value);
void csv_double(FILE *out, double value);   /* NaN: empty field */
void csv_time(FILE *out, sim_time t);       /* seconds, exact; SIM_NEVER:
                                               empty field */
void csv_end(FILE *out);
/* A header: the names of a comma-separated list, as they are. */
void csv_header(FILE *out, const char *names);
/* Ends of line are "\r\n", as RFC 4180 says. */

/* Reading, in constant memory. */
struct csv_row {
    size_t count;
    const char *const *fields; /* valid until the next row */
    size_t line;               /* of its first byte, from 1 */
};

/* Calls row(self, &row) for each row after the header, which goes to
 * header(self, &row) first. Either returns false to stop. Rows with another
 * number of fields than the header, bad quoting, unreadable files and a
 * missing header are errors; keep_going: such rows are counted in *skipped
 * and passed over. "-": standard input. Returns false after an error. */
bool csv_read(const char *path, bool (*header)(void *, const struct csv_row *),
              bool (*row)(void *, const struct csv_row *), void *self,
              bool keep_going, size_t *skipped, struct diag *diag);

#endif
