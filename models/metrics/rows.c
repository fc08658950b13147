#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/controllers/endpointslice.h"
#include "models/metrics/measure.h"

/* --- making --- */

static void name_rows(struct metrics *m, const uint32_t *services)
{
    const struct scenario *c = m->s->scenario;

    m->rows = mem_calloc(m->row_count, sizeof *m->rows);
    for (size_t i = 0; i < m->row_count; i++) {
        struct row *row = &m->rows[i];

        row->spec = &c->services[services[i]];
        row->name =
            mem_printf("%s/%s", row->spec->meta.space, row->spec->meta.name);
        row->service = NO_ID;
        row->since = sim_now(m->s->sim);
    }
}

void rows_new(struct metrics *m)
{
    const struct scenario *c = m->s->scenario;
    uint32_t *services = layout_services(c, &m->row_count);

    m->index = layout_index_new(c, services, m->row_count);
    name_rows(m, services);
    free(services);
    m->traffic_count = c->traffic_count;
    m->traffic_row = mem_calloc(c->traffic_count, sizeof *m->traffic_row);
    for (size_t i = 0; i < c->traffic_count; i++) {
        uint32_t row = layout_index_find(m->index, c->traffic[i].space,
                                         c->traffic[i].service);

        m->traffic_row[i] = row;
        if (row != NO_ROW)
            VEC_PUSH(m->rows[row].traffic, (uint32_t)i);
    }
}

static void free_row(struct metrics *m, uint32_t i)
{
    struct row *row = &m->rows[i];

    proxies_drop(m, i);
    free(row->name);
    VEC_FREE(row->active);
    VEC_FREE(row->addresses);
    VEC_FREE(row->recoveries);
    VEC_FREE(row->reuses);
    VEC_FREE(row->held);
    VEC_FREE(row->ready_time);
    VEC_FREE(row->traffic);
}

void rows_free(struct metrics *m)
{
    for (size_t i = 0; i < m->row_count; i++)
        free_row(m, (uint32_t)i);
    free(m->rows);
    free(m->traffic_row);
    layout_index_free(m->index);
    VEC_FREE(m->service_rows);
    VEC_FREE(m->by_slot);
    for (size_t i = 0; i < m->deployments.count; i++)
        VEC_FREE(m->deployments.items[i].rows);
    for (size_t i = 0; i < m->replicasets.count; i++)
        VEC_FREE(m->replicasets.items[i].rows);
    for (size_t i = 0; i < m->statefulsets.count; i++)
        VEC_FREE(m->statefulsets.items[i].rows);
    for (size_t i = 0; i < m->daemonsets.count; i++)
        VEC_FREE(m->daemonsets.items[i].rows);
    VEC_FREE(m->statefulsets);
    VEC_FREE(m->daemonsets);
    VEC_FREE(m->deployments);
    VEC_FREE(m->replicasets);
}

uint32_t rows_of(const struct metrics *m, service_id id)
{
    return id < m->service_rows.count ? m->service_rows.items[id] : NO_ROW;
}

/* --- integrals --- */

static void add(struct row_sums *sums, const struct row *row, double dt)
{
    sums->lived += dt;
    sums->endpoint_up += row->listed_ready > 0 ? dt : 0;
    sums->serving_up += row->serving > 0 ? dt : 0;
    if (row->desired > 0) {
        sums->replica_time += dt;
        sums->replica_ratio +=
            row->ready >= row->desired ? dt : dt * row->ready / row->desired;
    }
    sums->desired += dt * row->desired;
    sums->ready += dt * row->ready;
    if (row->desired > sums->desired_max)
        sums->desired_max = row->desired;
    sums->listed += dt * row->listed;
    sums->capacity += dt * row->capacity;
    sums->unlimited += row->unlimited > 0 ? dt : 0;
    sums->stale += dt * row->stale;
}

static void add_ready(struct row *row, sim_time dt)
{
    while (row->ready_time.count <= (size_t)row->ready)
        VEC_PUSH(row->ready_time, 0);
    row->ready_time.items[row->ready] += dt;
}

void row_accrue(struct metrics *m, uint32_t i, sim_time now)
{
    struct row *row = &m->rows[i];
    sim_time since = row->since;
    double dt = sim_to_seconds(now - since);

    if (now == since)
        return;
    assert(now > since);
    row->since = now;
    if (row->service == NO_ID)
        return;
    FOR_SCOPES(m, scope, since)
    add(&scope->rows[i], row, dt);
    if (scope_has(m->scopes, since))
        add_ready(row, now - since);
}

/* The controller's counts of slice writes only rise: what is new since all
 * rows were accrued belongs to the scopes of that time. */
static void accrue_slices(struct metrics *m, uint32_t i)
{
    struct row *row = &m->rows[i];
    struct endpointslice_counts counts;

    if (row->service == NO_ID || !m->s->controllers)
        return;
    counts = endpointslice_counts(m->s->controllers, row->service);
    FOR_SCOPES(m, scope, m->rows_since)
    {
        scope->rows[i].writes += counts.writes - row->writes;
        scope->rows[i].bytes += counts.bytes - row->bytes;
    }
    row->writes = counts.writes;
    row->bytes = counts.bytes;
}

void rows_accrue(struct metrics *m, sim_time now)
{
    for (size_t i = 0; i < m->row_count; i++) {
        row_accrue(m, (uint32_t)i, now);
        accrue_slices(m, (uint32_t)i);
    }
    m->rows_since = now;
}

/* --- Services come and go --- */

static void service_added(struct metrics *m, service_id id, uint32_t i)
{
    const struct service *service = world_service(m->w, id);
    struct row *row = &m->rows[i];
    struct service_row made = {service->spec, i, service->cluster_ip,
                               service->created, SIM_NEVER};

    row->spec = service->spec;
    row->service = id;
    VEC_PUSH(m->services, made);
    replicas_match(m, i);
    pods_join(m, i, id);
    row->reached = row->ready < row->desired ? row->ready : row->desired;
    assert(!row->low);
}

static void service_gone(struct metrics *m, service_id id, uint32_t i,
                         sim_time now)
{
    struct row *row = &m->rows[i];

    for (size_t k = m->services.count; k-- > 0;) {
        if (m->services.items[k].row == i) {
            m->services.items[k].deleted = now;
            break;
        }
    }
    accrue_slices(m, i);
    row->writes = row->bytes = 0;
    endpoints_service_gone(m, i, now);
    proxies_drop(m, i);
    replicas_change(m, i, 0, 0, INCIDENT_NONE, now);
    replicas_leave(m, i);
    row->serving = row->unlimited = 0;
    row->capacity = 0;
    row->service = NO_ID;
    m->service_rows.items[id] = NO_ROW;
}

/* Its selector changed: what is wanted and ready is counted anew. What its
 * pods had before is no loss of replicas. */
static void service_changed(struct metrics *m, service_id id, uint32_t i,
                            sim_time now)
{
    struct row *row = &m->rows[i];
    int ready = row->ready, desired = row->desired, now_ready, now_desired;

    row->spec = world_service(m->w, id)->spec;
    replicas_leave(m, i);
    row->ready = row->desired = row->serving = row->unlimited = 0;
    row->capacity = 0;
    replicas_match(m, i);
    pods_join(m, i, id);
    now_ready = row->ready;
    now_desired = row->desired;
    row->ready = ready;
    row->desired = desired;
    replicas_change(m, i, now_ready, now_desired, INCIDENT_NONE, now);
}

void rows_on_service(struct metrics *m, const struct world_change *change)
{
    const struct service *service = world_service(m->w, change->id);
    sim_time now = sim_now(m->s->sim);
    uint32_t i = rows_of(m, change->id);

    if (change->what == WHAT_DELETED && i != NO_ROW) {
        row_accrue(m, i, now);
        service_gone(m, change->id, i, now);
    } else if (change->what == WHAT_SPEC && i != NO_ROW) {
        row_accrue(m, i, now);
        service_changed(m, change->id, i, now);
    }
    if (change->what != WHAT_ADDED)
        return;
    i = layout_index_find(m->index, service->spec->meta.space,
                          service->spec->meta.name);
    while (m->service_rows.count <= change->id)
        VEC_PUSH(m->service_rows, NO_ROW);
    m->service_rows.items[change->id] = i;
    if (i == NO_ROW)
        return;
    row_accrue(m, i, now);
    service_added(m, change->id, i);
}
