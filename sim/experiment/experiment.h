/*
 * experiment - variants x replications, over threads and processes.
 *
 * A unit of work is one replication of one variant; what it yields depends
 * on these two numbers alone, so results do not depend on the number of
 * threads, on processes, or on who finished first.
 */
#ifndef SIM_EXPERIMENT_EXPERIMENT_H
#define SIM_EXPERIMENT_EXPERIMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/experiment/precision.h"
#include "sim/experiment/store.h"

struct experiment;
struct remote; /* executor_mpi.h */

/* Handed to a running unit: call experiment_report now and then. */
struct unit_progress {
    struct experiment *experiment;
    size_t thread;
    size_t variant, replication;
    FILE *part; /* experiment_part's; NULL: none asked for */
};

struct experiment_spec {
    size_t variants, rows; /* values a unit yields */
    size_t replications;   /* of each variant; with a precision: as many as
                              its rule (precision.h) takes */
    double precision;      /* 0: none */
    size_t max_replications;
    const struct precision_goal *goals;
    size_t goal_count;
    /* The row of a goal, where variants have different ones; SIZE_MAX: it
     * has none. NULL: the goal's. */
    size_t (*goal_row)(const void *self, size_t variant, size_t goal);
    size_t threads; /* 0: as many as processors */
    /* Where finished units are kept, of as many variants, replications (the
     * maximum with a precision) and rows; those there already are not run,
     * and of a shard only its own are. NULL: in memory, in result.values. */
    struct store *store;
    struct remote *remote; /* other processes that take units; NULL: none */
    /* Runs a unit; values holds `rows` numbers to set. Called from several
     * threads at once. False: failed or told to stop. */
    bool (*run)(void *self, size_t variant, size_t replication,
                struct unit_progress *progress, double *values);
    /* A unit is kept. From any thread, one at a time. NULL: not. */
    void (*finished)(void *self, size_t variant, size_t replication,
                     const double *values);
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
    int error;      /* errno of keeping a unit; 0: none */
    double *values; /* [variant][replication][row]; NULL with a store */
};

/* Runs all units. The caller releases the result. */
struct experiment_result experiment_run(const struct experiment_spec *spec);
void experiment_release(struct experiment_result *result);

/* How many of the replications that a whole store holds its spec's rule
 * takes: for shards that were run apart. */
size_t experiment_take(const struct experiment_spec *spec, bool *precise);

/* The values of a row over replications: stride is result->rows. */
const double *experiment_values(const struct experiment_result *result,
                                size_t variant, size_t row);

/* Tells how far a unit is; false: it should stop. */
bool experiment_report(struct unit_progress *progress, double fraction);

/* The stream of what else the running unit has to say, kept with it; opened
 * at the first call. NULL: errno. */
FILE *experiment_part(struct unit_progress *progress);

/* Processors this process may use. */
size_t experiment_processors(void);

#endif
