#include <string.h>

#include "models/controllers/job_internal.h"

/* SyncJobBatchPeriod: changes of pods are gathered for so long. */
static const sim_time batch_period = SIM_S;

const char job_scaled[] = "Scaled";

struct job_record *job_record(struct jobs *all, job_id id)
{
    while (all->records.count <= id)
        VEC_PUSH(all->records, (struct job_record){.stale = true});
    return &all->records.items[id];
}

static struct job_index *place_of(struct job_record *r, int index)
{
    while (r->places.count <= (size_t)index)
        VEC_PUSH(r->places, (struct job_index){.failures = 0});
    return &r->places.items[index];
}

/* --- what it hears --- */

bool job_pod_ended(const struct pod *pod)
{
    return pod->phase == POD_SUCCEEDED || pod->phase == POD_FAILED;
}

static unsigned flags_of(const struct pod *pod, bool exists)
{
    if (!exists || job_pod_ended(pod))
        return 0;
    if (pod->deletion != SIM_NEVER)
        return POD_LEAVING;
    return POD_ACTIVE | (pod->ready ? POD_READY : 0);
}

static void count_success(struct job_record *r, const struct pod *pod)
{
    r->succeeded++;
    r->failures = 0;
    if (pod->index >= 0) {
        struct job_index *p = place_of(r, pod->index);

        r->succeeded_indexes += !p->succeeded;
        p->succeeded = true;
        p->failures = 0;
    }
}

static void fail_index(struct job_record *r, struct job_index *p)
{
    r->failed_indexes += !p->failed;
    p->failed = true;
}

/* Condition DisruptionTarget: evicted, preempted, tainted away, collected;
 * a status is known where the process ended by itself, was killed for its
 * memory, or went with its node's reboot (ContainerStatusUnknown: 137). */
static enum failure_action judge(const struct job_spec *spec,
                                 const struct pod *pod)
{
    int code = -1;

    if (pod->reason && strcmp(pod->reason, "Error") == 0)
        code = 1;
    else if (pod->reason && (strcmp(pod->reason, "OOMKilled") == 0 ||
                             strcmp(pod->reason, "Rebooted") == 0))
        code = 137;
    return job_failure_action(spec, code < 0, code);
}

static void count_failure(struct job_record *r, const struct job *job,
                          const struct pod *pod, sim_time now)
{
    enum failure_action action = judge(job->spec, pod);
    struct job_index *p = pod->index >= 0 ? place_of(r, pod->index) : NULL;

    r->failures++;
    r->last_failure = now;
    if (action == FAILURE_FAIL_JOB)
        r->failure = "PodFailurePolicy";
    if (action == FAILURE_IGNORE)
        return;
    r->failed++;
    if (!p || job->spec->backoff_limit_per_index < 0)
        return;
    p->last_failure = now;
    if (action == FAILURE_FAIL_INDEX ||
        ++p->failures > job->spec->backoff_limit_per_index)
        fail_index(r, p);
}

/* isPodFailed: pods that are told to go count as failed at once, unless only
 * failed ones are replaced. */
static void count_end(struct job_record *r, const struct job *job,
                      const struct pod *pod, bool exists, sim_time now,
                      uint8_t *flags)
{
    bool failed =
        pod->phase == POD_FAILED || !exists ||
        (pod->deletion != SIM_NEVER && !job->spec->replace_failed_only);

    if (*flags & POD_COUNTED || (pod->phase != POD_SUCCEEDED && !failed))
        return;
    *flags |= POD_COUNTED;
    r->uncounted++;
    if (pod->phase == POD_SUCCEEDED)
        count_success(r, pod);
    else
        count_failure(r, job, pod, now);
}

void job_observe_pod(struct controller_run *run, struct jobs *all,
                     const struct world_change *change)
{
    struct world *w = controller_world(run);
    const struct pod *pod = world_pod(w, change->id);
    bool exists = change->what != WHAT_DELETED;
    const struct job *job;
    struct job_record *r;
    unsigned now, old;
    uint8_t *flags;

    if (pod->owner_kind != OWNER_JOB || change->what == WHAT_IP)
        return;
    job = w->jobs.items[pod->owner];
    r = job_record(all, job->id);
    while (all->pods.count <= pod->id)
        VEC_PUSH(all->pods, 0);
    flags = &all->pods.items[pod->id];
    old = *flags;
    now = flags_of(pod, exists);
    r->active += (int)(now & POD_ACTIVE) - (int)(old & POD_ACTIVE);
    r->ready += !!(now & POD_READY) - !!(old & POD_READY);
    r->terminating += !!(now & POD_LEAVING) - !!(old & POD_LEAVING);
    *flags = (uint8_t)(now | (old & POD_COUNTED));
    if (old & POD_ACTIVE && !(now & POD_ACTIVE) && pod->phase != POD_SUCCEEDED)
        VEC_PUSH(r->lost, world_pod_origin(w, pod->id));
    count_end(r, job, pod, exists, sim_now(w->sim), flags);
    controller_enqueue_after(run, job->id, batch_period);
}
