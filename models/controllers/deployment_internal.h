/*
 * deployment_internal - what the files of the Deployment controller share;
 * nobody else includes it.
 */
#ifndef MODELS_CONTROLLERS_DEPLOYMENT_INTERNAL_H
#define MODELS_CONTROLLERS_DEPLOYMENT_INTERNAL_H

#include "models/controller.h"
#include "models/controllers/deployment_rules.h"

/* Condition Progressing, by its reason. */
enum progress {
    PROGRESS_NONE,
    PROGRESS_NEW_REPLICASET,
    PROGRESS_UPDATED,
    PROGRESS_AVAILABLE,
    PROGRESS_EXCEEDED
};

struct status {
    struct deployment_counts counts;
    int terminating;
    enum progress progress;
    sim_time progress_at; /* its last update */
    bool available;       /* condition Available */
    uint32_t generation;  /* observedGeneration */
};

struct record {
    uint32_t generation;   /* counts changes of the spec */
    struct status status;  /* as last written */
    struct status pending; /* being written */
};

struct deployments {
    VEC_OF(struct record) records;       /* by Deployment */
    VEC_OF(struct replicaset_view) sets; /* scratch: of one reconcile */
};

/* One reconcile. */
struct sync {
    struct controller_run *run;
    struct deployments *all;
    struct world *w;
    const struct deployment *d;
    struct record *record;
    struct deployment_view view;
    struct deployment_counts counts; /* of the sets as they were seen */
};

/* The record of a Deployment; valid until the next new Deployment. */
struct record *deployment_record(struct deployments *all, deployment_id id);

/* Writes the status where it changed; rollout: and judges its progress. */
void deployment_write_status(struct sync *s, bool rollout);

#endif
