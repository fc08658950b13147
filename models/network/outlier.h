/*
 * outlier - which endpoints a balancer ejects for a time because of what
 * requests to them came to (Envoy source/common/upstream/
 * outlier_detection_impl.cc).
 *
 *   errors in a row     at once; a success begins anew
 *   success rate        at each interval, over it: below the mean of those
 *                       endpoints that had enough requests, less so many
 *                       standard deviations
 *
 * An endpoint is out for base x (times it was ejected), at most `longest`,
 * and comes back at the end of an interval; each interval in which it is in
 * takes one from that number. With the default of 10 % a Service of fewer than
 * ten endpoints ejects none, as in Envoy.
 */
#ifndef MODELS_NETWORK_OUTLIER_H
#define MODELS_NETWORK_OUTLIER_H

#include <stddef.h>

#include "models/gateway.h"

/* Of one endpoint. Zeroed: new. */
struct outlier {
    bool ejected;
    uint32_t errors, gateway_errors; /* in a row */
    uint32_t times;
    sim_time since;               /* ejected */
    uint64_t requests, successes; /* in this interval */
};

/* A request to it has ended. gateway: the error was that nobody answered, or
 * 503. True: it is to be ejected. */
bool outlier_result(struct outlier *o, const struct outlier_spec *spec, bool ok,
                    bool gateway);
/* May one more of `hosts` be ejected? */
bool outlier_may_eject(const struct outlier_spec *spec, uint32_t ejected,
                       uint32_t hosts);
void outlier_eject(struct outlier *o, const struct outlier_spec *spec,
                   sim_time now);
void outlier_return(struct outlier *o);
/* The end of an interval. True: it comes back. */
bool outlier_sweep(struct outlier *o, const struct outlier_spec *spec,
                   sim_time now);
/* The success rate below which endpoints are ejected, by the counts of the
 * interval; below 0: too few have enough requests. Ejected ones count, as
 * they do in Envoy, where they had requests. */
double outlier_limit(const struct outlier_spec *spec,
                     struct outlier *const *all, size_t count);
/* It is below that limit. */
bool outlier_below(const struct outlier *o, const struct outlier_spec *spec,
                   double limit);

#endif
