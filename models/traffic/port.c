/*
 * port - whether a pod would answer on a Service's port, as far as manifests
 * say.
 */
#include "models/service_port.h"
#include "models/traffic/traffic_internal.h"

bool pod_listens_for(const struct pod *pod, const struct service_spec *spec,
                     int port)
{
    return server_listens(pod) &&
           template_listens(pod->template, service_port_find(spec, port));
}
