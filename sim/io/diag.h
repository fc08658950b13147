/*
 * diag - what is wrong with the input, with its place.
 *
 *   scenarios/a.yaml:14:12: error: bad duration '10 minutes' for 'repair'
 *     expected a number and a unit: ns, us, ms, s, m, h, d, w or y
 *
 * Messages are collected; every error of the input is reported, not only the
 * first. Texts: lower case, no full stop, culprits in single quotes.
 */
#ifndef SIM_IO_DIAG_H
#define SIM_IO_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A place in the input. Line and column from 1; 0: none (then only the
 * file, or --set's text, is named). */
struct place {
    const char *file; /* borrowed; outlives the diag. NULL: the program */
    int line, column;
};

struct diag;

struct diag *diag_new(void);
void diag_free(struct diag *diag);

/* Reports. The same text at the same place counts once. At most 50 errors
 * are kept; the rest are counted. */
void diag_error(struct diag *diag, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diag_warning(struct diag *diag, struct place place, const char *format,
                  ...) __attribute__((format(printf, 3, 4)));
void diag_note(struct diag *diag, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds an indented line below the message reported last: what was expected
 * or how to mend it. */
void diag_hint(struct diag *diag, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds "did you mean 'x'?" below the message reported last, where one of
 * the words is near enough to `wrong` (Damerau-Levenshtein distance at most
 * a third of its length, case ignored); else lists the words where they are
 * at most 12. `words` ends with NULL. */
void diag_suggest(struct diag *diag, const char *wrong,
                  const char *const *words);

/* The nearest of the words, or NULL. */
const char *diag_nearest(const char *wrong, const char *const *words);

size_t diag_errors(const struct diag *diag);
/* The text of the error reported first, borrowed; NULL: there is none. */
const char *diag_first_error(const struct diag *diag);
/* Reports the errors of another, which stays as it is. */
void diag_add_errors(struct diag *diag, const struct diag *from);
size_t diag_warnings(const struct diag *diag);

/* Prints all messages in order of file (of first mention), line, column. */
void diag_print(const struct diag *diag, FILE *out);

#endif
