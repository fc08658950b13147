/*
 * Kubernetes objects from documents: which kind, whose metadata, seen
 * before or not.
 */
#include <stdlib.h>
#include <string.h>

#include "models/manifest_internal.h"
#include "models/select.h"

static const struct {
    const char *kind;
    bool (*read)(struct manifest_object *o);
    bool cluster_wide; /* has no namespace */
} kinds[] = {
    {"Deployment", manifest_deployment, false},
    {"ReplicaSet", manifest_replicaset, false},
    {"StatefulSet", manifest_statefulset, false},
    {"DaemonSet", manifest_daemonset, false},
    {"Job", manifest_job, false},
    {"Pod", manifest_pod, false},
    {"Service", manifest_service, false},
    {"Node", manifest_node, true},
    {"Namespace", manifest_namespace, true},
    {"PodDisruptionBudget", manifest_pdb, false},
    {"HorizontalPodAutoscaler", manifest_hpa, false},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

struct manifests *manifest_state(struct loader *l)
{
    if (!l->manifests)
        l->manifests = intern_alloc(l->intern, sizeof *l->manifests);
    return l->manifests;
}

void object_list_release(struct object_list *list)
{
    VEC_FREE(list->deployments);
    VEC_FREE(list->replicasets);
    VEC_FREE(list->statefulsets);
    VEC_FREE(list->daemonsets);
    VEC_FREE(list->jobs);
    VEC_FREE(list->pods);
    VEC_FREE(list->services);
    VEC_FREE(list->nodes);
    VEC_FREE(list->namespaces);
    VEC_FREE(list->pdbs);
    VEC_FREE(list->hpas);
}

void manifest_release(struct loader *l)
{
    struct manifests *m = l->manifests;

    if (!m)
        return;
    VEC_FREE(m->skipped);
    VEC_FREE(m->ignored);
    VEC_FREE(m->priorities);
    VEC_FREE(m->owners);
    VEC_FREE(m->others);
    free(m->seen);
    l->manifests = NULL;
}

/* ---- metadata ---- */

static bool name_read(struct manifest_object *o, struct doc_node *metadata)
{
    struct doc_node *name = doc_get(metadata, "name");
    const char *prefix;

    if (!name && (prefix = doc_text(metadata, "generateName"))) {
        o->meta.name = intern_printf(o->l->intern, "%s%zu", prefix,
                                     manifest_state(o->l)->seen_count);
        return true;
    }
    if (!name) {
        diag_error(o->l->diag, o->root->place, "%s has no 'metadata.name'",
                   o->kind);
        return false;
    }
    o->meta.place = name->place;
    if (name->kind != DOC_SCALAR || !loader_is_name(name->text))
        return value_bad(o->l, name, "lower case letters, digits, '-' and '.'");
    o->meta.name = intern(o->l->intern, name->text);
    return true;
}

static bool meta_read(struct manifest_object *o, bool cluster_wide)
{
    struct loader *l = o->l;
    struct doc_node *metadata;

    o->meta.place = o->root->place;
    o->meta.space = intern(l->intern, cluster_wide ? "" : "default");
    if (!value_mapping(l, o->root, "metadata", &metadata) ||
        !name_read(o, metadata) ||
        !value_labels(l, doc_get(metadata, "labels"), &o->meta.labels))
        return false;
    if (cluster_wide)
        return true;
    if (!value_text(l, metadata, "namespace", &o->meta.space))
        return false;
    if (!*o->meta.space)
        o->meta.space = intern(l->intern, "default");
    return loader_is_name(o->meta.space) ||
           value_bad(l, doc_get(metadata, "namespace"),
                     "lower case letters, digits and '-'");
}

void manifest_owner_of(struct manifest_object *o, const char **kind,
                       const char **name)
{
    struct doc_node *owners =
        doc_path(o->root, "metadata", "ownerReferences", NULL);
    struct doc_node *child;

    *kind = *name = NULL;
    for (child = owners ? owners->first : NULL; child; child = child->next) {
        const char *is_controller = doc_text(child, "controller");

        if (*kind && !(is_controller && strcmp(is_controller, "true") == 0))
            continue;
        *kind = intern(o->l->intern, doc_text(child, "kind"));
        *name = intern(o->l->intern, doc_text(child, "name"));
    }
}

/* ---- duplicates ---- */

/* Interned texts are equal where their addresses are. */
static struct manifest_seen *find_seen(struct manifests *m, const char *key)
{
    size_t i = (size_t)((uintptr_t)key / 16) & (m->seen_room - 1);

    while (m->seen[i].key && m->seen[i].key != key)
        i = (i + 1) & (m->seen_room - 1);
    return &m->seen[i];
}

static void grow_seen(struct manifests *m)
{
    struct manifest_seen *old = m->seen;
    size_t room = m->seen_room, i;

    m->seen_room = room ? 2 * room : 256;
    m->seen = mem_calloc(m->seen_room, sizeof *m->seen);
    for (i = 0; i < room; i++)
        if (old[i].key)
            *find_seen(m, old[i].key) = old[i];
    free(old);
}

static bool is_new(struct manifest_object *o)
{
    struct manifests *m = manifest_state(o->l);
    const char *slash = *o->meta.space ? "/" : "";
    struct manifest_seen *seen;

    if (2 * m->seen_count >= m->seen_room)
        grow_seen(m);
    seen = find_seen(m, intern_printf(o->l->intern, "%s '%s%s%s'", o->kind,
                                      o->meta.space, slash, o->meta.name));
    if (!seen->key) {
        seen->key = intern_printf(o->l->intern, "%s '%s%s%s'", o->kind,
                                  o->meta.space, slash, o->meta.name);
        seen->place = o->meta.place;
        m->seen_count++;
        return true;
    }
    diag_error(o->l->diag, o->meta.place, "duplicate %s", seen->key);
    diag_hint(o->l->diag, "the first stands at %s:%d:%d",
              seen->place.file ? seen->place.file : "", seen->place.line,
              seen->place.column);
    return false;
}

/* ---- what is not modelled ---- */

static void count_name(struct loader *l, struct manifest_count *items,
                       size_t count, const char *name, bool *found)
{
    size_t i;

    name = intern(l->intern, name);
    *found = false;
    for (i = 0; i < count && !*found; i++)
        if (items[i].name == name) {
            items[i].count++;
            *found = true;
        }
}

void manifest_ignore(struct loader *l, const char *what)
{
    struct manifests *m = manifest_state(l);
    struct manifest_count one = {intern(l->intern, what), 1};
    bool found;

    count_name(l, m->ignored.items, m->ignored.count, what, &found);
    if (!found)
        VEC_PUSH(m->ignored, one);
}

/* "Servcie": of Kubernetes' own groups, and no kind of theirs. */
static void warn_of_kind(const struct manifest_object *o)
{
    const struct doc_node *kind = doc_get(o->root, "kind");
    const char *names[KINDS + 1];

    for (size_t i = 0; i < KINDS; i++)
        names[i] = kinds[i].kind;
    names[KINDS] = NULL;
    if (strchr(o->api, '.') || !diag_nearest(o->kind, names))
        return;
    diag_warning(o->l->diag, kind ? kind->place : o->root->place,
                 "no kind '%.60s' is known: passed over", o->kind);
    diag_suggest(o->l->diag, o->kind, names);
}

/* Counts it, and keeps the labels of its pods for later messages. */
static bool skip(struct manifest_object *o)
{
    struct manifests *m = manifest_state(o->l);
    struct manifest_count one = {intern(o->l->intern, o->kind), 1};
    struct manifest_other other = {.kind = one.name};
    struct doc_node *labels;
    const char *space;
    bool found;

    warn_of_kind(o);
    count_name(o->l, m->skipped.items, m->skipped.count, o->kind, &found);
    if (!found)
        VEC_PUSH(m->skipped, one);
    labels = doc_path(o->root, "spec", "template", "metadata", "labels", NULL);
    if (!labels || labels->kind != DOC_MAPPING ||
        !value_labels(o->l, labels, &other.labels))
        return true;
    space = doc_text(doc_get(o->root, "metadata"), "namespace");
    other.space = intern(o->l->intern, space ? space : "default");
    other.name =
        intern(o->l->intern, doc_text(doc_get(o->root, "metadata"), "name"));
    VEC_PUSH(m->others, other);
    return true;
}

bool manifest_skipped_owner(const struct loader *l, const char *space,
                            const struct selector *selector, const char **kind,
                            const char **name)
{
    const struct manifests *m = l->manifests;
    size_t i;

    for (i = 0; m && i < m->others.count; i++)
        if (m->others.items[i].space == space &&
            selector_matches(selector, &m->others.items[i].labels)) {
            *kind = m->others.items[i].kind;
            *name = m->others.items[i].name ? m->others.items[i].name : "";
            return true;
        }
    return false;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct manifest_count *)a)->name,
                  ((const struct manifest_count *)b)->name);
}

/* "3 ConfigMap, 2 Secret" */
static const char *list_counts(struct loader *l, struct manifest_count *items,
                               size_t count)
{
    const char *text = "";
    size_t i;

    qsort(items, count, sizeof *items, by_name);
    for (i = 0; i < count; i++)
        text = intern_printf(l->intern, "%s%s%zu %s", text, i ? ", " : "",
                             items[i].count, items[i].name);
    return text;
}

void manifest_note_skipped(struct loader *l)
{
    struct manifests *m = l->manifests;
    struct place nowhere = {0};

    if (m && m->skipped.count > 0)
        diag_note(l->diag, nowhere, "skipped: %s",
                  list_counts(l, m->skipped.items, m->skipped.count));
    if (m && m->finished > 0)
        diag_note(l->diag, nowhere,
                  "skipped: %zu Pod finished or being deleted", m->finished);
    if (m && m->finished_jobs > 0)
        diag_note(l->diag, nowhere, "skipped: %zu Job finished",
                  m->finished_jobs);
    if (m && m->owned_pods + m->owned_replicasets > 0)
        diag_note(l->diag, nowhere,
                  "left to their owners, which make them anew: %zu Pod, %zu "
                  "ReplicaSet",
                  m->owned_pods, m->owned_replicasets);
    if (m && m->ignored.count > 0)
        diag_note(l->diag, nowhere, "not modelled yet, ignored: %s",
                  list_counts(l, m->ignored.items, m->ignored.count));
}

/* ---- dispatch ---- */

/* As an API server returned it: in a list, with a time, or a status. */
static bool is_dumped(struct doc_node *root)
{
    struct doc_node *status = doc_get(root, "status");

    return root->parent ||
           doc_path(root, "metadata", "creationTimestamp", NULL) ||
           (status && status->count > 0);
}

/* Dumps that somebody has edited: an API server has no such pods. */
static bool lacks_containers(const struct manifest_object *o)
{
    struct doc_node *spec = doc_get(o->root, "spec");
    struct doc_node *inner = doc_path(spec, "template", "spec", NULL);
    struct doc_node *containers = doc_get(inner ? inner : spec, "containers");

    return strcmp(o->kind, "Service") != 0 && strcmp(o->kind, "Node") != 0 &&
           strcmp(o->kind, "Namespace") != 0 &&
           strcmp(o->kind, "PodDisruptionBudget") != 0 &&
           strcmp(o->kind, "HorizontalPodAutoscaler") != 0 &&
           (!containers || containers->count == 0);
}

bool manifest_knows(const char *kind)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(kinds[i].kind, kind) == 0)
            return true;
    }
    return strcmp(kind, "PriorityClass") == 0;
}

static bool read_object(struct loader *l, struct doc_node *root,
                        const char *kind, struct object_list *into)
{
    struct manifest_object o = {.l = l, .root = root, .into = into};
    const char *api = doc_text(root, "apiVersion");
    size_t i;

    o.kind = kind;
    o.api = api ? api : "";
    for (i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].kind, kind) == 0)
            break;
    if (strcmp(kind, "PriorityClass") == 0)
        return true;
    /* serving.knative.dev and the like have kinds of the same name. */
    if (i == KINDS || strchr(o.api, '.'))
        return skip(&o);
    if (!meta_read(&o, kinds[i].cluster_wide))
        return false;
    if (into == &l->objects && !is_new(&o))
        return false;
    o.dumped = is_dumped(root);
    if (!o.dumped || !lacks_containers(&o)) {
        bool ok = kinds[i].read(&o);

        manifest_warn_of_typos(l, doc_get(root, "spec"));
        return ok;
    }
    diag_warning(l->diag, o.meta.place, "%s '%s' has no containers: left out",
                 o.kind, o.meta.name);
    return true;
}

/* Items of a typed list (PodList) need not say their kind. */
static bool read_list(struct loader *l, struct doc_node *root, const char *kind,
                      struct object_list *into)
{
    size_t length = strlen(kind) - strlen("List");
    const char *item_kind = NULL;
    struct doc_node *items, *child;
    bool ok = true;

    if (length > 0)
        item_kind = intern_printf(l->intern, "%.*s", (int)length, kind);
    if (!value_sequence(l, root, "items", &items))
        return false;
    for (child = items ? items->first : NULL; child; child = child->next) {
        const char *own = doc_text(child, "kind");

        if (child->kind != DOC_MAPPING)
            ok = value_bad(l, child, "a Kubernetes object");
        else if (own || !item_kind)
            ok &= manifest_read(l, child, into);
        else
            ok &= read_object(l, child, item_kind, into);
    }
    return ok;
}

static bool is_list(const char *kind)
{
    size_t length = strlen(kind);

    return length >= 4 && strcmp(kind + length - 4, "List") == 0;
}

bool manifest_read(struct loader *l, struct doc_node *root,
                   struct object_list *into)
{
    const char *kind = doc_text(root, "kind");

    if (!kind || !*kind) {
        diag_error(l->diag, root->place, "not a Kubernetes object: no 'kind'");
        return false;
    }
    if (!doc_text(root, "apiVersion")) {
        diag_error(l->diag, root->place,
                   "not a Kubernetes object: no 'apiVersion'");
        return false;
    }
    if (strstr(kind, "{{")) {
        diag_error(l->diag, doc_get(root, "kind")->place,
                   "a Go template, not an object: '%.200s'", kind);
        diag_hint(l->diag, "render it first, as with 'helm template'");
        return false;
    }
    if (is_list(kind))
        return read_list(l, root, kind, into);
    return read_object(l, root, kind, into);
}
