/*
 * job_rules - what the Job controller decides, as functions of what it sees
 * (Kubernetes v1.36, pkg/controller/job/job_controller.go, backoff_utils.go,
 * pod_failure_policy.go, success_policy.go).
 */
#ifndef MODELS_CONTROLLERS_JOB_RULES_H
#define MODELS_CONTROLLERS_JOB_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/objects.h"

/* A Job as it stands. */
struct job_view {
    const struct job_spec *spec;
    bool suspended;
    int active, succeeded; /* of an Indexed one: indexes that succeeded */
    int failed;            /* pods, those that the policy ignores not counted */
    int terminating;
    int restarts;       /* of its pods' containers; counts with OnFailure */
    int failed_indexes; /* backoffLimitPerIndex */
};

/* How many pods are to be active, and what that takes: below 0 so many go,
 * above 0 so many are made, before their back-off. */
int job_pod_difference(const struct job_view *job);

/* Why the Job has failed; NULL: it has not. Static. */
const char *job_failure(const struct job_view *job);
/* matchSuccessPolicy. succeeded: whether each of the first `count` indexes
 * has; those beyond have not. */
bool job_succeeds(const struct job_spec *spec, const bool *succeeded,
                  size_t count);
/* All that was asked for is done. */
bool job_complete(const struct job_view *job);

/* How long the next pod is held back after so many failures in a row, the
 * last of them `since` ago: 10 s, doubling to 10 min. */
sim_time job_backoff(int failures, sim_time since);

/* What a failed pod counts for. code < 0: not known. */
enum failure_action job_failure_action(const struct job_spec *spec,
                                       bool disruption, int code);

#endif
