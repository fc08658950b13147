#include "models/controllers/nodelifecycle_rules.h"

#include "models/select.h"

const char nodelifecycle_not_ready[] = "node.kubernetes.io/not-ready";
const char nodelifecycle_unreachable[] = "node.kubernetes.io/unreachable";
const char nodelifecycle_unschedulable[] = "node.kubernetes.io/unschedulable";

enum zone_state nodelifecycle_zone_state(int ready, int not_ready,
                                         double unhealthy_threshold)
{
    if (ready == 0 && not_ready > 0)
        return ZONE_FULL_DISRUPTION;
    /* Kubernetes divides 32-bit floats. */
    if (not_ready > 2 && (float)not_ready / (float)(not_ready + ready) >=
                             (float)unhealthy_threshold)
        return ZONE_PARTIAL_DISRUPTION;
    return ZONE_NORMAL;
}

double nodelifecycle_rate(enum zone_state state, int64_t zone_size,
                          const struct control_plane_params *params)
{
    if (state != ZONE_PARTIAL_DISRUPTION)
        return params->node_eviction_rate;
    return zone_size > params->large_cluster_size_threshold
               ? params->secondary_node_eviction_rate
               : 0;
}

size_t nodelifecycle_condition_taints(enum node_ready ready, bool unschedulable,
                                      const char *keys[2])
{
    size_t count = 0;

    if (ready == NODE_FALSE)
        keys[count++] = nodelifecycle_not_ready;
    else if (ready == NODE_UNKNOWN)
        keys[count++] = nodelifecycle_unreachable;
    if (unschedulable)
        keys[count++] = nodelifecycle_unschedulable;
    return count;
}

bool nodelifecycle_excluded(const struct node_spec *spec)
{
    return labels_get(&spec->labels, "node.kubernetes.io/exclude-disruption");
}
