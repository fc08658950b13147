/* The node's kube-proxy stops programming; its rules stay as they are. The
 * repair is a new kube-proxy, which writes all of them at once. */
#include "models/failures/failure.h"
#include "models/network/kubeproxy.h"

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    (void)config;
    (void)origin;
    return proxy_set_stuck(s->proxies, id, true);
}

static void mend(struct simulation *s, uint32_t id, const void *config,
                 incident_id origin)
{
    (void)config;
    (void)origin;
    proxy_restart(s->proxies, id);
}

const struct failure_mode failure_node_proxy_stuck = {
    .name = "proxy-stuck",
    .subject = SUBJECT_NODE,
    .summary = "its kube-proxy stops programming; the repair is a restart",
    .has_repair = true,
    .strike = strike,
    .mend = mend,
};
