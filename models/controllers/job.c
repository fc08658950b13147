/*
 * The Job controller: pods that are to end, as many at once and in all as
 * the spec says; those that fail are made anew, later and later.
 * Kubernetes v1.36, pkg/controller/job.
 */
#include <stdlib.h>

#include "models/controllers/job_internal.h"
#include "models/version.h"

enum { PODS_PER_SYNC = 500 }; /* MaxPodCreateDeletePerSync */

static void stop(void *state)
{
    struct jobs *all = state;

    for (size_t i = 0; i < all->records.count; i++) {
        VEC_FREE(all->records.items[i].places);
        VEC_FREE(all->records.items[i].lost);
    }
    VEC_FREE(all->records);
    VEC_FREE(all->pods);
    VEC_FREE(all->ranked);
    VEC_FREE(all->taken);
}

/* --- what it hears --- */

static void observe(struct controller_run *run, void *state,
                    const struct world_change *change)
{
    if (change->kind == CHANGE_POD) {
        job_observe_pod(run, state, change);
    } else if (change->what == WHAT_ADDED || change->what == WHAT_SPEC) {
        job_record(state, change->id)->stale = true;
        controller_enqueue(run, change->id);
    }
}

/* --- writes --- */

static void tell(struct controller_run *run, const struct job *job,
                 bool warning, const char *reason, const char *text,
                 const char *name)
{
    struct world *w = controller_world(run);
    char object[300];

    if (!controller_event(run, job->id) || !w->want_events)
        return;
    snprintf(object, sizeof object, "job/%s", job->name);
    world_event(w, warning, reason, object, "%s%s", text, name);
}

/* b: the index + 1, and above it the origin. */
static void apply_create(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    struct world *w = controller_world(run);
    const struct job *job = w->jobs.items[a];
    pod_id id;

    (void)state;
    if (job->deleted || job->state != JOB_ACTIVE)
        return;
    id = world_pod_create_owned(w, OWNER_JOB, job->id, job->template,
                                (int)(b & UINT32_MAX) - 1, NO_ID,
                                (incident_id)(b >> 32));
    tell(run, job, false, "SuccessfulCreate",
         "Created pod: ", world_pod(w, id)->name);
}

static void apply_delete(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    struct world *w = controller_world(run);
    const struct job *job = w->jobs.items[a];
    const struct pod *pod = world_pod(w, (pod_id)b);
    struct jobs *all = state;

    if (!pod || pod->deletion != SIM_NEVER)
        return;
    if (!job_record(all, job->id)->reason)
        all->pods.items[pod->id] |= POD_COUNTED; /* not as a failure */
    tell(run, job, false, "SuccessfulDelete", "Deleted pod: ", pod->name);
    world_pod_delete(w, pod->id, -1, job_scaled, job->origin);
}

static void tell_end(struct controller_run *run, const struct job *job)
{
    if (job->state == JOB_COMPLETE)
        tell(run, job, false, "Completed", "Job completed", "");
    else
        tell(run, job, true, job->reason, "Job has failed", "");
}

static void apply_status(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    struct world *w = controller_world(run);
    struct job *job = w->jobs.items[a];
    const struct job_record *r = job_record(state, job->id);

    (void)b;
    if (job->deleted)
        return;
    if (r->starts)
        job->started = sim_now(w->sim);
    if (r->stops)
        job->started = SIM_NEVER;
    job->status_active = r->active;
    job->status_ready = r->ready;
    job->status_succeeded = r->succeeded;
    job->status_failed = r->failed;
    if (job->state == JOB_ACTIVE && r->state != JOB_ACTIVE) {
        job->state = r->state;
        job->reason = r->reason;
        job->finished = sim_now(w->sim);
        tell_end(run, job);
    }
    world_owner_status(w, OWNER_JOB, job->id);
}

/* --- the reconcile --- */

static struct job_view view_of(const struct world *w,
                               const struct job_record *r,
                               const struct job *job)
{
    struct job_view view = {
        .spec = job->spec,
        .suspended = job->suspended,
        .active = r->active,
        .succeeded = job->spec->indexed ? r->succeeded_indexes : r->succeeded,
        .failed = r->failed,
        .terminating = r->terminating,
        .failed_indexes = r->failed_indexes};

    if (job->spec->template.restart_policy == RESTART_ON_FAILURE)
        for (size_t i = 0; i < job->pods.count; i++) {
            const struct pod *pod = world_pod(w, job->pods.items[i]);

            view.restarts += job_pod_ended(pod) ? 0 : (int)pod->restarts;
        }
    return view;
}

static bool is_active(const struct pod *pod)
{
    return !job_pod_ended(pod) && pod->deletion == SIM_NEVER;
}

/* The `count` pods that go first (ActivePods). */
static void delete_pods(struct controller_run *run, struct jobs *all,
                        const struct job *job, size_t count)
{
    const struct world *w = controller_world(run);

    all->ranked.count = 0;
    for (size_t i = 0; i < job->pods.count; i++) {
        const struct pod *pod = world_pod(w, job->pods.items[i]);
        struct ranked_pod ranked = {
            .assigned = pod->node != NO_ID,
            .phase =
                pod->phase == POD_RUNNING ? RANKED_RUNNING : RANKED_PENDING,
            .ready = pod->ready,
            .ready_since = replicaset_api_time(pod->ready_since),
            .created = replicaset_api_time(pod->created),
            .restarts = (int)pod->restarts,
            .uid = pod->ordinal,
            .id = pod->id};

        if (is_active(pod))
            VEC_PUSH(all->ranked, ranked);
    }
    if (count > all->ranked.count)
        count = all->ranked.count;
    if (count > PODS_PER_SYNC)
        count = PODS_PER_SYNC;
    if (count == 0)
        return;
    replicaset_choose(all->ranked.items, all->ranked.count, count,
                      sim_now(w->sim));
    for (size_t i = 0; i < count; i++)
        controller_write(run, apply_delete, job->id, all->ranked.items[i].id,
                         1);
}

/* Indexes that have a pod, or need none any more. */
static void mark_taken(const struct world *w, struct jobs *all,
                       const struct job_record *r, const struct job *job)
{
    all->taken.count = 0;
    for (int i = 0; i < job->spec->completions; i++) {
        const struct job_index *p =
            (size_t)i < r->places.count ? &r->places.items[i] : NULL;

        VEC_PUSH(all->taken, p && (p->succeeded || p->failed));
    }
    for (size_t i = 0; i < job->pods.count; i++) {
        const struct pod *pod = world_pod(w, job->pods.items[i]);
        bool there = is_active(pod) ||
                     (job->spec->replace_failed_only && !job_pod_ended(pod));

        if (there && (size_t)pod->index < all->taken.count)
            all->taken.items[pod->index] = true;
    }
}

/* The next index without a pod, from *from on, that is not held back; -1:
 * none. */
static int next_index(struct controller_run *run, struct jobs *all,
                      struct job_record *r, const struct job *job, int *from)
{
    sim_time now = sim_now(controller_world(run)->sim);

    for (; *from < job->spec->completions; ++*from) {
        const struct job_index *p =
            (size_t)*from < r->places.count ? &r->places.items[*from] : NULL;
        sim_time wait;

        if (all->taken.items[*from])
            continue;
        wait = p && job->spec->backoff_limit_per_index >= 0
                   ? job_backoff(p->failures, now - p->last_failure)
                   : 0;
        if (wait == 0)
            return (*from)++;
        controller_enqueue_after(run, job->id, wait);
    }
    return -1;
}

static void create_pods(struct controller_run *run, struct jobs *all,
                        struct job_record *r, const struct job *job,
                        int64_t count)
{
    const struct control_plane_params *p =
        &controller_simulation(run)->scenario->cluster.control_plane;
    int64_t size = 0;
    unsigned batch = 0;
    size_t lost = 0;
    int from = 0;

    if (count > PODS_PER_SYNC)
        count = PODS_PER_SYNC;
    if (job->spec->indexed)
        mark_taken(controller_world(run), all, r, job);
    while ((size = replicaset_batch(count, size, p->slow_start_initial)) > 0) {
        batch++;
        count -= size;
        for (int64_t k = 0; k < size; k++) {
            uint64_t origin =
                lost < r->lost.count ? r->lost.items[lost++] : job->origin;
            int index = -1;

            if (job->spec->indexed &&
                (index = next_index(run, all, r, job, &from)) < 0)
                return;
            controller_write(run, apply_create, job->id,
                             (uint64_t)(index + 1) | origin << 32, batch);
        }
    }
}

static void manage(struct controller_run *run, struct jobs *all,
                   struct job_record *r, const struct job *job,
                   const struct job_view *view)
{
    sim_time now = sim_now(controller_world(run)->sim), wait = 0;
    int more = job_pod_difference(view);

    if (more < 0)
        delete_pods(run, all, job, (size_t)-more);
    if (more > 0 && job->spec->backoff_limit_per_index < 0 &&
        controller_simulation(run)->scenario->cluster.kubernetes_minor >=
            VERSION_job_pod_backoff)
        wait = job_backoff(r->failures, now - r->last_failure);
    if (wait > 0)
        controller_enqueue_after(run, job->id, wait);
    else if (more > 0)
        create_pods(run, all, r, job, more);
}

/* activeDeadlineSeconds: since the start, or the last resumption. */
static bool past_deadline(struct controller_run *run, const struct job *job)
{
    sim_time left;

    if (job->suspended || job->started == SIM_NEVER ||
        job->spec->active_deadline == SIM_NEVER)
        return false;
    left = job->started + job->spec->active_deadline -
           sim_now(controller_world(run)->sim);
    if (left > 0)
        controller_enqueue_after(run, job->id, left);
    return left <= 0;
}

static const char *find_failure(struct controller_run *run,
                                const struct job_record *r,
                                const struct job *job,
                                const struct job_view *view)
{
    if (r->failure)
        return r->failure;
    if (past_deadline(run, job))
        return "DeadlineExceeded";
    return job_failure(view);
}

/* trackJobStatusAndRemoveFinalizers: each pod that has ended costs a patch,
 * and all together a status update more. */
static void take_finalizers(struct controller_run *run, struct job_record *r)
{
    if (r->uncounted == 0)
        return;
    controller_read(run, 0);
    for (int i = 0; i < r->uncounted && i < PODS_PER_SYNC; i++)
        controller_read(run, 1);
    r->uncounted = 0;
}

static void write_status(struct controller_run *run, struct job_record *r,
                         const struct job *job)
{
    r->starts = !job->suspended && job->started == SIM_NEVER;
    r->stops = job->suspended && job->started != SIM_NEVER;
    if (!r->stale && !r->starts && !r->stops && r->state == JOB_ACTIVE &&
        r->active == job->status_active && r->ready == job->status_ready &&
        r->succeeded == job->status_succeeded &&
        r->failed == job->status_failed)
        return;
    r->stale = false;
    controller_write(run, apply_status, job->id, 0, 0);
}

static bool meets_policy(const struct job_record *r, const struct job *job)
{
    bool *succeeded, met;

    if (job->spec->success_count == 0)
        return false;
    succeeded = mem_calloc(r->places.count + 1, sizeof *succeeded);
    for (size_t i = 0; i < r->places.count; i++)
        succeeded[i] = r->places.items[i].succeeded;
    met = job_succeeds(job->spec, succeeded, r->places.count);
    free(succeeded);
    return met;
}

/* What is to become of it; those of its pods that are too many go. */
static enum job_state decide(struct controller_run *run, struct jobs *all,
                             struct job_record *r, const struct job *job)
{
    struct job_view view = view_of(controller_world(run), r, job);

    r->succeeds = r->succeeds || (!r->reason && meets_policy(r, job));
    if (!r->succeeds && !r->reason)
        r->reason = find_failure(run, r, job, &view);
    if (r->succeeds || r->reason) {
        delete_pods(run, all, job, job->pods.count);
        return r->succeeds ? JOB_COMPLETE : JOB_FAILED;
    }
    manage(run, all, r, job, &view);
    return job_complete(&view) && !job->suspended ? JOB_COMPLETE : JOB_ACTIVE;
}

/* The condition that ends it comes when its last pod is gone; until then the
 * status says SuccessCriteriaMet or FailureTarget. */
static enum job_state delayed(struct controller_run *run, struct job_record *r,
                              enum job_state state)
{
    bool late =
        controller_simulation(run)->scenario->cluster.kubernetes_minor >=
        VERSION_job_late_end;

    if (state == JOB_ACTIVE || !late || r->active + r->terminating == 0)
        return state;
    r->stale = r->stale || !r->ending;
    r->ending = true;
    return JOB_ACTIVE;
}

static void reconcile(struct controller_run *run, void *state, work_key key)
{
    struct jobs *all = state;
    const struct world *w = controller_world(run);
    const struct job *job = w->jobs.items[key];
    struct job_record *r = job_record(all, job->id);

    if (job->deleted || job->state != JOB_ACTIVE) {
        take_finalizers(run, r);
        return;
    }
    r->state = delayed(run, r, decide(run, all, r, job));
    r->lost.count = 0;
    take_finalizers(run, r);
    write_status(run, r, job);
}

static int64_t workers(const struct scenario *scenario)
{
    return scenario->cluster.control_plane.job_workers;
}

const struct controller controller_job = {
    .name = "job",
    .summary = "runs pods to their end, as many as a Job asks for",
    .watches = 1U << CHANGE_JOB | 1U << CHANGE_POD,
    .state_size = sizeof(struct jobs),
    .workers = workers,
    .stop = stop,
    .observe = observe,
    .reconcile = reconcile,
};
