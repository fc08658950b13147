/* The pod's service times are multiplied: a gray failure, which probes of
 * their own small work do not see. */
#include "models/failures/factor.h"
#include "models/failures/failure.h"
#include "models/traffic/server.h"

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    return server_fault_begin(s->servers, world_pod(s->world, id), FAULT_SLOW,
                              factor_of(config), origin);
}

static void mend(struct simulation *s, uint32_t id, const void *config,
                 incident_id origin)
{
    (void)config;
    server_fault_end(s->servers, world_pod(s->world, id), origin);
}

const struct failure_mode failure_pod_slow = {
    .name = "slow",
    .subject = SUBJECT_POD,
    .summary = "service times multiplied; its probes pass",
    .has_repair = true,
    .params = service_factor,
    .config_size = sizeof(struct factor_config),
    .strike = strike,
    .mend = mend,
};
