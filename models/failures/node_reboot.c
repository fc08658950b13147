/* The node shuts down, gracefully where its kubelet does that, and boots again
 * by itself, a minute later unless the scenario says when: the same pod
 * objects, new sandboxes, new addresses. */
#include "models/failures/failure.h"
#include "models/kubelet.h"

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    (void)config;
    return kubelet_node_shutdown(s->kubelets, id, SIM_NEVER, origin);
}

static void mend(struct simulation *s, uint32_t id, const void *config,
                 incident_id origin)
{
    (void)config;
    kubelet_node_up(s->kubelets, id, origin);
}

const struct failure_mode failure_node_reboot = {
    .name = "reboot",
    .subject = SUBJECT_NODE,
    .summary = "shuts down, and boots after the repair; unless given, 1 min",
    .has_repair = true,
    .repair = 60,
    .strike = strike,
    .mend = mend,
};
