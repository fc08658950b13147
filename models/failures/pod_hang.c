/* The pod's process accepts requests and never answers; HTTP and gRPC probes
 * time out, a connection is set up all the same. It ends with the process: a
 * liveness probe's restart mends it. */
#include "models/failures/failure.h"
#include "models/traffic/server.h"

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    (void)config;
    return server_fault_begin(s->servers, world_pod(s->world, id), FAULT_HANG,
                              0, origin);
}

static void mend(struct simulation *s, uint32_t id, const void *config,
                 incident_id origin)
{
    (void)config;
    server_fault_end(s->servers, world_pod(s->world, id), origin);
}

const struct failure_mode failure_pod_hang = {
    .name = "hang",
    .subject = SUBJECT_POD,
    .summary = "accepts, never answers, until its process ends",
    .has_repair = true,
    .strike = strike,
    .mend = mend,
};
