/*
 * eviction - the eviction API: a pod is deleted where its
 * PodDisruptionBudget allows that.
 * Kubernetes v1.36, pkg/registry/core/pod/storage/eviction.go.
 */
#ifndef MODELS_EVICTION_H
#define MODELS_EVICTION_H

#include "models/world.h"

enum eviction_answer {
    EVICTION_GRANTED,
    EVICTION_REFUSED, /* 429: the budget does not allow it now */
    EVICTION_FAILED   /* 500: more than one budget selects the pod */
};

/* Asks for one eviction. grace < 0: the pod's own period. reason is static,
 * as of world_pod_delete. The pod must exist. */
enum eviction_answer eviction_request(struct world *w, pod_id id,
                                      sim_time grace, const char *reason,
                                      incident_id origin);

#endif
