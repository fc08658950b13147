/*
 * Looking up, by name, what has been read so far.
 */
#include "models/loader.h"

#include <stdlib.h>
#include <string.h>

/* Names are interned, but those that are looked for need not be. */
static bool is(const struct meta *meta, const char *space, const char *name)
{
    return strcmp(meta->name, name) == 0 && strcmp(meta->space, space) == 0;
}

#define FIND(field)                                                            \
    do {                                                                       \
        size_t i_;                                                             \
        for (i_ = 0; i_ < l->objects.field.count; i_++)                        \
            if (is(&l->objects.field.items[i_]->meta, space, name))            \
                return l->objects.field.items[i_];                             \
        for (i_ = 0; i_ < l->later.field.count; i_++)                          \
            if (is(&l->later.field.items[i_]->meta, space, name))              \
                return l->later.field.items[i_];                               \
        return NULL;                                                           \
    } while (0)

struct deployment_spec *loader_deployment(struct loader *l, const char *space,
                                          const char *name)
{
    FIND(deployments);
}

struct replicaset_spec *loader_replicaset(struct loader *l, const char *space,
                                          const char *name)
{
    FIND(replicasets);
}

struct statefulset_spec *loader_statefulset(struct loader *l, const char *space,
                                            const char *name)
{
    FIND(statefulsets);
}

struct daemonset_spec *loader_daemonset(struct loader *l, const char *space,
                                        const char *name)
{
    FIND(daemonsets);
}

struct job_spec *loader_job(struct loader *l, const char *space,
                            const char *name)
{
    FIND(jobs);
}

struct service_spec *loader_service(struct loader *l, const char *space,
                                    const char *name)
{
    FIND(services);
}

struct hpa_spec *loader_hpa(struct loader *l, const char *space,
                            const char *name)
{
    FIND(hpas);
}

struct pdb_spec *loader_pdb(struct loader *l, const char *space,
                            const char *name)
{
    FIND(pdbs);
}

struct pod_object *loader_pod(struct loader *l, const char *space,
                              const char *name)
{
    FIND(pods);
}

bool loader_node(struct loader *l, const char *name)
{
    size_t i;

    for (i = 0; i < l->node_names.count; i++)
        if (strcmp(l->node_names.items[i], name) == 0)
            return true;
    return false;
}

/* ---- all that has a template ---- */

void object_list_each(const struct object_list *o,
                      void (*visit)(void *self, const struct templated *t),
                      void *self)
{
#define EACH(list, kind_, pods_, surge_)                                       \
    for (size_t i_ = 0; i_ < o->list.count; i_++) {                            \
        struct templated t_ = {.kind = kind_};                                 \
                                                                               \
        t_.meta = &o->list.items[i_]->meta;                                    \
        t_.template = &o->list.items[i_]->template;                            \
        t_.replicas = pods_;                                                   \
        t_.surge = surge_;                                                     \
        visit(self, &t_);                                                      \
    }
    EACH(deployments, OBJECT_DEPLOYMENT, o->deployments.items[i_]->replicas,
         o->deployments.items[i_]->recreate
             ? NULL
             : &o->deployments.items[i_]->max_surge);
    EACH(replicasets, OBJECT_REPLICASET, o->replicasets.items[i_]->replicas,
         NULL);
    EACH(statefulsets, OBJECT_STATEFULSET, o->statefulsets.items[i_]->replicas,
         NULL);
    EACH(daemonsets, OBJECT_DAEMONSET, 0, &o->daemonsets.items[i_]->max_surge);
    EACH(jobs, OBJECT_JOB, o->jobs.items[i_]->parallelism, NULL);
    EACH(pods, OBJECT_POD, 1, NULL);
#undef EACH
}

struct name_list {
    VEC_OF(const char *) names;
    const char *space; /* NULL: every */
    enum object_kind kind;
};

static void add(struct name_list *list, const struct meta *meta)
{
    if (!list->space || strcmp(meta->space, list->space) == 0)
        VEC_PUSH(list->names, meta->name);
}

static void add_templated(void *self, const struct templated *t)
{
    struct name_list *list = self;

    if (t->kind == list->kind)
        add(list, t->meta);
}

static const char *const kind_words[] = {[OBJECT_DEPLOYMENT] = "deployment",
                                         [OBJECT_REPLICASET] = "replicaset",
                                         [OBJECT_STATEFULSET] = "statefulset",
                                         [OBJECT_DAEMONSET] = "daemonset",
                                         [OBJECT_JOB] = "job",
                                         [OBJECT_POD] = "pod",
                                         [OBJECT_SERVICE] = "service",
                                         [OBJECT_NODE] = "node",
                                         [OBJECT_HPA] =
                                             "horizontalpodautoscaler",
                                         [OBJECT_PDB] = "poddisruptionbudget"};

static void add_list(struct name_list *list, const struct object_list *from)
{
    size_t i;

    if (list->kind == OBJECT_SERVICE)
        for (i = 0; i < from->services.count; i++)
            add(list, &from->services.items[i]->meta);
    else if (list->kind == OBJECT_HPA)
        for (i = 0; i < from->hpas.count; i++)
            add(list, &from->hpas.items[i]->meta);
    else if (list->kind == OBJECT_PDB)
        for (i = 0; i < from->pdbs.count; i++)
            add(list, &from->pdbs.items[i]->meta);
    else
        object_list_each(from, add_templated, list);
}

const char *const *loader_names(struct loader *l, const char *kind,
                                const char *space)
{
    struct name_list list = {.space = space};
    const char *const *names;
    size_t i;

    while (strcmp(kind_words[list.kind], kind) != 0)
        list.kind++;
    add_list(&list, &l->objects);
    add_list(&list, &l->later);
    if (list.kind == OBJECT_NODE)
        for (i = 0; i < l->node_names.count; i++)
            VEC_PUSH(list.names, l->node_names.items[i]);
    VEC_PUSH(list.names, NULL);
    names = intern_copy(l->intern, list.names.items, list.names.count,
                        sizeof(const char *));
    VEC_FREE(list.names);
    return names;
}

bool loader_is_name(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-.:";
    size_t length = strlen(text);

    return length > 0 && length <= 253 && strspn(text, allowed) == length &&
           text[0] != '-' && text[0] != '.' && text[length - 1] != '-' &&
           text[length - 1] != '.';
}
