/* The pod's process runs out of memory (exit 137), and the kubelet restarts it
 * in place, with back-off: at once, or, where growth or perRequest is given,
 * by a leak, when it comes to its limit; without a limit the node's memory
 * runs short, and the kubelet evicts. */
#include <stddef.h>
#include <stdlib.h>

#include "models/failures/failure.h"
#include "models/kubelet.h"
#include "sim/io/param.h"

struct config {
    double growth;       /* bytes a second */
    int64_t per_request; /* bytes */
};

static const struct param params[] = {
    {.name = "growth",
     .type = PARAM_RATE,
     .offset = offsetof(struct config, growth),
     .text = "0/s",
     .max = 1e15,
     .help = "of a leak, in bytes, as in 1Mi/s"},
    {.name = "perRequest",
     .type = PARAM_QUANTITY,
     .offset = offsetof(struct config, per_request),
     .text = "0",
     .help = "of a leak, in bytes for each answer"},
    {0}};

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    const struct config *c = config;

    if (c && (c->growth > 0 || c->per_request > 0))
        return kubelet_leak(s->kubelets, id, c->growth, (double)c->per_request,
                            origin);
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
    .summary = "killed for its memory, exit 137, at once or by a leak (growth, "
               "perRequest); restarted with back-off",
    .params = params,
    .config_size = sizeof(struct config),
    .strike = strike,
};
