/*
 * health_check - what a balancer that checks a target makes of the results.
 */
#ifndef MODELS_NETWORK_HEALTH_CHECK_H
#define MODELS_NETWORK_HEALTH_CHECK_H

#include "models/gateway.h"

/* Of one target. */
struct health {
    bool healthy;
    bool checked; /* at least once */
    int64_t run;  /* results in a row that contradict `healthy` */
};

static inline struct health health_new(const struct health_check_spec *spec)
{
    return (struct health){.healthy = !spec->on || spec->trusted};
}

/* A result. The first one decides at once (Envoy
 * source/extensions/health_checkers/common/health_checker_base_impl.cc,
 * first_check_); later ones after so many in a row. True where `healthy`
 * changed. */
bool health_result(struct health *h, const struct health_check_spec *spec,
                   bool ok);

#endif
