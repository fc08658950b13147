/*
 * report - DIR/report.html: the result directory on one page, for people.
 * Self-contained: tables from the CSV files, and the figures as they are in
 * plots/, inline.
 */
#ifndef SIM_CLI_REPORT_H
#define SIM_CLI_REPORT_H

#include <stdbool.h>
#include <stddef.h>

struct report_figure {
    const char *name;     /* DIR/plots/NAME.svg; left out where it is not */
    const char *question; /* its caption */
};

/* Writes the page. False: a message went to standard error. */
bool report_write(const char *dir, const struct report_figure *figures,
                  size_t count);

#endif
