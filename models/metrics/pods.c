#include <assert.h>
#include <stdlib.h>

#include "models/metrics/measure.h"

/* --- tracks and shares --- */

struct pod_track *pods_track(struct metrics *m, pod_id id)
{
    struct pod_track empty = {0};

    while (m->pods.count <= id)
        VEC_PUSH(m->pods, empty);
    return &m->pods.items[id];
}

struct pod_share *pods_share(struct metrics *m, pod_id id, uint32_t row)
{
    struct pod_track *track = pods_track(m, id);

    for (uint32_t i = 0; i < track->share_count; i++) {
        if (track->shares[i].row == row)
            return &track->shares[i];
    }
    track->shares = mem_realloc(track->shares, track->share_count + 1,
                                sizeof *track->shares);
    track->shares[track->share_count] = (struct pod_share){.row = row};
    return &track->shares[track->share_count++];
}

void pods_free(struct metrics *m)
{
    for (size_t i = 0; i < m->pods.count; i++) {
        struct pod_track *track = &m->pods.items[i];

        for (uint32_t k = 0; k < track->share_count; k++)
            free(track->shares[k].windows);
        free(track->shares);
        free(track->windows);
        free(track->name);
    }
    VEC_FREE(m->pods);
    VEC_FREE(m->sandboxes);
}

/* --- ready seconds --- */

static void add_in_windows(struct metrics *m, struct pod_track *track,
                           sim_time since, double dt)
{
    for (uint32_t i = 1; i < m->scope_count; i++) {
        if (!scope_has(&m->scopes[i], since))
            continue;
        if (!track->windows)
            track->windows = mem_calloc(m->scope_count, sizeof *track->windows);
        track->windows[i] += dt;
    }
}

static void accrue(struct metrics *m, struct pod_track *track, sim_time now)
{
    sim_time since = track->since;
    double dt = sim_to_seconds(now - since);

    track->since = now;
    if (!track->ready || now == since)
        return;
    if (scope_has(m->scopes, since))
        track->ready_seconds += dt;
    if (m->scope_count > 1)
        add_in_windows(m, track, since, dt);
}

void pods_accrue(struct metrics *m, sim_time now)
{
    for (size_t i = 0; i < m->pods.count; i++)
        accrue(m, &m->pods.items[i], now);
}

/* --- what a pod adds to its Services --- */

static const struct workload *workload_of(const struct metrics *m,
                                          const struct pod *pod)
{
    return &m->s->scenario->workloads[pod->template->workload];
}

static void add_serving(const struct metrics *m, const struct pod *pod,
                        struct row *row, int sign)
{
    const struct workload *workload = workload_of(m, pod);

    row->serving += sign;
    if (workload->concurrency == INT64_MAX)
        row->unlimited += sign;
    else
        row->capacity += sign * (double)workload->concurrency;
}

static void set_ready(struct metrics *m, const struct pod *pod, bool ready,
                      sim_time now)
{
    accrue(m, &m->pods.items[pod->id], now);
    m->pods.items[pod->id].ready = ready;
    for (size_t i = 0; i < pod->service_count; i++) {
        uint32_t k = rows_of(m, pod->services[i]);

        if (k == NO_ROW)
            continue;
        row_accrue(m, k, now);
        replicas_change(m, k, m->rows[k].ready + (ready ? 1 : -1),
                        m->rows[k].desired, world_pod_origin(m->w, pod->id),
                        now);
    }
}

static void set_serving(struct metrics *m, const struct pod *pod, bool serving,
                        sim_time now)
{
    m->pods.items[pod->id].serving = serving;
    for (size_t i = 0; i < pod->service_count; i++) {
        uint32_t k = rows_of(m, pod->services[i]);

        if (k == NO_ROW)
            continue;
        row_accrue(m, k, now);
        add_serving(m, pod, &m->rows[k], serving ? 1 : -1);
    }
}

/* A pod of its own desires itself. */
static void set_bare(struct metrics *m, const struct pod *pod, bool bare,
                     sim_time now)
{
    m->pods.items[pod->id].bare = bare;
    for (size_t i = 0; i < pod->service_count; i++) {
        uint32_t k = rows_of(m, pod->services[i]);

        if (k == NO_ROW)
            continue;
        row_accrue(m, k, now);
        replicas_change(m, k, m->rows[k].ready,
                        m->rows[k].desired + (bare ? 1 : -1), INCIDENT_NONE,
                        now);
    }
}

/* All that a pod adds to one Service's figures, or (sign -1) takes away. */
static void add_all(struct metrics *m, const struct pod *pod, uint32_t i,
                    int sign, sim_time now)
{
    const struct pod_track *track = &m->pods.items[pod->id];
    struct row *row = &m->rows[i];

    row_accrue(m, i, now);
    if (track->serving)
        add_serving(m, pod, row, sign);
    if (track->ready || track->bare)
        replicas_change(m, i, row->ready + sign * track->ready,
                        row->desired + sign * track->bare,
                        world_pod_origin(m->w, pod->id), now);
}

/* Its labels changed: Services that selected it lose it, others win it. */
static void relabelled(struct metrics *m, const struct pod *pod,
                       const struct pod_before *before)
{
    sim_time now = sim_now(m->s->sim);
    const service_id *old;
    size_t count;

    old = world_services_of(m->w, pod, before->template, &count);
    for (size_t i = 0; i < count; i++) {
        if (rows_of(m, old[i]) != NO_ROW)
            add_all(m, pod, rows_of(m, old[i]), -1, now);
    }
    for (size_t i = 0; i < pod->service_count; i++) {
        if (rows_of(m, pod->services[i]) != NO_ROW)
            add_all(m, pod, rows_of(m, pod->services[i]), 1, now);
    }
}

static bool selected_by(const struct pod *pod, service_id service)
{
    for (size_t i = 0; i < pod->service_count; i++) {
        if (pod->services[i] == service)
            return true;
    }
    return false;
}

void pods_join(struct metrics *m, uint32_t i, service_id service)
{
    for (size_t k = 0; k < m->pods.count; k++) {
        const struct pod *pod = world_pod(m->w, (pod_id)k);
        const struct pod_track *track = &m->pods.items[k];

        if (!pod || !selected_by(pod, service))
            continue;
        m->rows[i].ready += track->ready;
        m->rows[i].desired += track->bare;
        if (track->serving)
            add_serving(m, pod, &m->rows[i], 1);
    }
}

/* --- changes --- */

static void set_alive(struct metrics *m, const struct pod *pod, uint32_t ip,
                      sim_time now)
{
    uint32_t before = m->pods.items[pod->id].alive_ip;

    m->pods.items[pod->id].alive_ip = ip;
    endpoints_alive(m, pod->id, before, now);
}

static void follow(struct metrics *m, const struct pod *pod, bool gone)
{
    const struct pod_track *track = &m->pods.items[pod->id];
    sim_time now = sim_now(m->s->sim);
    bool here = !gone && pod->deletion == SIM_NEVER;
    bool ready = here && pod->ready, serving = !gone && pod->serving;
    bool bare = here && pod->owner_kind == OWNER_NONE &&
                pod->phase != POD_SUCCEEDED && pod->phase != POD_FAILED;
    uint32_t alive = serving ? pod->sandbox_ip : 0;

    if (bare != track->bare)
        set_bare(m, pod, bare, now);
    if (ready != track->ready)
        set_ready(m, pod, ready, now);
    if (serving != track->serving)
        set_serving(m, pod, serving, now);
    if (alive != track->alive_ip)
        set_alive(m, pod, alive, now);
}

void pods_late(struct metrics *m, pod_id id)
{
    const struct pod *pod = world_pod(m->w, id);

    pods_track(m, id)->shared =
        workload_of(m, pod)->discipline == DISCIPLINE_PS;
}

void pods_on_change(struct metrics *m, const struct world_change *change)
{
    const struct pod *pod = world_pod(m->w, change->id);
    struct pod_track *track = pods_track(m, change->id);

    assert(pod);
    if (change->what == WHAT_ADDED) {
        track->since = sim_now(m->s->sim);
        track->shared = workload_of(m, pod)->discipline == DISCIPLINE_PS;
        if (m->want_detail)
            track->name = mem_printf("%s/%s", pod->space, pod->name);
    }
    if (change->what == WHAT_LABELS)
        relabelled(m, pod, change->old);
    cluster_on_pod(m, track, pod, change->what);
    if (m->want_detail)
        cluster_sandbox(m, track, pod, change->what);
    follow(m, pod, change->what == WHAT_DELETED);
    if (change->what == WHAT_DELETED)
        windows_look(m);
}
