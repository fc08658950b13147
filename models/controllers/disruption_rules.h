/*
 * disruption_rules - what the disruption controller decides, as functions
 * of what it sees (Kubernetes v1.36, pkg/controller/disruption/disruption.go).
 */
#ifndef MODELS_CONTROLLERS_DISRUPTION_RULES_H
#define MODELS_CONTROLLERS_DISRUPTION_RULES_H

#include "models/objects.h"

/* What a budget selects. */
struct disruption_seen {
    int pods;    /* selected, terminating ones too */
    int scale;   /* sum of the desired replicas of their controllers */
    int healthy; /* ready, not terminating, not about to */
    bool failed; /* a pod's controller has no scale: a DaemonSet, a Job */
};

struct disruption_status {
    int expected_pods, desired_healthy, current_healthy, disruptions_allowed;
};

/* trySync, and failSafe where the scale cannot be known: then only
 * disruptions_allowed (0) is to be written, which the result says by
 * expected_pods < 0. */
struct disruption_status disruption_decide(const struct pdb_spec *spec,
                                           const struct disruption_seen *seen);

#endif
