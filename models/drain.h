/*
 * drain - nodes are emptied as `kubectl drain` and the handlers of machines
 * that are about to go do it: cordoned, all of them; then one after another:
 * its pods are evicted side by side, each again 5 s after a refusal, until they
 * are gone. Those of DaemonSets stay.
 * Kubernetes v1.36, staging/src/k8s.io/kubectl/pkg/drain, pkg/cmd/drain.
 */
#ifndef MODELS_DRAIN_H
#define MODELS_DRAIN_H

#include "models/simulation.h"

struct drain_options {
    bool force, by_delete; /* --disable-eviction: budgets do not count */
    bool ignore_daemonsets;
    bool by_selector; /* --pod-selector: other pods stay */
    struct selector pods;
    sim_time grace;   /* < 0: each pod's own */
    sim_time timeout; /* for each node; SIM_NEVER: none */
    sim_time pause;   /* after the cordon: what is to go is listed */
};

/* Begins; options and nodes are borrowed for the run, the incident ends with
 * the drain. */
void drain_begin(struct simulation *s, const struct drain_options *options,
                 const node_id *nodes, size_t count, incident_id origin);

#endif
