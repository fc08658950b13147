#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/world_private.h"

deployment_id world_deployment_create(struct world *w,
                                      const struct deployment_spec *spec,
                                      incident_id origin)
{
    struct deployment *d = mem_zalloc(sizeof *d);

    d->id = (deployment_id)w->deployments.count;
    d->spec = spec;
    d->template = &spec->template;
    d->replicas = spec->replicas;
    d->paused = spec->paused;
    d->created = sim_now(w->sim);
    d->origin = origin;
    VEC_PUSH(w->deployments, d);
    world_name_add(w, CHANGE_DEPLOYMENT, spec->meta.space, spec->meta.name,
                   d->id);
    world_tell(w, CHANGE_DEPLOYMENT, WHAT_ADDED, d->id);
    return d->id;
}

void world_deployment_scale(struct world *w, deployment_id id, int replicas,
                            incident_id origin)
{
    struct deployment *d = w->deployments.items[id];

    assert(replicas >= 0);
    if (d->replicas == replicas)
        return;
    d->replicas = replicas;
    d->origin = origin;
    world_tell(w, CHANGE_DEPLOYMENT, WHAT_SPEC, id);
}

void world_deployment_set_template(struct world *w, deployment_id id,
                                   const struct pod_template *template,
                                   incident_id origin)
{
    struct deployment *d = w->deployments.items[id];

    d->template = template;
    d->origin = origin;
    world_tell(w, CHANGE_DEPLOYMENT, WHAT_SPEC, id);
}

void world_deployment_pause(struct world *w, deployment_id id, bool paused,
                            incident_id origin)
{
    struct deployment *d = w->deployments.items[id];

    if (d->paused == paused)
        return;
    d->paused = paused;
    d->origin = origin;
    world_tell(w, CHANGE_DEPLOYMENT, WHAT_SPEC, id);
}

void world_deployment_set_spec(struct world *w, deployment_id id,
                               const struct deployment_spec *spec,
                               incident_id origin)
{
    struct deployment *d = w->deployments.items[id];

    d->spec = spec;
    d->origin = origin;
    for (size_t i = 0; i < d->replicasets.count; i++)
        w->replicasets.items[d->replicasets.items[i]]->min_ready =
            spec->min_ready;
    world_tell(w, CHANGE_DEPLOYMENT, WHAT_SPEC, id);
}

void world_deployment_set_status(struct world *w, deployment_id id,
                                 int replicas, int updated, int ready,
                                 int available)
{
    struct deployment *d = w->deployments.items[id];

    if (d->status_replicas == replicas && d->status_updated == updated &&
        d->status_ready == ready && d->status_available == available)
        return;
    d->status_replicas = replicas;
    d->status_updated = updated;
    d->status_ready = ready;
    d->status_available = available;
    world_tell(w, CHANGE_DEPLOYMENT, WHAT_STATUS, id);
}

void world_deployment_delete(struct world *w, deployment_id id,
                             incident_id origin)
{
    struct deployment *d = w->deployments.items[id];

    assert(!d->deleted);
    d->deleted = true;
    d->origin = origin;
    world_name_remove(w, CHANGE_DEPLOYMENT, d->spec->meta.space,
                      d->spec->meta.name);
    world_tell(w, CHANGE_DEPLOYMENT, WHAT_DELETED, id);
}

replicaset_id world_replicaset_create(struct world *w, deployment_id owner,
                                      const char *space, const char *name,
                                      const struct selector *selector,
                                      const struct pod_template *template,
                                      sim_time min_ready, int replicas,
                                      incident_id origin)
{
    struct replicaset *rs = mem_zalloc(sizeof *rs);

    assert(replicas >= 0);
    rs->id = (replicaset_id)w->replicasets.count;
    rs->name = mem_strdup(name);
    rs->space = space;
    rs->labels = &template->labels;
    rs->deployment = owner;
    rs->selector = selector;
    rs->template = template;
    rs->created = sim_now(w->sim);
    rs->min_ready = min_ready;
    rs->replicas = replicas;
    rs->origin = origin;
    VEC_PUSH(w->replicasets, rs);
    if (owner != NO_ID)
        VEC_PUSH(w->deployments.items[owner]->replicasets, rs->id);
    world_name_add(w, CHANGE_REPLICASET, space, name, rs->id);
    world_tell(w, CHANGE_REPLICASET, WHAT_ADDED, rs->id);
    return rs->id;
}

void world_replicaset_scale(struct world *w, replicaset_id id, int replicas,
                            incident_id origin)
{
    struct replicaset *rs = w->replicasets.items[id];

    assert(replicas >= 0);
    if (rs->replicas == replicas)
        return;
    rs->replicas = replicas;
    rs->origin = origin;
    world_tell(w, CHANGE_REPLICASET, WHAT_SPEC, id);
}

void world_replicaset_set_annotations(struct world *w, replicaset_id id,
                                      int64_t revision, int desired,
                                      int max_replicas)
{
    struct replicaset *rs = w->replicasets.items[id];

    rs->revision = revision;
    rs->desired_annotation = desired;
    rs->max_replicas_annotation = max_replicas;
}

void world_replicaset_set_status(struct world *w, replicaset_id id,
                                 int replicas, int ready, int available,
                                 int terminating)
{
    struct replicaset *rs = w->replicasets.items[id];

    rs->status_replicas = replicas;
    rs->status_ready = ready;
    rs->status_available = available;
    rs->status_terminating = terminating;
    world_tell(w, CHANGE_REPLICASET, WHAT_STATUS, id);
}

static void leave_deployment(struct world *w, const struct replicaset *rs)
{
    struct deployment *d = w->deployments.items[rs->deployment];
    size_t i = 0;

    while (d->replicasets.items[i] != rs->id)
        i++;
    d->replicasets.count--;
    memmove(d->replicasets.items + i, d->replicasets.items + i + 1,
            (d->replicasets.count - i) * sizeof *d->replicasets.items);
}

void world_replicaset_orphan(struct world *w, replicaset_id id)
{
    struct replicaset *rs = w->replicasets.items[id];

    assert(rs->deployment != NO_ID);
    leave_deployment(w, rs);
    rs->deployment = NO_ID;
    world_tell(w, CHANGE_REPLICASET, WHAT_OWNER, id);
}

void world_replicaset_delete(struct world *w, replicaset_id id,
                             incident_id origin)
{
    struct replicaset *rs = w->replicasets.items[id];

    assert(!rs->deleted);
    rs->deleted = true;
    rs->origin = origin;
    if (rs->deployment != NO_ID)
        leave_deployment(w, rs);
    world_name_remove(w, CHANGE_REPLICASET, rs->space, rs->name);
    world_tell(w, CHANGE_REPLICASET, WHAT_DELETED, id);
}

struct pod_template *world_template_copy(struct world *w,
                                         const struct pod_template *template)
{
    size_t size = template->container_count * sizeof *template->containers;
    struct pod_template *copy = world_alloc(w, sizeof *copy + size);

    *copy = *template;
    if (size > 0)
        copy->containers = memcpy(copy + 1, template->containers, size);
    return copy;
}
