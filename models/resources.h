/*
 * resources - sums of what pods ask of a node.
 */
#ifndef MODELS_RESOURCES_H
#define MODELS_RESOURCES_H

#include "models/objects.h"

/* Adds (sign 1) to `sum`, or takes from it (-1), one pod that asks for
 * `requests`. sum->items, which grows by the extended resources that are new
 * to it and stays sorted by name, is the caller's to free(); names are kept,
 * not copied. A resource that is used no more stays, with 0. */
void resources_account(struct resources *sum, const struct resources *requests,
                       int sign);

#endif
