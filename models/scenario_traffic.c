/*
 * spec.traffic: who asks which Service; and, where nothing is said, 100
 * requests a second to each that can have pods.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/scenario_internal.h"
#include "models/select.h"
#include "models/service_port.h"
#include "models/traffic/server.h"
#include "sim/io/units.h"

/* ---- absent traffic ---- */

static bool has_tcp(const struct service_spec *s)
{
    size_t i;

    for (i = 0; i < s->port_count; i++)
        if (!s->ports[i].udp)
            return true;
    return false;
}

static const char *full_name(struct scenario_reader *r,
                             const struct service_spec *s)
{
    if (strcmp(s->meta.space, "default") == 0)
        return s->meta.name;
    return intern_printf(r->l.intern, "%s/%s", s->meta.space, s->meta.name);
}

static void add_traffic(struct scenario_reader *r,
                        const struct object_list *list)
{
    size_t i;

    for (i = 0; i < list->services.count; i++) {
        const struct service_spec *s = list->services.items[i];
        struct raw_traffic *t;

        if (s->type == SERVICE_EXTERNAL_NAME || !has_tcp(s) ||
            !scenario_has_pods(r, s))
            continue;
        t = raw_append(&r->raw->traffic, scenario_traffic_table, sizeof *t,
                       r->l.kubernetes_minor);
        t->service = mem_strdup(full_name(r, s));
        if (s->headless)
            t->ask.access = ACCESS_HEADLESS;
        if (r->s->ideal)
            t->ask.timeout = SIM_NEVER;
    }
}

static void assume_traffic(struct scenario_reader *r)
{
    const struct raw_traffic *first = r->raw->traffic.items;
    size_t count = r->raw->traffic.count;

    if (count == 1)
        reader_assume(r, "Poisson 100 requests/s to %s", first->service);
    else if (count > 1)
        reader_assume(r,
                      "Poisson 100 requests/s to each of the %zu Services "
                      "that can have pods",
                      count);
}

/* ---- one entry ---- */

/* "[namespace/]name[:port]"; port by number or name. */
struct listening {
    const struct service_port *port;
    bool all;
};

static void look_for_port(void *self, const struct meta *meta,
                          const struct pod_template *t)
{
    struct listening *l = self;

    (void)meta;
    l->all &= template_listens(t, l->port);
}

/* Some of the Service's pods, now or later, do not listen there. */
static bool is_unheard(struct scenario_reader *r, const struct service_spec *s,
                       int port)
{
    struct listening l = {service_port_find(s, port), true};

    if (s->has_selector)
        scenario_each_match(r, s->meta.space, &s->selector, look_for_port, &l);
    return !l.all;
}

static bool port_read(struct scenario_reader *r, const struct service_spec *s,
                      const char *text, struct place place,
                      struct traffic_spec *out)
{
    int64_t number = 0;

    units_int(text, &number);
    for (size_t i = 0; i < s->port_count; i++)
        if (s->ports[i].port == number ||
            (s->ports[i].name && strcmp(s->ports[i].name, text) == 0)) {
            out->port = s->ports[i].port;
            out->udp = s->ports[i].udp;
            return true;
        }
    diag_error(r->diag, place, "Service '%s' has no port '%.60s'", s->meta.name,
               text);
    return false;
}

bool scenario_asked(struct scenario_reader *r, const char *text,
                    struct place place, struct traffic_spec *out)
{
    const char *colon = strchr(text, ':');
    const struct service_spec *s;

    if (colon)
        text = intern_printf(r->l.intern, "%.*s", (int)(colon - text), text);
    s = reader_find_service(r, text, place);
    if (!s)
        return false;
    out->space = s->meta.space;
    out->service = s->meta.name;
    out->udp = s->port_count > 0 && s->ports[0].udp;
    if (colon && !port_read(r, s, colon + 1, place, out))
        return false;
    out->unheard = is_unheard(r, s, out->port);
    return true;
}

static bool location_read(struct scenario_reader *r,
                          const struct raw_clients *raw, struct place place,
                          struct traffic_spec *out)
{
    size_t i;

    if (raw->pods) {
        out->location = AT_PODS;
        return loader_read_selector(&r->l, raw->pods, &out->client_pods);
    }
    if (strcmp(raw->location, "nodes") == 0)
        out->location = AT_NODES;
    else if (strcmp(raw->location, "external") == 0)
        out->location = AT_EXTERNAL;
    else {
        out->location = AT_ZONE;
        out->zone = intern(r->l.intern, raw->location + 5);
        for (i = 0; i < r->s->cluster.node_count; i++)
            if (r->s->cluster.nodes[i].zone == out->zone)
                return true;
        diag_error(r->diag, place, "no node is in zone '%.60s'", out->zone);
        return false;
    }
    return true;
}

bool scenario_causes(struct scenario_reader *r, const struct param_strings *on,
                     struct place place, unsigned *out)
{
    size_t i;
    int cause;

    *out = 0;
    for (i = 0; i < on->count; i++) {
        for (cause = 1; cause < CAUSE_COUNT; cause++)
            if (strcmp(cause_names[cause], on->items[i]) == 0)
                break;
        if (cause == CAUSE_COUNT) {
            const char *names[CAUSE_COUNT];

            for (cause = 1; cause < CAUSE_COUNT; cause++)
                names[cause - 1] = cause_names[cause];
            names[CAUSE_COUNT - 1] = NULL;
            diag_error(r->diag, place, "unknown cause '%.60s' in 'on'",
                       on->items[i]);
            diag_suggest(r->diag, on->items[i], names);
            return false;
        }
        *out |= 1u << cause;
    }
    return true;
}

static struct place key_place(struct scenario_reader *r, const char *list,
                              size_t index, const char *key)
{
    struct doc_node *node = doc_get(reader_item(r, list, index), key);

    return node ? node->place : reader_place(r, list, index);
}

/* What the shortest way to a pod and back takes, without waiting. */
static double least_latency(const struct scenario_reader *r,
                            const struct traffic_spec *t)
{
    const struct network_latency *l = &r->s->cluster.latency;
    const struct dist *d =
        t->location == AT_EXTERNAL ? &l->external : &l->same_node;

    return 2 * dist_quantile(d, 0.5);
}

static struct place key_of(struct doc_node *item, const char *key,
                           struct place place)
{
    const struct doc_node *node = doc_get(item, key);

    return node ? node->place : place;
}

/* Time-outs that leave nothing to hope for. */
static void warn_of_patience(struct scenario_reader *r, struct doc_node *item,
                             const struct traffic_spec *t)
{
    if (t->timeout != SIM_NEVER &&
        (double)t->timeout / 1e9 <= least_latency(r, t))
        diag_warning(r->diag, key_of(item, "timeout", t->place),
                     "'timeout' is not above the network's latency: all "
                     "requests will fail");
    if (t->connect_timeout > t->timeout)
        diag_warning(r->diag, key_of(item, "connectTimeout", t->place),
                     "'connectTimeout' is above 'timeout', which ends the "
                     "attempt before");
    if (t->deadline < t->timeout && t->timeout != SIM_NEVER)
        diag_warning(r->diag, key_of(item, "deadline", t->place),
                     "'deadline' is below 'timeout'");
    if (t->hedge_max > 0 && t->hedge_after >= t->timeout)
        diag_warning(r->diag, key_of(item, "hedge", t->place),
                     "'after' is not below 'timeout': a hedge goes only where "
                     "an attempt has failed");
}

/* Whatever the arrivals are, none come. */
static bool is_silent(const struct traffic_spec *t)
{
    bool any = false;

    if (t->arrivals != ARRIVALS_MMPP && t->arrivals != ARRIVALS_PROFILE)
        return t->rate == 0;
    for (size_t i = 0; i < t->demand.piece_count; i++)
        any |= t->demand.pieces[i].rate > 0;
    return !any;
}

/* Retries, or hedges. */
static bool again_read(struct scenario_reader *r, struct doc_node *item,
                       struct place place, const struct raw_asking *raw,
                       struct traffic_spec *out)
{
    const struct doc_node *retries = doc_get(item, "retries");
    const struct doc_node *hedge = doc_get(item, "hedge");

    out->retries_max = raw->retries.max;
    out->backoff_base = raw->retries.backoff.base;
    out->backoff_max = raw->retries.backoff.max;
    out->retry_budget = raw->retries.budget;
    if (!raw->hedge.on)
        return scenario_causes(r, &raw->retries.on,
                               retries ? retries->place : place,
                               &out->retry_on);
    out->hedge_max = raw->hedge.max;
    out->hedge_after = raw->hedge.after;
    out->retry_budget = raw->hedge.budget;
    if (raw->retries.max == 0)
        return scenario_causes(r, &raw->hedge.on_causes, hedge->place,
                               &out->retry_on);
    diag_error(r->diag, hedge->place,
               "'hedge' and 'retries' (line %d) exclude each other: a request "
               "is hedged or retried",
               retries->place.line);
    return false;
}

bool scenario_asking(struct scenario_reader *r, struct doc_node *item,
                     struct place place, struct raw_asking *raw,
                     struct traffic_spec *out)
{
    bool ok = again_read(r, item, place, raw, out);

    if (raw->connect_timeout == 0)
        raw->connect_timeout = raw->timeout;
    out->access = raw->access;
    out->connect_timeout = raw->connect_timeout;
    out->timeout = raw->timeout;
    out->deadline = raw->deadline;
    out->pool = scenario_connections(&raw->pool);
    out->pod = raw->pod ? intern(r->l.intern, raw->pod) : NULL;
    out->resolves = raw->resolver.on && raw->access == ACCESS_SERVICE;
    out->resolver = scenario_resolver(&raw->resolver, &r->s->cluster.dns);
    if (ok)
        warn_of_patience(r, item, out);
    return ok;
}

static bool entry_read(struct scenario_reader *r, struct raw_traffic *raw,
                       size_t index, struct traffic_spec *out)
{
    struct place place = reader_place(r, "traffic", index);
    bool ok;

    out->place = place;
    ok = scenario_asked(r, raw->service,
                        key_place(r, "traffic", index, "service"), out);
    ok &= location_read(r, &raw->clients,
                        key_place(r, "traffic", index, "clients"), out);
    ok &= scenario_asking(r, reader_item(r, "traffic", index), place, &raw->ask,
                          out);
    if (raw->resolution == 1)
        ok = reader_not_yet(r->diag,
                            key_place(r, "traffic", index, "resolution"),
                            "resolution fluid");
    if (!raw->name)
        raw->name = mem_strdup(raw->service);
    out->name = intern(r->l.intern, raw->name);
    ok = ok && scenario_arrivals(r, &raw->arrivals, out);
    out->clients = raw->clients.count;
    if (ok && is_silent(out))
        diag_warning(r->diag, key_place(r, "traffic", index, "arrivals"),
                     "rate 0: no requests");
    return ok;
}

bool scenario_access_fits(struct scenario_reader *r,
                          const struct traffic_spec *t)
{
    const struct service_spec *s = loader_service(&r->l, t->space, t->service);

    if (s->type == SERVICE_EXTERNAL_NAME) {
        diag_error(r->diag, t->place,
                   "Service '%s' is an ExternalName: it has no pods",
                   t->service);
        return false;
    }
    if (s->headless && t->access == ACCESS_SERVICE) {
        diag_error(r->diag, t->place,
                   "Service '%s' is headless: it has no virtual IP",
                   t->service);
        diag_hint(r->diag, "write 'access: headless'");
        return false;
    }
    if (t->udp && t->pool.on && t->pool.streams > 1) {
        diag_error(r->diag, t->place,
                   "Service '%s' is UDP: its sockets have no 'streams'",
                   t->service);
        return false;
    }
    if (!s->headless && t->access == ACCESS_HEADLESS) {
        diag_warning(r->diag, t->place,
                     "Service '%s' has a virtual IP, which is what its name "
                     "gives: taken as one without",
                     t->service);
        diag_hint(r->diag, "write 'clusterIP: None' in the Service");
    }
    if (!scenario_has_pods(r, s))
        diag_warning(r->diag, t->place,
                     "Service '%s' selects no pod: all requests will fail",
                     t->service);
    return true;
}

static bool names_differ(struct scenario_reader *r,
                         const struct traffic_spec *items, size_t count)
{
    bool ok = true;

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i && items[i].name; j++) {
            if (items[j].name != items[i].name)
                continue;
            diag_error(r->diag, items[i].place,
                       "duplicate traffic '%.60s': give each a 'name'",
                       items[i].name);
            ok = false;
            break;
        }
    return ok;
}

bool scenario_build_traffic(struct scenario_reader *r)
{
    struct traffic_spec *items;
    struct raw_traffic *raw;
    size_t count, i;
    bool ok = true;

    if (!doc_get(r->spec, "traffic")) {
        add_traffic(r, &r->l.objects);
        add_traffic(r, &r->l.later);
        assume_traffic(r);
    }
    count = r->raw->traffic.count;
    raw = r->raw->traffic.items;
    items =
        intern_alloc(r->l.intern, (count + r->s->call_count) * sizeof *items);
    for (i = 0; i < count; i++)
        ok &= entry_read(r, &raw[i], i, &items[i]) &&
              scenario_access_fits(r, &items[i]);
    ok &= scenario_build_calls(r, items + count);
    r->s->traffic_count = count + r->s->call_count;
    r->s->traffic = items;
    return names_differ(r, items, r->s->traffic_count) && ok;
}
