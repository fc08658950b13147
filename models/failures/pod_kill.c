/* The pod is deleted, with its grace period; its owner makes another, with
 * another address. */
#include "models/failures/failure.h"

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    (void)config;
    if (!world_pod(s->world, id) || s->world->api_stopped)
        return false;
    world_pod_delete(s->world, id, -1, "Killed", origin);
    return true;
}

const struct failure_mode failure_pod_kill = {
    .name = "kill",
    .subject = SUBJECT_POD,
    .summary = "pod deleted, with its grace period",
    .strike = strike,
};
