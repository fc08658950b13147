/*
 * executor_mpi_internal - the words between the processes. Nobody else
 * includes this.
 */
#ifndef SIM_EXPERIMENT_EXECUTOR_MPI_INTERNAL_H
#define SIM_EXPERIMENT_EXECUTOR_MPI_INTERNAL_H

#include <mpi.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/engine/mem.h"
#include "sim/experiment/executor_mpi.h"
#include "sim/experiment/experiment_internal.h"

enum mpi_tag {
    TAG_WANT = 1, /* to 0: a thread is free */
    TAG_UNIT,     /* from 0: struct mpi_unit to run; variant NO_UNIT: go home,
                   ok: and end MPI in order */
    TAG_PART,     /* to 0: bytes of the part of the unit that is told next */
    TAG_DONE,     /* to 0: struct mpi_unit, then its values */
    TAG_ALIVE     /* to 0: a double, the sum of fractions of running units */
};

struct mpi_unit {
    uint64_t variant, replication;
    uint64_t ok;       /* DONE: it was run to its end */
    uint64_t has_part; /* DONE: parts went before */
};
#define NO_UNIT UINT64_MAX

enum {
    PART_BYTES = 16 << 20, /* of one message */
    ALIVE_S = 1,           /* a sign of life so often */
    LOST_S = 20            /* unheard of for so long: given up */
};

/* What rank 0 knows of another. */
struct peer {
    bool lost;
    double heard;    /* MPI_Wtime */
    size_t wants;    /* units asked for and not yet given */
    double fraction; /* of its running units */
    FILE *part;      /* that is being told */
    VEC_OF(struct mpi_unit) out;
};

struct remote {
    int rank, size;
    size_t threads;
    int shared;  /* texts so far */
    bool failed; /* a peer was lost: MPI cannot be ended in order */
    struct peer *peers;
    void *bytes; /* room for a message */
    size_t room;
};

#endif
