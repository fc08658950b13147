/*
 * StatefulSets, DaemonSets and Jobs in the API; what all owners of pods have
 * in common.
 */
#include <assert.h>
#include <stdlib.h>

#include "models/world_private.h"

struct owner *world_owner(const struct world *w, enum owner_kind kind,
                          uint32_t id)
{
    switch (kind) {
    case OWNER_REPLICASET:
        return &w->replicasets.items[id]->own;
    case OWNER_STATEFULSET:
        return &w->statefulsets.items[id]->own;
    case OWNER_DAEMONSET:
        return &w->daemonsets.items[id]->own;
    case OWNER_JOB:
        return &w->jobs.items[id]->own;
    default:
        return NULL;
    }
}

enum world_kind world_owner_change(enum owner_kind kind)
{
    static const enum world_kind changes[] = {
        [OWNER_NONE] = CHANGE_POD,
        [OWNER_REPLICASET] = CHANGE_REPLICASET,
        [OWNER_STATEFULSET] = CHANGE_STATEFULSET,
        [OWNER_DAEMONSET] = CHANGE_DAEMONSET,
        [OWNER_JOB] = CHANGE_JOB,
    };

    return changes[kind];
}

const char *world_owner_word(enum owner_kind kind)
{
    static const char *const words[] = {
        [OWNER_NONE] = "pod",
        [OWNER_REPLICASET] = "replicaset",
        [OWNER_STATEFULSET] = "statefulset",
        [OWNER_DAEMONSET] = "daemonset",
        [OWNER_JOB] = "job",
    };

    return words[kind];
}

static void release(struct owner *owner)
{
    free(owner->name);
    VEC_FREE(owner->pods);
}

void world_owners_free(struct world *w)
{
    for (size_t i = 0; i < w->statefulsets.count; i++) {
        release(&w->statefulsets.items[i]->own);
        VEC_FREE(w->statefulsets.items[i]->revisions);
        free(w->statefulsets.items[i]);
    }
    for (size_t i = 0; i < w->daemonsets.count; i++) {
        release(&w->daemonsets.items[i]->own);
        VEC_FREE(w->daemonsets.items[i]->revisions);
        free(w->daemonsets.items[i]);
    }
    for (size_t i = 0; i < w->jobs.count; i++) {
        release(&w->jobs.items[i]->own);
        free(w->jobs.items[i]);
    }
    VEC_FREE(w->statefulsets);
    VEC_FREE(w->daemonsets);
    VEC_FREE(w->jobs);
}

static void fill(struct world *w, struct owner *owner, size_t id,
                 const struct meta *meta, const struct selector *selector,
                 const struct pod_template *template, incident_id origin)
{
    assert(id < NO_ID);
    owner->id = (uint32_t)id;
    owner->name = mem_strdup(meta->name);
    owner->space = meta->space;
    owner->labels = &meta->labels;
    owner->selector = selector;
    owner->template = template;
    owner->created = sim_now(w->sim);
    owner->origin = origin;
}

/* Once it is in its list. */
static void announce(struct world *w, enum owner_kind kind, uint32_t id)
{
    const struct owner *owner = world_owner(w, kind, id);
    enum world_kind change = world_owner_change(kind);

    world_name_add(w, change, owner->space, owner->name, id);
    world_tell(w, change, WHAT_ADDED, id);
}

statefulset_id world_statefulset_create(struct world *w,
                                        const struct statefulset_spec *spec,
                                        incident_id origin)
{
    struct statefulset *set = mem_zalloc(sizeof *set);

    fill(w, &set->own, w->statefulsets.count, &spec->meta, &spec->selector,
         &spec->template, origin);
    set->min_ready = spec->min_ready;
    set->spec = spec;
    set->replicas = spec->replicas;
    VEC_PUSH(w->statefulsets, set);
    announce(w, OWNER_STATEFULSET, set->id);
    return set->id;
}

void world_statefulset_scale(struct world *w, statefulset_id id, int replicas,
                             incident_id origin)
{
    struct statefulset *set = w->statefulsets.items[id];

    assert(replicas >= 0);
    if (set->replicas == replicas)
        return;
    set->replicas = replicas;
    set->origin = origin;
    world_tell(w, CHANGE_STATEFULSET, WHAT_SPEC, id);
}

void world_statefulset_set_spec(struct world *w, statefulset_id id,
                                const struct statefulset_spec *spec,
                                incident_id origin)
{
    struct statefulset *set = w->statefulsets.items[id];

    set->spec = spec;
    set->labels = &spec->meta.labels;
    set->min_ready = spec->min_ready;
    set->origin = origin;
    world_tell(w, CHANGE_STATEFULSET, WHAT_SPEC, id);
}

void world_daemonset_set_spec(struct world *w, daemonset_id id,
                              const struct daemonset_spec *spec,
                              incident_id origin)
{
    struct daemonset *ds = w->daemonsets.items[id];

    ds->spec = spec;
    ds->labels = &spec->meta.labels;
    ds->min_ready = spec->min_ready;
    ds->origin = origin;
    ds->observed = false;
    world_tell(w, CHANGE_DAEMONSET, WHAT_SPEC, id);
}

daemonset_id world_daemonset_create(struct world *w,
                                    const struct daemonset_spec *spec,
                                    incident_id origin)
{
    struct daemonset *ds = mem_zalloc(sizeof *ds);

    fill(w, &ds->own, w->daemonsets.count, &spec->meta, &spec->selector,
         &spec->template, origin);
    ds->min_ready = spec->min_ready;
    ds->spec = spec;
    VEC_PUSH(w->daemonsets, ds);
    announce(w, OWNER_DAEMONSET, ds->id);
    return ds->id;
}

job_id world_job_create(struct world *w, const struct job_spec *spec,
                        incident_id origin)
{
    struct job *job = mem_zalloc(sizeof *job);

    fill(w, &job->own, w->jobs.count, &spec->meta, &spec->selector,
         &spec->template, origin);
    job->spec = spec;
    job->suspended = spec->suspend;
    job->started = job->finished = SIM_NEVER;
    VEC_PUSH(w->jobs, job);
    announce(w, OWNER_JOB, job->id);
    return job->id;
}

void world_job_set_spec(struct world *w, job_id id, const struct job_spec *spec,
                        incident_id origin)
{
    struct job *job = w->jobs.items[id];

    job->spec = spec;
    job->origin = origin;
    world_tell(w, CHANGE_JOB, WHAT_SPEC, id);
}

void world_job_suspend(struct world *w, job_id id, bool yes, incident_id origin)
{
    struct job *job = w->jobs.items[id];

    if (job->suspended == yes || job->state != JOB_ACTIVE)
        return;
    job->suspended = yes;
    job->origin = origin;
    world_tell(w, CHANGE_JOB, WHAT_SPEC, id);
}

void world_owner_set_template(struct world *w, enum owner_kind kind,
                              uint32_t id, const struct pod_template *template,
                              incident_id origin)
{
    struct owner *owner = world_owner(w, kind, id);

    assert(kind == OWNER_STATEFULSET || kind == OWNER_DAEMONSET);
    owner->template = template;
    owner->origin = origin;
    if (kind == OWNER_DAEMONSET)
        w->daemonsets.items[id]->observed = false;
    world_tell(w, world_owner_change(kind), WHAT_SPEC, id);
}

void world_owner_delete(struct world *w, enum owner_kind kind, uint32_t id,
                        incident_id origin)
{
    struct owner *owner = world_owner(w, kind, id);

    assert(kind != OWNER_REPLICASET && !owner->deleted);
    owner->deleted = true;
    owner->origin = origin;
    world_name_remove(w, world_owner_change(kind), owner->space, owner->name);
    world_tell(w, world_owner_change(kind), WHAT_DELETED, id);
}

void world_owner_status(struct world *w, enum owner_kind kind, uint32_t id)
{
    world_tell(w, world_owner_change(kind), WHAT_STATUS, id);
}
