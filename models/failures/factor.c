#include "models/failures/factor.h"

#include <stddef.h>

const struct param service_factor[] = {
    {.name = "factor",
     .type = PARAM_DOUBLE,
     .offset = offsetof(struct factor_config, factor),
     .text = "10",
     .min = 1e-6,
     .max = 1e9,
     .help = "service times are so many times as long"},
    {0}};

const struct param control_factor[] = {
    {.name = "factor",
     .type = PARAM_DOUBLE,
     .offset = offsetof(struct factor_config, factor),
     .text = "0",
     .max = 1e6,
     .help = "so many times as slow; 0: it stops"},
    {0}};
