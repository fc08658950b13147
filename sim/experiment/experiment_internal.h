/*
 * experiment_internal - what the executors share: the units of a stage,
 * handed out one by one to whoever is free. Nobody else includes this.
 */
#ifndef SIM_EXPERIMENT_EXPERIMENT_INTERNAL_H
#define SIM_EXPERIMENT_EXPERIMENT_INTERNAL_H

#include <pthread.h>

#include "sim/engine/mem.h"
#include "sim/experiment/experiment.h"

struct unit_place {
    size_t variant, replication;
};

struct experiment {
    const struct experiment_spec *spec;
    struct store *store;
    pthread_mutex_t lock;
    pthread_cond_t finished;            /* a thread has no more to do */
    size_t from, to;                    /* replications of this stage */
    size_t next, end;                   /* places in it: variant by variant */
    VEC_OF(struct unit_place) returned; /* by who could not run them */
    size_t durable;                     /* units kept for good */
    size_t threads, idle;
    bool stopped;
    int error;
    double *fractions; /* of each thread's running unit */
    double *column;    /* room for one of the precision rule */
};

/* Takes the next unit. False: there is none, or all is to stop. */
bool experiment_next(struct experiment *e, struct unit_progress *unit);

/* Gives back a unit that was taken: somebody else is to run it. */
void experiment_return(struct experiment *e, size_t variant,
                       size_t replication);
/* Whether there are units of the stage to take. */
bool experiment_left(struct experiment *e);

/* Runs a unit that was taken; its values go to `values`. */
bool experiment_unit(struct experiment *e, struct unit_progress *unit,
                     double *values);

/* A unit has ended: keeps its values and its part, or stops everything. */
void experiment_end(struct experiment *e, struct unit_progress *unit,
                    const double *values, bool ok);

/* Brings to the disk what was kept, tells the watcher how far all is. The
 * lock is not held. */
void experiment_tell(struct experiment *e);

/* executor_threads.c: runs the stage over threads, and over the remote's
 * processes where there is one. */
void executor_threads(struct experiment *e);

#endif
