#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/network/categorize.h"
#include "models/select.h"
#include "models/version.h"
#include "models/world_private.h"

/* --- which Services select which pods --- */

static bool service_selects(const struct service *s, const char *space,
                            const struct labels *labels)
{
    return s->deleted == SIM_NEVER && s->spec->has_selector &&
           strcmp(s->spec->meta.space, space) == 0 &&
           selector_matches(&s->spec->selector, labels);
}

static void fill_match(struct world *w, struct service_match *m)
{
    uint64_t bits = labels_bits(&m->labels);

    for (size_t i = 0; i < w->services.count; i++) {
        const struct service *s = w->services.items[i];

        if ((s->bits & ~bits) == 0 && service_selects(s, m->space, &m->labels))
            VEC_PUSH(m->services, (service_id)i);
    }
}

static bool same_name(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void own_labels(const struct world *w, struct service_match *m,
                       const char *name, int index)
{
    m->name = mem_strdup(name);
    if (w->scenario->cluster.kubernetes_minor >= VERSION_pod_index_label)
        m->index = mem_printf("%d", index);
    m->items = mem_calloc(m->labels.count + 2, sizeof *m->items);
    m->labels.count =
        labels_of_stateful(&m->labels, m->name, m->index, m->items);
    m->labels.items = m->items;
}

/* name NULL: of pods that have their template's labels. */
static const struct service_match *
find_match(struct world *w, const char *space,
           const struct pod_template *template, const char *name, int index)
{
    size_t bucket =
        (((uintptr_t) template >> 4) + (size_t)(index + 1)) % MATCH_BUCKETS;
    struct service_match *m = w->private->matches[bucket];

    while (m && (m->template != template || m->space != space ||
                 !same_name(m->name, name)))
        m = m->next;
    if (m)
        return m;
    m = mem_zalloc(sizeof *m);
    m->template = template;
    m->space = space;
    m->labels = template->labels;
    if (name)
        own_labels(w, m, name, index);
    fill_match(w, m);
    m->next = w->private->matches[bucket];
    w->private->matches[bucket] = m;
    return m;
}

/* A StatefulSet's pod has its own labels, whoever has it now. */
static bool is_named(const struct pod *pod)
{
    return pod->labels ? labels_get(pod->labels, label_pod_name) != NULL
                       : pod->owner_kind == OWNER_STATEFULSET;
}

static const struct service_match *match(struct world *w, const struct pod *pod,
                                         const struct pod_template *template)
{
    bool own = is_named(pod);

    return find_match(w, pod->space, template, own ? pod->name : NULL,
                      own ? pod->index : -1);
}

void world_match_pod(struct world *w, struct pod *pod)
{
    const struct service_match *m = match(w, pod, pod->template);

    pod->labels = &m->labels;
    pod->services = m->services.items;
    pod->service_count = m->services.count;
}

const service_id *world_services_of(struct world *w, const struct pod *pod,
                                    const struct pod_template *template,
                                    size_t *count)
{
    const struct service_match *m = match(w, pod, template);

    *count = m->services.count;
    return m->services.items;
}

void world_match_again(struct world *w)
{
    for (size_t i = 0; i < MATCH_BUCKETS; i++) {
        struct service_match *m = w->private->matches[i];

        for (; m; m = m->next) {
            m->services.count = 0;
            fill_match(w, m);
        }
    }
    for (size_t i = 0; i < w->pods.count; i++) {
        if (w->pods.items[i].pod)
            world_match_pod(w, w->pods.items[i].pod);
    }
}

void world_match_free(struct world *w)
{
    for (size_t i = 0; i < MATCH_BUCKETS; i++) {
        while (w->private->matches[i]) {
            struct service_match *m = w->private->matches[i];

            w->private->matches[i] = m->next;
            VEC_FREE(m->services);
            free(m->items);
            free(m->name);
            free(m->index);
            free(m);
        }
    }
}

/* --- Services --- */

service_id world_service_create(struct world *w,
                                const struct service_spec *spec,
                                uint32_t cluster_ip)
{
    struct service *s = mem_zalloc(sizeof *s);

    s->id = (service_id)w->services.count;
    s->spec = spec;
    s->bits = selector_bits(&spec->selector);
    s->cluster_ip = cluster_ip;
    s->created = sim_now(w->sim);
    s->deleted = SIM_NEVER;
    s->newest = endpoint_set_new(s->id, 0);
    s->newest->at = s->created;
    s->origin = INCIDENT_STARTUP;
    VEC_PUSH(w->services, s);
    world_name_add(w, CHANGE_SERVICE, spec->meta.space, spec->meta.name, s->id);
    if (spec->has_selector)
        world_match_again(w);
    world_tell(w, CHANGE_SERVICE, WHAT_ADDED, s->id);
    return s->id;
}

void world_service_delete(struct world *w, service_id id)
{
    struct service *s = world_service(w, id);

    assert(s->deleted == SIM_NEVER);
    s->deleted = sim_now(w->sim);
    world_name_remove(w, CHANGE_SERVICE, s->spec->meta.space,
                      s->spec->meta.name);
    world_match_again(w);
    world_tell(w, CHANGE_SERVICE, WHAT_DELETED, id);
}

/* Pods that the Service comes to select, or no longer does, are touched. */
static void touch_changed(struct world *w, const struct service *s,
                          const struct service_spec *now, incident_id origin)
{
    const struct service after = {
        .id = s->id, .spec = now, .deleted = SIM_NEVER};

    for (size_t i = 0; i < w->pods.count; i++) {
        const struct pod *pod = w->pods.items[i].pod;

        if (pod && service_selects(s, pod->space, pod->labels) !=
                       service_selects(&after, pod->space, pod->labels))
            world_pod_touch(w, pod->id, origin);
    }
}

void world_service_update(struct world *w, service_id id,
                          const struct service_spec *spec, incident_id origin)
{
    struct service *s = world_service(w, id);

    assert(s->deleted == SIM_NEVER);
    if (s->spec == spec)
        return;
    touch_changed(w, s, spec, origin);
    s->spec = spec;
    s->bits = selector_bits(&spec->selector);
    world_match_again(w);
    world_tell(w, CHANGE_SERVICE, WHAT_SPEC, id);
}

struct endpoint_set *endpoint_set_new(service_id service, uint32_t count)
{
    struct endpoint_set *set =
        mem_zalloc(sizeof *set + count * sizeof set->endpoints[0]);

    set->service = service;
    set->count = count;
    set->trigger = set->exported = SIM_NEVER;
    set->references = 1;
    return set;
}

void endpoint_set_retain(struct endpoint_set *set)
{
    set->references++;
}

void endpoint_set_release(struct endpoint_set *set)
{
    assert(set->references > 0);
    if (--set->references == 0)
        free(set);
}

/* Which endpoints some node's proxy uses, to be freed; hints and a policy
 * Local are up to the node. */
static struct proxy_endpoint *categorize(const struct endpoint_set *set,
                                         bool fallback)
{
    const struct proxy_service cluster = {.cluster = true,
                                          .only_ready = !fallback};
    struct proxy_endpoint *seen = mem_calloc(set->count, sizeof *seen);

    for (uint32_t i = 0; i < set->count; i++)
        seen[i].flags = set->endpoints[i].flags;
    categorize_endpoints(&cluster, seen, set->count);
    return seen;
}

/* All ready endpoints have hints at zones, or all at nodes. */
static bool all_hinted(const struct endpoint_set *set)
{
    bool zones = set->ready > 0, nodes = set->ready > 0;

    for (uint32_t i = 0; i < set->count && (zones || nodes); i++) {
        const struct endpoint *e = &set->endpoints[i];

        if (!(e->flags & ENDPOINT_READY))
            continue;
        zones &= e->hint_zone != 0;
        nodes &= e->hint_node;
    }
    return zones || nodes;
}

/* Puts the usable ones first, the order otherwise as it was. */
static void arrange(struct endpoint_set *set, bool fallback)
{
    size_t size = set->count * sizeof set->endpoints[0];
    struct proxy_endpoint *seen = categorize(set, fallback);
    struct endpoint *old = mem_alloc(size);
    uint32_t first = 0, last;

    memcpy(old, set->endpoints, size);
    for (uint32_t i = 0; i < set->count; i++) {
        set->ready += (old[i].flags & ENDPOINT_READY) != 0;
        if (old[i].slot >= set->slots)
            set->slots = old[i].slot + 1;
    }
    for (uint32_t i = 0; i < set->count; i++) {
        if (seen[i].use)
            set->endpoints[first++] = old[i];
    }
    set->usable = last = first;
    for (uint32_t i = 0; i < set->count; i++) {
        if (!seen[i].use)
            set->endpoints[last++] = old[i];
    }
    assert(last == set->count);
    set->hinted = all_hinted(set);
    free(old);
    free(seen);
}

/* Drops the versions that no proxy can have any more. */
static void prune(const struct world *w, struct endpoint_set *set)
{
    struct endpoint_set *old;

    while (set && set->sequence > w->endpoint_floor)
        set = set->older;
    if (!set)
        return;
    old = set->older;
    set->older = NULL;
    while (old) {
        struct endpoint_set *older = old->older;

        old->older = NULL;
        endpoint_set_release(old);
        old = older;
    }
}

void world_service_publish(struct world *w, struct endpoint_set *set)
{
    struct service *s = world_service(w, set->service);
    struct endpoint_set *old = s->newest;

    arrange(set, w->scenario->cluster.kube_proxy.terminating_fallback);
    set->sequence = ++w->endpoint_sequence;
    set->at = sim_now(w->sim);
    set->older = old;
    s->newest = set;
    s->origin = set->origin;
    world_service_tell_endpoints(w, s->id, old);
    prune(w, set);
}

const struct endpoint_set *world_endpoints_at(const struct world *w,
                                              service_id id, uint64_t sequence)
{
    static const struct endpoint_set nothing;
    const struct endpoint_set *set = world_service(w, id)->newest;

    while (set && set->sequence > sequence)
        set = set->older;
    return set ? set : &nothing;
}
