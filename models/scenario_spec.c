/*
 * The Scenario's document to struct scenario_raw, and small helpers of the
 * reader's parts.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/scenario_internal.h"
#include "models/version.h"
#include "sim/io/units.h"

/* preset: ideal. What a queueing model has no word for takes no time; loops
 * that run by the clock (leases, probes) stay as they are. */
static const char ideal_text[] =
    "cluster:\n"
    "  networkLatency: {sameNode: 0s, sameZone: 0s, crossZone: 0s,"
    " external: 0s}\n"
    "  controlPlane: {watchLatency: 0s, writeLatency: 0s,"
    " controllerQPS: 1e9, controllerBurst: 1000000000, schedulerQPS: 1e9,"
    " schedulerBurst: 1000000000, schedulingLatency: 0s,"
    " slowStartInitial: 1000000, replicaSetBurst: 1000000}\n"
    "  kubelet: {sandbox: 0s, sandboxTeardown: 0s, containerExit: 0s,"
    " serialImagePulls: false, statusLatency: 0s, crashBackoffBase: 0s,"
    " crashBackoffMax: 0s, probeTime: 0s, boot: 0s, kubeAPIQPS: 1e9,"
    " kubeAPIBurst: 1000000000}\n"
    "  kubeProxy: {minSyncPeriod: 0s, syncBase: 0s, syncPerService: 0s,"
    " syncPerEndpoint: 0s, syncPerChange: 0s}\n"
    "  dns: {ttl: 0s, cache: false, latency: 0s}\n";

/* ---- helpers ---- */

void reader_assume(struct scenario_reader *r, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    VEC_PUSH(r->assumptions, intern(r->l.intern, text));
}

struct doc_node *reader_item(struct scenario_reader *r, const char *list,
                             size_t index)
{
    struct doc_node *node = r->spec, *item;
    const char *dot = strchr(list, '.');

    if (dot) {
        node = doc_get(
            node, intern_printf(r->l.intern, "%.*s", (int)(dot - list), list));
        list = dot + 1;
    }
    node = doc_get(node, list);
    if (!node || node->kind != DOC_SEQUENCE)
        return NULL;
    for (item = node->first; item && index > 0; index--)
        item = item->next;
    return item;
}

struct place reader_place(struct scenario_reader *r, const char *list,
                          size_t index)
{
    struct doc_node *item = reader_item(r, list, index);
    struct place nowhere = {0};

    return item ? item->place : nowhere;
}

void *raw_append(struct param_list *list, const struct param *table,
                 size_t size, int minor)
{
    void *item;

    list->items = mem_realloc(list->items, list->count + 1, size);
    item = (char *)list->items + list->count * size;
    memset(item, 0, size);
    list->count++;
    param_defaults(table, item, minor);
    return item;
}

void reader_split_name(struct scenario_reader *r, const char *text,
                       const char **space, const char **name)
{
    const char *slash = strchr(text, '/');

    *space = intern(r->l.intern, "default");
    *name = intern(r->l.intern, text);
    if (slash) {
        *space = intern_printf(r->l.intern, "%.*s", (int)(slash - text), text);
        *name = intern(r->l.intern, slash + 1);
    }
}

struct service_names {
    struct intern *in;
    VEC_OF(const char *) names;
};

static void add_services(struct service_names *out,
                         const struct object_list *list)
{
    size_t i;

    for (i = 0; i < list->services.count; i++) {
        const struct meta *meta = &list->services.items[i]->meta;

        if (strcmp(meta->space, "default") == 0)
            VEC_PUSH(out->names, meta->name);
        else
            VEC_PUSH(out->names,
                     intern_printf(out->in, "%s/%s", meta->space, meta->name));
    }
}

const char *const *reader_service_names(struct scenario_reader *r)
{
    struct service_names out = {.in = r->l.intern};
    const char *const *names;

    add_services(&out, &r->l.objects);
    add_services(&out, &r->l.later);
    VEC_PUSH(out.names, NULL);
    names = intern_copy(r->l.intern, out.names.items, out.names.count,
                        sizeof(const char *));
    VEC_FREE(out.names);
    return names;
}

struct service_spec *reader_find_service(struct scenario_reader *r,
                                         const char *text, struct place place)
{
    const char *space, *name;
    struct service_spec *service;

    reader_split_name(r, text, &space, &name);
    service = loader_service(&r->l, space, name);
    if (service)
        return service;
    diag_error(r->diag, place, "no Service '%.200s'", text);
    diag_suggest(r->diag, text, reader_service_names(r));
    return NULL;
}

/* ---- the spec ---- */

/* "1.36", "v1.30.2" -> 36, 30. */
bool scenario_parse_version(const char *text, int *minor)
{
    int major, end = 0;

    text += *text == 'v';
    if (sscanf(text, "%2d.%2d%n", &major, minor, &end) != 2 || major != 1 ||
        *minor < 19 || *minor > 99)
        return false;
    return text[end] == '\0' || text[end] == '.' || text[end] == '-' ||
           text[end] == '+';
}

static bool version_read(struct scenario_reader *r)
{
    struct doc_node *version =
        doc_get(doc_get(r->spec, "cluster"), "kubernetesVersion");

    r->l.kubernetes_minor = VERSION_NEWEST;
    if (!version)
        return true;
    if (version->kind == DOC_SCALAR &&
        scenario_parse_version(version->text, &r->l.kubernetes_minor))
        return true;
    r->l.kubernetes_minor = VERSION_NEWEST;
    diag_error(r->diag, version->place,
               "expected a version such as \"1.36\" (1.19 or later) for "
               "'kubernetesVersion', got '%.60s'",
               version->text);
    return false;
}

static void read_ideal(struct scenario_raw *raw, int minor)
{
    struct doc_set *set = doc_set_new();
    struct diag *diag = diag_new();

    if (doc_read_text(set, "preset", ideal_text, diag))
        param_read(scenario_spec_table, raw, doc_root(set, 0), minor, diag);
    diag_print(diag, stderr); /* nothing: a test reads it */
    diag_free(diag);
    doc_set_free(set);
}

static bool says(struct scenario_reader *r, const char *list, size_t index,
                 const char *key)
{
    return doc_get(reader_item(r, list, index), key) != NULL;
}

/* Items begin with the defaults, and not with those of the preset. */
static void ideal_items(struct scenario_reader *r)
{
    struct raw_workload *w = r->raw->workloads.items;
    struct raw_traffic *t = r->raw->traffic.items;
    size_t i;

    r->raw->fallback.startup = dist_constant(0);
    r->raw->fallback.queue_limit = INT64_MAX;
    for (i = 0; i < r->raw->workloads.count; i++) {
        if (!says(r, "workloads", i, "startup"))
            w[i].startup = dist_constant(0);
        if (!says(r, "workloads", i, "queueLimit"))
            w[i].queue_limit = INT64_MAX;
    }
    for (i = 0; i < r->raw->clouds.count; i++)
        if (!says(r, "cloudLoadBalancers", i, "registrationDelay"))
            ((struct raw_cloud *)r->raw->clouds.items)[i].spec.registration =
                dist_constant(0);
    scenario_idealize_calls(r);
    for (i = 0; i < r->raw->traffic.count; i++)
        if (!says(r, "traffic", i, "timeout"))
            t[i].ask.timeout = SIM_NEVER;
}

static bool root_keys(struct scenario_reader *r)
{
    static const char *const keys[] = {"apiVersion", "kind", "metadata", "spec",
                                       NULL};
    struct doc_node *child;
    bool ok = true;
    size_t i;

    for (child = r->root->first; child; child = child->next) {
        for (i = 0; keys[i] && strcmp(keys[i], child->key) != 0; i++)
            ;
        if (keys[i])
            continue;
        diag_error(r->diag, child->key_place, "unknown key '%.200s'",
                   child->key);
        diag_suggest(r->diag, child->key, keys);
        ok = false;
    }
    return ok;
}

bool scenario_read_spec(struct scenario_reader *r)
{
    struct scenario_raw *raw = r->raw;
    struct scenario *s = r->s;
    const char *preset;
    bool ok;

    r->spec = doc_get(r->root, "spec");
    ok = version_read(r);
    param_defaults(scenario_spec_table, raw, r->l.kubernetes_minor);
    param_defaults(scenario_workload_table, &raw->fallback,
                   r->l.kubernetes_minor);
    preset = doc_text(r->spec, "preset");
    if (preset && strcmp(preset, "ideal") == 0)
        read_ideal(raw, r->l.kubernetes_minor);
    ok &= param_read(scenario_spec_table, raw, r->spec, r->l.kubernetes_minor,
                     r->diag);
    ok &= root_keys(r);
    s->ideal = raw->preset == PRESET_IDEAL;
    if (s->ideal)
        ideal_items(r);
    if (raw->cluster.kube_proxy.mode == PROXY_IPVS &&
        !doc_path(r->spec, "cluster", "kubeProxy", "minSyncPeriod", NULL))
        raw->cluster.kube_proxy.min_sync_period = 0;
    if (raw->resolution == 1)
        ok = reader_not_yet(r->diag, doc_get(r->spec, "resolution")->place,
                            "resolution fluid");
    s->description = intern(r->l.intern, raw->description);
    s->duration = raw->duration;
    s->warm_up_auto = raw->warm_up.automatic;
    s->warm_up = raw->warm_up.time;
    s->warm_up_mser = raw->warm_up.mser;
    s->warm_up_place = raw->warm_up.place;
    s->seed = (uint64_t)raw->seed;
    s->replications = raw->replications;
    s->timeseries = raw->output.timeseries;
    s->detail = raw->output.detail;
    return ok;
}
