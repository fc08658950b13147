/*
 * The Deployment controller: a ReplicaSet for each template, pods moved from
 * the old ones to the new one within maxSurge and maxUnavailable.
 * Kubernetes v1.36, pkg/controller/deployment.
 */
#include <assert.h>
#include <stdlib.h>

#include "models/controllers/deployment_internal.h"

static void stop(void *state)
{
    struct deployments *all = state;

    VEC_FREE(all->records);
    VEC_FREE(all->sets);
}

struct record *deployment_record(struct deployments *all, deployment_id id)
{
    while (all->records.count <= id)
        VEC_PUSH(all->records, (struct record){.generation = 0});
    return &all->records.items[id];
}

/* --- what it hears --- */

/* Recreate goes on when the last old pod is gone. */
static void observe_pod_gone(struct controller_run *run, pod_id id)
{
    const struct world *w = controller_world(run);
    const struct pod *pod = world_pod(w, id);
    const struct deployment *d;
    deployment_id owner;

    if (pod->owner_kind != OWNER_REPLICASET)
        return;
    owner = w->replicasets.items[pod->owner]->deployment;
    if (owner == NO_ID)
        return;
    d = w->deployments.items[owner];
    if (!d->spec->recreate)
        return;
    for (size_t i = 0; i < d->replicasets.count; i++) {
        if (w->replicasets.items[d->replicasets.items[i]]->pods.count > 0)
            return;
    }
    controller_enqueue(run, owner);
}

static void observe(struct controller_run *run, void *state,
                    const struct world_change *change)
{
    const struct world *w = controller_world(run);
    deployment_id owner;

    switch (change->kind) {
    case CHANGE_DEPLOYMENT:
        if (change->what != WHAT_ADDED && change->what != WHAT_SPEC)
            return;
        deployment_record(state, change->id)->generation++;
        controller_enqueue(run, change->id);
        break;
    case CHANGE_REPLICASET:
        owner = w->replicasets.items[change->id]->deployment;
        if (owner != NO_ID)
            controller_enqueue(run, owner);
        break;
    default:
        if (change->what == WHAT_DELETED)
            observe_pod_gone(run, change->id);
    }
}

/* --- writes --- */

static void tell_scaled(struct controller_run *run, const struct deployment *d,
                        const struct replicaset *rs, int from, int to)
{
    struct world *w = controller_world(run);
    char object[300];

    if (!controller_event(run, d->id) || !w->want_events)
        return;
    snprintf(object, sizeof object, "deployment/%s", d->spec->meta.name);
    world_event(w, false, "ScalingReplicaSet", object,
                "Scaled %s replica set %s from %d to %d",
                to > from ? "up" : "down", rs->name, from, to);
}

/* 20 bits for replicas and annotations. */
enum { COUNT_BITS = 20, COUNT_MASK = (1 << COUNT_BITS) - 1 };

static uint64_t pack_size(const struct sync *s, int replicas)
{
    int most = s->d->replicas + deployment_max_surge(&s->view);

    assert(replicas <= COUNT_MASK && most <= COUNT_MASK);
    return (uint64_t)replicas | (uint64_t)s->d->replicas << COUNT_BITS |
           (uint64_t)most << 2 * COUNT_BITS;
}

static void annotate(struct world *w, const struct replicaset *rs,
                     int64_t revision, uint64_t size)
{
    world_replicaset_set_annotations(w, rs->id, revision,
                                     (int)(size >> COUNT_BITS & COUNT_MASK),
                                     (int)(size >> 2 * COUNT_BITS));
}

static int64_t next_revision(const struct world *w, const struct deployment *d)
{
    int64_t last = 0;

    for (size_t i = 0; i < d->replicasets.count; i++) {
        const struct replicaset *rs =
            w->replicasets.items[d->replicasets.items[i]];

        if (rs->template->hash != d->template->hash && rs->revision > last)
            last = rs->revision;
    }
    return last + 1;
}

/* The oldest of the present template. */
static struct replicaset *find_new(const struct world *w,
                                   const struct deployment *d)
{
    for (size_t i = 0; i < d->replicasets.count; i++) {
        struct replicaset *rs = w->replicasets.items[d->replicasets.items[i]];

        if (rs->template->hash == d->template->hash)
            return rs;
    }
    return NULL;
}

static void apply_create(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    struct world *w = controller_world(run);
    const struct deployment *d = w->deployments.items[a];
    char hash[11], name[300];
    int64_t revision = next_revision(w, d);
    int replicas = (int)(b & COUNT_MASK);
    replicaset_id id;

    (void)state;
    if (d->deleted || find_new(w, d))
        return;
    snprintf(name, sizeof name, "%s-%s", d->spec->meta.name,
             deployment_hash_text(d->template->hash, hash));
    id = world_replicaset_create(w, d->id, d->spec->meta.space, name,
                                 &d->spec->selector, d->template,
                                 d->spec->min_ready, replicas, d->origin);
    annotate(w, w->replicasets.items[id], revision, b);
    if (replicas > 0)
        tell_scaled(run, d, w->replicasets.items[id], 0, replicas);
}

static void apply_scale(struct controller_run *run, void *state, uint64_t a,
                        uint64_t b)
{
    struct world *w = controller_world(run);
    const struct replicaset *rs = w->replicasets.items[a];
    const struct deployment *d = w->deployments.items[rs->deployment];
    int before = rs->replicas, replicas = (int)(b & COUNT_MASK);

    (void)state;
    if (rs->deleted)
        return;
    annotate(w, rs, rs->revision, b);
    if (before == replicas)
        return;
    tell_scaled(run, d, rs, before, replicas);
    world_replicaset_scale(w, rs->id, replicas, d->origin);
}

static void apply_revision(struct controller_run *run, void *state, uint64_t a,
                           uint64_t b)
{
    struct world *w = controller_world(run);
    const struct replicaset *rs = w->replicasets.items[a];

    (void)state;
    world_replicaset_set_annotations(w, rs->id, (int64_t)b,
                                     rs->desired_annotation,
                                     rs->max_replicas_annotation);
}

static void apply_delete(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    struct world *w = controller_world(run);
    const struct replicaset *rs = w->replicasets.items[a];

    (void)state;
    (void)b;
    if (!rs->deleted)
        world_replicaset_delete(w, rs->id,
                                w->deployments.items[rs->deployment]->origin);
}

/* Conditions are the controller's own to read: the world has none. */
static void apply_condition(struct controller_run *run, void *state, uint64_t a,
                            uint64_t b)
{
    (void)run;
    (void)state;
    (void)a;
    (void)b;
}

/* --- the reconcile --- */

static struct deployment_counts count_up(const struct world *w,
                                         const struct deployment *d,
                                         const struct replicaset *newest)
{
    struct deployment_counts c = {0, 0, 0, 0};

    for (size_t i = 0; i < d->replicasets.count; i++) {
        const struct replicaset *rs =
            w->replicasets.items[d->replicasets.items[i]];

        c.replicas += rs->status_replicas;
        c.ready += rs->status_ready;
        c.available += rs->status_available;
    }
    c.updated = newest ? newest->status_replicas : 0;
    return c;
}

static void begin(struct sync *s, struct controller_run *run,
                  struct deployments *all, deployment_id id)
{
    struct world *w = controller_world(run);
    const struct deployment *d = w->deployments.items[id];
    const struct replicaset *newest = find_new(w, d);

    *s = (struct sync){.run = run,
                       .all = all,
                       .w = w,
                       .d = d,
                       .record = deployment_record(all, id),
                       .view = {.recreate = d->spec->recreate,
                                .max_surge = d->spec->max_surge,
                                .max_unavailable = d->spec->max_unavailable,
                                .replicas = d->replicas,
                                .status_replicas = d->status_replicas},
                       .counts = count_up(w, d, newest)};
    all->sets.count = 0;
    for (size_t i = 0; i < d->replicasets.count; i++) {
        const struct replicaset *rs =
            w->replicasets.items[d->replicasets.items[i]];
        struct replicaset_view view = {
            .id = rs->id,
            .asked = rs->replicas,
            .is_new = rs == newest,
            .created = rs->created,
            .revision = rs->revision,
            .replicas = rs->replicas,
            .status_replicas = rs->status_replicas,
            .available = rs->status_available,
            .desired_annotation = rs->desired_annotation,
            .max_replicas_annotation = rs->max_replicas_annotation};

        VEC_PUSH(all->sets, view);
    }
}

/* Gives the new ReplicaSet the newest revision: after an undo. */
static void sync_revision(struct sync *s)
{
    const struct replicaset *newest = find_new(s->w, s->d);
    int64_t revision = next_revision(s->w, s->d);

    if (newest && newest->revision < revision)
        controller_write(s->run, apply_revision, newest->id, (uint64_t)revision,
                         0);
}

/* Makes the new ReplicaSet where there is none; its view stands for it till
 * the write is done. */
static void ensure_new(struct sync *s)
{
    struct replicaset_view view = {.id = NO_ID,
                                   .is_new = true,
                                   .created = sim_now(s->w->sim),
                                   .desired_annotation = s->d->replicas};
    int total = 0;

    if (find_new(s->w, s->d)) {
        sync_revision(s);
        return;
    }
    for (size_t i = 0; i < s->all->sets.count; i++)
        total += s->all->sets.items[i].replicas;
    view.replicas = deployment_new_replicas(&s->view, total, 0);
    controller_write(s->run, apply_create, s->d->id,
                     pack_size(s, view.replicas), 0);
    controller_write(s->run, apply_condition, 0, 0, 0);
    s->record->status.progress = PROGRESS_NEW_REPLICASET;
    s->record->status.progress_at = sim_now(s->w->sim);
    VEC_PUSH(s->all->sets, view);
}

/* Writes the sizes that the rules decided. annotations: also where only
 * these are out of date. */
static void write_sizes(struct sync *s, bool annotations)
{
    int most = s->d->replicas + deployment_max_surge(&s->view);

    for (size_t i = 0; i < s->all->sets.count; i++) {
        struct replicaset_view *v = &s->all->sets.items[i];
        bool old_news =
            v->asked > 0 && (v->desired_annotation != s->d->replicas ||
                             v->max_replicas_annotation != most);

        if (v->id == NO_ID)
            continue; /* being made, of the right size */
        if (v->replicas != v->asked || (annotations && old_news))
            controller_write(s->run, apply_scale, v->id,
                             pack_size(s, v->replicas), 0);
        v->asked = v->replicas;
    }
}

static void cleanup_history(struct sync *s)
{
    size_t count = s->all->sets.count;
    bool *gone = mem_calloc(count, sizeof *gone);

    deployment_cleanup_history(s->all->sets.items, count,
                               s->d->spec->revision_history_limit, gone);
    for (size_t i = 0; i < count; i++) {
        if (gone[i])
            controller_write(s->run, apply_delete, s->all->sets.items[i].id, 0,
                             0);
    }
    free(gone);
}

static void finish_rollout(struct sync *s)
{
    if (deployment_complete(s->d->replicas, &s->record->status.counts))
        cleanup_history(s);
}

/* Unhealthy pods go first, by a write of their own. */
static bool scale_down(struct sync *s)
{
    struct replicaset_view *sets = s->all->sets.items;
    size_t count = s->all->sets.count;
    int max = deployment_max_scale_down(&s->view, sets, count), done;

    if (max <= 0)
        return false;
    done = deployment_cleanup_unhealthy(sets, count, max);
    write_sizes(s, false);
    if (done < 0)
        return false;
    done += deployment_scale_down_old(&s->view, sets, count);
    write_sizes(s, false);
    return done > 0;
}

static void roll(struct sync *s)
{
    ensure_new(s);
    if (deployment_reconcile_new(&s->view, s->all->sets.items,
                                 s->all->sets.count))
        write_sizes(s, false);
    else if (!scale_down(s))
        finish_rollout(s);
}

/* A pod of an old set that has not ended: it may still run. */
static bool old_pods_run(const struct sync *s)
{
    for (size_t i = 0; i < s->all->sets.count; i++) {
        const struct replicaset_view *v = &s->all->sets.items[i];
        const struct replicaset *rs = s->w->replicasets.items[v->id];

        if (v->is_new)
            continue;
        if (rs->status_replicas > 0)
            return true;
        for (size_t k = 0; k < rs->pods.count; k++) {
            const struct pod *pod = world_pod(s->w, rs->pods.items[k]);

            if (pod->phase != POD_FAILED && pod->phase != POD_SUCCEEDED)
                return true;
        }
    }
    return false;
}

static void recreate(struct sync *s)
{
    bool scaled_down = false;

    sync_revision(s);
    for (size_t i = 0; i < s->all->sets.count; i++) {
        struct replicaset_view *v = &s->all->sets.items[i];

        if (v->is_new || v->replicas == 0)
            continue;
        v->replicas = 0;
        scaled_down = true;
    }
    if (scaled_down) {
        write_sizes(s, false);
        return;
    }
    if (old_pods_run(s))
        return;
    ensure_new(s);
    if (deployment_reconcile_new(&s->view, s->all->sets.items,
                                 s->all->sets.count))
        write_sizes(s, false);
    else
        finish_rollout(s);
}

static void reconcile(struct controller_run *run, void *state, work_key key)
{
    struct deployments *all = state;
    struct sync s;

    if (controller_world(run)->deployments.items[key]->deleted)
        return;
    begin(&s, run, all, (deployment_id)key);
    if (s.d->paused ||
        deployment_was_scaled(&s.view, all->sets.items, all->sets.count)) {
        sync_revision(&s);
        deployment_scale(&s.view, all->sets.items, all->sets.count);
        write_sizes(&s, true);
        if (s.d->paused)
            cleanup_history(&s);
        deployment_write_status(&s, false);
        return;
    }
    if (s.d->spec->recreate)
        recreate(&s);
    else
        roll(&s);
    deployment_write_status(&s, true);
}

static int64_t workers(const struct scenario *scenario)
{
    return scenario->cluster.control_plane.deployment_workers;
}

const struct controller controller_deployment = {
    .name = "deployment",
    .summary = "rolls out templates: RollingUpdate and Recreate",
    .watches =
        1U << CHANGE_DEPLOYMENT | 1U << CHANGE_REPLICASET | 1U << CHANGE_POD,
    .state_size = sizeof(struct deployments),
    .workers = workers,
    .stop = stop,
    .observe = observe,
    .reconcile = reconcile,
};
