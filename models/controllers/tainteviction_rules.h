/*
 * tainteviction_rules - when a pod has to leave a node that is tainted
 * NoExecute (Kubernetes v1.36, pkg/controller/tainteviction/
 * taint_eviction.go).
 */
#ifndef MODELS_CONTROLLERS_TAINTEVICTION_RULES_H
#define MODELS_CONTROLLERS_TAINTEVICTION_RULES_H

#include "models/objects.h"

/* getMinTolerationTime, of the tolerations that match a taint each: 0 where
 * there is none; SIM_NEVER: all of them for ever. */
sim_time tainteviction_min_toleration(const sim_time *seconds, size_t count);

/* How long a pod may stay: 0 where a NoExecute taint is not tolerated (or
 * for no time), SIM_NEVER where it may for ever, or there is none. Of
 * several tolerations of a taint the first counts. */
sim_time tainteviction_delay(const struct taint *taints, size_t taint_count,
                             const struct toleration *tolerations,
                             size_t toleration_count);

#endif
