#include "models/kubectl/template.h"

#include <assert.h>

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
