/*
 * deployment_rules - what the Deployment controller decides, as functions
 * of what it sees (Kubernetes v1.36, pkg/controller/deployment/rolling.go,
 * sync.go, util/deployment_util.go). See also deployment_fenceposts in
 * models/controller.h.
 *
 * Scaling is done to the views in place; the caller sees what changed.
 */
#ifndef MODELS_CONTROLLERS_DEPLOYMENT_RULES_H
#define MODELS_CONTROLLERS_DEPLOYMENT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/objects.h"

/* A Deployment. */
struct deployment_view {
    bool recreate;
    struct int_or_percent max_surge, max_unavailable;
    int replicas;        /* spec */
    int status_replicas; /* as last written */
};

/* One of its ReplicaSets. */
struct replicaset_view {
    uint32_t id; /* the caller's, as is `asked` */
    int asked;
    bool is_new;      /* of the present template */
    sim_time created; /* older ones first, then lower ids */
    int64_t revision;
    int replicas;                   /* spec */
    int status_replicas, available; /* status */
    int desired_annotation;         /* < 0: none */
    int max_replicas_annotation;    /* 0: none */
};

/* A Deployment's status. */
struct deployment_counts {
    int replicas, updated, ready, available;
};

/* Pods that may be above the desired number; 0 for Recreate. */
int deployment_max_surge(const struct deployment_view *d);
/* Pods that may be unavailable: 0 for Recreate and for no replicas. */
int deployment_max_unavailable(const struct deployment_view *d);
int deployment_min_available(const struct deployment_view *d);

/* What the new ReplicaSet, of new_replicas now, may have; total: the spec of
 * all ReplicaSets, it included. */
int deployment_new_replicas(const struct deployment_view *d, int total,
                            int new_replicas);
/* Scales the new one up, or down to what is desired. True: it did. */
bool deployment_reconcile_new(const struct deployment_view *d,
                              struct replicaset_view *sets, size_t count);

/* Takes away at most `max` pods that are not available; old ones first.
 * Returns how many; -1 where it came upon a set whose status counts more
 * available pods than its spec asks for: until that status is brought up to
 * date nothing more may go (rolling.go: "got invalid request to scale
 * down"). The new one stays as it is. */
int deployment_cleanup_unhealthy(struct replicaset_view *sets, size_t count,
                                 int max);
/* Takes away pods of old sets as far as enough stay available. */
int deployment_scale_down_old(const struct deployment_view *d,
                              struct replicaset_view *sets, size_t count);
/* How many pods of old sets may go, whether or not they are available. */
int deployment_max_scale_down(const struct deployment_view *d,
                              const struct replicaset_view *sets, size_t count);
/* Both of the above within that. True: something was scaled. */
bool deployment_reconcile_old(const struct deployment_view *d,
                              struct replicaset_view *sets, size_t count);

/* What a set's share changes by when the Deployment was scaled. */
int deployment_fraction(const struct deployment_view *d,
                        const struct replicaset_view *rs);
/* Scales sets when the Deployment was scaled or is paused: the only one with
 * pods (or the newest), or all in proportion. Any order of sets. */
void deployment_scale(const struct deployment_view *d,
                      struct replicaset_view *sets, size_t count);
/* True where a set with pods has not heard of the desired number. */
bool deployment_was_scaled(const struct deployment_view *d,
                           const struct replicaset_view *sets, size_t count);

/* Marks the old sets that go from history, lowest revisions first; returns
 * how many. */
size_t deployment_cleanup_history(const struct replicaset_view *sets,
                                  size_t count, int limit, bool *gone);

bool deployment_complete(int desired, const struct deployment_counts *now);
bool deployment_progressing(const struct deployment_counts *before,
                            const struct deployment_counts *now);

/* "web-7d4b9c": a ReplicaSet's name ends in its template's hash, in the
 * letters of apimachinery's rand.SafeEncodeString. text: of 11 bytes. */
char *deployment_hash_text(uint64_t hash, char text[11]);

#endif
