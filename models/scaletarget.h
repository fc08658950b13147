/*
 * scaletarget - what has the API's scale subresource: a Deployment, a
 * ReplicaSet or a StatefulSet; named by kind and name, as scaleTargetRef
 * does.
 */
#ifndef MODELS_SCALETARGET_H
#define MODELS_SCALETARGET_H

#include "models/world.h"

struct scale_target {
    enum world_kind kind; /* CHANGE_DEPLOYMENT, _REPLICASET, _STATEFULSET */
    uint32_t id;
};

/* False: there is no such object, or it has no scale. */
bool scale_target_find(const struct world *w, const char *space,
                       const char *kind, const char *name,
                       struct scale_target *out);
/* spec.replicas */
int scale_target_replicas(const struct world *w, struct scale_target target);
void scale_target_set(struct world *w, struct scale_target target, int replicas,
                      incident_id origin);
/* Calls visit for each pod of the target that exists, terminating ones too,
 * in a set order. */
void scale_target_each_pod(const struct world *w, struct scale_target target,
                           void (*visit)(void *self, const struct pod *pod),
                           void *self);
/* True where a HorizontalPodAutoscaler scales what owns the pod. */
bool scale_target_is_scaled(const struct world *w, const struct pod *pod);

#endif
