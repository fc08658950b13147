/*
 * nodelifecycle_rules - what the node lifecycle controller decides, as
 * functions of what it sees (Kubernetes v1.36, pkg/controller/nodelifecycle/
 * node_lifecycle_controller.go).
 */
#ifndef MODELS_CONTROLLERS_NODELIFECYCLE_RULES_H
#define MODELS_CONTROLLERS_NODELIFECYCLE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/world.h"

enum zone_state {
    ZONE_INITIAL,
    ZONE_NORMAL,
    ZONE_PARTIAL_DISRUPTION,
    ZONE_FULL_DISRUPTION
};

/* ComputeZoneState, of the nodes that count. */
enum zone_state nodelifecycle_zone_state(int ready, int not_ready,
                                         double unhealthy_threshold);

/* Nodes a second of a zone in that state that may be tainted NoExecute. */
double nodelifecycle_rate(enum zone_state state, int64_t zone_size,
                          const struct control_plane_params *params);

extern const char nodelifecycle_not_ready[]; /* keys of taints */
extern const char nodelifecycle_unreachable[];
extern const char nodelifecycle_unschedulable[];

/* The taints with effect NoSchedule that a node's conditions call for, as
 * keys; returns how many (at most 2). */
size_t nodelifecycle_condition_taints(enum node_ready ready, bool unschedulable,
                                      const char *keys[2]);

/* Labelled node.kubernetes.io/exclude-disruption: no zone counts it. */
bool nodelifecycle_excluded(const struct node_spec *spec);

#endif
