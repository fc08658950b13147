/*
 * Containers of a pod: image, ports, resources, probes, hooks.
 */
#include <arpa/inet.h>
#include <string.h>

#include "models/manifest_internal.h"

/* "" and 0.0.0.0 are every address of the node (framework.HostPortInfo). */
static bool host_port_read(struct loader *l, struct doc_node *node,
                           struct container_port *out)
{
    unsigned char address[16];

    if (!value_int(l, node, "hostPort", 0, 65535, &out->host_port) ||
        !value_text(l, node, "hostIP", &out->host_ip))
        return false;
    if (!out->host_ip)
        return true;
    if (!*out->host_ip || strcmp(out->host_ip, "0.0.0.0") == 0) {
        out->host_ip = NULL;
        return true;
    }
    return inet_pton(AF_INET, out->host_ip, address) == 1 ||
           inet_pton(AF_INET6, out->host_ip, address) == 1 ||
           value_bad(l, doc_get(node, "hostIP"), "an IP address");
}

static bool ports_read(struct loader *l, struct doc_node *node,
                       struct container *out)
{
    static const char *const protocols[] = {"TCP", "UDP", "SCTP", NULL};
    struct container_port *items;
    struct doc_node *ports, *child;
    size_t n = 0;
    bool ok = true;

    if (!value_sequence(l, node, "ports", &ports))
        return false;
    if (!ports)
        return true;
    items = intern_alloc(l->intern, ports->count * sizeof *items);
    for (child = ports->first; child; child = child->next) {
        struct container_port *port = &items[n];
        int protocol = 0;

        if (child->kind != DOC_MAPPING) {
            ok = value_bad(l, child, "a mapping with containerPort");
            continue;
        }
        if (!value_int(l, child, "containerPort", 1, 65535, &port->port) ||
            !value_text(l, child, "name", &port->name) ||
            !host_port_read(l, child, port) ||
            !value_choice(l, child, "protocol", protocols, &protocol)) {
            ok = false;
            continue;
        }
        if (port->port == 0) {
            diag_error(l->diag, child->place, "'containerPort' is required");
            ok = false;
        }
        port->udp = protocol == 1;
        port->sctp = protocol == 2;
        n++;
    }
    out->port_count = n;
    out->ports = items;
    return ok;
}

/* A limit of less than 0: there is none. */
static bool within(struct loader *l, struct doc_node *requests, const char *key,
                   int64_t request, int64_t limit)
{
    return limit < 0 || request <= limit ||
           value_bad(l, doc_get(requests, key), "no more than its limit");
}

/* Requests are the limits where only those are given (defaults.go,
 * SetDefaults_Pod); none may exceed its limit (validation.go). */
static bool resources_read(struct loader *l, struct doc_node *node,
                           struct container *container)
{
    struct resources *out = &container->requests;
    struct doc_node *resources, *requests, *limits;
    struct resources limit = {.cpu = -1, .memory = -1, .storage = -1};
    bool ok;

    if (!value_mapping(l, node, "resources", &resources) ||
        !value_mapping(l, resources, "requests", &requests) ||
        !value_mapping(l, resources, "limits", &limits))
        return false;
    if (!value_resources(l, limits, out) ||
        !value_resources(l, limits, &limit) ||
        !value_resources(l, requests, out))
        return false;
    out->pods = 0;
    container->cpu_given = doc_get(requests, "cpu") || doc_get(limits, "cpu");
    container->memory_given =
        doc_get(requests, "memory") || doc_get(limits, "memory");
    container->cpu_limit = limit.cpu > 0 ? limit.cpu : 0;
    container->memory_limit = limit.memory > 0 ? limit.memory : 0;
    ok = within(l, requests, "cpu", out->cpu, limit.cpu);
    return within(l, requests, "memory", out->memory, limit.memory) && ok;
}

/* The tag ":latest", or none, is pulled anew each time (defaults.go,
 * SetDefaults_Container). */
static bool is_latest(const char *image)
{
    const char *slash = strrchr(image, '/');
    const char *name = slash ? slash + 1 : image;
    const char *colon = strchr(name, ':');

    if (strchr(name, '@'))
        return false;
    return !colon || strcmp(colon, ":latest") == 0;
}

static bool image_read(struct loader *l, struct doc_node *node,
                       struct container *out)
{
    static const char *const policies[] = {"Always", "IfNotPresent", "Never",
                                           NULL};
    int policy = -1;

    out->image = intern(l->intern, "");
    if (!value_text(l, node, "image", &out->image) ||
        !value_choice(l, node, "imagePullPolicy", policies, &policy))
        return false;
    out->always_pull = policy == 0 || (policy < 0 && is_latest(out->image));
    return true;
}

/* ---- probes ---- */

static int handler_kind(struct doc_node *node)
{
    if (doc_get(node, "httpGet"))
        return PROBE_HTTP;
    if (doc_get(node, "grpc"))
        return PROBE_GRPC;
    if (doc_get(node, "tcpSocket"))
        return PROBE_TCP;
    if (doc_get(node, "exec"))
        return PROBE_EXEC;
    return -1;
}

/* Zeros are defaults, as the API server fills them in (SetDefaults_Probe). */
static bool probe_read(struct loader *l, struct doc_node *container,
                       const char *key, bool success_is_1,
                       const struct probe **out)
{
    struct probe probe = {0};
    struct doc_node *node;
    int kind;

    if (!value_mapping(l, container, key, &node))
        return false;
    if (!node)
        return true;
    kind = handler_kind(node);
    if (kind < 0) {
        diag_error(l->diag, node->place, "'%s' has no handler", key);
        diag_hint(l->diag, "expected httpGet, grpc, tcpSocket or exec");
        return false;
    }
    probe.kind = (enum probe_kind)kind;
    if (!value_seconds(l, node, "initialDelaySeconds", 0,
                       &probe.initial_delay) ||
        !value_seconds(l, node, "periodSeconds", 0, &probe.period) ||
        !value_seconds(l, node, "timeoutSeconds", 0, &probe.timeout) ||
        !value_int(l, node, "successThreshold", 0, success_is_1 ? 1 : INT32_MAX,
                   &probe.success_threshold) ||
        !value_int(l, node, "failureThreshold", 0, INT32_MAX,
                   &probe.failure_threshold))
        return false;
    if (probe.period == 0)
        probe.period = 10 * SIM_S;
    if (probe.timeout == 0)
        probe.timeout = SIM_S;
    if (probe.success_threshold == 0)
        probe.success_threshold = 1;
    if (probe.failure_threshold == 0)
        probe.failure_threshold = 3;
    *out = intern_copy(l->intern, &probe, 1, sizeof probe);
    return true;
}

bool container_probes_read(struct loader *l, struct doc_node *node,
                           struct container *out)
{
    bool ok = probe_read(l, node, "readinessProbe", false, &out->readiness);

    ok &= probe_read(l, node, "livenessProbe", true, &out->liveness);
    ok &= probe_read(l, node, "startupProbe", true, &out->startup);
    return ok;
}

/* ---- one container, all containers ---- */

static bool lifecycle_read(struct loader *l, struct doc_node *node,
                           struct container *out)
{
    struct doc_node *lifecycle, *hook;

    if (!value_mapping(l, node, "lifecycle", &lifecycle) ||
        !value_mapping(l, lifecycle, "preStop", &hook))
        return false;
    if (!hook)
        return true;
    out->pre_stop_place = hook->key_place;
    return pre_stop_read(l, hook, &out->pre_stop);
}

static bool container_read(struct loader *l, struct doc_node *node, bool init,
                           struct container *out)
{
    const char *restart = "";
    bool ok;

    if (node->kind != DOC_MAPPING)
        return value_bad(l, node, "a container, a mapping with name");
    ok = value_text(l, node, "name", &out->name);
    if (!out->name) {
        diag_error(l->diag, node->place, "a container needs a 'name'");
        out->name = intern(l->intern, "");
        ok = false;
    }
    ok &= image_read(l, node, out);
    ok &= ports_read(l, node, out);
    ok &= resources_read(l, node, out);
    if (init) {
        ok &= value_text(l, node, "restartPolicy", &restart);
        out->init = true;
        out->sidecar = strcmp(restart, "Always") == 0;
    }
    if (!init || out->sidecar) {
        ok &= container_probes_read(l, node, out);
        ok &= lifecycle_read(l, node, out);
    }
    return ok;
}

static bool duplicate_name(struct loader *l, const struct container *items,
                           size_t count, struct doc_node *node)
{
    size_t i;

    for (i = 0; i + 1 < count; i++)
        if (items[i].name == items[count - 1].name && *items[count - 1].name) {
            diag_error(l->diag, node->place, "duplicate container '%.200s'",
                       items[i].name);
            return true;
        }
    return false;
}

bool containers_read(struct loader *l, struct doc_node *spec,
                     struct pod_template *out)
{
    struct doc_node *lists[2], *child;
    struct container *items;
    size_t n = 0, room = 0, i;
    bool ok;

    ok = value_sequence(l, spec, "initContainers", &lists[0]);
    ok &= value_sequence(l, spec, "containers", &lists[1]);
    if (!ok)
        return false;
    if (!lists[1] || lists[1]->count == 0) {
        diag_error(l->diag, lists[1] ? lists[1]->place : spec->place,
                   "a pod needs at least one of 'containers'");
        return false;
    }
    for (i = 0; i < 2; i++)
        room += lists[i] ? lists[i]->count : 0;
    items = intern_alloc(l->intern, room * sizeof *items);
    for (i = 0; i < 2; i++)
        for (child = lists[i] ? lists[i]->first : NULL; child;
             child = child->next) {
            ok &= container_read(l, child, i == 0, &items[n++]);
            ok &= !duplicate_name(l, items, n, child);
        }
    out->container_count = n;
    out->containers = items;
    return ok;
}

/* ---- host ports ---- */

/* Containers of a pod with hostNetwork have their ports on the node: core/v1
 * defaults.go, defaultHostNetworkPorts. None may differ (validation.go). */
static bool take_node_ports(struct loader *l, struct doc_node *spec,
                            struct container *c)
{
    struct container_port *ports;
    size_t i;

    if (c->port_count == 0)
        return true;
    ports = intern_copy(l->intern, c->ports, c->port_count, sizeof *ports);
    for (i = 0; i < c->port_count; i++) {
        if (ports[i].host_port == 0)
            ports[i].host_port = ports[i].port;
        if (ports[i].host_port == ports[i].port)
            continue;
        diag_error(l->diag, spec->place,
                   "'hostPort' %d of container '%.200s' must be the "
                   "'containerPort' where 'hostNetwork' is true",
                   ports[i].host_port, c->name);
        return false;
    }
    c->ports = ports;
    return true;
}

/* Each container's ports but those of init containers, which end before the
 * others begin. */
static const struct container_port *port_at(const struct pod_template *t,
                                            size_t wanted)
{
    size_t i;

    for (i = 0; i < t->container_count; i++) {
        const struct container *c = &t->containers[i];

        if (c->init)
            continue;
        if (wanted < c->port_count)
            return &c->ports[wanted];
        wanted -= c->port_count;
    }
    return NULL;
}

/* validation.go, checkHostPortConflicts. */
static bool host_ports_differ(struct loader *l, struct doc_node *spec,
                              const struct pod_template *t)
{
    const struct container_port *a, *b;
    size_t i, j;

    for (i = 0; (a = port_at(t, i)); i++)
        for (j = 0; a->host_port > 0 && j < i; j++) {
            b = port_at(t, j);
            if (a->host_port != b->host_port || a->host_ip != b->host_ip ||
                a->udp != b->udp || a->sctp != b->sctp)
                continue;
            diag_error(l->diag, spec->place,
                       "two containers' ports want host port %d", a->host_port);
            return false;
        }
    return true;
}

bool host_ports_finish(struct loader *l, struct doc_node *spec,
                       struct pod_template *out)
{
    struct container *items;
    size_t i;

    if (out->host_network) {
        items = intern_copy(l->intern, out->containers, out->container_count,
                            sizeof *items);
        for (i = 0; i < out->container_count; i++)
            if (!take_node_ports(l, spec, &items[i]))
                return false;
        out->containers = items;
    }
    return host_ports_differ(l, spec, out);
}
