/*
 * service_port - what a Service's port leads to in a pod: its targetPort, by
 * number or name. Kubernetes accepts ports that no container declares, for
 * declaring them is optional; so does a pod here where some container declares
 * none. Where each declares ports, and none is that one, nothing listens.
 */
#ifndef MODELS_SERVICE_PORT_H
#define MODELS_SERVICE_PORT_H

#include "models/objects.h"

/* The port of that number; the first where 0 or unknown. NULL: there is
 * none. */
const struct service_port *service_port_find(const struct service_spec *spec,
                                             int port);
/* False: nothing in such a pod listens there. port NULL: true. */
bool template_listens(const struct pod_template *t,
                      const struct service_port *port);

#endif
