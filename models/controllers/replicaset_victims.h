/*
 * replicaset_victims - which pods a ReplicaSet that is too large gives up.
 * pkg/controller/replicaset/replica_set.go getPodsToDelete.
 */
#ifndef MODELS_CONTROLLERS_REPLICASET_VICTIMS_H
#define MODELS_CONTROLLERS_REPLICASET_VICTIMS_H

#include "models/controllers/replicaset_rules.h"
#include "models/world.h"

/* Zeroed; owned. */
struct replicaset_victims {
    uint64_t salt;       /* of the pods' UIDs */
    VEC_OF(int) on_node; /* scratch, by node: zero */
    VEC_OF(struct ranked_pod) ranked;
};

/* Neither ended nor being deleted (controller_utils.go IsPodActive). */
bool replicaset_is_active(const struct pod *pod);
/* Ranks its active pods: the first `count` of v->ranked are to go. */
void replicaset_rank(struct replicaset_victims *v, struct world *w,
                     const struct replicaset *rs, size_t count);

#endif
