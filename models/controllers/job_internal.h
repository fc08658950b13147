/*
 * job_internal - what the files of the Job controller share; nobody else
 * includes it.
 */
#ifndef MODELS_CONTROLLERS_JOB_INTERNAL_H
#define MODELS_CONTROLLERS_JOB_INTERNAL_H

#include "models/controller.h"
#include "models/controllers/job_rules.h"
#include "models/controllers/replicaset_rules.h"

enum { POD_ACTIVE = 1, POD_READY = 2, POD_COUNTED = 4, POD_LEAVING = 8 };

/* One completion index. */
struct job_index {
    bool succeeded, failed;
    int failures; /* in a row */
    sim_time last_failure;
};

struct job_record {
    int active, ready, terminating;
    int succeeded, failed; /* pods, counted once each */
    int failures;          /* since the last success */
    sim_time last_failure;
    int uncounted; /* ended since the last sync: finalizers to take away */
    int succeeded_indexes, failed_indexes;
    const char *failure;             /* by podFailurePolicy; static */
    bool stale;                      /* the status is older than the spec */
    VEC_OF(struct job_index) places; /* by index */
    VEC_OF(incident_id) lost; /* what ended pods: the next ones' origins */
    enum job_state state;     /* of the status on its way */
    const char *reason;
    bool succeeds;      /* by successPolicy: condition SuccessCriteriaMet */
    bool ending;        /* it is decided; its last pods are on their way out */
    bool starts, stops; /* the status sets, or clears, the start time */
};

struct jobs {
    VEC_OF(struct job_record) records; /* by Job */
    VEC_OF(uint8_t) pods;              /* flags by pod, as counted */
    VEC_OF(struct ranked_pod) ranked;
    VEC_OF(uint8_t) taken; /* scratch, by index */
};

/* Valid until the next new Job. */
struct job_record *job_record(struct jobs *all, job_id id);

/* The reason of pods that the Job itself has no more use for. */
extern const char job_scaled[];

/* Phase Succeeded or Failed. */
bool job_pod_ended(const struct pod *pod);
/* Takes in a change of a pod: counts it, gathers changes for a second. */
void job_observe_pod(struct controller_run *run, struct jobs *all,
                     const struct world_change *change);

#endif
