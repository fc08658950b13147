/*
 * What concerns several documents at once: PriorityClasses, owners of what
 * was dumped, files that a timeline applies.
 */
#include <string.h>

#include "models/manifest_internal.h"
#include "models/select.h"
#include "sim/io/units.h"

/* ---- priorities ---- */

bool preemption_policy_read(struct loader *l, struct doc_node *map, bool *never)
{
    static const char *const words[] = {"PreemptLowerPriority", "Never", NULL};
    int word = *never;

    if (!value_choice(l, map, "preemptionPolicy", words, &word))
        return false;
    *never = word == 1;
    return true;
}

static void add_priority(struct loader *l, struct doc_node *root)
{
    struct manifest_priority p = {0};
    const char *name = doc_text(doc_get(root, "metadata"), "name");
    struct doc_node *value = doc_get(root, "value");

    if (!name)
        return;
    p.name = intern(l->intern, name);
    if (value &&
        (value->kind != DOC_SCALAR || !units_int(value->text, &p.value))) {
        value_bad(l, value, "an integer");
        return;
    }
    if (value_bool(l, root, "globalDefault", &p.global_default) &&
        preemption_policy_read(l, root, &p.never_preempts))
        VEC_PUSH(manifest_state(l)->priorities, p);
}

void manifest_read_priorities(struct loader *l, struct doc_node *root)
{
    const char *kind = doc_text(root, "kind");
    struct doc_node *items = doc_get(root, "items"), *child;

    if (!kind)
        return;
    if (strcmp(kind, "PriorityClass") == 0)
        add_priority(l, root);
    else if (strcmp(kind, "PriorityClassList") == 0)
        for (child = items ? items->first : NULL; child; child = child->next)
            add_priority(l, child);
    else if (strcmp(kind, "List") == 0)
        for (child = items ? items->first : NULL; child; child = child->next)
            manifest_read_priorities(l, child);
}

/* The two system classes: pkg/apis/scheduling/v1/helpers.go. */
bool manifest_priority_of(struct loader *l, const char *name,
                          struct manifest_priority *out)
{
    static const struct {
        const char *name;
        int64_t value;
    } system[] = {{"system-cluster-critical", 2000000000},
                  {"system-node-critical", 2000001000}};
    const struct manifests *m = l->manifests;
    size_t i;

    *out = (struct manifest_priority){.name = name};
    for (i = 0; name && i < 2; i++)
        if (strcmp(name, system[i].name) == 0) {
            out->value = system[i].value;
            return true;
        }
    for (i = 0; m && i < m->priorities.count; i++) {
        const struct manifest_priority *p = &m->priorities.items[i];

        if (name ? strcmp(p->name, name) == 0 : p->global_default) {
            *out = *p;
            return true;
        }
    }
    return !name;
}

/* ---- owners ---- */

static bool has_deployment(const struct object_list *list, const char *space,
                           const char *name)
{
    size_t i;

    for (i = 0; i < list->deployments.count; i++)
        if (list->deployments.items[i]->meta.name == name &&
            list->deployments.items[i]->meta.space == space)
            return true;
    return false;
}

/* The owner that a pod names. */
struct sought {
    const struct pod_object *pod;
    bool found;
};

static void look(void *self, const struct templated *t)
{
    static const char *const kinds[] = {[OBJECT_REPLICASET] = "ReplicaSet",
                                        [OBJECT_STATEFULSET] = "StatefulSet",
                                        [OBJECT_DAEMONSET] = "DaemonSet",
                                        [OBJECT_JOB] = "Job",
                                        [OBJECT_POD] = NULL};
    struct sought *s = self;
    const char *kind = kinds[t->kind];

    s->found |= kind && strcmp(kind, s->pod->owner_kind) == 0 &&
                t->meta->name == s->pod->owner_name &&
                t->meta->space == s->pod->meta.space;
}

/* The Deployment of a ReplicaSet that is not there itself: its name is the
 * Deployment's and the pod's template hash. */
static bool has_absent_deployment(const struct object_list *list,
                                  const struct pod_object *p)
{
    const char *hash = labels_get(&p->template.labels, "pod-template-hash");
    size_t i, length;

    for (i = 0; hash && i < list->deployments.count; i++) {
        const struct meta *meta = &list->deployments.items[i]->meta;

        length = strlen(meta->name);
        if (meta->space == p->meta.space &&
            strncmp(p->owner_name, meta->name, length) == 0 &&
            p->owner_name[length] == '-' &&
            strcmp(p->owner_name + length + 1, hash) == 0)
            return true;
    }
    return false;
}

static bool has_owner(const struct object_list *list,
                      const struct pod_object *p)
{
    struct sought s = {p, false};

    if (!p->owner_kind || !p->owner_name)
        return false;
    object_list_each(list, look, &s);
    return s.found || (strcmp(p->owner_kind, "ReplicaSet") == 0 &&
                       has_absent_deployment(list, p));
}

static const char *deployment_of(const struct manifests *m,
                                 const struct replicaset_spec *r)
{
    size_t i;

    for (i = 0; i < m->owners.count; i++)
        if (m->owners.items[i].replicaset == r)
            return m->owners.items[i].deployment;
    return NULL;
}

void manifest_drop_owned(struct loader *l, struct object_list *list)
{
    struct manifests *m = manifest_state(l);
    size_t kept = 0, i;

    for (i = 0; i < list->pods.count; i++) {
        struct pod_object *p = list->pods.items[i];

        if (!has_owner(list, p))
            list->pods.items[kept++] = p;
    }
    m->owned_pods += list->pods.count - kept;
    list->pods.count = kept;
    for (i = kept = 0; i < list->replicasets.count; i++) {
        struct replicaset_spec *r = list->replicasets.items[i];
        const char *owner = deployment_of(m, r);

        if (!owner || !has_deployment(list, r->meta.space, owner))
            list->replicasets.items[kept++] = r;
    }
    m->owned_replicasets += list->replicasets.count - kept;
    list->replicasets.count = kept;
}

/* ---- files ---- */

const char *loader_path(struct loader *l, const char *path)
{
    if (path[0] == '/' || !l->base || !*l->base)
        return path;
    return intern_printf(l->intern, "%s/%s", l->base, path);
}

bool manifest_read_path(struct loader *l, const char *path, struct place place,
                        struct object_list *into)
{
    size_t first = doc_count(l->docs), errors = diag_errors(l->diag), i;
    bool ok = doc_read_path(l->docs, loader_path(l, path), l->diag);

    if (!ok && diag_errors(l->diag) > errors && place.file)
        diag_hint(l->diag, "named at %s:%d:%d", place.file, place.line,
                  place.column);
    for (i = first; i < doc_count(l->docs); i++)
        manifest_read_priorities(l, doc_root(l->docs, i));
    for (i = first; i < doc_count(l->docs); i++)
        ok &= manifest_read(l, doc_root(l->docs, i), into);
    manifest_drop_owned(l, into);
    if (!ok && diag_errors(l->diag) == errors)
        diag_error(l->diag, place, "cannot read '%.200s'", path);
    return ok;
}
