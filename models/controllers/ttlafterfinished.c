/*
 * The TTL-after-finished controller: deletes Jobs ttlSecondsAfterFinished
 * after their end; the garbage collector then deletes their pods.
 * Kubernetes v1.36, pkg/controller/ttlafterfinished.
 */
#include "models/controller.h"

/* concurrent-ttl-after-finished-syncs */
enum { WORKERS = 5 };

static void observe(struct controller_run *run, void *state,
                    const struct world_change *change)
{
    const struct job *job = controller_world(run)->jobs.items[change->id];

    (void)state;
    if (change->what == WHAT_STATUS && job->finished != SIM_NEVER &&
        job->spec->ttl != SIM_NEVER)
        controller_enqueue(run, job->id);
}

static void apply_delete(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    struct world *w = controller_world(run);

    (void)state;
    (void)b;
    if (!w->jobs.items[a]->deleted)
        world_owner_delete(w, OWNER_JOB, (job_id)a, w->jobs.items[a]->origin);
}

static void reconcile(struct controller_run *run, void *state, work_key key)
{
    const struct world *w = controller_world(run);
    const struct job *job = w->jobs.items[key];
    sim_time left = job->finished + job->spec->ttl - sim_now(w->sim);

    (void)state;
    if (job->deleted)
        return;
    if (left > 0) {
        controller_enqueue_after(run, key, left);
        return;
    }
    controller_read(run, 0); /* it looks once more, past its cache */
    controller_write(run, apply_delete, key, 0, 0);
}

static int64_t workers(const struct scenario *scenario)
{
    (void)scenario;
    return WORKERS;
}

const struct controller controller_ttlafterfinished = {
    .name = "ttlafterfinished",
    .summary = "deletes Jobs some time after their end",
    .watches = 1U << CHANGE_JOB,
    .workers = workers,
    .observe = observe,
    .reconcile = reconcile,
};
