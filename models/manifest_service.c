/*
 * Services: the rules are those of the API server (pkg/apis/core/validation,
 * ValidateService; pkg/apis/core/v1/defaults.go, SetDefaults_Service).
 */
#include <stdio.h>
#include <string.h>

#include "models/controllers/topology_rules.h"
#include "models/manifest_internal.h"
#include "sim/io/units.h"

static const char *const types[] = {"ClusterIP", "NodePort", "LoadBalancer",
                                    "ExternalName", NULL};

/* targetPort: a number, the name of a container's port, or as port. */
static bool target_read(struct loader *l, struct doc_node *node,
                        struct service_port *port)
{
    struct doc_node *target = doc_get(node, "targetPort");
    int64_t number;

    port->target = port->port;
    if (!target)
        return true;
    if (target->kind != DOC_SCALAR || !*target->text)
        return value_bad(l, target, "a port's number or name");
    if (!units_int(target->text, &number)) {
        port->target = 0;
        port->target_name = intern(l->intern, target->text);
        return true;
    }
    if (number == 0) /* as if it were absent */
        return true;
    if (number < 1 || number > 65535)
        return value_bad(l, target, "a port from 1 to 65535");
    port->target = (int)number;
    return true;
}

static bool port_read(struct loader *l, struct doc_node *node,
                      struct service_port *port)
{
    static const char *const protocols[] = {"TCP", "UDP", "SCTP", NULL};
    int protocol = 0;

    if (node->kind != DOC_MAPPING)
        return value_bad(l, node, "a mapping with port");
    if (!value_text(l, node, "name", &port->name) ||
        !value_int(l, node, "port", 1, 65535, &port->port) ||
        !value_int(l, node, "nodePort", 0, 65535, &port->node_port) ||
        !value_choice(l, node, "protocol", protocols, &protocol))
        return false;
    if (port->name && !*port->name)
        port->name = NULL;
    port->udp = protocol == 1;
    if (port->port == 0) {
        diag_error(l->diag, node->place, "'port' is required");
        return false;
    }
    return target_read(l, node, port);
}

static bool names_fit(struct loader *l, struct doc_node *ports,
                      const struct service_port *items, size_t count)
{
    struct doc_node *child = ports->first;
    size_t i, j;

    if (count < 2)
        return true;
    for (i = 0; i < count; i++, child = child->next) {
        if (!items[i].name) {
            diag_error(l->diag, child->place,
                       "'name' is required where there is more than one port");
            return false;
        }
        for (j = 0; j < i; j++)
            if (items[j].name == items[i].name) {
                diag_error(l->diag, child->place, "duplicate port '%.200s'",
                           items[i].name);
                return false;
            }
    }
    return true;
}

static bool ports_read(struct loader *l, struct doc_node *spec,
                       struct service_spec *s)
{
    struct service_port *items;
    struct doc_node *ports, *child;
    size_t n = 0;
    bool ok = true;

    if (!value_sequence(l, spec, "ports", &ports))
        return false;
    if (!ports || ports->count == 0) {
        if (s->headless || s->type == SERVICE_EXTERNAL_NAME)
            return true;
        diag_error(l->diag, spec->place, "'ports' is required");
        return false;
    }
    items = intern_alloc(l->intern, ports->count * sizeof *items);
    for (child = ports->first; child; child = child->next)
        ok &= port_read(l, child, &items[n++]);
    s->port_count = n;
    s->ports = items;
    return ok && names_fit(l, ports, items, n);
}

static bool is_ipv4(const char *text)
{
    unsigned a, b, c, d;
    char rest;

    return sscanf(text, "%3u.%3u.%3u.%3u%c", &a, &b, &c, &d, &rest) == 4 &&
           a < 256 && b < 256 && c < 256 && d < 256;
}

static bool address_read(struct loader *l, struct doc_node *spec,
                         struct service_spec *s)
{
    struct doc_node *node = doc_get(spec, "clusterIP");
    const char *text;

    if (!node || node->kind != DOC_SCALAR)
        return !node || value_bad(l, node, "an address or None");
    text = node->text;
    if (s->type == SERVICE_EXTERNAL_NAME || !*text || strchr(text, ':'))
        return true; /* IPv6 is not modelled: another address is given */
    if (strcmp(text, "None") == 0) {
        s->headless = true;
        if (s->type == SERVICE_CLUSTER_IP)
            return true;
        diag_error(l->diag, node->place,
                   "'clusterIP' may not be None for %s Services",
                   types[s->type]);
        return false;
    }
    if (!is_ipv4(text))
        return value_bad(l, node, "an IPv4 address or None");
    s->cluster_ip = intern(l->intern, text);
    return true;
}

static bool affinity_read(struct loader *l, struct doc_node *spec,
                          struct service_spec *s)
{
    static const char *const words[] = {"None", "ClientIP", NULL};
    struct doc_node *config;
    int word = 0;

    s->affinity_timeout = 10800 * SIM_S;
    if (!value_choice(l, spec, "sessionAffinity", words, &word) ||
        !value_mapping(l, spec, "sessionAffinityConfig", &config) ||
        !value_mapping(l, config, "clientIP", &config) ||
        !value_seconds(l, config, "timeoutSeconds", 1, &s->affinity_timeout))
        return false;
    if (s->affinity_timeout > SIM_DAY)
        return value_bad(l, doc_get(config, "timeoutSeconds"),
                         "seconds from 1 to 86400");
    s->client_ip_affinity = word == 1;
    /* The API server (v1.34, pkg/api/service/warnings.go) warns as well. */
    if (s->client_ip_affinity && s->headless) {
        diag_warning(l->diag, doc_get(spec, "sessionAffinity")->place,
                     "'sessionAffinity' is ignored for headless Services");
        s->client_ip_affinity = false;
    }
    return true;
}

/* Before 1.31 the field is dropped (feature ServiceTrafficDistribution);
 * before 1.34 the API server knows one value (PreferSameTrafficDistribution).
 */
enum { DISTRIBUTION_SINCE = 31, SAME_SINCE = 34 };

static bool distribution_read(struct loader *l, struct doc_node *spec,
                              struct service_spec *s)
{
    static const char *const words[] = {"PreferClose", "PreferSameZone",
                                        "PreferSameNode", NULL};
    struct doc_node *node = doc_get(spec, "trafficDistribution");
    int word = -1;

    if (!value_choice(l, spec, "trafficDistribution", words, &word))
        return false;
    if (word < 0)
        return true;
    if (l->kubernetes_minor < DISTRIBUTION_SINCE) {
        diag_warning(l->diag, node->place,
                     "'trafficDistribution' is ignored before Kubernetes 1.%d",
                     DISTRIBUTION_SINCE);
        return true;
    }
    if (word > 0 && l->kubernetes_minor < SAME_SINCE) {
        diag_error(l->diag, node->place,
                   "'%s' needs Kubernetes 1.%d, and the cluster has 1.%d",
                   words[word], SAME_SINCE, l->kubernetes_minor);
        if (word == 1)
            diag_hint(l->diag, "until then it is called PreferClose");
        return false;
    }
    s->traffic_distribution = words[word];
    return true;
}

/* The older annotation comes first (endpointslice/utils.go hintsEnabled). The
 * feature TopologyAwareHints is on since 1.24, the other name since 1.27. */
enum { HINTS_SINCE = 24, MODE_SINCE = 27 };

static bool annotations_read(struct manifest_object *o, struct service_spec *s)
{
    struct doc_node *annotations =
        doc_path(o->root, "metadata", "annotations", NULL);
    struct doc_node *mode =
        doc_get(annotations, "service.kubernetes.io/topology-aware-hints");

    if (!mode && o->l->kubernetes_minor >= MODE_SINCE)
        mode = doc_get(annotations, "service.kubernetes.io/topology-mode");
    if (!mode)
        return true;
    if (mode->kind != DOC_SCALAR)
        return value_bad(o->l, mode, "Auto or Disabled");
    s->topology_auto =
        topology_auto(mode->text) && o->l->kubernetes_minor >= HINTS_SINCE;
    return true;
}

static bool policies_read(struct loader *l, struct doc_node *spec,
                          struct service_spec *s)
{
    static const char *const policies[] = {"Cluster", "Local", NULL};
    int internal = 0, external = 0;

    if (!value_choice(l, spec, "internalTrafficPolicy", policies, &internal) ||
        !value_choice(l, spec, "externalTrafficPolicy", policies, &external) ||
        !value_bool(l, spec, "publishNotReadyAddresses",
                    &s->publish_not_ready) ||
        !distribution_read(l, spec, s))
        return false;
    s->internal_local = internal == 1;
    s->external_local = external == 1;
    return true;
}

bool manifest_service(struct manifest_object *o)
{
    struct service_spec s = {.meta = o->meta};
    struct loader *l = o->l;
    struct doc_node *spec, *selector;
    int type = 0;
    bool ok;

    if (!value_mapping(l, o->root, "spec", &spec))
        return false;
    if (!spec) {
        diag_error(l->diag, o->meta.place, "Service '%s' has no 'spec'",
                   o->meta.name);
        return false;
    }
    if (!value_choice(l, spec, "type", types, &type))
        return false;
    s.type = (enum service_type)type;
    ok = address_read(l, spec, &s);
    ok &= ports_read(l, spec, &s);
    ok &= affinity_read(l, spec, &s);
    ok &= policies_read(l, spec, &s);
    ok &= annotations_read(o, &s);
    ok &= value_mapping(l, spec, "selector", &selector);
    if (ok && selector && selector->count > 0) {
        s.has_selector = true;
        ok = selector_read_map(l, selector, &s.selector);
    }
    if (ok)
        VEC_PUSH(o->into->services, intern_copy(l->intern, &s, 1, sizeof s));
    return ok;
}
