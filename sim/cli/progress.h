/*
 * progress - how far a run is, on standard error: a bar redrawn on a
 * terminal, a line a minute and one at the end in a log.
 */
#ifndef SIM_CLI_PROGRESS_H
#define SIM_CLI_PROGRESS_H

#include <stdbool.h>
#include <time.h>

#include "sim/cli/options.h"

/* What there is to say besides how far all is. Texts are borrowed. */
struct progress_facts {
    const char *unit;   /* "replications", "units" */
    double events;      /* simulated so far */
    const char *metric; /* the headline metric; NULL: none */
    double half_width;  /* of its 95 % interval; NaN: not yet */
};

struct progress {
    bool shown, terminal;
    struct timespec start, last;
    double begun;       /* units done when it began */
    double done, total; /* as told last */
    struct progress_facts facts;
};

void progress_begin(struct progress *p, enum progress_when when, bool quiet);
/* done of total, in facts->unit. */
void progress_show(struct progress *p, double done, double total,
                   const struct progress_facts *facts);
/* Takes the bar away; in a log: the last line. */
void progress_end(struct progress *p);
/* Seconds since progress_begin. */
double progress_seconds(const struct progress *p);

/* From progress_catch_signals on, SIGINT and SIGTERM only set this. */
void progress_catch_signals(void);
bool progress_interrupted(void);

#endif
