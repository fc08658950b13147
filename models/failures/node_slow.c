/* Service times of all pods on the node are multiplied, of those that start
 * there meanwhile too: a failing disk, a throttled processor. Its kubelet
 * works, so the node stays Ready. */
#include "models/failures/factor.h"
#include "models/failures/failure.h"
#include "models/traffic/server.h"

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    server_slow_node(s->servers, id, factor_of(config), origin);
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
    .summary = "service times on it multiplied; it stays Ready",
    .has_repair = true,
    .params = service_factor,
    .config_size = sizeof(struct factor_config),
    .strike = strike,
    .mend = mend,
};
