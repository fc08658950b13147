/*
 * factor - the setting of modes that make something slow.
 */
#ifndef MODELS_FAILURES_FACTOR_H
#define MODELS_FAILURES_FACTOR_H

#include "sim/io/param.h"

struct factor_config {
    double factor;
};

extern const struct param service_factor[]; /* of service times; 10 */
extern const struct param control_factor[]; /* 0: it stops */

static inline double factor_of(const void *config)
{
    return ((const struct factor_config *)config)->factor;
}

#endif
