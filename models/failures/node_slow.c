/* Service times of all pods on the node are multiplied, of those that start
 * there meanwhile too: a failing disk, a throttled processor. Its kubelet
 * works, so the node stays Ready. */
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

    server_slow_node(s->servers, id, c->factor, origin);
    return true;
}

static void mend(struct simulation *s, uint32_t id, const void *config,
                 incident_id origin)
{
    (void)config;
    server_slow_node(s->servers, id, 1, origin);
}

const struct failure_mode failure_node_slow = {
    .name = "slow",
    .subject = SUBJECT_NODE,
    .summary = "service times on it multiplied (factor); it stays Ready",
    .has_repair = true,
    .params = params,
    .config_size = sizeof(struct config),
    .strike = strike,
    .mend = mend,
};
