/*
 * progress - how far a run is, on standard error: a bar redrawn on a
 * terminal, a line a minute and one at the end in a log.
 */
#ifndef SIM_CLI_PROGRESS_H
#define SIM_CLI_PROGRESS_H

#include <stdbool.h>
#include <time.h>

#include "sim/cli/options.h"

struct progress {
    bool shown, terminal;
    const char *what;
    struct timespec start, last;
    double done, total; /* as told last */
};

/* `what` is borrowed: "can-you-spot-the-problem". */
void progress_begin(struct progress *p, enum progress_when when, bool quiet,
                    const char *what);
/* done of total, in the same unit (replications). */
void progress_show(struct progress *p, double done, double total);
/* Takes the bar away; in a log: the last line. */
void progress_end(struct progress *p);
/* Seconds since progress_begin. */
double progress_seconds(const struct progress *p);

/* From progress_catch_signals on, SIGINT and SIGTERM only set this. */
void progress_catch_signals(void);
bool progress_interrupted(void);

#endif
