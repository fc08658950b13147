/*
 * store - what the finished units of an experiment have yielded: a fixed
 * number of values each, and where a unit has more to say a part, a file of
 * its own.
 *
 * In memory, or in a folder: `values` with a slot of checked bytes for each
 * unit, `parts/VARIANT-REPLICATION`. A slot is written once, when its unit
 * is done; what a process that was killed left half written is found out by
 * its checksum and is not there. Memory does not grow with the values: a bit
 * for each unit.
 *
 * A store may hold one of several shards: units are numbered variant by
 * variant, and every N-th is its own.
 */
#ifndef SIM_EXPERIMENT_STORE_H
#define SIM_EXPERIMENT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct store;

struct store_shape {
    size_t variants, replications; /* at most, of each variant */
    size_t rows;                   /* values of a unit */
    size_t shard, shards;          /* from 1; 0 of 0: it has all units */
};

/* In memory. The caller frees it. */
struct store *store_new(const struct store_shape *shape);

/* In a folder, which is made; what is there and is whole is kept. NULL:
 * errno; EINVAL: what is there is of another shape. */
struct store *store_open(const char *folder, const struct store_shape *shape);
/* The same to be read only: nothing is made or changed. */
struct store *store_open_read(const char *folder,
                              const struct store_shape *shape);
void store_free(struct store *store);

/* Whether the unit is one of this shard's, and whether it is there. */
bool store_owns(const struct store *store, size_t variant, size_t replication);
bool store_has(struct store *store, size_t variant, size_t replication);
/* Units that are there; units that this shard has in all. */
size_t store_count(const struct store *store);
size_t store_units(const struct store *store);

/*
 * Puts a unit there. part: what store_part gave, closed by this function or
 * later; NULL: none. Safe for threads. A unit that is there already stays as
 * it is. False: errno; the unit is not there.
 */
bool store_put(struct store *store, size_t variant, size_t replication,
               const double *values, FILE *part);
/* A stream for a unit's part, to be written and handed to store_put. In
 * memory: a temporary file, which nobody will read. NULL: errno. */
FILE *store_part(struct store *store, size_t variant, size_t replication);
/* Brings to the disk what was put. Returns how many units are there for
 * good, SIZE_MAX: errno. */
size_t store_sync(struct store *store);

/* Values [first_row, first_row + rows) of replications [first, first +
 * count), to out[count][rows]. Every unit must be there. False: errno. */
bool store_read(const struct store *store, size_t variant, size_t first,
                size_t count, size_t first_row, size_t rows, double *out);
/* Opens a unit's part for reading. NULL: errno; ENOENT: it has none. */
FILE *store_open_part(const struct store *store, size_t variant,
                      size_t replication);

/* All shards of a study as one whole store, to be read. It owns the given
 * ones, which stand in order; the array stays the caller's. */
struct store *store_join(struct store *const *shards, size_t count);

#endif
