#include "models/controllers/deployment_internal.h"

static void apply_status(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    struct world *w = controller_world(run);
    struct record *r = deployment_record(state, (deployment_id)a);
    const struct deployment_counts *c = &r->pending.counts;

    (void)b;
    r->status = r->pending;
    if (!w->deployments.items[a]->deleted)
        world_deployment_set_status(w, (deployment_id)a, c->replicas,
                                    c->updated, c->ready, c->available);
}

static bool timed_out(const struct sync *s)
{
    const struct status *old = &s->record->status;

    if (old->progress == PROGRESS_NONE || old->progress == PROGRESS_AVAILABLE)
        return false;
    return old->progress == PROGRESS_EXCEEDED ||
           sim_now(s->w->sim) - old->progress_at >
               s->d->spec->progress_deadline;
}

/* Condition Progressing (progress.go); only in the course of a rollout. */
static void judge_progress(const struct sync *s, struct status *now)
{
    const struct status *old = &s->record->status;

    if (s->d->spec->progress_deadline == SIM_NEVER ||
        (now->counts.replicas == now->counts.updated &&
         old->progress == PROGRESS_AVAILABLE))
        return;
    if (deployment_complete(s->d->replicas, &now->counts)) {
        now->progress = PROGRESS_AVAILABLE;
    } else if (deployment_progressing(&old->counts, &now->counts)) {
        now->progress = PROGRESS_UPDATED;
        now->progress_at = sim_now(s->w->sim);
    } else if (timed_out(s)) {
        now->progress = PROGRESS_EXCEEDED;
    }
    if (now->progress != old->progress && now->progress != PROGRESS_UPDATED)
        now->progress_at = sim_now(s->w->sim);
}

/* A rollout that stands still is looked at when its deadline has passed. */
static void look_again(const struct sync *s, const struct status *now)
{
    sim_time deadline = s->d->spec->progress_deadline, left;

    if (deadline == SIM_NEVER || s->d->paused ||
        now->progress == PROGRESS_NONE || now->progress == PROGRESS_EXCEEDED ||
        now->progress == PROGRESS_AVAILABLE)
        return;
    left = now->progress_at + deadline - sim_now(s->w->sim);
    controller_enqueue_after(s->run, s->d->id, left > 0 ? left + SIM_S : SIM_S);
}

static bool equal_status(const struct status *a, const struct status *b)
{
    return a->terminating == b->terminating &&
           a->counts.replicas == b->counts.replicas &&
           a->counts.updated == b->counts.updated &&
           a->counts.ready == b->counts.ready &&
           a->counts.available == b->counts.available &&
           a->progress == b->progress && a->progress_at == b->progress_at &&
           a->available == b->available && a->generation == b->generation;
}

static int count_terminating(const struct sync *s)
{
    int sum = 0;

    for (size_t i = 0; i < s->d->replicasets.count; i++)
        sum += s->w->replicasets.items[s->d->replicasets.items[i]]
                   ->status_terminating;
    return sum;
}

void deployment_write_status(struct sync *s, bool rollout)
{
    struct status now = s->record->status;

    now.counts = s->counts;
    now.terminating = count_terminating(s);
    now.generation = s->record->generation;
    now.available = s->counts.available >= deployment_min_available(&s->view);
    if (rollout)
        judge_progress(s, &now);
    look_again(s, &now);
    if (equal_status(&now, &s->record->status))
        return;
    s->record->pending = now;
    controller_write(s->run, apply_status, s->d->id, 0, 0);
    if (now.progress == PROGRESS_EXCEEDED &&
        s->record->status.progress != PROGRESS_EXCEEDED && s->w->want_events) {
        char object[300];

        snprintf(object, sizeof object, "deployment/%s", s->d->spec->meta.name);
        world_event(s->w, true, "ProgressDeadlineExceeded", object,
                    "no progress for %.0f s",
                    sim_to_seconds(s->d->spec->progress_deadline));
    }
}
