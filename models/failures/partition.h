/*
 * partition - what a partition keeps nodes from: the setting of those modes.
 */
#ifndef MODELS_FAILURES_PARTITION_H
#define MODELS_FAILURES_PARTITION_H

#include "sim/io/param.h"

struct partition_config {
    int from; /* index into the words; see partition_cuts */
};

extern const struct param partition_params[];
/* Bits CUT_* (models/world.h). config: a struct partition_config. */
unsigned partition_cuts(const void *config);

#endif
