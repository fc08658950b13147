/*
 * The StatefulSet controller: pods with names that stay, made, scaled and
 * updated in order of their indexes. A pod is replaced when its object is
 * gone, not before: one on a lost node stays till somebody deletes it for
 * good.
 * Kubernetes v1.36, pkg/controller/statefulset.
 */
#include <assert.h>
#include <stdlib.h>

#include "models/controllers/claim.h"
#include "models/controllers/replicaset_rules.h"
#include "models/controllers/statefulset_rules.h"
#include "models/select.h"

/* What ended the pod of an index: the next one's origin. */
struct lost {
    int index;
    incident_id origin;
};

struct record {
    bool stale;                     /* the status is older than the spec */
    struct stateful_counts pending; /* the status on its way */
    const struct pod_template *pending_current;
    VEC_OF(struct lost) lost;
    struct claims claims;
    bool orphans; /* it has let go of pods */
};

struct statefulsets {
    VEC_OF(struct record) records;    /* by StatefulSet */
    VEC_OF(struct stateful_pod) pods; /* scratch: of one reconcile */
    struct stateful_plan plan;
};

static void stop(void *state)
{
    struct statefulsets *all = state;

    for (size_t i = 0; i < all->records.count; i++) {
        VEC_FREE(all->records.items[i].lost);
        claims_release(&all->records.items[i].claims);
    }
    VEC_FREE(all->records);
    VEC_FREE(all->pods);
    statefulset_plan_release(&all->plan);
}

static struct record *record_of(struct statefulsets *all, statefulset_id id)
{
    while (all->records.count <= id)
        VEC_PUSH(all->records, (struct record){.stale = true});
    return &all->records.items[id];
}

/* --- what it hears --- */

/* A pod that has the name of one of the set's, but was let go of. */
static bool was_of(const struct statefulset *set, const struct pod *pod)
{
    return pod->owner_kind == OWNER_NONE && pod->index >= 0 &&
           pod->stream_owner == set->name;
}

/* The sets that let go of it may take it back; once it is gone, its name is
 * free. */
static void observe_orphan(struct controller_run *run, struct statefulsets *all,
                           const struct pod *pod)
{
    const struct world *w = controller_world(run);

    for (size_t i = 0; i < w->statefulsets.count; i++) {
        const struct statefulset *set = w->statefulsets.items[i];

        if (!was_of(set, pod) || set->deleted)
            continue;
        record_of(all, set->id)->orphans = true;
        claims_add(run, &record_of(all, set->id)->claims, set->id, pod);
    }
}

static void observe_pod(struct controller_run *run, struct statefulsets *all,
                        const struct world_change *change)
{
    struct world *w = controller_world(run);
    const struct pod *pod = world_pod(w, change->id);
    struct record *r;

    if (pod->owner_kind == OWNER_NONE && pod->index >= 0 &&
        (change->what == WHAT_LABELS || change->what == WHAT_DELETED ||
         change->what == WHAT_OWNER))
        observe_orphan(run, all, pod);

    if (pod->owner_kind != OWNER_STATEFULSET || change->what == WHAT_BOUND ||
        change->what == WHAT_IP)
        return;
    r = record_of(all, pod->owner);
    if (change->what == WHAT_LABELS)
        claims_add(run, &r->claims, pod->owner, pod);
    if (change->what == WHAT_DELETED)
        VEC_PUSH(r->lost,
                 ((struct lost){pod->index, world_pod_origin(w, pod->id)}));
    controller_enqueue(run, pod->owner);
}

static void observe(struct controller_run *run, void *state,
                    const struct world_change *change)
{
    if (change->kind == CHANGE_POD) {
        observe_pod(run, state, change);
        return;
    }
    if (change->what == WHAT_SPEC)
        record_of(state, change->id)->stale = true;
    controller_enqueue(run, change->id);
}

/* --- writes --- */

static void tell(struct controller_run *run, const struct statefulset *set,
                 const char *reason, const char *verb, const char *pod)
{
    struct world *w = controller_world(run);
    char object[300];

    if (!controller_event(run, set->id) || !w->want_events)
        return;
    snprintf(object, sizeof object, "statefulset/%s", set->name);
    world_event(w, false, reason, object,
                "%s Pod %s in StatefulSet %s successful", verb, pod, set->name);
}

/* The newest that ended a pod of this index; forgets it. */
static incident_id take_lost(struct record *r, int index, incident_id other)
{
    incident_id origin = other;
    size_t kept = 0;

    for (size_t i = 0; i < r->lost.count; i++) {
        if (r->lost.items[i].index == index)
            origin = r->lost.items[i].origin;
        else
            r->lost.items[kept++] = r->lost.items[i];
    }
    r->lost.count = kept;
    return origin;
}

/* A pod that the set let go of still has the name. */
static bool name_taken(const struct world *w, const struct record *record,
                       const struct statefulset *set, int index)
{
    for (size_t i = 0; record->orphans && i < w->pods.count; i++) {
        const struct pod *pod = world_pod(w, (pod_id)i);

        if (pod && pod->index == index && was_of(set, pod))
            return true;
    }
    return false;
}

/* b: the index, and above it whether the current revision is meant. */
static void apply_create(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    struct world *w = controller_world(run);
    const struct statefulset *set = w->statefulsets.items[a];
    const struct pod_template *template = set->template;
    int index = (int)(b & UINT32_MAX);
    pod_id id;

    if (set->deleted || name_taken(w, record_of(state, set->id), set, index))
        return;
    for (size_t i = 0; i < set->pods.count; i++) {
        if (world_pod(w, set->pods.items[i])->index == index)
            return;
    }
    if (b >> 32 && set->current)
        template = set->current;
    id = world_pod_create_owned(
        w, OWNER_STATEFULSET, set->id, template, index, NO_ID,
        take_lost(record_of(state, set->id), index, set->origin));
    tell(run, set, "SuccessfulCreate", "create", world_pod(w, id)->name);
}

static void apply_delete(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    static const char *const reasons[] = {[STATEFUL_DELETE_ENDED] = "Deleted",
                                          [STATEFUL_DELETE_SCALED] = "Scaled",
                                          [STATEFUL_DELETE_OLD] = "RolledOut"};
    struct world *w = controller_world(run);
    const struct statefulset *set = w->statefulsets.items[a];
    const struct pod *pod = world_pod(w, (pod_id)(b & UINT32_MAX));
    enum stateful_act act = (enum stateful_act)(b >> 32);

    (void)state;
    if (!pod || pod->deletion != SIM_NEVER)
        return;
    tell(run, set, "SuccessfulDelete", "delete", pod->name);
    world_pod_delete(w, pod->id, -1, reasons[act],
                     act == STATEFUL_DELETE_ENDED ? world_pod_origin(w, pod->id)
                                                  : set->origin);
}

/* The revision of the template becomes the newest: made, or, where it was
 * there before (an undo), numbered anew. */
static void apply_revision(struct controller_run *run, void *state, uint64_t a,
                           uint64_t b)
{
    struct statefulset *set = controller_world(run)->statefulsets.items[a];
    int64_t number = 1;
    size_t kept = 0;

    (void)state;
    (void)b;
    for (size_t i = 0; i < set->revisions.count; i++) {
        if (set->revisions.items[i].number >= number)
            number = set->revisions.items[i].number + 1;
        if (set->revisions.items[i].template->hash != set->template->hash)
            set->revisions.items[kept++] = set->revisions.items[i];
    }
    set->revisions.count = kept;
    VEC_PUSH(set->revisions, ((struct revision){set->template, number}));
}

static void apply_forget(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    struct statefulset *set = controller_world(run)->statefulsets.items[a];
    size_t kept = 0;

    (void)state;
    for (size_t i = 0; i < set->revisions.count; i++) {
        if (set->revisions.items[i].number != (int64_t)b)
            set->revisions.items[kept++] = set->revisions.items[i];
    }
    set->revisions.count = kept;
}

static void apply_status(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    struct world *w = controller_world(run);
    struct statefulset *set = w->statefulsets.items[a];
    const struct record *r = record_of(state, set->id);
    const struct stateful_counts *c = &r->pending;

    (void)b;
    if (set->deleted)
        return;
    set->current = r->pending_current;
    set->update = set->template;
    set->status_replicas = c->replicas;
    set->status_ready = c->ready;
    set->status_available = c->available;
    set->status_current = c->current;
    set->status_updated = c->updated;
    world_owner_status(w, OWNER_STATEFULSET, set->id);
}

/* --- the reconcile --- */

static bool known_revision(const struct statefulset *set,
                           const struct pod_template *template)
{
    for (size_t i = 0; template && i < set->revisions.count; i++) {
        if (set->revisions.items[i].template->hash == template->hash)
            return true;
    }
    return false;
}

/* Makes the present template the newest revision; returns the current one
 * (getStatefulSetRevisions). */
static const struct pod_template *sync_revisions(struct controller_run *run,
                                                 const struct statefulset *set)
{
    size_t count = set->revisions.count;

    if (count == 0 ||
        set->revisions.items[count - 1].template->hash != set->template->hash)
        controller_write(run, apply_revision, set->id, 0, 0);
    return known_revision(set, set->current) ? set->current : set->template;
}

static bool is_live(const struct world *w, const struct statefulset *set,
                    const struct pod_template *current, uint64_t hash)
{
    if (hash == current->hash || hash == set->template->hash)
        return true;
    for (size_t i = 0; i < set->pods.count; i++) {
        if (world_pod(w, set->pods.items[i])->template->hash == hash)
            return true;
    }
    return false;
}

/* truncateHistory: revisions that nothing uses, the oldest first. */
static void truncate_history(struct controller_run *run,
                             const struct statefulset *set,
                             const struct pod_template *current)
{
    const struct world *w = controller_world(run);
    size_t limit = (size_t)set->spec->revision_history_limit, unused = 0;

    if (set->revisions.count <= limit)
        return;
    for (size_t i = set->revisions.count; i-- > 0;) {
        const struct revision *r = &set->revisions.items[i];

        if (!is_live(w, set, current, r->template->hash) && ++unused > limit)
            controller_write(run, apply_forget, set->id, (uint64_t)r->number,
                             0);
    }
}

/* Fills all->pods; returns when to look again at pods that ripen. */
static sim_time list_pods(const struct world *w, struct statefulsets *all,
                          const struct statefulset *set)
{
    sim_time now = sim_now(w->sim), next = SIM_NEVER;

    all->pods.count = 0;
    for (size_t i = 0; i < set->pods.count; i++) {
        const struct pod *pod = world_pod(w, set->pods.items[i]);
        sim_time since = replicaset_api_time(pod->ready_since), wait;
        bool ready = pod->ready && pod->phase == POD_RUNNING;
        struct stateful_pod view = {
            .index = pod->index,
            .terminating = pod->deletion != SIM_NEVER,
            .ended = pod->phase == POD_FAILED || pod->phase == POD_SUCCEEDED,
            .ready = ready,
            .available =
                replicaset_available(ready, since, set->min_ready, now),
            .revision = pod->template->hash,
            .id = pod->id};

        wait = replicaset_next_check(ready, since, set->min_ready, now);
        if (wait < next)
            next = wait;
        VEC_PUSH(all->pods, view);
    }
    return next;
}

static int max_unavailable(const struct world *w, const struct statefulset *set)
{
    int most;

    if (!w->scenario->cluster.control_plane.statefulset_max_unavailable)
        return 0;
    most =
        int_or_percent_scaled(set->spec->max_unavailable, set->replicas, false);
    return most < 1 ? 1 : most;
}

static void write_steps(struct controller_run *run,
                        const struct statefulset *set,
                        const struct stateful_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct stateful_step *step = &plan->steps[i];

        if (step->act == STATEFUL_CREATE)
            controller_write(run, apply_create, set->id,
                             (uint32_t)step->index | (uint64_t)step->is_current
                                                         << 32,
                             step->batch);
        else
            controller_write(run, apply_delete, set->id,
                             step->pod | (uint64_t)step->act << 32,
                             step->batch);
    }
}

static void write_status(struct controller_run *run, struct record *r,
                         const struct statefulset *set,
                         const struct stateful_counts *c,
                         const struct pod_template *current)
{
    if (!r->stale && c->replicas == set->status_replicas &&
        c->ready == set->status_ready &&
        c->available == set->status_available &&
        c->current == set->status_current &&
        c->updated == set->status_updated && set->current &&
        current->hash == set->current->hash &&
        set->update->hash == set->template->hash)
        return;
    r->stale = false;
    r->pending = *c;
    r->pending_current = current;
    controller_write(run, apply_status, set->id, 0, 0);
}

static void reconcile(struct controller_run *run, void *state, work_key key)
{
    struct statefulsets *all = state;
    const struct world *w = controller_world(run);
    const struct statefulset *set = w->statefulsets.items[key];
    const struct pod_template *current;
    struct stateful_view view;
    sim_time next;

    if (set->deleted || claims_write(run, &record_of(all, set->id)->claims,
                                     OWNER_STATEFULSET, set->id))
        return;
    current = sync_revisions(run, set);
    view = (struct stateful_view){.replicas = set->replicas,
                                  .start = set->spec->start,
                                  .partition = set->spec->partition,
                                  .parallel = set->spec->parallel,
                                  .on_delete = set->spec->on_delete,
                                  .rolling_given = set->spec->rolling_given,
                                  .max_unavailable = max_unavailable(w, set),
                                  .current = current->hash,
                                  .update = set->template->hash,
                                  .status_current = set->status_current};
    next = list_pods(w, all, set);
    statefulset_plan(&view, all->pods.items, all->pods.count, &all->plan);
    write_steps(run, set, &all->plan);
    write_status(run, record_of(all, set->id), set, &all->plan.counts,
                 all->plan.complete ? set->template : current);
    truncate_history(run, set, current);
    if (all->plan.counts.ready != all->plan.counts.available)
        controller_enqueue_after(run, set->id,
                                 next == SIM_NEVER ? set->min_ready : next);
}

static int64_t workers(const struct scenario *scenario)
{
    return scenario->cluster.control_plane.statefulset_workers;
}

const struct controller controller_statefulset = {
    .name = "statefulset",
    .summary = "keeps pods with names that stay, in their order",
    .watches = 1U << CHANGE_STATEFULSET | 1U << CHANGE_POD,
    .state_size = sizeof(struct statefulsets),
    .workers = workers,
    .stop = stop,
    .observe = observe,
    .reconcile = reconcile,
};
