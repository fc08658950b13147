/*
 * edf - earliest deadline first, the weighted fair schedule of Envoy and
 * gRPC: whoever is picked is due again 1/weight later; ties in the order in
 * which they were put in (Envoy source/common/upstream/edf_scheduler.h).
 */
#ifndef MODELS_LB_EDF_H
#define MODELS_LB_EDF_H

#include <stdint.h>

#include "sim/engine/mem.h"

struct edf_entry {
    double deadline;
    uint64_t order;
    uint32_t item;
};

/* Zeroed: empty. */
struct edf {
    VEC_OF(struct edf_entry) heap;
    double now; /* deadline of the last one picked */
    uint64_t order;
};

void edf_clear(struct edf *e);
void edf_release(struct edf *e);
/* weight > 0; below 1e-12 it counts as that. */
void edf_add(struct edf *e, uint32_t item, double weight);
/* The item due next. Put it back by edf_again before the next edf_next. Not
 * to be called when empty. */
uint32_t edf_next(struct edf *e);
/* The item that edf_next returned is due again 1/weight later. */
void edf_again(struct edf *e, double weight);
/* Items 0..count-1 in the state to which so many picks lead: O(count log
 * count) for any number of them. */
void edf_start(struct edf *e, const double *weights, uint32_t count,
               uint64_t picks);

#endif
