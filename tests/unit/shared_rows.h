/*
 * shared_rows - rows of the shared tables of known answers, for unit tests.
 *
 * The tables stand in ../shared/cases, or in $PODCHURN_SHARED/cases; where
 * they are absent a test prints "skipped: <why>" and passes.
 */
#ifndef TESTS_UNIT_SHARED_ROWS_H
#define TESTS_UNIT_SHARED_ROWS_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROW_CELLS = 16, ROW_BYTES = 2048 };

struct shared_row {
    char text[ROW_BYTES]; /* what cells point to */
    char *cells[ROW_CELLS];
    size_t count;
};

/* Opens a table and skips its header. NULL: absent, which is said. */
static inline FILE *shared_rows_open(const char *name)
{
    const char *folder = getenv("PODCHURN_SHARED");
    struct shared_row header;
    char path[1024];
    FILE *file;

    snprintf(path, sizeof path, "%s/cases/%s", folder ? folder : "../shared",
             name);
    file = fopen(path, "r");
    if (!file)
        printf("skipped: no '%s'\n", path);
    else if (!fgets(header.text, ROW_BYTES, file))
        printf("'%s' is empty\n", path);
    return file;
}

/* Reads a row and cuts it at commas outside quotes. False: the end. */
static inline bool shared_rows_next(FILE *file, struct shared_row *row)
{
    bool quoted = false;
    char *to;

    if (!fgets(row->text, ROW_BYTES, file))
        return false;
    row->count = 0;
    to = row->cells[row->count++] = row->text;
    for (const char *from = row->text; *from && *from != '\n'; from++) {
        if (*from == '"') {
            quoted = !quoted;
        } else if (*from == ',' && !quoted && row->count < ROW_CELLS) {
            *to++ = 0;
            row->cells[row->count++] = to;
        } else {
            *to++ = *from;
        }
    }
    *to = 0;
    return true;
}

/* The number after "name=" in a list "a=1;b=2"; `absent` where none is. */
static inline double shared_rows_number(const char *list, const char *name,
                                        double absent)
{
    size_t length = strlen(name);

    for (const char *p = list; p; p = strchr(p, ';')) {
        p += *p == ';';
        if (strncmp(p, name, length) == 0 && p[length] == '=')
            return strtod(p + length + 1, NULL);
    }
    return absent;
}

#endif
