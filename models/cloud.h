/*
 * cloud - what a scenario says of cloud load balancers: in front of Services
 * of type LoadBalancer, for clients outside. Keys, defaults, sources:
 * scenario_cloud.c; semantics: traffic/cloud.h.
 */
#ifndef MODELS_CLOUD_H
#define MODELS_CLOUD_H

#include "models/gateway.h"
#include "sim/io/diag.h"

enum cloud_provider {
    CLOUD_AWS_NLB,
    CLOUD_AWS_NLB_LOCAL,
    CLOUD_AZURE,
    CLOUD_GKE
};
enum cloud_targets { CLOUD_NODES, CLOUD_PODS };

struct cloud_spec {
    const char *space, *service;
    int targets; /* enum cloud_targets */
    struct health_check_spec health;
    struct dist registration; /* from a change to its being in use */
    sim_time deregistration;  /* connections live on for so long */
    bool cross_zone;
    bool terminates; /* connections to unhealthy targets, at once */
    struct place place;
};

#endif
