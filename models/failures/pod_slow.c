/* The pod's service times are multiplied: a gray failure, which probes of
 * their own small work do not see. */
#include <stddef.h>

#include "models/failures/failure.h"
#include "models/traffic/server.h"

struct config {
    double factor;
};

static const struct param params[] = {
    {.name = "factor",
     .type = PARAM_DOUBLE,
     .offset = offsetof(struct config, factor),
     .text = "10",
     .min = 1e-6,
     .max = 1e9,
     .help = "service times are so many times as long"},
    {0}};

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    const struct config *c = config;

    return server_fault_begin(s->servers, world_pod(s->world, id), FAULT_SLOW,
                              c->factor, origin);
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
    .summary = "service times multiplied (factor); its probes pass",
    .has_repair = true,
    .params = params,
    .config_size = sizeof(struct config),
    .strike = strike,
    .mend = mend,
};
