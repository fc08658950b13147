/*
 * The EndpointSlice controller: the pods that a Service selects, with their
 * conditions, packed into slices; each slice that changed is one write, and
 * each write makes a new version of the Service's endpoints.
 * Kubernetes v1.36, pkg/controller/endpointslice, k8s.io/endpointslice.
 *
 * Of a reconcile only the pods that changed since the last are looked at;
 * the result is the same as of all.
 */
#include "models/controllers/endpointslice.h"

#include <stdlib.h>

#include "models/controllers/endpointslice_internal.h"

enum { ENDPOINT_BYTES = 100 }; /* see endpointslice.h */

static struct record *record_of(struct endpointslices *all, service_id id)
{
    while (all->records.count <= id)
        VEC_PUSH(all->records, (struct record){.known = false});
    return &all->records.items[id];
}

static void stop(void *state)
{
    struct endpointslices *all = state;

    for (size_t i = 0; i < all->records.count; i++) {
        struct record *r = &all->records.items[i];

        for (size_t k = 0; k < r->slices.count; k++)
            VEC_FREE(r->slices.items[k].endpoints.v);
        for (size_t k = 0; k < r->changes.count; k++)
            VEC_FREE(r->changes.items[k].endpoints.v);
        VEC_FREE(r->slices);
        VEC_FREE(r->changes);
        VEC_FREE(r->dirty);
        VEC_FREE(r->slots);
        free(r->allocated);
    }
    free(all->ratios);
    VEC_FREE(all->hinted_slices);
    VEC_FREE(all->hinted_changes);
    VEC_FREE(all->hinted);
    VEC_FREE(all->records);
    VEC_FREE(all->fills);
    VEC_FREE(all->sizes);
}

/* --- what it hears --- */

static void mark_in(struct controller_run *run, struct endpointslices *all,
                    const struct pod *pod, const service_id *services,
                    size_t count, bool enqueue)
{
    struct dirty dirty = {pod->id, sim_now(controller_world(run)->sim), false};

    for (size_t i = 0; i < count; i++) {
        struct record *r = record_of(all, services[i]);

        if (r->dirty.count == 0 ||
            r->dirty.items[r->dirty.count - 1].pod != pod->id)
            VEC_PUSH(r->dirty, dirty);
        if (enqueue)
            controller_enqueue(run, services[i]);
    }
}

static void mark(struct controller_run *run, struct endpointslices *all,
                 const struct pod *pod, bool enqueue)
{
    mark_in(run, all, pod, pod->services, pod->service_count, enqueue);
}

static void observe_pod(struct controller_run *run, struct endpointslices *all,
                        const struct world_change *change)
{
    struct world *w = controller_world(run);
    const struct pod *pod = world_pod(w, change->id);
    const struct pod_before *before = change->old;
    const service_id *services;
    size_t count;

    if (!pod->ip || change->what == WHAT_BOUND || change->what == WHAT_OWNER)
        return;
    mark(run, all, pod, true);
    if (change->what != WHAT_LABELS)
        return;
    services = world_services_of(w, pod, before->template, &count);
    mark_in(run, all, pod, services, count, true);
}

/* Pods of a deleted node are left out whenever their Services are next
 * looked at; that by itself is no reason to. */
static void observe_node(struct controller_run *run, struct endpointslices *all,
                         const struct world_change *change)
{
    const struct world *w = controller_world(run);
    const struct node *node = world_node(w, change->id);

    if ((change->what == WHAT_ADDED || change->what == WHAT_DELETED ||
         change->what == WHAT_STATUS) &&
        endpointslice_uses_topology(all, w->scenario))
        controller_enqueue(run, ENDPOINTSLICE_TOPOLOGY);
    if (change->what == WHAT_ADDED)
        all->watchers++;
    if (change->what != WHAT_DELETED)
        return;
    all->watchers--;
    for (size_t i = 0; i < node->pods.count; i++)
        mark(run, all, world_pod(w, node->pods.items[i]), false);
}

/* One that comes to ask for hints by zones' CPU begins the watch of nodes. */
static void observe_service(struct controller_run *run,
                            struct endpointslices *all, service_id id)
{
    const struct world *w = controller_world(run);

    record_of(all, id)->resync = true;
    controller_enqueue(run, id);
    if (!world_service(w, id)->spec->topology_auto ||
        endpointslice_uses_topology(all, w->scenario))
        return;
    all->topology = true;
    controller_enqueue(run, ENDPOINTSLICE_TOPOLOGY);
}

static void observe(struct controller_run *run, void *state,
                    const struct world_change *change)
{
    switch (change->kind) {
    case CHANGE_NODE:
        observe_node(run, state, change);
        break;
    case CHANGE_SERVICE:
        if (change->what == WHAT_ADDED || change->what == WHAT_SPEC)
            observe_service(run, state, change->id);
        break;
    default:
        observe_pod(run, state, change);
    }
}

/* --- writes --- */

static void publish(struct controller_run *run, const struct record *r,
                    service_id id)
{
    struct endpoint_set *set;
    uint32_t count = 0;

    for (size_t i = 0; i < r->slices.count; i++)
        count += (uint32_t)r->slices.items[i].endpoints.v.count;
    set = endpoint_set_new(id, count);
    count = 0;
    for (size_t i = 0; i < r->slices.count; i++) {
        const struct slice *s = &r->slices.items[i];

        for (size_t k = 0; k < s->endpoints.v.count; k++) {
            set->endpoints[count] = s->endpoints.v.items[k];
            set->endpoints[count++].slice = (uint8_t)i;
        }
    }
    set->trigger = r->trigger;
    set->exported = r->exported;
    set->origin = r->origin;
    world_service_publish(controller_world(run), set);
}

/* The slice becomes what was planned. Slots of what leaves it are free now,
 * those of what stays or comes are in use. */
static void apply_slice(struct controller_run *run, void *state, uint64_t a,
                        uint64_t b)
{
    struct endpointslices *all = state;
    struct world *w = controller_world(run);
    struct record *r = record_of(all, (service_id)a);
    struct change *c = &r->changes.items[b];
    sim_time cached = controller_cached_time(run);
    struct endpoint_list old;
    struct slice *s;
    size_t bytes;

    if (world_service(w, (service_id)a)->deleted != SIM_NEVER)
        return;
    while (r->slices.count <= c->slice)
        VEC_PUSH(r->slices, (struct slice){.dead = false});
    s = &r->slices.items[c->slice];
    endpointslice_mark_slots(r, s->endpoints.v.items, s->endpoints.v.count,
                             false);
    old = s->endpoints;
    s->endpoints = c->endpoints;
    c->endpoints = old;
    endpointslice_mark_slots(r, s->endpoints.v.items, s->endpoints.v.count,
                             true);
    s->dead = c->delete;
    r->known = true;
    if (r->cached < cached)
        r->cached = cached;
    bytes = s->endpoints.v.count ? ENDPOINT_BYTES * s->endpoints.v.count
                                 : ENDPOINT_BYTES;
    r->counts.writes++;
    r->counts.bytes += bytes * all->watchers;
    publish(run, r, (service_id)a);
}

static void apply_complete(struct controller_run *run, void *state, uint64_t a,
                           uint64_t b)
{
    (void)run;
    (void)b;
    record_of(state, (service_id)a)->incomplete = false;
}

/* Creates first, then updates, then deletes. */
static void write_plan(struct controller_run *run, struct endpointslices *all,
                       struct record *r, service_id id)
{
    size_t old = all->fills.count;
    bool any = false;

    for (size_t i = old; i < r->change_count; i++) {
        controller_write(run, apply_slice, id, i, 0);
        any = true;
    }
    for (int deletes = 0; deletes <= 1; deletes++) {
        for (size_t i = 0; i < old; i++) {
            if (all->fills.items[i].action == SLICE_SAME ||
                r->changes.items[i].delete != (deletes == 1))
                continue;
            controller_write(run, apply_slice, id, i, 0);
            any = true;
        }
    }
    r->incomplete = any;
    if (any)
        controller_then(run, apply_complete, id, 0);
}

static void reconcile(struct controller_run *run, void *state, work_key key)
{
    struct endpointslices *all = state;
    struct world *w = controller_world(run);
    const struct service *service;
    struct record *r;

    if (key == ENDPOINTSLICE_TOPOLOGY) {
        endpointslice_check_nodes(run, all);
        return;
    }
    service = world_service(w, (service_id)key);
    r = record_of(all, service->id);
    if (service->deleted != SIM_NEVER || !service->spec->has_selector)
        return;
    /* endpointslice_tracker.go StaleSlices */
    if (sim_now(w->sim) < r->cached) {
        controller_retry(run, key);
        return;
    }
    controller_forget(run, key);
    if (r->resync || r->incomplete)
        endpointslice_mark_all(w, r, service->id);
    r->resync = false;
    endpointslice_plan(w, service, all, r);
    endpointslice_hint(run, all, service, r);
    write_plan(run, all, r, service->id);
}

static int64_t workers(const struct scenario *scenario)
{
    return scenario->cluster.control_plane.endpointslice_workers;
}

const struct controller controller_endpointslice = {
    .name = "endpointslice",
    .summary = "lists the addresses of a Service's pods",
    .watches = 1U << CHANGE_SERVICE | 1U << CHANGE_POD | 1U << CHANGE_NODE,
    .state_size = sizeof(struct endpointslices),
    .workers = workers,
    .stop = stop,
    .observe = observe,
    .reconcile = reconcile,
    /* defaultSyncBackOff, maxSyncBackOff of endpointslice_controller.go */
    .backoff_base = SIM_S,
    .backoff_max = 1000 * SIM_S,
};

/* --- for metrics --- */

static struct record *find_record(struct controllers *c, service_id id)
{
    struct controller_run *run = controllers_find(c, "endpointslice");

    return run ? record_of(controller_state(run), id) : NULL;
}

struct endpointslice_counts endpointslice_counts(struct controllers *c,
                                                 service_id id)
{
    const struct record *r = find_record(c, id);

    return r ? r->counts : (struct endpointslice_counts){0, 0};
}

size_t endpointslice_slice_count(struct controllers *c, service_id id)
{
    const struct record *r = find_record(c, id);
    size_t count = 0;

    for (size_t i = 0; r && i < r->slices.count; i++)
        count += !r->slices.items[i].dead;
    return count;
}

size_t endpointslice_slice_length(struct controllers *c, service_id id,
                                  size_t index)
{
    const struct record *r = find_record(c, id);

    for (size_t i = 0; r && i < r->slices.count; i++) {
        if (!r->slices.items[i].dead && index-- == 0)
            return r->slices.items[i].endpoints.v.count;
    }
    return 0;
}
