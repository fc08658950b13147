/*
 * envoy - what Envoy's two ways to choose by the fewest requests have in
 * common: where weights differ, or endpoints are new, an earliest deadline
 * first schedule by weights that shrink with open requests; else the
 * caller's own way.
 */
#ifndef MODELS_LB_ENVOY_H
#define MODELS_LB_ENVOY_H

#include "models/lb/edf.h"
#include "models/lb/lb.h"
#include "models/lb/slow_start.h"
#include "models/lb/weights.h"

struct envoy_config {
    struct lb_weights weights;
    struct slow_start slow_start;
    double bias;
    int64_t choices;
    int schedule; /* ENVOY_AUTO, ENVOY_EDF */
};
enum { ENVOY_AUTO, ENVOY_EDF };

struct envoy_state {
    struct edf edf;
    bool scheduled; /* edf is in use */
};

/* Rows of a strategy's table. */
extern const struct param envoy_params[];      /* all */
extern const struct param envoy_full_params[]; /* all but choices */

/* w / (active + 1)^bias. */
double envoy_weight(double weight, uint32_t active, double bias);
/* Of the endpoints drawn (samples) the first with the fewest. */
uint32_t envoy_fewest(const uint32_t *active, const uint32_t *samples,
                      size_t count);

void envoy_update(const struct lb_pick *pick);
void envoy_release(struct lb_balancer *b);
/* The endpoint due; only where state->scheduled. */
uint32_t envoy_scheduled(const struct lb_pick *pick);

#endif
