/*
 * pod_topology_spread - spreads pods over zones and nodes.
 */
#include "models/scheduler/framework.h"

const struct scheduler_plugin scheduler_pod_topology_spread = {
    .name = "PodTopologySpread",
    .summary = "spreads pods over zones and nodes",
    .weight = 2,
};
