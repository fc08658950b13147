#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/metrics/measure.h"

/*
 * A window begins with the first timeline entry of its name. It ends
 * `within` after that; without `within`, when the entry's `for:` ends; without
 * that, when the Deployments that the entry changed are complete (as `kubectl
 * rollout status` has it) and the pods that had to go are gone; where it
 * changed none, when its incident ends; else with the measured time. What lies
 * before time 0 is cut off.
 */

static bool same(const char *a, const char *b)
{
    return a == b || strcmp(a, b) == 0;
}

static void add_window(struct metrics *m, const struct slo_spec *slo)
{
    const struct scenario *c = m->s->scenario;
    struct scope *scope = &m->scopes[m->scope_count++];

    scope->during = slo->during;
    scope->within = slo->within;
    scope->incident = NO_ID;
    for (size_t i = 0; i < c->timeline_count && !scope->entry; i++) {
        if (same(c->timeline[i].name, slo->during))
            scope->entry = &c->timeline[i];
    }
}

uint32_t windows_find(const struct metrics *m, const struct slo_spec *slo)
{
    uint32_t i = 1;

    if (!slo->during)
        return 0;
    while (i < m->scope_count && (m->scopes[i].within != slo->within ||
                                  !same(m->scopes[i].during, slo->during)))
        i++;
    return i;
}

void windows_new(struct metrics *m)
{
    const struct scenario *c = m->s->scenario;

    m->scopes = mem_calloc(c->slo_count + 1, sizeof *m->scopes);
    m->scopes->incident = NO_ID;
    m->scope_count = 1;
    for (size_t i = 0; i < c->slo_count; i++) {
        if (windows_find(m, &c->slos[i]) == m->scope_count)
            add_window(m, &c->slos[i]);
    }
    for (uint32_t i = 0; i < m->scope_count; i++) {
        m->scopes[i].traffic =
            mem_calloc(c->traffic_count, sizeof *m->scopes[i].traffic);
        m->scopes[i].rows = mem_calloc(m->row_count, sizeof *m->scopes[i].rows);
    }
}

static void free_scope(struct metrics *m, struct scope *scope)
{
    for (size_t i = 0; i < m->traffic_count; i++)
        traffic_sums_release(&scope->traffic[i]);
    for (size_t i = 0; i < m->row_count; i++)
        sketch_release(&scope->rows[i].programming);
    free(scope->traffic);
    free(scope->rows);
    sketch_release(&scope->cluster.startup);
    sketch_release(&scope->cluster.scheduling);
    exported_release(&scope->cluster.exported);
    ip_set_release(&scope->cluster.ips);
}

void windows_free(struct metrics *m)
{
    for (uint32_t i = 0; i < m->scope_count; i++)
        free_scope(m, &m->scopes[i]);
    free(m->scopes);
}

sim_time windows_next_end(const struct metrics *m, sim_time after)
{
    sim_time next = SIM_NEVER;

    for (uint32_t i = 0; i < m->scope_count; i++) {
        sim_time end;

        if (m->scopes[i].length == 0)
            continue;
        end = scope_end(&m->scopes[i]);
        if (end > after && end < next)
            next = end;
    }
    return next;
}

/* --- beginning and end --- */

static void accrue(struct metrics *m, sim_time now)
{
    rows_accrue(m, now);
    pods_accrue(m, now);
    cluster_accrue(m, now);
}

/* Bounds the window by `end` and by the measured time. */
static void bound(struct metrics *m, struct scope *scope, sim_time end)
{
    sim_time last = scope_end(m->scopes);

    if (end > last)
        end = last;
    scope->length = end > scope->start ? (uint64_t)(end - scope->start) : 0;
}

static sim_time planned_end(const struct metrics *m, const struct scope *scope)
{
    sim_time start = m->w->incidents.items[scope->incident].time;
    sim_time lasts = scope->within;

    if (lasts == SIM_NEVER && scope->entry)
        lasts = scope->entry->lasts;
    return lasts > SIM_NEVER - start ? SIM_NEVER : start + lasts;
}

static bool planned(const struct scope *scope)
{
    return scope->within != SIM_NEVER ||
           (scope->entry && scope->entry->lasts != SIM_NEVER);
}

/* Within the measured time. */
static void open_window(struct metrics *m, struct scope *scope, sim_time now)
{
    accrue(m, now);
    scope->start = now;
    bound(m, scope, planned_end(m, scope));
    if (scope->length > 0)
        cluster_scope_begins(m, scope);
    metrics_advance(m, now);
}

static void close_window(struct metrics *m, struct scope *scope, sim_time now)
{
    scope->closed = true;
    if (!scope_has(scope, now))
        return;
    accrue(m, now);
    bound(m, scope, now);
}

void windows_epoch(struct metrics *m, sim_time now)
{
    for (uint32_t i = 1; i < m->scope_count; i++) {
        struct scope *scope = &m->scopes[i];

        if (scope->incident != NO_ID && !scope->closed)
            open_window(m, scope, now);
    }
}

static void begin(struct metrics *m, incident_id id, sim_time now)
{
    const struct incident *incident = &m->w->incidents.items[id];

    if (incident->parent != NO_ID)
        return;
    for (uint32_t i = 1; i < m->scope_count; i++) {
        struct scope *scope = &m->scopes[i];

        if (scope->incident != NO_ID || !same(scope->during, incident->name))
            continue;
        scope->incident = id;
        if (m->epoch != SIM_NEVER)
            open_window(m, scope, now);
    }
}

/* A kubectl command is one instant; what it began goes on. */
static void end(struct metrics *m, incident_id id, sim_time now)
{
    for (uint32_t i = 1; i < m->scope_count; i++) {
        struct scope *scope = &m->scopes[i];

        if (scope->incident == id && !scope->closed && !planned(scope) &&
            !scope->rollout && now > m->w->incidents.items[id].time)
            close_window(m, scope, now);
    }
}

void windows_incident(struct metrics *m, const struct world_change *change)
{
    sim_time now = sim_now(m->s->sim);

    if (m->scope_count == 1)
        return;
    if (change->what == WHAT_ADDED)
        begin(m, change->id, now);
    else
        end(m, change->id, now);
}

/* --- owners that roll out --- */

static bool leaving(const struct world *w, const struct owner *owner)
{
    for (size_t k = 0; k < owner->pods.count; k++) {
        if (world_pod(w, owner->pods.items[k])->deletion != SIM_NEVER)
            return true;
    }
    return false;
}

static bool deployment_done(const struct world *w, const struct deployment *d)
{
    for (size_t i = 0; i < d->replicasets.count; i++) {
        if (leaving(w, &w->replicasets.items[d->replicasets.items[i]]->own))
            return false;
    }
    return d->status_updated == d->replicas &&
           d->status_replicas == d->replicas &&
           d->status_available >= d->replicas;
}

static bool statefulset_done(const struct world *w,
                             const struct statefulset *set)
{
    int wanted = set->spec->on_delete ? 0 : set->replicas;

    wanted -= set->spec->partition;
    return set->update && set->update->hash == set->template->hash &&
           set->status_updated >= wanted &&
           set->status_replicas == set->replicas &&
           set->status_available >= set->replicas && !leaving(w, &set->own);
}

static bool daemonset_done(const struct world *w, const struct daemonset *ds)
{
    return ds->observed &&
           (ds->spec->on_delete || ds->status_updated >= ds->status_desired) &&
           ds->status_available >= ds->status_desired && !leaving(w, &ds->own);
}

static bool all_complete(const struct world *w, incident_id incident)
{
    for (size_t i = 0; i < w->deployments.count; i++) {
        const struct deployment *d = w->deployments.items[i];

        if (!d->deleted && blame_root(w, d->origin) == incident &&
            !deployment_done(w, d))
            return false;
    }
    for (size_t i = 0; i < w->statefulsets.count; i++) {
        const struct statefulset *set = w->statefulsets.items[i];

        if (!set->deleted && blame_root(w, set->origin) == incident &&
            !statefulset_done(w, set))
            return false;
    }
    for (size_t i = 0; i < w->daemonsets.count; i++) {
        const struct daemonset *ds = w->daemonsets.items[i];

        if (!ds->deleted && blame_root(w, ds->origin) == incident &&
            !daemonset_done(w, ds))
            return false;
    }
    return true;
}

/* The status is older than the spec until it changes next. */
void windows_owner(struct metrics *m, incident_id origin, enum world_what what)
{
    bool spec = what == WHAT_SPEC || what == WHAT_ADDED;

    for (uint32_t i = 1; i < m->scope_count; i++) {
        struct scope *scope = &m->scopes[i];

        if (scope->incident == NO_ID || scope->closed || planned(scope) ||
            blame_root(m->w, origin) != scope->incident)
            continue;
        scope->rollout |= spec;
        scope->status |= !spec;
    }
    windows_look(m);
}

void windows_look(struct metrics *m)
{
    for (uint32_t i = 1; i < m->scope_count; i++) {
        struct scope *scope = &m->scopes[i];

        if (scope->rollout && scope->status && !scope->closed &&
            all_complete(m->w, scope->incident))
            close_window(m, scope, sim_now(m->s->sim));
    }
}
