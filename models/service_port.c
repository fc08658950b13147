#include "models/service_port.h"

#include <string.h>

const struct service_port *service_port_find(const struct service_spec *spec,
                                             int port)
{
    for (size_t i = 0; port != 0 && i < spec->port_count; i++)
        if (spec->ports[i].port == port)
            return &spec->ports[i];
    return spec->port_count ? &spec->ports[0] : NULL;
}

static bool is_it(const struct service_port *wanted,
                  const struct container_port *there)
{
    if (there->udp != wanted->udp)
        return false;
    if (wanted->target_name)
        return there->name && strcmp(wanted->target_name, there->name) == 0;
    return there->port == (wanted->target ? wanted->target : wanted->port);
}

bool template_listens(const struct pod_template *t,
                      const struct service_port *port)
{
    bool silent = t->container_count == 0 || !port;

    for (size_t i = 0; port && i < t->container_count; i++) {
        const struct container *c = &t->containers[i];

        silent |= c->port_count == 0;
        for (size_t j = 0; j < c->port_count; j++)
            if (is_it(port, &c->ports[j]))
                return true;
    }
    return silent && !(port && port->target_name);
}
