#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "models/metrics/measure.h"

/*
 * The hot path: a few additions a request, arrays by traffic entry. Windows
 * of SLOs are the rare case and pay for themselves.
 */

/* --- arrivals --- */

static __attribute__((noinline)) void
begin_in_windows(struct metrics *m, uint32_t traffic, sim_time arrival)
{
    for (uint32_t i = 1; i < m->scope_count; i++) {
        if (scope_has(&m->scopes[i], arrival))
            m->scopes[i].traffic[traffic].requests++;
    }
}

void metrics_request_begin(struct metrics *m, uint32_t traffic,
                           sim_time arrival)
{
    metrics_reach(m, arrival);
    if (!scope_has(m->scopes, arrival))
        return;
    m->scopes->traffic[traffic].requests++;
    m->open++;
    if (m->scope_count > 1)
        begin_in_windows(m, traffic, arrival);
}

/* --- ends --- */

static void add_end(struct traffic_sums *t, const struct request_end *r)
{
    if (r->attempts > 1)
        t->retries += r->attempts - 1;
    else if (r->attempts == 0)
        t->untried++;
    if (r->outcome == REQUEST_SUCCEEDED) {
        sketch_add(&t->latency, r->end - r->arrival);
        t->crossed += r->crossed;
    } else if (r->outcome == REQUEST_FAILED)
        t->failed++;
    else
        t->abandoned++;
}

static __attribute__((noinline)) void
end_in_windows(struct metrics *m, const struct request_end *r)
{
    for (uint32_t i = 1; i < m->scope_count; i++) {
        if (scope_has(&m->scopes[i], r->arrival))
            add_end(&m->scopes[i].traffic[r->traffic], r);
    }
}

void metrics_request_end(struct metrics *m, const struct request_end *r)
{
    metrics_reach(m, r->end);
    if (!scope_has(m->scopes, r->arrival))
        return;
    assert(m->open > 0 && r->end >= r->arrival);
    m->open--;
    add_end(&m->scopes->traffic[r->traffic], r);
    if (m->scope_count > 1)
        end_in_windows(m, r);
    if (r->outcome == REQUEST_FAILED)
        blame_request(m, r);
    else if (m->series && r->outcome == REQUEST_SUCCEEDED)
        sketch_add(&m->series[r->traffic].latency, r->end - r->arrival);
}

void metrics_attempt_failed(struct metrics *m, uint32_t traffic,
                            sim_time request_arrival, enum cause cause,
                            incident_id origin, pod_id pod, sim_time now)
{
    (void)pod;
    assert(cause > CAUSE_NONE && cause < CAUSE_COUNT);
    metrics_reach(m, now);
    if (!scope_has(m->scopes, request_arrival))
        return;
    FOR_SCOPES(m, scope, request_arrival)
    {
        scope->traffic[traffic].failed_by[cause]++;
        scope->traffic[traffic].overload += origin == INCIDENT_OVERLOAD;
    }
    blame_failed(m, traffic, cause, origin, now);
}

void metrics_attempts_cancelled(struct metrics *m, uint32_t traffic,
                                sim_time request_arrival, uint64_t count,
                                sim_time now)
{
    metrics_reach(m, now);
    FOR_SCOPES(m, scope, request_arrival)
    scope->traffic[traffic].cancelled += count;
}

void metrics_audit(const struct metrics *m)
{
    uint64_t requests = 0, ended = 0, failed = 0, attempts = 0;

    for (size_t i = 0; i < m->traffic_count; i++) {
        const struct traffic_sums *t = &m->scopes->traffic[i];

        requests += t->requests;
        ended += sums_ended(t);
        failed += t->failed;
        for (int cause = 0; cause < CAUSE_COUNT; cause++)
            attempts += t->failed_by[cause];
    }
    if (requests != ended + m->open)
        simulation_fail(m->s,
                        "requests are lost: %" PRIu64 " measured, %" PRIu64
                        " ended, %" PRIu64 " under way",
                        requests, ended, m->open);
    for (size_t i = 0; i < m->failures.count; i++) {
        failed -= m->failures.items[i].requests;
        attempts -= m->failures.items[i].attempts;
    }
    if (failed != 0 || attempts != 0)
        simulation_fail(m->s,
                        "%" PRId64 " failed requests and %" PRId64
                        " failed attempts have no cause and origin",
                        (int64_t)failed, (int64_t)attempts);
}

uint64_t metrics_open(const struct metrics *m)
{
    return m->open;
}

/* --- attempts in pods --- */

/* How much of [from, to] lies in the scope. */
static inline sim_time overlap(const struct scope *scope, sim_time from,
                               sim_time to)
{
    sim_time end = scope_end(scope);

    if (from < scope->start)
        from = scope->start;
    if (to > end)
        to = end;
    return to > from ? to - from : 0;
}

/* The integrals of an attempt that an end of the scope cuts, or that shares
 * its servers: `whole` 1 where all of it was added to the sums. */
static void add_cut(const struct scope *scope, struct traffic_sums *t,
                    sim_time arrival, sim_time start, sim_time end, bool busy,
                    int whole)
{
    t->present +=
        (double)(overlap(scope, arrival, end) - whole * (end - arrival));
    t->waiting_time +=
        (double)(overlap(scope, arrival, start) - whole * (start - arrival));
    t->busy += (double)((busy ? overlap(scope, start, end) : 0) -
                        whole * (end - start));
}

static void add_served(const struct scope *scope, struct traffic_sums *t,
                       sim_time arrival, sim_time start, sim_time end,
                       bool busy)
{
    bool within = (uint64_t)end - (uint64_t)scope->start <= scope->length;

    if (!scope_has(scope, arrival)) {
        add_cut(scope, t, arrival, start, end, busy, 0);
        return;
    }
    t->accepted++;
    t->sojourn += (double)(end - arrival);
    if (start > arrival)
        sketch_add(&t->waiting, start - arrival);
    if (!within || !busy)
        add_cut(scope, t, arrival, start, end, busy, 1);
}

static void count_in_window(struct metrics *m, struct pod_share *share,
                            uint32_t window)
{
    if (!share->windows)
        share->windows = mem_calloc(m->scope_count, sizeof *share->windows);
    share->windows[window]++;
}

static void served_in_windows(struct metrics *m, uint32_t traffic,
                              struct pod_share *share, sim_time arrival,
                              sim_time start, sim_time end, bool busy)
{
    for (uint32_t i = 1; i < m->scope_count; i++) {
        struct scope *scope = &m->scopes[i];

        if (scope->length == 0)
            continue;
        add_served(scope, &scope->traffic[traffic], arrival, start, end, busy);
        if (share && scope_has(scope, arrival))
            count_in_window(m, share, i);
    }
}

/* All that is not usual: windows, pods of several Services, ends of the
 * measured time, shared servers. */
static __attribute__((noinline)) void
served_unusual(struct metrics *m, uint32_t traffic, pod_id pod,
               sim_time arrival, sim_time start, sim_time end)
{
    uint32_t row = m->traffic_row[traffic];
    bool busy = !m->pods.items[pod].shared;
    struct pod_share *share = row == NO_ROW ? NULL : pods_share(m, pod, row);

    if (m->scopes->length == 0)
        return;
    add_served(m->scopes, &m->scopes->traffic[traffic], arrival, start, end,
               busy);
    if (share && scope_has(m->scopes, arrival))
        share->requests++;
    if (m->scope_count > 1)
        served_in_windows(m, traffic, share, arrival, start, end, busy);
}

void metrics_served(struct metrics *m, uint32_t traffic, pod_id pod,
                    sim_time arrival, sim_time start, sim_time end)
{
    const struct scope *scope = m->scopes;
    const struct pod_track *track = &m->pods.items[pod];
    struct traffic_sums *t = &scope->traffic[traffic];

    assert(pod < m->pods.count && arrival <= end);
    metrics_reach(m, end);
    if (start == SIM_NEVER)
        start = end;
    if (m->scope_count > 1 || track->shared || track->share_count == 0 ||
        track->shares[0].row != m->traffic_row[traffic] ||
        !scope_has(scope, arrival) || !scope_has(scope, end)) {
        served_unusual(m, traffic, pod, arrival, start, end);
        return;
    }
    t->accepted++;
    t->sojourn += (double)(end - arrival);
    track->shares[0].requests++;
    if (start > arrival)
        sketch_add(&t->waiting, start - arrival);
}

void metrics_worked(struct metrics *m, uint32_t traffic, sim_time start,
                    sim_time end, sim_time work)
{
    if (end <= start)
        return;
    for (uint32_t i = 0; i < m->scope_count; i++) {
        struct scope *scope = &m->scopes[i];

        if (scope->length > 0)
            scope->traffic[traffic].busy += (double)work *
                                            (double)overlap(scope, start, end) /
                                            (double)(end - start);
    }
}

/* --- sums --- */

void traffic_sums_merge(struct traffic_sums *into,
                        const struct traffic_sums *from)
{
    into->requests += from->requests;
    into->failed += from->failed;
    into->abandoned += from->abandoned;
    into->crossed += from->crossed;
    into->cancelled += from->cancelled;
    into->retries += from->retries;
    into->untried += from->untried;
    for (int i = 0; i < CAUSE_COUNT; i++)
        into->failed_by[i] += from->failed_by[i];
    into->overload += from->overload;
    into->metastable += from->metastable;
    into->accepted += from->accepted;
    into->sojourn += from->sojourn;
    into->present += from->present;
    into->waiting_time += from->waiting_time;
    into->busy += from->busy;
    sketch_merge(&into->latency, &from->latency);
    sketch_merge(&into->waiting, &from->waiting);
}

void traffic_sums_release(struct traffic_sums *sums)
{
    sketch_release(&sums->latency);
    sketch_release(&sums->waiting);
}
