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

struct service_spec *loader_service(struct loader *l, const char *space,
                                    const char *name)
{
    FIND(services);
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

struct name_list {
    VEC_OF(const char *) names;
    const char *space; /* NULL: every */
};

static void add(struct name_list *list, const struct meta *meta)
{
    if (!list->space || strcmp(meta->space, list->space) == 0)
        VEC_PUSH(list->names, meta->name);
}

static void add_kind(struct name_list *list, const struct object_list *from,
                     const char *kind)
{
    size_t i;

    if (strcmp(kind, "deployment") == 0)
        for (i = 0; i < from->deployments.count; i++)
            add(list, &from->deployments.items[i]->meta);
    else if (strcmp(kind, "replicaset") == 0)
        for (i = 0; i < from->replicasets.count; i++)
            add(list, &from->replicasets.items[i]->meta);
    else if (strcmp(kind, "service") == 0)
        for (i = 0; i < from->services.count; i++)
            add(list, &from->services.items[i]->meta);
    else if (strcmp(kind, "pod") == 0)
        for (i = 0; i < from->pods.count; i++)
            add(list, &from->pods.items[i]->meta);
}

const char *const *loader_names(struct loader *l, const char *kind,
                                const char *space)
{
    struct name_list list = {.space = space};
    const char *const *names;
    size_t i;

    add_kind(&list, &l->objects, kind);
    add_kind(&list, &l->later, kind);
    if (strcmp(kind, "node") == 0)
        for (i = 0; i < l->node_names.count; i++)
            VEC_PUSH(list.names, l->node_names.items[i]);
    VEC_PUSH(list.names, NULL);
    names = intern_copy(l->intern, list.names.items, list.names.count,
                        sizeof(const char *));
    VEC_FREE(list.names);
    return names;
}
