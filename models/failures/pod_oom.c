/* The kernel kills a container of the pod for its memory (exit 137): it ends
 * as in `crash`, and the kubelet restarts it in place, with back-off. */
#include <stdlib.h>

#include "models/failures/failure.h"
#include "models/kubelet.h"

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    (void)config;
    if (!kubelet_crash(s->kubelets, id, origin))
        return false;
    if (s->world->want_events) {
        char *object = mem_printf("pod/%s", world_pod(s->world, id)->name);

        world_event(s->world, true, "OOMKilled", object, "exit code 137");
        free(object);
    }
    return true;
}

const struct failure_mode failure_pod_oom = {
    .name = "oom",
    .subject = SUBJECT_POD,
    .summary = "killed for its memory, exit 137; restarted with back-off",
    .strike = strike,
};
