#include "tests/oracle/script.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "models/loader.h"
#include "models/scenario_internal.h"

/* --- objects --- */

static struct script_object *find_object(struct script *s, const char *name)
{
    for (size_t i = 0; i < s->objects.count; i++) {
        if (strcmp(s->objects.items[i].name, name) == 0)
            return &s->objects.items[i];
    }
    return NULL;
}

/* The manifest of that name; the nth where it was created several times and
 * written down as often. */
static struct doc_node *find_manifest(const struct recording *r,
                                      const char *name, size_t nth)
{
    struct doc_node *found = NULL;

    for (size_t i = 0; i < r->manifests.count; i++) {
        struct doc_node *root = r->manifests.items[i];
        const char *kind = doc_text(root, "kind");
        const char *object = doc_text(doc_get(root, "metadata"), "name");
        size_t length = kind ? strlen(kind) : 0;

        if (!kind || !object || strncmp(name, kind, length) != 0 ||
            name[length] != '/' || strcmp(name + length + 1, object) != 0)
            continue;
        found = root;
        if (nth-- == 0)
            break;
    }
    return found;
}

bool script_knows(const char *kind)
{
    return manifest_knows(kind);
}

static bool object_known(struct script *s, const char *name)
{
    const char *slash = strchr(name, '/');
    const char *kind = intern_printf(s->r->intern, "%.*s",
                                     (int)(slash ? slash - name : 0), name);

    if (script_knows(kind))
        return true;
    for (size_t i = 0; i < s->skipped.count; i++) {
        if (s->skipped.items[i] == kind)
            return false;
    }
    VEC_PUSH(s->skipped, kind);
    return false;
}

/* --- a strategic merge: lists whose items have names are merged by them --- */

static void merge(struct doc_set *docs, struct doc_node *into,
                  struct doc_node *patch);

static struct doc_node *named_item(struct doc_node *list, const char *name)
{
    struct doc_node *item;

    for (item = list->first; item; item = item->next) {
        const char *text = doc_text(item, "name");

        if (text && strcmp(text, name) == 0)
            return item;
    }
    return NULL;
}

static bool merges_by_name(const char *key)
{
    static const char *const keys[] = {"containers", "initContainers", "env",
                                       "volumes", NULL};

    for (size_t i = 0; keys[i]; i++) {
        if (strcmp(key, keys[i]) == 0)
            return true;
    }
    return false;
}

static void merge_list(struct doc_set *docs, struct doc_node *into,
                       struct doc_node *patch)
{
    for (struct doc_node *item = patch->first; item; item = item->next) {
        const char *name = doc_text(item, "name");
        struct doc_node *old = name ? named_item(into, name) : NULL;

        if (old)
            merge(docs, old, item);
        else
            doc_append(into, doc_copy(docs, item));
    }
}

static void merge(struct doc_set *docs, struct doc_node *into,
                  struct doc_node *patch)
{
    for (struct doc_node *x = patch->first; x; x = x->next) {
        struct doc_node *old = doc_get(into, x->key);

        if (old && old->kind == DOC_MAPPING && x->kind == DOC_MAPPING)
            merge(docs, old, x);
        else if (old && old->kind == DOC_SEQUENCE && x->kind == DOC_SEQUENCE &&
                 merges_by_name(x->key))
            merge_list(docs, old, x);
        else
            doc_put(docs, into, x->key, doc_copy(docs, x));
    }
}

/* --- files --- */

static FILE *new_file(struct script *s, const char **path)
{
    char *name = mem_printf("%s/%zu.yaml", s->folder, s->files.count);

    VEC_PUSH(s->files, name);
    *path = name;
    return fopen(name, "w");
}

static const char *write_object(struct script *s, const struct doc_node *root)
{
    const char *path;
    FILE *out = new_file(s, &path);

    doc_print_flow(root, out);
    fputc('\n', out);
    fclose(out);
    return path;
}

/* --- the timeline --- */

static void entry(FILE *out, double t, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void entry(FILE *out, double t, const char *format, ...)
{
    va_list args;

    fprintf(out, "  - {at: %.6fs, kubectl: '", t);
    va_start(args, format);
    vfprintf(out, format, args);
    va_end(args);
    fputs("'}\n", out);
}

static void create(struct script *s, FILE *out, const struct input *in,
                   const char *name)
{
    struct script_object *object = find_object(s, name);
    size_t nth = 0;
    struct doc_node *root;

    for (const struct input *i = s->r->inputs.items; i < in; i++)
        nth += strcmp(i->verb, "create") == 0 &&
               strcmp(doc_text(i->root, "object"), name) == 0;
    root = find_manifest(s->r, name, nth);
    if (!root)
        return;
    root = doc_copy(s->docs, root);
    if (object)
        object->root = root;
    else
        VEC_PUSH(s->objects, ((struct script_object){name, root}));
    entry(out, in->t, "apply -f %s", write_object(s, root));
}

static void patch(struct script *s, FILE *out, const struct input *in,
                  const char *name)
{
    struct script_object *object = find_object(s, name);
    struct doc_node *body = doc_get(in->root, "body");

    if (!object || !body)
        return;
    merge(s->docs, object->root, body);
    entry(out, in->t, "apply -f %s", write_object(s, object->root));
}

static void delete_object(FILE *out, const struct input *in, const char *name)
{
    const char *slash = strchr(name, '/');
    char kind[64] = "";

    for (size_t i = 0; name + i < slash && i + 1 < sizeof kind; i++)
        kind[i] = (char)tolower((unsigned char)name[i]);
    entry(out, in->t, "delete %s %s", kind, slash + 1);
}

static void write_node(FILE *out, struct doc_node *n);

static void add_node(struct script *s, FILE *out, const struct input *in)
{
    struct doc_node *node = doc_get(in->root, "node");
    const char *path;
    FILE *file = new_file(s, &path);

    write_node(file, node);
    fclose(file);
    entry(out, in->t, "apply -f %s", path);
}

static void write_entry(struct script *s, FILE *out, const struct input *in)
{
    const char *name = doc_text(in->root, "object");

    if (strcmp(in->verb, "add_node") == 0)
        add_node(s, out, in);
    if (!name || !strchr(name, '/') || !object_known(s, name))
        return;
    if (strcmp(in->verb, "create") == 0)
        create(s, out, in, name);
    else if (strcmp(in->verb, "patch") == 0)
        patch(s, out, in, name);
    else if (strcmp(in->verb, "delete_object") == 0)
        delete_object(out, in, name);
}

/* --- the cluster --- */

static int minor_of(const struct recording *r)
{
    const char *text = doc_text(r->params, "kubernetes");

    if (text && *text == 'v')
        text++;
    return text && strncmp(text, "1.", 2) == 0 ? atoi(text + 2) : 26;
}

static void option(FILE *out, const struct recording *r, const char *key,
                   const char *setting, const char *unit)
{
    double value = recording_number(r, key, -1);

    if (value >= 0)
        fprintf(out, "      %s: %g%s\n", setting, value, unit);
}

/* A kube-proxy that took part: its periods, and how long its syncs took. */
static void write_proxy(FILE *out, const struct recording *r)
{
    const char *text = doc_text(r->params, "kube_proxy");
    const char *least = text ? strstr(text, "minSyncPeriod ") : NULL;
    double median, most;
    bool timed = sync_times(r, &median, &most);

    if (!least && !timed)
        return;
    fputs("    kubeProxy:\n", out);
    if (least)
        fprintf(out, "      minSyncPeriod: %gs\n",
                strtod(strchr(least, ' '), NULL));
    if (timed)
        fprintf(out,
                "      syncBase: {lognormal: {median: %.9fs, p99: %.9fs}}\n",
                median, most);
}

static void write_head(FILE *out, const struct recording *r, double warm_up)
{
    fprintf(out,
            "apiVersion: podchurn/v1\nkind: Scenario\n"
            "metadata: {name: oracle}\nspec:\n  duration: %.3fs\n"
            "  warmUp: %.6fs\n  traffic: []\n  output: {detail: none}\n"
            "  cluster:\n    kubernetesVersion: \"1.%d\"\n"
            "    controlPlane:\n      controllerQPS: 20\n",
            r->end + 1, warm_up, minor_of(r));
    option(out, r, "node_monitor_grace_s", "nodeMonitorGracePeriod", "s");
    option(out, r, "node_monitor_period_s", "nodeMonitorPeriod", "s");
    option(out, r, "max_endpoints_per_slice", "maxEndpointsPerSlice", "");
    write_proxy(out, r);
}

static void write_taints(FILE *out, struct doc_node *list)
{
    fputs(", taints: [", out);
    for (struct doc_node *x = list ? list->first : NULL; x; x = x->next) {
        doc_print_flow(x, out);
        if (x->next)
            fputs(", ", out);
    }
    fputs("]", out);
}

static void write_node(FILE *out, struct doc_node *n)
{
    struct doc_node *labels = doc_get(n, "labels");

    fprintf(out, "apiVersion: v1\nkind: Node\nmetadata: {name: %s, labels: ",
            doc_text(n, "name"));
    if (labels)
        doc_print_flow(labels, out);
    else
        fputs("{}", out);
    fputs("}\nspec: {unschedulable: false", out);
    write_taints(out, doc_get(n, "taints"));
    fprintf(out,
            "}\nstatus: {allocatable: {cpu: \"%s\", memory: \"%s\", "
            "pods: \"%s\"}}\n",
            doc_text(n, "cpu"), doc_text(n, "memory"), doc_text(n, "pods"));
}

static void write_nodes(FILE *out, const struct recording *r)
{
    for (struct doc_node *n = r->nodes->first; n; n = n->next) {
        fputs("---\n", out);
        write_node(out, n);
    }
}

static FILE *begin(struct script *s, const struct recording *r, double warm_up)
{
    char pattern[] = "/tmp/podchurn-oracle-XXXXXX";
    const char *path;
    FILE *out;

    *s = (struct script){.r = r, .docs = doc_set_new()};
    if (!mkdtemp(pattern))
        return NULL;
    s->folder = mem_strdup(pattern);
    out = new_file(s, &path);
    write_head(out, r, warm_up);
    return out;
}

static struct scenario *load(struct script *s, FILE *out)
{
    struct scenario_options options = {.file_count = 1};
    const char *path = s->files.items[0];
    struct diag *diag = diag_new();
    struct scenario *scenario = NULL;

    options.files = &path;
    if (fclose(out) == 0)
        scenario = scenario_load(&options, diag);
    if (!scenario)
        diag_print(diag, stdout);
    diag_free(diag);
    return scenario;
}

struct scenario *script_load(struct script *s, const struct recording *r,
                             double warm_up)
{
    FILE *out = begin(s, r, warm_up);

    if (!out)
        return NULL;
    fputs("  timeline:\n", out);
    for (size_t i = 0; i < r->inputs.count; i++)
        write_entry(s, out, &r->inputs.items[i]);
    write_nodes(out, r);
    return load(s, out);
}

static void write_pods(FILE *out, struct doc_node *pods)
{
    fputs("---\napiVersion: v1\nkind: List\nitems:\n", out);
    for (struct doc_node *x = pods->first; x; x = x->next) {
        fputs("- ", out);
        doc_print_flow(x, out);
        fputc('\n', out);
    }
}

struct scenario *script_load_pods(struct script *s, const struct recording *r,
                                  struct doc_node *pods,
                                  struct doc_node *services)
{
    FILE *out = begin(s, r, 0);

    if (!out)
        return NULL;
    write_nodes(out, r);
    for (struct doc_node *x = services ? services->first : NULL; x; x = x->next)
        fprintf(out,
                "---\napiVersion: v1\nkind: Service\nmetadata: {name: %s}\n"
                "spec: {selector: {app: %s}, ports: [{port: 80}]}\n",
                x->text, x->text);
    write_pods(out, pods);
    return load(s, out);
}

void script_release(struct script *s)
{
    for (size_t i = 0; i < s->files.count; i++) {
        unlink(s->files.items[i]);
        free(s->files.items[i]);
    }
    if (s->folder)
        rmdir(s->folder);
    free(s->folder);
    VEC_FREE(s->files);
    VEC_FREE(s->objects);
    VEC_FREE(s->skipped);
    doc_set_free(s->docs);
}
