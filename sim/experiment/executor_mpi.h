/*
 * executor_mpi - units on other processes, by MPI: `mpirun -n N podchurn ..`.
 *
 * Rank 0 keeps the results. It hands out units one by one to whoever is free,
 * its own threads too, and takes what they yield. A rank that has not been
 * heard of for a while is given up, and its units go to others. (For that,
 * mpirun must not end the whole job when a process dies: Open MPI 4 wants
 * --enable-recovery. Without it, --resume goes on where it was.)
 *
 * Without MPI (make MPI=1) there is but this process.
 */
#ifndef SIM_EXPERIMENT_EXECUTOR_MPI_H
#define SIM_EXPERIMENT_EXECUTOR_MPI_H

#include <stdbool.h>
#include <stddef.h>

struct experiment;
struct experiment_spec;
struct remote; /* the other processes, as seen from this one */

#ifdef PODCHURN_MPI

/* NULL: this process is alone. Call it once. */
struct remote *remote_begin(void);
/* 0: the one that keeps the results. */
int remote_rank(const struct remote *remote);
/* Threads that this process should have: its share of its machine. */
size_t remote_threads(const struct remote *remote);

/* From rank 0 to all: a text; every rank calls it, REMOTE_SHARES times before
 * there is work (remote_end makes up for what was not). *text is the caller's
 * on rank 0, and made for the others, who free it; NULL: there is none. */
enum { REMOTE_SHARES = 2 };
void remote_share(struct remote *remote, char **text, size_t *size);

/* Rank 0: deals with what has come from the others, hands out units of the
 * stage. Returns how many of its units are out. */
size_t remote_poll(struct remote *remote, struct experiment *e);

/* The others: runs units until rank 0 has no more. spec's store is not
 * used. */
void remote_work(struct remote *remote, const struct experiment_spec *spec);

/* Rank 0: sends the others home. Then ends MPI; frees. */
void remote_end(struct remote *remote);

#else

static inline struct remote *remote_begin(void)
{
    return NULL;
}
static inline int remote_rank(const struct remote *remote)
{
    (void)remote;
    return 0;
}
static inline size_t remote_threads(const struct remote *remote)
{
    (void)remote;
    return 0;
}
static inline void remote_share(struct remote *remote, char **text,
                                size_t *size)
{
    (void)remote;
    (void)text;
    (void)size;
}
static inline size_t remote_poll(struct remote *remote, struct experiment *e)
{
    (void)remote;
    (void)e;
    return 0;
}
static inline void remote_work(struct remote *remote,
                               const struct experiment_spec *spec)
{
    (void)remote;
    (void)spec;
}
static inline void remote_end(struct remote *remote)
{
    (void)remote;
}

#endif

#endif
