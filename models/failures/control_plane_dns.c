/* The DNS servers stop answering, or answer late. What caches hold, on nodes
 * and in clients, goes on till it is too old. */
#include "models/failures/factor.h"
#include "models/failures/failure.h"
#include "models/network/dns.h"

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    (void)id;
    dns_break(s->dns, factor_of(config), origin);
    return true;
}

static void mend(struct simulation *s, uint32_t id, const void *config,
                 incident_id origin)
{
    (void)id;
    (void)config;
    dns_mend(s->dns, origin);
}

const struct failure_mode failure_control_plane_dns = {
    .name = "dns",
    .subject = SUBJECT_CONTROL_PLANE,
    .summary = "the DNS servers stop answering, or are slow (factor)",
    .has_repair = true,
    .params = control_factor,
    .config_size = sizeof(struct factor_config),
    .strike = strike,
    .mend = mend,
};
