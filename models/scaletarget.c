#include "models/scaletarget.h"

#include <string.h>

bool scale_target_find(const struct world *w, const char *space,
                       const char *kind, const char *name,
                       struct scale_target *out)
{
    static const struct {
        const char *kind;
        enum world_kind change;
    } kinds[] = {{"Deployment", CHANGE_DEPLOYMENT},
                 {"ReplicaSet", CHANGE_REPLICASET}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].kind, kind) != 0)
            continue;
        out->kind = kinds[i].change;
        out->id = world_find(w, out->kind, space, name);
        return out->id != NO_ID;
    }
    return false;
}

int scale_target_replicas(const struct world *w, struct scale_target target)
{
    return target.kind == CHANGE_DEPLOYMENT
               ? w->deployments.items[target.id]->replicas
               : w->replicasets.items[target.id]->replicas;
}

void scale_target_set(struct world *w, struct scale_target target, int replicas,
                      incident_id origin)
{
    if (target.kind == CHANGE_DEPLOYMENT)
        world_deployment_scale(w, target.id, replicas, origin);
    else
        world_replicaset_scale(w, target.id, replicas, origin);
}

static void each_of_replicaset(const struct world *w,
                               const struct replicaset *rs,
                               void (*visit)(void *self, const struct pod *pod),
                               void *self)
{
    for (size_t i = 0; i < rs->pods.count; i++)
        visit(self, world_pod(w, rs->pods.items[i]));
}

void scale_target_each_pod(const struct world *w, struct scale_target target,
                           void (*visit)(void *self, const struct pod *pod),
                           void *self)
{
    const struct deployment *d;

    if (target.kind == CHANGE_REPLICASET) {
        each_of_replicaset(w, w->replicasets.items[target.id], visit, self);
        return;
    }
    d = w->deployments.items[target.id];
    for (size_t i = 0; i < d->replicasets.count; i++)
        each_of_replicaset(w, w->replicasets.items[d->replicasets.items[i]],
                           visit, self);
}

static bool scales(const struct hpa *hpa, const char *kind, const char *space,
                   const char *name)
{
    return !hpa->deleted && strcmp(hpa->spec->target_kind, kind) == 0 &&
           strcmp(hpa->spec->target_name, name) == 0 &&
           strcmp(hpa->spec->meta.space, space) == 0;
}

bool scale_target_is_scaled(const struct world *w, const struct pod *pod)
{
    const struct replicaset *rs;
    const struct deployment *d = NULL;

    if (pod->owner_kind != OWNER_REPLICASET)
        return false;
    rs = w->replicasets.items[pod->owner];
    if (rs->deployment != NO_ID)
        d = w->deployments.items[rs->deployment];
    for (size_t i = 0; i < w->hpas.count; i++) {
        const struct hpa *hpa = w->hpas.items[i];

        if (scales(hpa, "ReplicaSet", pod->space, rs->name) ||
            (d && scales(hpa, "Deployment", pod->space, d->spec->meta.name)))
            return true;
    }
    return false;
}
