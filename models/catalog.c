/*
 * catalog - the tables of all plug-ins, made from catalog.def. Each ends
 * with NULL and stands in the header of its kind.
 */
#include "models/lb/lb.h"

#define LB(file) &lb_##file,
const struct lb_strategy *const lb_strategies[] = {
#include "models/catalog.def"
    NULL};
