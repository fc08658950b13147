#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/metrics/measure.h"
#include "models/select.h"
#include "models/version.h"

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

/* What is desired of an owner, now. */
struct wish {
    const char *space;
    const struct pod_template *template;
    int desired;
    const struct statefulset *set; /* the owner; NULL: it is none */
};

/* Whether the Service selects the StatefulSet's pod of that index. */
static bool wants_index(const struct metrics *m, const struct selector *s,
                        const struct wish *wish, int index)
{
    const struct labels *own = &wish->template->labels;
    bool indexed =
        m->s->scenario->cluster.kubernetes_minor >= VERSION_pod_index_label;
    struct label *items = mem_calloc(own->count + 2, sizeof *items);
    char *name = mem_printf("%s-%d", wish->set->name, index), *number;
    struct labels labels = {.items = items};
    bool wanted;

    number = name + strlen(wish->set->name) + 1;
    labels.count =
        labels_of_stateful(own, name, indexed ? number : NULL, items);
    wanted = selector_matches(s, &labels);
    free(items);
    free(name);
    return wanted;
}

/* Of `count` pods that are desired of the owner, those that the Service
 * selects. */
static int part_of(const struct metrics *m, const struct service_spec *service,
                   const struct wish *wish, int count)
{
    int part = 0;

    if (!wish->set || !selector_names_pod(&service->selector))
        return count;
    for (int i = 0; i < count; i++)
        part += wants_index(m, &service->selector, wish,
                            wish->set->spec->start + i);
    return part;
}

static bool wants(const struct service *service, const struct wish *wish)
{
    const struct service_spec *spec = service->spec;

    return spec->has_selector && strcmp(spec->meta.space, wish->space) == 0 &&
           ((wish->set && selector_names_pod(&spec->selector)) ||
            selector_matches(&spec->selector, &wish->template->labels));
}

static void want(struct metrics *m, struct owner_track *owner,
                 const struct wish *wish)
{
    sim_time now = sim_now(m->s->sim);

    for (size_t i = 0; i < owner->rows.count; i++) {
        uint32_t k = owner->rows.items[i];
        struct row *row = &m->rows[k];
        const struct service_spec *service =
            world_service(m->w, row->service)->spec;

        row_accrue(m, k, now);
        replicas_change(m, k, row->ready,
                        row->desired -
                            part_of(m, service, wish, owner->desired) +
                            part_of(m, service, wish, wish->desired),
                        INCIDENT_NONE, now);
    }
    owner->desired = wish->desired;
}

/* Which Services select what the owner makes. */
static void find_rows(struct metrics *m, struct owner_track *owner,
                      const struct wish *wish)
{
    for (size_t i = 0; i < m->row_count; i++) {
        service_id id = m->rows[i].service;

        if (id != NO_ID && wants(world_service(m->w, id), wish))
            VEC_PUSH(owner->rows, (uint32_t)i);
    }
}

static struct wish wish_of_deployment(const struct deployment *d)
{
    return (struct wish){.space = d->spec->meta.space,
                         .template = d->template,
                         .desired = d->deleted ? 0 : d->replicas};
}

static struct wish wish_of(const struct owner *owner, int desired)
{
    return (struct wish){.space = owner->space,
                         .template = owner->template,
                         .desired = owner->deleted ? 0 : desired};
}

/* A ReplicaSet of a Deployment wants nothing of its own. */
static struct wish wish_of_replicaset(const struct replicaset *rs)
{
    return wish_of(&rs->own, rs->deployment == NO_ID ? rs->replicas : 0);
}

static struct wish wish_of_set(const struct statefulset *set)
{
    struct wish wish = wish_of(&set->own, set->replicas);

    wish.set = set;
    return wish;
}

/* Each list of owners with its track: `call` for each of them. */
typedef void visit_owner(struct metrics *m, struct owner_track *owner,
                         const struct wish *wish, uint32_t row);

static void each_owner(struct metrics *m, visit_owner *visit, uint32_t row)
{
    const struct world *w = m->w;
    struct wish wish;

    for (size_t i = 0; i < m->deployments.count; i++) {
        wish = wish_of_deployment(w->deployments.items[i]);
        visit(m, &m->deployments.items[i], &wish, row);
    }
    for (size_t i = 0; i < m->replicasets.count; i++) {
        wish = wish_of_replicaset(w->replicasets.items[i]);
        if (w->replicasets.items[i]->deployment == NO_ID)
            visit(m, &m->replicasets.items[i], &wish, row);
    }
    for (size_t i = 0; i < m->statefulsets.count; i++) {
        wish = wish_of_set(w->statefulsets.items[i]);
        visit(m, &m->statefulsets.items[i], &wish, row);
    }
    for (size_t i = 0; i < m->daemonsets.count; i++) {
        wish = wish_of(&w->daemonsets.items[i]->own,
                       w->daemonsets.items[i]->status_desired);
        visit(m, &m->daemonsets.items[i], &wish, row);
    }
}

static void heard(struct metrics *m, struct owner_track *owner,
                  const struct wish *wish, enum world_what what)
{
    if (what == WHAT_ADDED || what == WHAT_OWNER)
        find_rows(m, owner, wish);
    if (wish->desired != owner->desired)
        want(m, owner, wish);
}

#define TRACK(list, id)                                                        \
    while (m->list.count <= (id))                                              \
    VEC_PUSH(m->list, (struct owner_track){0})

void replicas_on_owner(struct metrics *m, const struct world_change *change)
{
    const struct world *w = m->w;
    uint32_t id = change->id;
    struct wish wish;

    switch (change->kind) {
    case CHANGE_DEPLOYMENT:
        TRACK(deployments, id);
        wish = wish_of_deployment(w->deployments.items[id]);
        heard(m, &m->deployments.items[id], &wish, change->what);
        break;
    case CHANGE_REPLICASET:
        TRACK(replicasets, id);
        wish = wish_of_replicaset(w->replicasets.items[id]);
        if (w->replicasets.items[id]->deployment == NO_ID)
            heard(m, &m->replicasets.items[id], &wish, change->what);
        break;
    case CHANGE_STATEFULSET:
        TRACK(statefulsets, id);
        wish = wish_of_set(w->statefulsets.items[id]);
        heard(m, &m->statefulsets.items[id], &wish, change->what);
        break;
    default:
        TRACK(daemonsets, id);
        wish = wish_of(&w->daemonsets.items[id]->own,
                       w->daemonsets.items[id]->status_desired);
        heard(m, &m->daemonsets.items[id], &wish, change->what);
    }
}

static void leave(struct metrics *m, struct owner_track *owner,
                  const struct wish *wish, uint32_t row)
{
    (void)m;
    (void)wish;
    for (size_t i = 0; i < owner->rows.count; i++) {
        if (owner->rows.items[i] == row) {
            owner->rows.items[i] = owner->rows.items[--owner->rows.count];
            return;
        }
    }
}

/* Deleted ones desire 0: joining is harmless. */
static void join(struct metrics *m, struct owner_track *owner,
                 const struct wish *wish, uint32_t row)
{
    const struct service *service = world_service(m->w, m->rows[row].service);

    if (!wants(service, wish))
        return;
    VEC_PUSH(owner->rows, row);
    m->rows[row].desired += part_of(m, service->spec, wish, owner->desired);
}

void replicas_leave(struct metrics *m, uint32_t row)
{
    each_owner(m, leave, row);
}

void replicas_match(struct metrics *m, uint32_t row)
{
    each_owner(m, join, row);
}
