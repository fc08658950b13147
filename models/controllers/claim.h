/*
 * claim - pods that a controller lets go of, as its selector does not choose
 * them any more, and pods of nobody that it takes over, as it does.
 * Kubernetes v1.36, pkg/controller/controller_ref_manager.go.
 */
#ifndef MODELS_CONTROLLERS_CLAIM_H
#define MODELS_CONTROLLERS_CLAIM_H

#include "models/controller.h"

/* Pods whose labels or owner changed, to be looked at. Zeroed: none. */
struct claims {
    VEC_OF(pod_id) pods;
};

void claims_release(struct claims *claims);

/* Whether the owner would take over a pod that nobody owns. Those that
 * terminate or have ended stay nobody's. */
bool claim_adopts(const struct owner *owner, const struct pod *pod);

/* The pod is to be looked at when the owner, by its key, is reconciled. */
void claims_add(struct controller_run *run, struct claims *claims, work_key key,
                const struct pod *pod);

/* All that the owner, which is new, would take over. O(pods). */
void claims_add_orphans(struct controller_run *run, struct claims *claims,
                        work_key key, const struct owner *owner);

/* In a reconcile: one write for each pod that is let go of or taken over.
 * False: there was none. Else the key, the owner's id, is taken up again when
 * they are done: that reconcile is to end here. */
bool claims_write(struct controller_run *run, struct claims *claims,
                  enum owner_kind kind, uint32_t owner);

#endif
