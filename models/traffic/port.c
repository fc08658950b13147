/*
 * port - whether a pod that a Service does not select would answer on that
 * Service's port, as far as manifests say.
 */
#include <string.h>

#include "models/traffic/traffic_internal.h"

/* The port of the Service that the traffic names; its first if 0. */
static const struct service_port *port_of(const struct service_spec *spec,
                                          int port)
{
    for (size_t i = 0; port != 0 && i < spec->port_count; i++)
        if (spec->ports[i].port == port)
            return &spec->ports[i];
    return spec->port_count ? &spec->ports[0] : NULL;
}

static bool same_port(const struct service_port *wanted,
                      const struct container_port *there)
{
    if (wanted->target_name)
        return there->name && strcmp(wanted->target_name, there->name) == 0;
    return there->port == (wanted->target ? wanted->target : wanted->port);
}

bool pod_listens_for(const struct pod *pod, const struct service_spec *spec,
                     int port)
{
    const struct service_port *wanted = port_of(spec, port);
    bool declares = false;

    if (!server_listens(pod))
        return false;
    for (size_t i = 0; wanted && i < pod->template->container_count; i++) {
        const struct container *c = &pod->template->containers[i];

        for (size_t j = 0; j < c->port_count; j++) {
            if (c->ports[j].udp == wanted->udp &&
                same_port(wanted, &c->ports[j]))
                return true;
            declares = true;
        }
    }
    return !declares;
}
