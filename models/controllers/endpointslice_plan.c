#include <stdlib.h>

#include "models/controllers/endpointslice_internal.h"

/* --- slots: small numbers for endpoints --- */

static uint32_t take_slot(struct record *r)
{
    size_t word = 0;
    unsigned bit;

    while (word < r->slots.count && r->slots.items[word] == UINT64_MAX)
        word++;
    if (word == r->slots.count)
        VEC_PUSH(r->slots, 0);
    bit = (unsigned)__builtin_ctzll(~r->slots.items[word]);
    r->slots.items[word] |= UINT64_C(1) << bit;
    return (uint32_t)(64 * word + bit);
}

void endpointslice_mark_slots(struct record *r,
                              const struct endpoint *endpoints, size_t count,
                              bool used)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t bit = UINT64_C(1) << endpoints[i].slot % 64;

        if (used)
            r->slots.items[endpoints[i].slot / 64] |= bit;
        else
            r->slots.items[endpoints[i].slot / 64] &= ~bit;
    }
}

/* --- what is wanted --- */

static bool selected(const struct pod *pod, service_id service)
{
    for (size_t i = 0; i < pod->service_count; i++) {
        if (pod->services[i] == service)
            return true;
    }
    return false;
}

/* The endpoint of a pod. False: it has none. */
static bool want(const struct world *w, const struct service *s, pod_id id,
                 struct endpoint *out)
{
    const struct pod *pod = world_pod(w, id);
    bool terminating = pod && pod->deletion != SIM_NEVER;
    const struct node *node;

    if (!pod || pod->node == NO_ID ||
        !endpointslice_lists(pod->phase == POD_FAILED ||
                                 pod->phase == POD_SUCCEEDED,
                             pod->ip != 0, terminating, true) ||
        !selected(pod, s->id))
        return false;
    node = world_node(w, pod->node);
    if (node->deleted && !s->spec->publish_not_ready)
        return false;
    *out = (struct endpoint){
        .pod = id,
        .ip = pod->ip,
        .node = pod->node,
        .zone = node->zone,
        .flags = (uint8_t)endpointslice_flags(pod->ready, terminating,
                                              s->spec->publish_not_ready)};
    return true;
}

/* The annotation endpoints.kubernetes.io/last-change-trigger-time: the
 * earliest change of Ready since the Service was last looked at, in whole
 * seconds (endpointslice/util/trigger_time_tracker.go). A pod begins as not
 * ready with its kubelet's first status, about when it is bound. Pods that
 * have no address yet are not looked at here, and a deletion changes no
 * condition. */
static void note_exported(struct record *r, const struct pod *pod,
                          const struct endpoint *old)
{
    sim_time at = old || pod->ready ? pod->ready_since : pod->scheduled;

    if (at == SIM_NEVER || at <= r->last)
        return;
    at -= at % SIM_S;
    if (at < r->exported)
        r->exported = at;
}

/* Remembers why: the earliest change; the origin of what is lost before
 * that of what is won. old NULL: a new endpoint; now NULL: none any more. */
static void blame(const struct world *w, struct record *r,
                  const struct dirty *d, const struct endpoint *old,
                  const struct endpoint *now)
{
    unsigned before = old ? old->flags : 0, after = now ? now->flags : 0;
    const struct pod *pod = world_pod(w, d->pod);
    bool lost = before & ENDPOINT_READY && !(after & ENDPOINT_READY);
    sim_time at = SIM_NEVER;

    if (after & ENDPOINT_TERMINATING && !(before & ENDPOINT_TERMINATING)) {
        at = pod->deletion;
    } else if (now && (before ^ after) & ENDPOINT_SERVING) {
        at = pod->ready_since;
    } else if (lost) {
        at = d->at;
    }
    if (at < r->trigger)
        r->trigger = at;
    if (now && (!old || (before ^ after) & ENDPOINT_SERVING))
        note_exported(r, pod, old);
    if (r->origin == NO_ID || (lost && !r->origin_lost))
        r->origin = world_pod_origin(w, d->pod);
    r->origin_lost |= lost;
}

static int by_pod(const void *a, const void *b)
{
    const struct dirty *x = a, *y = b;

    if (x->pod != y->pod)
        return x->pod < y->pod ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

/* In order of pods, each once, since its first change. */
static void tidy_dirty(struct record *r)
{
    size_t kept = 0;

    if (r->dirty.count == 0)
        return;
    qsort(r->dirty.items, r->dirty.count, sizeof *r->dirty.items, by_pod);
    for (size_t i = 0; i < r->dirty.count; i++) {
        if (kept == 0 || r->dirty.items[kept - 1].pod != r->dirty.items[i].pod)
            r->dirty.items[kept++] = r->dirty.items[i];
    }
    r->dirty.count = kept;
}

static struct dirty *find_dirty(struct record *r, pod_id id)
{
    size_t low = 0, high = r->dirty.count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (r->dirty.items[middle].pod < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->dirty.count && r->dirty.items[low].pod == id
               ? &r->dirty.items[low]
               : NULL;
}

void endpointslice_mark_all(const struct world *w, struct record *r,
                            service_id id)
{
    for (size_t i = 0; i < r->slices.count; i++) {
        const struct slice *s = &r->slices.items[i];

        for (size_t k = 0; k < s->endpoints.v.count; k++)
            VEC_PUSH(r->dirty, ((struct dirty){s->endpoints.v.items[k].pod,
                                               sim_now(w->sim), false}));
    }
    for (size_t i = 0; i < w->pods.count; i++) {
        const struct pod *pod = world_pod(w, (pod_id)i);

        if (pod && selected(pod, id))
            VEC_PUSH(r->dirty,
                     ((struct dirty){pod->id, sim_now(w->sim), false}));
    }
    for (size_t i = 0; i < r->slots.count; i++)
        r->slots.items[i] = 0;
    for (size_t i = 0; i < r->slices.count; i++)
        endpointslice_mark_slots(r, r->slices.items[i].endpoints.v.items,
                                 r->slices.items[i].endpoints.v.count, true);
}

/* --- planning --- */

static struct change *add_change(struct record *r, size_t slice)
{
    struct change *c;

    if (r->change_count == r->changes.count)
        VEC_PUSH(r->changes, (struct change){.slice = 0});
    c = &r->changes.items[r->change_count++];
    c->slice = slice;
    c->delete = false;
    c->endpoints.v.count = 0;
    return c;
}

/* Deleted slices are forgotten. */
static void drop_dead(struct record *r)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->slices.count; i++) {
        struct slice s = r->slices.items[i];

        if (s.dead)
            VEC_FREE(s.endpoints.v);
        else
            r->slices.items[kept++] = s;
    }
    r->slices.count = kept;
}

/* What of a slice stays, into `c`. */
static void keep(const struct world *w, const struct service *service,
                 struct record *r, const struct slice *s, struct change *c,
                 struct slice_fill *fill)
{
    *fill = (struct slice_fill){.length = s->endpoints.v.count};
    for (size_t i = 0; i < s->endpoints.v.count; i++) {
        const struct endpoint *old = &s->endpoints.v.items[i];
        struct dirty *d = find_dirty(r, old->pod);
        struct endpoint now = *old;
        bool wanted =
            !d || (want(w, service, old->pod, &now) && now.ip == old->ip);

        now.slot = old->slot;
        now.hint_zone = old->hint_zone;
        now.hint_node = old->hint_node;
        if (d && (!wanted || now.flags != old->flags))
            blame(w, r, d, old, wanted ? &now : NULL);
        if (d && wanted)
            d->placed = true;
        if (!wanted)
            continue;
        fill->changed |= now.flags != old->flags || now.node != old->node;
        fill->kept++;
        VEC_PUSH(c->endpoints.v, now);
    }
}

/* Takes the next endpoints that are wanted and not yet placed. */
static void add_new(const struct world *w, const struct service *service,
                    struct record *r, struct change *c, size_t count,
                    size_t *next)
{
    for (; count > 0; (*next)++) {
        struct dirty *d = &r->dirty.items[*next];
        struct endpoint e;

        if (d->placed || !want(w, service, d->pod, &e))
            continue;
        e.slot = take_slot(r);
        blame(w, r, d, NULL, &e);
        VEC_PUSH(c->endpoints.v, e);
        count--;
    }
}

static size_t count_new(const struct world *w, const struct service *service,
                        const struct record *r)
{
    struct endpoint e;
    size_t count = 0;

    for (size_t i = 0; i < r->dirty.count; i++)
        count += !r->dirty.items[i].placed &&
                 want(w, service, r->dirty.items[i].pod, &e);
    return count;
}

/* The changes of the slices that there are: one each, in order, with what
 * they keep; and the fills that say what is to become of them. Returns how
 * many new slices are wanted, their sizes in all->sizes. */
static size_t plan_old(const struct world *w, const struct service *service,
                       struct endpointslices *all, struct record *r)
{
    size_t more;

    all->fills.count = 0;
    for (size_t i = 0; i < r->slices.count; i++) {
        struct slice_fill fill;

        keep(w, service, r, &r->slices.items[i], add_change(r, i), &fill);
        VEC_PUSH(all->fills, fill);
    }
    more = count_new(w, service, r);
    while (all->sizes.count < more + 1)
        VEC_PUSH(all->sizes, 0);
    /* The empty slice of a Service without endpoints has no ports: nothing
     * is put into it, but it is written anew as another. */
    if (r->slices.count == 1 && r->slices.items[0].endpoints.v.count == 0) {
        size_t made = endpointslice_pack(
            all->fills.items, 0, more,
            (size_t)w->scenario->cluster.control_plane.max_endpoints_per_slice,
            all->sizes.items);

        all->fills.items[0].action = made ? SLICE_DELETE : SLICE_SAME;
        return made;
    }
    return endpointslice_pack(
        all->fills.items, all->fills.count, more,
        (size_t)w->scenario->cluster.control_plane.max_endpoints_per_slice,
        all->sizes.items);
}

/* The end of reconciler.go finalize: new slices take the place of those to be
 * deleted; where none is left, one stays, empty. */
void endpointslice_plan(const struct world *w, const struct service *service,
                        struct endpointslices *all, struct record *r)
{
    size_t made, next = 0, old, left = 0;

    r->change_count = 0;
    r->trigger = SIM_NEVER;
    r->exported = SIM_NEVER;
    r->origin_lost = false;
    r->origin = NO_ID;
    tidy_dirty(r);
    drop_dead(r);
    made = plan_old(w, service, all, r);
    old = r->slices.count;
    for (size_t i = 0; i < old; i++) {
        if (all->fills.items[i].action == SLICE_UPDATE)
            add_new(w, service, r, &r->changes.items[i],
                    all->fills.items[i].added, &next);
        left += all->fills.items[i].action != SLICE_DELETE;
    }
    for (size_t i = 0; i < old; i++) {
        if (all->fills.items[i].action != SLICE_DELETE)
            continue;
        all->fills.items[i].action = SLICE_UPDATE;
        if (made > 0)
            add_new(w, service, r, &r->changes.items[i],
                    all->sizes.items[--made], &next);
        else if (left > 0 || i > 0)
            r->changes.items[i].delete = true;
    }
    for (size_t i = 0; i < made; i++)
        add_new(w, service, r, add_change(r, r->change_count),
                all->sizes.items[i], &next);
    if (old == 0 && made == 0)
        add_change(r, 0);
    if (r->origin == NO_ID)
        r->origin = service->origin;
    r->dirty.count = 0;
    r->last = sim_now(w->sim);
}
