/*
 * validate - theory against simulation: each row of theory.csv that the
 * models can express is run from an ordinary scenario text and compared.
 */
#ifndef TESTS_VALIDATE_VALIDATE_H
#define TESTS_VALIDATE_VALIDATE_H

#include <stdbool.h>
#include <stddef.h>

#include "models/simulation.h"
#include "sim/engine/stat.h"

/* One row of theory.csv. Texts are owned. */
struct row {
    char *id, *group, *model, *params, *metric, *kind, *note;
    double value;
};

/* A parameter of "k=v;k=v" as a number; `missing` where it is not there. */
double row_number(const struct row *row, const char *name, double missing);
/* As text into buffer; false: not there. */
bool row_text(const struct row *row, const char *name, char *buffer,
              size_t size);

/* What one replication is asked for: rows of one group, model and params. */
struct question {
    const struct row *const *rows;
    size_t count;
};

/* How a study's replications are run and read. */
struct study {
    /* The scenario, YAML; false: the models cannot express the row. */
    bool (*write)(const struct row *row, char *text, size_t size);
    /* Watches a replication; may be NULL. *watch is memory of watch_size
     * bytes, zeroed. */
    void (*prepare)(const struct row *row, void *watch, struct simulation *s);
    size_t watch_size;
    /* True: the replication has said all it can (checked now and then). */
    bool (*enough)(const void *watch);
    /* The row's quantity in one replication; NaN: not to be had. s is NULL
     * where `enough` ended it. */
    double (*read)(const struct row *row, struct simulation *s,
                   const void *watch);
    size_t replications;                   /* a round */
    size_t rounds;                         /* at most */
    bool (*detail)(const struct row *row); /* read wants the detail files;
                                              NULL: never */
    bool variance; /* row is the variance over replications, where its
                      metric begins with "variance_renewals" */
};

extern const struct study study_queue;       /* queues.c */
extern const struct study study_reliability; /* reliability.c: steady state */
extern const struct study study_transient;   /* reliability.c: short runs */
extern const struct study study_first_outage;
extern const struct study study_farm;   /* balance.c: servers, balancers */
extern const struct study study_again;  /* balance.c: requests that retry */
extern const struct study study_closed; /* balance.c: users who think */
extern const struct study study_tandem; /* tandem.c: pods that call */

/* A metric of Service s in this replication. */
double study_metric(struct simulation *s, const char *name);

/* Runs the study for the rows until every standard error is small enough or
 * the rounds are used up; results[i] over replications. False: not
 * expressible. */
bool study_run_rows(const struct study *study, const struct row *const *rows,
                    size_t count, struct tally *results,
                    double *standard_errors);

/* Events simulated for one set of rows, at most: PODCHURN_VALIDATE_EVENTS, by
 * default 1e8 (some seconds). */
double event_budget(void);

/* Whether the row is a share of time or of requests, from 0 to 1. */
bool is_share(const struct row *row);

/* Standard error wanted for a row: 0.5 % of theory; probabilities 0.002. */
double wanted_error(const struct row *row);

#endif
