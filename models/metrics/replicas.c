#include <assert.h>
#include <string.h>

#include "models/metrics/measure.h"
#include "models/select.h"

/*
 * Desired replicas, and the recovery from their loss. `reached` is how many
 * of the desired ones have been ready at once since they were last desired:
 * fewer ready than that is a loss, fewer than desired alone is growth.
 */

/* --- recovery --- */

static void become_low(struct metrics *m, uint32_t i, sim_time now)
{
    struct recovery recovery = {now, SIM_NEVER};

    m->rows[i].low = true;
    VEC_PUSH(m->rows[i].recoveries, recovery);
    blame_low(m, i, true, now);
}

static void recover(struct metrics *m, uint32_t i, sim_time now)
{
    struct row *row = &m->rows[i];

    row->low = false;
    row->recoveries.items[row->recoveries.count - 1].end = now;
    blame_low(m, i, false, now);
}

void replicas_change(struct metrics *m, uint32_t i, int ready, int desired,
                     incident_id origin, sim_time now)
{
    struct row *row = &m->rows[i];
    bool loss = ready < row->ready, low;

    assert(ready >= 0 && desired >= 0);
    row->ready = ready;
    row->desired = desired;
    if (row->reached > desired)
        row->reached = desired;
    if (row->reached < ready)
        row->reached = ready < desired ? ready : desired;
    low = ready < row->reached;
    if (loss)
        blame_touch(m, i, origin, now);
    if (low && !row->low)
        become_low(m, i, now);
    else if (!low && row->low)
        recover(m, i, now);
    if (loss)
        blame_ready(m, i);
}

/* --- owners --- */

static bool wants(const struct service *service, const char *space,
                  const struct pod_template *template)
{
    const struct service_spec *spec = service->spec;

    return spec->has_selector && strcmp(spec->meta.space, space) == 0 &&
           selector_matches(&spec->selector, &template->labels);
}

static void want(struct metrics *m, struct owner_track *owner, int desired)
{
    sim_time now = sim_now(m->s->sim);

    for (size_t i = 0; i < owner->rows.count; i++) {
        uint32_t k = owner->rows.items[i];
        struct row *row = &m->rows[k];

        row_accrue(m, k, now);
        replicas_change(m, k, row->ready,
                        row->desired - owner->desired + desired, INCIDENT_NONE,
                        now);
    }
    owner->desired = desired;
}

/* Which Services select what the owner makes. */
static void find_rows(struct metrics *m, struct owner_track *owner,
                      const char *space, const struct pod_template *template)
{
    for (size_t i = 0; i < m->row_count; i++) {
        service_id id = m->rows[i].service;

        if (id != NO_ID && wants(world_service(m->w, id), space, template))
            VEC_PUSH(owner->rows, (uint32_t)i);
    }
}

static void on_deployment(struct metrics *m, const struct world_change *change)
{
    const struct deployment *d = m->w->deployments.items[change->id];
    struct owner_track empty = {0}, *owner;
    int desired;

    while (m->deployments.count <= change->id)
        VEC_PUSH(m->deployments, empty);
    owner = &m->deployments.items[change->id];
    if (change->what == WHAT_ADDED)
        find_rows(m, owner, d->spec->meta.space, d->template);
    desired = d->deleted ? 0 : d->replicas;
    if (desired != owner->desired)
        want(m, owner, desired);
}

static void on_replicaset(struct metrics *m, const struct world_change *change)
{
    const struct replicaset *rs = m->w->replicasets.items[change->id];
    struct owner_track empty = {0}, *owner;
    int desired;

    while (m->replicasets.count <= change->id)
        VEC_PUSH(m->replicasets, empty);
    if (rs->deployment != NO_ID)
        return;
    owner = &m->replicasets.items[change->id];
    if (change->what == WHAT_ADDED)
        find_rows(m, owner, rs->space, rs->template);
    desired = rs->deleted ? 0 : rs->replicas;
    if (desired != owner->desired)
        want(m, owner, desired);
}

void replicas_on_owner(struct metrics *m, const struct world_change *change)
{
    if (change->kind == CHANGE_DEPLOYMENT)
        on_deployment(m, change);
    else
        on_replicaset(m, change);
}

static void leave(struct owner_track *owner, uint32_t row)
{
    for (size_t i = 0; i < owner->rows.count; i++) {
        if (owner->rows.items[i] == row) {
            owner->rows.items[i] = owner->rows.items[--owner->rows.count];
            return;
        }
    }
}

static void join(struct metrics *m, struct owner_track *owner, uint32_t row,
                 const char *space, const struct pod_template *template)
{
    if (!wants(world_service(m->w, m->rows[row].service), space, template))
        return;
    VEC_PUSH(owner->rows, row);
    m->rows[row].desired += owner->desired;
}

void replicas_leave(struct metrics *m, uint32_t row)
{
    for (size_t i = 0; i < m->deployments.count; i++)
        leave(&m->deployments.items[i], row);
    for (size_t i = 0; i < m->replicasets.count; i++)
        leave(&m->replicasets.items[i], row);
}

void replicas_match(struct metrics *m, uint32_t row)
{
    for (size_t i = 0; i < m->deployments.count; i++) {
        const struct deployment *d = m->w->deployments.items[i];

        if (!d->deleted)
            join(m, &m->deployments.items[i], row, d->spec->meta.space,
                 d->template);
    }
    for (size_t i = 0; i < m->replicasets.count; i++) {
        const struct replicaset *rs = m->w->replicasets.items[i];

        if (!rs->deleted && rs->deployment == NO_ID)
            join(m, &m->replicasets.items[i], row, rs->space, rs->template);
    }
}
