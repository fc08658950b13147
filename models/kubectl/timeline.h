/*
 * timeline - what people and the world do to the cluster at set times.
 */
#ifndef MODELS_KUBECTL_TIMELINE_H
#define MODELS_KUBECTL_TIMELINE_H

#include "models/simulation.h"

/* Runs the entries without `at` when the simulation starts, the others from
 * time 0 on (WHAT_EPOCH). Each makes an incident. */
struct timeline *timeline_new(struct simulation *s);
void timeline_free(struct timeline *t);
/* Runs those without `at`; called once all parts exist. */
void timeline_start(struct timeline *t);

#endif
