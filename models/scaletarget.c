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
                 {"ReplicaSet", CHANGE_REPLICASET},
                 {"StatefulSet", CHANGE_STATEFULSET}};

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
    if (target.kind == CHANGE_DEPLOYMENT)
        return w->deployments.items[target.id]->replicas;
    if (target.kind == CHANGE_STATEFULSET)
        return w->statefulsets.items[target.id]->replicas;
    return w->replicasets.items[target.id]->replicas;
}

void scale_target_set(struct world *w, struct scale_target target, int replicas,
                      incident_id origin)
{
    if (target.kind == CHANGE_DEPLOYMENT)
        world_deployment_scale(w, target.id, replicas, origin);
    else if (target.kind == CHANGE_STATEFULSET)
        world_statefulset_scale(w, target.id, replicas, origin);
    else
        world_replicaset_scale(w, target.id, replicas, origin);
}

static void each_of_owner(const struct world *w, const struct owner *owner,
                          void (*visit)(void *self, const struct pod *pod),
                          void *self)
{
    for (size_t i = 0; i < owner->pods.count; i++)
        visit(self, world_pod(w, owner->pods.items[i]));
}

void scale_target_each_pod(const struct world *w, struct scale_target target,
                           void (*visit)(void *self, const struct pod *pod),
                           void *self)
{
    const struct deployment *d;

    if (target.kind == CHANGE_STATEFULSET)
        each_of_owner(w, &w->statefulsets.items[target.id]->own, visit, self);
    if (target.kind == CHANGE_REPLICASET)
        each_of_owner(w, &w->replicasets.items[target.id]->own, visit, self);
    if (target.kind != CHANGE_DEPLOYMENT)
        return;
    d = w->deployments.items[target.id];
    for (size_t i = 0; i < d->replicasets.count; i++)
        each_of_owner(w, &w->replicasets.items[d->replicasets.items[i]]->own,
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
    const char *kind, *name;

    if (pod->owner_kind == OWNER_STATEFULSET) {
        kind = "StatefulSet";
        name = w->statefulsets.items[pod->owner]->name;
    } else if (pod->owner_kind == OWNER_REPLICASET) {
        rs = w->replicasets.items[pod->owner];
        kind = rs->deployment == NO_ID ? "ReplicaSet" : "Deployment";
        name = rs->deployment == NO_ID
                   ? rs->name
                   : w->deployments.items[rs->deployment]->spec->meta.name;
    } else {
        return false;
    }
    for (size_t i = 0; i < w->hpas.count; i++) {
        if (scales(w->hpas.items[i], kind, pod->space, name))
            return true;
    }
    return false;
}
