#include "models/metrics/metrics.h"

#include <assert.h>
#include <stdlib.h>

#include "models/metrics/measure.h"
#include "models/network/ipam.h"
#include "models/network/kubeproxy.h"

static void on_measure(struct metrics *m, enum world_what what)
{
    sim_time now = sim_now(m->s->sim);

    if (what == WHAT_END) {
        metrics_advance(m, now);
        rows_accrue(m, now);
        pods_accrue(m, now);
        cluster_accrue(m, now);
        endpoints_end(m, now);
        m->over = true;
        return;
    }
    if (what == WHAT_QUEUE)
        return; /* what has ended by now was added up */
    assert(what == WHAT_EPOCH);
    rows_accrue(m, now);
    pods_accrue(m, now);
    cluster_accrue(m, now);
    m->epoch = now;
    m->scopes->start = now;
    m->scopes->length = (uint64_t)m->s->scenario->duration;
    cluster_scope_begins(m, m->scopes);
    windows_epoch(m, now);
    series_epoch(m, now);
    metastable_epoch(m, now);
    metrics_advance(m, now);
}

static void on_event(struct metrics *m, const struct world_change *change)
{
    const struct world_event *event = change->old;
    struct event_row row = {.at = sim_now(m->s->sim),
                            .warning = event->warning};

    row.reason = mem_strdup(event->reason);
    row.object = mem_strdup(event->object);
    row.message = mem_strdup(event->message);
    VEC_PUSH(m->events, row);
}

static void on_change(void *self, const struct world_change *change)
{
    struct metrics *m = self;

    if (m->over) {
        if (change->kind == CHANGE_POD && change->what == WHAT_ADDED)
            pods_late(m, change->id);
        return;
    }
    metrics_reach(m, sim_now(m->s->sim));
    switch (change->kind) {
    case CHANGE_POD:
        pods_on_change(m, change);
        break;
    case CHANGE_NODE:
        cluster_on_node(m, change);
        proxies_on_node(m, change);
        break;
    case CHANGE_REPLICASET:
        replicas_on_owner(m, change);
        break;
    case CHANGE_DEPLOYMENT:
        replicas_on_owner(m, change);
        windows_owner(m, m->w->deployments.items[change->id]->origin,
                      change->what);
        break;
    case CHANGE_STATEFULSET:
        replicas_on_owner(m, change);
        windows_owner(m, m->w->statefulsets.items[change->id]->origin,
                      change->what);
        break;
    case CHANGE_DAEMONSET:
        replicas_on_owner(m, change);
        windows_owner(m, m->w->daemonsets.items[change->id]->origin,
                      change->what);
        break;
    case CHANGE_JOB:
        break;
    case CHANGE_SERVICE:
        rows_on_service(m, change);
        break;
    case CHANGE_ENDPOINTS:
        endpoints_on_change(m, change);
        break;
    case CHANGE_PDB:
        cluster_on_budget(m, change);
        break;
    case CHANGE_HPA:
        break;
    case CHANGE_INCIDENT:
        windows_incident(m, change);
        break;
    case CHANGE_EVENT:
        on_event(m, change);
        break;
    case CHANGE_MEASURE:
        on_measure(m, change->what);
        break;
    }
}

struct metrics *metrics_new(struct simulation *s, bool want_detail,
                            bool want_events)
{
    struct metrics *m = mem_zalloc(sizeof *m);
    unsigned kinds = (2U << CHANGE_MEASURE) - 1;

    m->s = s;
    m->w = s->world;
    m->want_detail = want_detail;
    m->want_events = want_events;
    m->epoch = SIM_NEVER;
    m->cluster_since = sim_now(s->sim);
    m->report = mem_zalloc(sizeof *m->report);
    rows_new(m);
    windows_new(m);
    series_new(m);
    metastable_new(m);
    m->next = SIM_NEVER;
    if (!want_events)
        kinds &= ~(1U << CHANGE_EVENT);
    world_watch(s->world, kinds, on_change, m);
    if (s->ipam)
        ipam_on_reuse(s->ipam, metrics_on_reuse, m);
    if (s->proxies)
        proxies_on_programmed(s->proxies, metrics_on_programmed, m);
    return m;
}

static void free_events(struct metrics *m)
{
    for (size_t i = 0; i < m->events.count; i++) {
        free(m->events.items[i].reason);
        free(m->events.items[i].object);
        free(m->events.items[i].message);
    }
    VEC_FREE(m->events);
}

void metrics_free(struct metrics *m)
{
    if (!m)
        return;
    series_free(m);
    metastable_free(m);
    windows_free(m);
    rows_free(m);
    pods_free(m);
    blame_free(m);
    free_events(m);
    VEC_FREE(m->versions);
    VEC_FREE(m->proxies);
    VEC_FREE(m->endpoint_rows);
    VEC_FREE(m->services);
    VEC_FREE(m->notes);
    VEC_FREE(m->spans);
    VEC_FREE(m->report->items);
    free(m->report);
    free(m);
}

static sim_time next_due(const struct metrics *m, sim_time after)
{
    sim_time next = windows_next_end(m, after);

    if (m->series && m->series_next < next)
        next = m->series_next;
    return m->calm_next < next ? m->calm_next : next;
}

/* What is due: ends of scopes, rows of the time series. In order of time;
 * all integrals are cut at the ends of scopes. */
void metrics_advance(struct metrics *m, sim_time now)
{
    sim_time due = m->next;

    while (due <= now && due != SIM_NEVER) {
        if (due == windows_next_end(m, due - 1)) {
            rows_accrue(m, due);
            pods_accrue(m, due);
            cluster_accrue(m, due);
        }
        if (m->series && due == m->series_next)
            series_flush(m);
        if (due == m->calm_next)
            metastable_look(m);
        due = m->next = next_due(m, due);
    }
    if (m->epoch == SIM_NEVER)
        return;
    /* Scopes may have begun or got an end since. */
    m->next = next_due(m, now);
}

sim_time metrics_time(const struct metrics *m, sim_time t)
{
    if (t == SIM_NEVER || m->epoch == SIM_NEVER)
        return t;
    return t - m->epoch;
}
