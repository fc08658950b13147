#include "models/kubectl/template.h"

#include <assert.h>
#include <string.h>

static enum owner_kind owner_kind(enum object_kind kind)
{
    assert(kind == OBJECT_STATEFULSET || kind == OBJECT_DAEMONSET);
    return kind == OBJECT_STATEFULSET ? OWNER_STATEFULSET : OWNER_DAEMONSET;
}

const struct pod_template *kubectl_template(const struct world *w,
                                            enum object_kind kind, uint32_t id)
{
    if (kind == OBJECT_DEPLOYMENT)
        return w->deployments.items[id]->template;
    return world_owner(w, owner_kind(kind), id)->template;
}

void kubectl_set_template(struct world *w, enum object_kind kind, uint32_t id,
                          const struct pod_template *template,
                          incident_id origin)
{
    if (kind == OBJECT_DEPLOYMENT)
        world_deployment_set_template(w, id, template, origin);
    else
        world_owner_set_template(w, owner_kind(kind), id, template, origin);
}

#define TEMPLATE_OF(object) ((object) ? &(object)->template : NULL)

const struct pod_template *kubectl_loaded_template(struct loader *l,
                                                   enum object_kind kind,
                                                   const char *space,
                                                   const char *name)
{
    switch (kind) {
    case OBJECT_DEPLOYMENT:
        return TEMPLATE_OF(loader_deployment(l, space, name));
    case OBJECT_STATEFULSET:
        return TEMPLATE_OF(loader_statefulset(l, space, name));
    default:
        return TEMPLATE_OF(loader_daemonset(l, space, name));
    }
}

const char *kubectl_image(const struct pod_template *t, const char *container)
{
    for (size_t i = 0; i < t->container_count; i++) {
        if (strcmp(t->containers[i].name, container) == 0)
            return t->containers[i].image;
    }
    return NULL;
}

static uint64_t image_hash(const struct container *c)
{
    return rng_mix(rng_hash(c->name), rng_hash(c->image));
}

bool kubectl_change_image(struct pod_template *t, size_t i, const char *image)
{
    struct container *c = (struct container *)&t->containers[i];

    if (strcmp(c->image, image) == 0)
        return false;
    t->hash ^= image_hash(c);
    c->image = image;
    t->hash ^= image_hash(c);
    return true;
}

void kubectl_keep_list(struct loader *l, struct object_list *o)
{
#define KEEP(list)                                                             \
    do {                                                                       \
        void *copy = intern_copy(l->intern, o->list.items, o->list.count,      \
                                 sizeof *o->list.items);                       \
        size_t count = o->list.count;                                          \
        VEC_FREE(o->list);                                                     \
        o->list.items = copy;                                                  \
        o->list.count = o->list.room = count;                                  \
    } while (0)
    KEEP(deployments);
    KEEP(replicasets);
    KEEP(statefulsets);
    KEEP(daemonsets);
    KEEP(jobs);
    KEEP(pods);
    KEEP(services);
    KEEP(nodes);
    KEEP(namespaces);
    KEEP(hpas);
    KEEP(pdbs);
#undef KEEP
}
