/* The node is cut off. From the control plane: its kubelet can neither tell nor
 * hear, its kube-proxy hears nothing, what runs goes on. From clients: no
 * packet comes in or goes out, but within the node. */
#include "models/failures/failure.h"
#include "models/failures/partition.h"

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    world_node_cut(s->world, id, partition_cuts(config), true, origin);
    return true;
}

static void mend(struct simulation *s, uint32_t id, const void *config,
                 incident_id origin)
{
    world_node_cut(s->world, id, partition_cuts(config), false, origin);
}

const struct failure_mode failure_node_partition = {
    .name = "partition",
    .subject = SUBJECT_NODE,
    .summary = "cut off from control-plane, clients or both",
    .has_repair = true,
    .params = partition_params,
    .config_size = sizeof(struct partition_config),
    .strike = strike,
    .mend = mend,
};
