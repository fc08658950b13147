#include <string.h>

#include "models/controllers/daemonset_internal.h"

struct daemon_record *daemonset_record(struct daemonsets *all, daemonset_id id)
{
    while (all->records.count <= id)
        VEC_PUSH(all->records, (struct daemon_record){.template = NULL});
    return &all->records.items[id];
}

static void tell(struct controller_run *run, const struct daemonset *ds,
                 const char *reason, const char *verb, const char *pod)
{
    struct world *w = controller_world(run);
    char object[300];

    if (!controller_event(run, ds->id) || !w->want_events)
        return;
    snprintf(object, sizeof object, "daemonset/%s", ds->name);
    world_event(w, false, reason, object, "%s pod: %s", verb, pod);
}

void daemonset_apply_create(struct controller_run *run, void *state, uint64_t a,
                            uint64_t b)
{
    struct world *w = controller_world(run);
    const struct daemonset *ds = w->daemonsets.items[a];
    pod_id id;

    (void)state;
    if (ds->deleted || world_node(w, (node_id)(b & UINT32_MAX))->deleted)
        return;
    id = world_pod_create_owned(w, OWNER_DAEMONSET, ds->id, ds->template, -1,
                                (node_id)(b & UINT32_MAX),
                                (incident_id)(b >> 32));
    tell(run, ds, "SuccessfulCreate", "Created", world_pod(w, id)->name);
}

void daemonset_apply_delete(struct controller_run *run, void *state, uint64_t a,
                            uint64_t b)
{
    struct world *w = controller_world(run);
    const struct daemonset *ds = w->daemonsets.items[a];
    const struct pod *pod = world_pod(w, (pod_id)(b & UINT32_MAX));
    bool rolls = b >> 32;
    incident_id origin;

    (void)state;
    if (!pod || pod->deletion != SIM_NEVER)
        return;
    origin = world_node(w, pod->target)->origin; /* it takes none any more */
    tell(run, ds, "SuccessfulDelete", "Deleted", pod->name);
    if (rolls)
        origin = ds->origin;
    else if (pod->phase == POD_FAILED)
        origin = world_pod_origin(w, pod->id);
    world_pod_delete(w, pod->id, -1, rolls ? "RolledOut" : "Scaled", origin);
}

void daemonset_apply_revision(struct controller_run *run, void *state,
                              uint64_t a, uint64_t b)
{
    struct daemonset *ds = controller_world(run)->daemonsets.items[a];
    size_t limit = (size_t)ds->spec->revision_history_limit + 1, kept = 0;
    int64_t number = 1;

    (void)state;
    (void)b;
    for (size_t i = 0; i < ds->revisions.count; i++) {
        if (ds->revisions.items[i].number >= number)
            number = ds->revisions.items[i].number + 1;
        if (ds->revisions.items[i].template->hash != ds->template->hash)
            ds->revisions.items[kept++] = ds->revisions.items[i];
    }
    ds->revisions.count = kept;
    VEC_PUSH(ds->revisions, ((struct revision){ds->template, number}));
    if (ds->revisions.count > limit) {
        ds->revisions.count = limit;
        memmove(ds->revisions.items, ds->revisions.items + kept + 1 - limit,
                limit * sizeof *ds->revisions.items);
    }
}

void daemonset_apply_status(struct controller_run *run, void *state, uint64_t a,
                            uint64_t b)
{
    struct world *w = controller_world(run);
    struct daemonset *ds = w->daemonsets.items[a];
    const struct daemon_counts *c = &daemonset_record(state, ds->id)->pending;

    (void)b;
    if (ds->deleted)
        return;
    ds->observed = true;
    ds->status_desired = c->desired;
    ds->status_current = c->current;
    ds->status_misscheduled = c->misscheduled;
    ds->status_ready = c->ready;
    ds->status_available = c->available;
    ds->status_updated = c->updated;
    world_owner_status(w, OWNER_DAEMONSET, ds->id);
}
