/* Everything on the node stops at once; it boots after the repair, or
 * never. */
#include "models/failures/failure.h"
#include "models/kubelet.h"

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    (void)config;
    if (!world_node(s->world, id)->up)
        return false;
    kubelet_node_down(s->kubelets, id, origin);
    return true;
}

static void mend(struct simulation *s, uint32_t id, const void *config,
                 incident_id origin)
{
    (void)config;
    kubelet_node_up(s->kubelets, id, origin);
}

const struct failure_mode failure_node_crash = {
    .name = "crash",
    .subject = SUBJECT_NODE,
    .summary = "all on it stops; boots after the repair, or never",
    .has_repair = true,
    .strike = strike,
    .mend = mend,
};
