/* kubectl apply -f FILE: what is new is made, what is there is changed. */
#include <string.h>

#include "models/kubectl/template.h"

struct command {
    struct object_list objects;
};

/* Services and Deployments that the file brings are known to later verbs. */
static void announce(struct loader *l, const struct object_list *o)
{
    for (size_t i = 0; i < o->deployments.count; i++) {
        struct deployment_spec *d = o->deployments.items[i];

        if (!loader_deployment(l, d->meta.space, d->meta.name))
            VEC_PUSH(l->later.deployments, d);
    }
    for (size_t i = 0; i < o->services.count; i++) {
        struct service_spec *s = o->services.items[i];

        if (!loader_service(l, s->meta.space, s->meta.name))
            VEC_PUSH(l->later.services, s);
    }
    for (size_t i = 0; i < o->pods.count; i++)
        VEC_PUSH(l->later.pods, o->pods.items[i]);
    for (size_t i = 0; i < o->replicasets.count; i++)
        VEC_PUSH(l->later.replicasets, o->replicasets.items[i]);
    for (size_t i = 0; i < o->statefulsets.count; i++)
        VEC_PUSH(l->later.statefulsets, o->statefulsets.items[i]);
    for (size_t i = 0; i < o->daemonsets.count; i++)
        VEC_PUSH(l->later.daemonsets, o->daemonsets.items[i]);
    for (size_t i = 0; i < o->jobs.count; i++)
        VEC_PUSH(l->later.jobs, o->jobs.items[i]);
    for (size_t i = 0; i < o->hpas.count; i++)
        VEC_PUSH(l->later.hpas, o->hpas.items[i]);
    for (size_t i = 0; i < o->pdbs.count; i++)
        VEC_PUSH(l->later.pdbs, o->pdbs.items[i]);
    for (size_t i = 0; i < o->nodes.count; i++)
        VEC_PUSH(l->node_names, o->nodes.items[i]->name);
}

static const void *parse(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag)
{
    static const char *const flags[] = {"f", "filename", NULL};
    struct command *c = intern_alloc(loader->intern, sizeof *c);
    const char *path = words_flag(words, "f");
    bool ok = words_check_flags(words, flags, diag);

    if (!path)
        path = words_flag(words, "filename");
    if (!path || !path[0]) {
        diag_error(diag, words->place, "'kubectl apply' needs -f FILE");
        return NULL;
    }
    ok = manifest_read_path(loader, path, words->place, &c->objects) && ok;
    kubectl_keep_list(loader, &c->objects);
    if (!ok)
        return NULL;
    announce(loader, &c->objects);
    return c;
}

static void apply_deployment(struct world *w, const struct deployment_spec *d,
                             incident_id origin)
{
    uint32_t id = world_find(w, CHANGE_DEPLOYMENT, d->meta.space, d->meta.name);

    if (id == NO_ID) {
        world_deployment_create(w, d, origin);
        return;
    }
    if (w->deployments.items[id]->template->hash != d->template.hash)
        world_deployment_set_template(w, id, &d->template, origin);
    world_deployment_scale(w, id, d->replicas, origin);
}

static void apply_replicaset(struct world *w, const struct replicaset_spec *rs,
                             incident_id origin)
{
    uint32_t id =
        world_find(w, CHANGE_REPLICASET, rs->meta.space, rs->meta.name);

    if (id == NO_ID)
        world_replicaset_create(w, NO_ID, rs->meta.space, rs->meta.name,
                                &rs->selector, &rs->template, rs->min_ready,
                                rs->replicas, origin);
    else
        world_replicaset_scale(w, id, rs->replicas, origin);
}

static void apply_statefulset(struct world *w,
                              const struct statefulset_spec *set,
                              incident_id origin)
{
    uint32_t id =
        world_find(w, CHANGE_STATEFULSET, set->meta.space, set->meta.name);

    if (id == NO_ID) {
        world_statefulset_create(w, set, origin);
        return;
    }
    world_statefulset_set_spec(w, id, set, origin);
    if (world_owner(w, OWNER_STATEFULSET, id)->template->hash !=
        set->template.hash)
        world_owner_set_template(w, OWNER_STATEFULSET, id, &set->template,
                                 origin);
    world_statefulset_scale(w, id, set->replicas, origin);
}

static void apply_daemonset(struct world *w, const struct daemonset_spec *ds,
                            incident_id origin)
{
    uint32_t id =
        world_find(w, CHANGE_DAEMONSET, ds->meta.space, ds->meta.name);

    if (id == NO_ID) {
        world_daemonset_create(w, ds, origin);
        return;
    }
    world_daemonset_set_spec(w, id, ds, origin);
    if (world_owner(w, OWNER_DAEMONSET, id)->template->hash !=
        ds->template.hash)
        world_owner_set_template(w, OWNER_DAEMONSET, id, &ds->template, origin);
}

static void apply_job(struct world *w, const struct job_spec *job,
                      incident_id origin)
{
    uint32_t id = world_find(w, CHANGE_JOB, job->meta.space, job->meta.name);

    if (id == NO_ID)
        world_job_create(w, job, origin);
    else
        world_job_suspend(w, id, job->suspend, origin);
}

static void apply_service(struct simulation *s, const struct service_spec *x,
                          incident_id origin)
{
    uint32_t id =
        world_find(s->world, CHANGE_SERVICE, x->meta.space, x->meta.name);

    if (id == NO_ID)
        simulation_create_service(s, x);
    else
        world_service_update(s->world, id, x, origin);
}

static void apply_pod(struct world *w, const struct pod_object *pod,
                      incident_id origin)
{
    if (world_find(w, CHANGE_POD, pod->meta.space, pod->meta.name) == NO_ID)
        world_pod_create(w, NO_ID, &pod->template, pod->meta.space,
                         pod->meta.name, origin);
}

static void apply_pdb(struct world *w, const struct pdb_spec *pdb)
{
    uint32_t id = world_find(w, CHANGE_PDB, pdb->meta.space, pdb->meta.name);

    if (id == NO_ID)
        world_pdb_create(w, pdb);
    else
        world_pdb_set_spec(w, id, pdb);
}

static void apply_hpa(struct world *w, const struct hpa_spec *hpa)
{
    uint32_t id = world_find(w, CHANGE_HPA, hpa->meta.space, hpa->meta.name);

    if (id == NO_ID)
        world_hpa_create(w, hpa);
    else
        world_hpa_set_spec(w, id, hpa);
}

static void run(struct simulation *s, const void *command, incident_id origin)
{
    const struct object_list *o = &((const struct command *)command)->objects;
    struct world *w = s->world;

    for (size_t i = 0; i < o->nodes.count; i++) {
        if (world_find(w, CHANGE_NODE, "", o->nodes.items[i]->name) == NO_ID)
            world_node_create(w, o->nodes.items[i]);
    }
    for (size_t i = 0; i < o->services.count; i++)
        apply_service(s, o->services.items[i], origin);
    for (size_t i = 0; i < o->pdbs.count; i++)
        apply_pdb(w, o->pdbs.items[i]);
    for (size_t i = 0; i < o->hpas.count; i++)
        apply_hpa(w, o->hpas.items[i]);
    for (size_t i = 0; i < o->deployments.count; i++)
        apply_deployment(w, o->deployments.items[i], origin);
    for (size_t i = 0; i < o->replicasets.count; i++)
        apply_replicaset(w, o->replicasets.items[i], origin);
    for (size_t i = 0; i < o->statefulsets.count; i++)
        apply_statefulset(w, o->statefulsets.items[i], origin);
    for (size_t i = 0; i < o->daemonsets.count; i++)
        apply_daemonset(w, o->daemonsets.items[i], origin);
    for (size_t i = 0; i < o->jobs.count; i++)
        apply_job(w, o->jobs.items[i], origin);
    for (size_t i = 0; i < o->pods.count; i++)
        apply_pod(w, o->pods.items[i], origin);
}

const struct kubectl_verb kubectl_apply = {
    .name = "apply",
    .summary = "-f FILE: make what is new, change what is there",
    .parse = parse,
    .run = run,
};
