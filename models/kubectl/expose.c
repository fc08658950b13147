/* kubectl expose deployment web --port=80 */
#include <string.h>

#include "models/kubectl/words.h"
#include "sim/io/units.h"

static bool read_type(const struct kubectl_words *words, struct service_spec *s,
                      struct diag *diag)
{
    static const char *const names[] = {"ClusterIP", "NodePort", "LoadBalancer",
                                        NULL};
    const char *type = words_flag(words, "type");
    const char *ip = words_flag(words, "cluster-ip");

    s->headless = ip && strcmp(ip, "None") == 0;
    if (ip && !s->headless && ip[0])
        s->cluster_ip = ip;
    if (!type)
        return true;
    for (int i = 0; names[i]; i++) {
        if (strcmp(names[i], type) == 0) {
            s->type = (enum service_type)i;
            return true;
        }
    }
    diag_error(diag, words->place, "bad value '%s' for --type", type);
    diag_suggest(diag, type, names);
    return false;
}

/* --target-port, else the port itself. */
static void read_target(struct loader *l, const struct kubectl_words *words,
                        struct service_port *port)
{
    const char *text = words_flag(words, "target-port");
    int64_t number;

    port->target = port->port;
    if (text && units_int(text, &number)) {
        port->target = (int)number;
    } else if (text) {
        port->target = 0;
        port->target_name = intern(l->intern, text);
    }
}

/* The Service of a Deployment: its selector, its name unless --name. */
static bool fill(struct loader *l, const struct kubectl_words *words,
                 const struct deployment_spec *d, struct service_spec *s,
                 struct diag *diag)
{
    const char *name = words_flag(words, "name");
    struct service_port port = {0};
    int64_t number = 0;

    s->meta = d->meta;
    s->meta.place = words->place;
    if (name && name[0])
        s->meta.name = intern(l->intern, name);
    s->has_selector = true;
    s->selector = d->selector;
    if (!words_port(words, "port", true, &number, diag) ||
        !read_type(words, s, diag))
        return false;
    port.port = (int)number;
    read_target(l, words, &port);
    s->port_count = 1;
    s->ports = intern_copy(l->intern, &port, 1, sizeof port);
    if (!words_new_name(words, s->meta.name, diag))
        return false;
    if (s->cluster_ip)
        s->cluster_ip = intern(l->intern, s->cluster_ip);
    if (!loader_service(l, s->meta.space, s->meta.name))
        return true;
    diag_error(diag, words->place,
               "service '%s' is there already in namespace '%s'", s->meta.name,
               s->meta.space);
    return false;
}

static const void *parse(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag)
{
    static const char *const flags[] = {"port", "target-port", "name",
                                        "type", "cluster-ip",  NULL};
    struct service_spec *s = intern_alloc(loader->intern, sizeof *s);
    struct kubectl_objects o;
    const struct deployment_spec *d;
    bool ok = words_check_flags(words, flags, diag);

    if (!words_objects(loader, words, 1, -1, 1U << OBJECT_DEPLOYMENT, &o, diag))
        return NULL;
    if (o.count != 1) {
        diag_error(diag, words->place,
                   "'kubectl expose' takes one deployment by name");
        return NULL;
    }
    d = loader_deployment(loader, o.space, o.names[0]);
    if (!fill(loader, words, d, s, diag) || !ok)
        return NULL;
    VEC_PUSH(loader->later.services, s);
    return s;
}

static void run(struct simulation *s, const void *command, incident_id origin)
{
    (void)origin;
    simulation_create_service(s, command);
}

const struct kubectl_verb kubectl_expose = {
    .name = "expose",
    .summary = "deployment/NAME --port=P: a Service for it",
    .parse = parse,
    .run = run,
};
