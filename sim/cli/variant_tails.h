/*
 * variant_tails - the latencies of some variants, as a picture can show them.
 */
#ifndef SIM_CLI_VARIANT_TAILS_H
#define SIM_CLI_VARIANT_TAILS_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/engine/mem.h"

/* Where a variant stands in a chart: see variant_data.h; from 0. */
struct variant_entry {
    char *name;
    size_t row, series;
};

struct variant_table {
    VEC_OF(struct variant_entry) variants;
    size_t rows, series;
    size_t last; /* found last */
};

/* The variant of a name; their number: none. */
size_t variant_find(struct variant_table *table, const char *name);

/* Writes DIR/plots/tails.csv, of the Service (NULL: no rows). False: a
 * message went to standard error. */
bool variant_tails_write(const char *dir, struct variant_table *table,
                         const char *service);

#endif
