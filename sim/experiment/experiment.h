/*
 * experiment - variants x replications, over threads.
 *
 * A unit of work is one replication of one variant; what it yields depends
 * on these two numbers alone, so results do not depend on the number of
 * threads or on who finished first.
 */
#ifndef SIM_EXPERIMENT_EXPERIMENT_H
#define SIM_EXPERIMENT_EXPERIMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/experiment/precision.h"

struct experiment;

/* Handed to a running unit: call experiment_report now and then. */
struct unit_progress {
    struct experiment *experiment;
    size_t thread;
};

struct experiment_spec {
    size_t variants, rows; /* values a unit yields */
    size_t replications;   /* of each variant; with a precision: as many as
                              its rule (precision.h) takes */
    double precision;      /* 0: none */
    size_t max_replications;
    const struct precision_goal *goals;
    size_t goal_count;
    size_t threads; /* 0: as many as processors */
    /* Runs a unit; values holds `rows` numbers to set. Called from several
     * threads at once. False: failed or told to stop. */
    bool (*run)(void *self, size_t variant, size_t replication,
                struct unit_progress *progress, double *values);
    /* Called by the calling thread about five times a second; done in
     * units, with parts of running ones; total as far as known. NULL: not.
     * Returns false to stop the experiment. */
    bool (*watch)(void *self, double done, double total);
    void *self;
};

struct experiment_result {
    size_t variants, replications, rows;
    bool complete;  /* false: stopped or failed */
    bool precise;   /* the precision was reached (or none was set) */
    double *values; /* [variant][replication][row] */
};

/* Runs all units. The caller releases the result. */
struct experiment_result experiment_run(const struct experiment_spec *spec);
void experiment_release(struct experiment_result *result);

/* The values of a row over replications: stride is result->rows. */
const double *experiment_values(const struct experiment_result *result,
                                size_t variant, size_t row);

/* Tells how far a unit is; false: it should stop. */
bool experiment_report(struct unit_progress *progress, double fraction);

/* Processors this process may use. */
size_t experiment_processors(void);

#endif
