/* The node's kube-proxy stops programming: what it has stays in force, and
 * gets older. */
#include "models/failures/failure.h"
#include "models/network/kubeproxy.h"

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    (void)config;
    (void)origin;
    proxy_set_stuck(s->proxies, id, true);
    return true;
}

static void mend(struct simulation *s, uint32_t id, const void *config,
                 incident_id origin)
{
    (void)config;
    (void)origin;
    proxy_set_stuck(s->proxies, id, false);
}

const struct failure_mode failure_node_proxy_stuck = {
    .name = "proxy-stuck",
    .subject = SUBJECT_NODE,
    .summary = "kube-proxy stops programming; its rules get older",
    .has_repair = true,
    .strike = strike,
    .mend = mend,
};
