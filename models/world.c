#include "models/world.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "models/world_private.h"

struct world *world_new(struct sim *sim, const struct scenario *scenario,
                        struct rng_root root)
{
    struct world *w = mem_zalloc(sizeof *w);

    w->sim = sim;
    w->scenario = scenario;
    w->root = root;
    w->epoch = SIM_NEVER;
    w->api_slowness = 1;
    w->private = mem_zalloc(sizeof *w->private);
    world_incident(w, "none", "none", "", NO_ID);
    world_incident(w, "overload", "overload", "", NO_ID);
    world_incident(w, "start", "start", "", NO_ID);
    assert(w->incidents.count == INCIDENT_STARTUP + 1);
    return w;
}

static void free_names(struct world_private *p)
{
    for (size_t i = 0; i < NAME_BUCKETS; i++) {
        while (p->names[i]) {
            struct name_entry *next = p->names[i]->next;

            free(p->names[i]->name);
            free(p->names[i]);
            p->names[i] = next;
        }
    }
}

static void free_pods(struct world *w)
{
    for (size_t i = 0; i < w->pods.count; i++) {
        if (w->pods.items[i].pod) {
            free(w->pods.items[i].pod->name);
            free(w->pods.items[i].pod);
        }
    }
    VEC_FREE(w->pods);
}

static void free_owners(struct world *w)
{
    for (size_t i = 0; i < w->replicasets.count; i++) {
        free(w->replicasets.items[i]->name);
        VEC_FREE(w->replicasets.items[i]->pods);
        free(w->replicasets.items[i]);
    }
    for (size_t i = 0; i < w->deployments.count; i++) {
        VEC_FREE(w->deployments.items[i]->replicasets);
        free(w->deployments.items[i]);
    }
    for (size_t i = 0; i < w->pdbs.count; i++) {
        VEC_FREE(w->pdbs.items[i]->disrupted);
        free(w->pdbs.items[i]);
    }
    VEC_FREE(w->replicasets);
    VEC_FREE(w->deployments);
    VEC_FREE(w->pdbs);
    world_owners_free(w);
    for (size_t i = 0; i < w->hpas.count; i++)
        free(w->hpas.items[i]);
    VEC_FREE(w->hpas);
}

static void free_services(struct world *w)
{
    for (size_t i = 0; i < w->services.count; i++) {
        struct endpoint_set *set = w->services.items[i]->newest;

        while (set) {
            struct endpoint_set *older = set->older;

            endpoint_set_release(set);
            set = older;
        }
        free(w->services.items[i]);
    }
    VEC_FREE(w->services);
}

void world_free(struct world *w)
{
    if (!w)
        return;
    free_pods(w);
    free_owners(w);
    free_services(w);
    for (size_t i = 0; i < w->nodes.count; i++)
        world_node_release(w->nodes.items[i]);
    VEC_FREE(w->nodes);
    for (size_t i = 0; i < w->incidents.count; i++)
        free(w->incidents.items[i].object);
    VEC_FREE(w->incidents);
    VEC_FREE(w->zones);
    VEC_FREE(w->zone_cuts);
    world_match_free(w);
    free_names(w->private);
    for (size_t i = 0; i < w->private->owned.count; i++)
        free(w->private->owned.items[i]);
    VEC_FREE(w->private->owned);
    for (size_t i = 0; i < KIND_COUNT; i++)
        VEC_FREE(w->private->watchers[i]);
    free(w->private);
    free(w);
}

void *world_alloc(struct world *w, size_t size)
{
    void *memory = mem_zalloc(size);

    VEC_PUSH(w->private->owned, memory);
    return memory;
}

void world_watch(struct world *w, unsigned kinds, world_notify *notify,
                 void *self)
{
    struct watcher watcher = {notify, self};

    assert(notify);
    assert(kinds < 1U << KIND_COUNT);
    for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
        if (kinds & 1U << kind)
            VEC_PUSH(w->private->watchers[kind], watcher);
    }
}

static void tell(struct world *w, const struct world_change *change)
{
    size_t count = w->private->watchers[change->kind].count;

    for (size_t i = 0; i < count; i++) {
        struct watcher *x = &w->private->watchers[change->kind].items[i];

        x->notify(x->self, change);
    }
}

void world_tell(struct world *w, enum world_kind kind, enum world_what what,
                uint32_t id)
{
    tell(w, &(struct world_change){kind, what, id, NULL});
}

void world_tell_old(struct world *w, enum world_kind kind, enum world_what what,
                    uint32_t id, const void *old)
{
    tell(w, &(struct world_change){kind, what, id, old});
}

void world_service_tell_endpoints(struct world *w, service_id id,
                                  const struct endpoint_set *old)
{
    tell(w, &(struct world_change){CHANGE_ENDPOINTS, WHAT_STATUS, id, old});
}

double world_seconds(const struct world *w, sim_time t)
{
    assert(w->epoch != SIM_NEVER);
    return (double)(t - w->epoch) / 1e9;
}

/* --- names --- */

static size_t name_bucket(enum world_kind kind, const char *space,
                          const char *name)
{
    return (rng_hash(name) ^ rng_hash(space) * 31 ^ (uint64_t)kind) %
           NAME_BUCKETS;
}

static struct name_entry **name_slot(const struct world *w,
                                     enum world_kind kind, const char *space,
                                     const char *name)
{
    struct name_entry **at = &w->private->names[name_bucket(kind, space, name)];

    while (*at && ((*at)->kind != kind || strcmp((*at)->name, name) != 0 ||
                   strcmp((*at)->space, space) != 0))
        at = &(*at)->next;
    return at;
}

void world_name_add(struct world *w, enum world_kind kind, const char *space,
                    const char *name, uint32_t id)
{
    struct name_entry **at = name_slot(w, kind, space, name);

    if (!*at) {
        *at = mem_zalloc(sizeof **at);
        (*at)->name = mem_strdup(name);
        (*at)->space = space;
        (*at)->kind = kind;
    }
    (*at)->id = id;
}

void world_name_remove(struct world *w, enum world_kind kind, const char *space,
                       const char *name)
{
    struct name_entry **at = name_slot(w, kind, space, name);
    struct name_entry *gone = *at;

    assert(gone);
    *at = gone->next;
    free(gone->name);
    free(gone);
}

static uint32_t find_pod(const struct world *w, const char *space,
                         const char *name)
{
    for (size_t i = w->pods.count; i-- > 0;) {
        const struct pod *pod = w->pods.items[i].pod;

        if (pod && strcmp(pod->name, name) == 0 &&
            strcmp(pod->space, space) == 0)
            return pod->id;
    }
    return NO_ID;
}

uint32_t world_find(const struct world *w, enum world_kind kind,
                    const char *space, const char *name)
{
    struct name_entry *entry;

    if (kind == CHANGE_POD) /* asked for by hand only: no index is kept */
        return find_pod(w, space, name);
    if (kind == CHANGE_NODE)
        space = "";
    entry = *name_slot(w, kind, space, name);
    return entry ? entry->id : NO_ID;
}

/* --- incidents and events --- */

incident_id world_incident(struct world *w, const char *name,
                           const char *action, const char *object,
                           uint32_t parent)
{
    struct incident incident = {.name = name,
                                .action = action,
                                .object = mem_strdup(object),
                                .time = sim_now(w->sim),
                                .end = SIM_NEVER,
                                .parent = parent};

    VEC_PUSH(w->incidents, incident);
    world_tell(w, CHANGE_INCIDENT, WHAT_ADDED,
               (uint32_t)w->incidents.count - 1);
    return (incident_id)w->incidents.count - 1;
}

void world_incident_end(struct world *w, incident_id id)
{
    assert(id < w->incidents.count);
    w->incidents.items[id].end = sim_now(w->sim);
    world_tell(w, CHANGE_INCIDENT, WHAT_STATUS, id);
}

void world_event(struct world *w, bool warning, const char *reason,
                 const char *object, const char *format, ...)
{
    char message[512];
    struct world_event event = {warning, reason, object, message};
    va_list args;

    if (!w->want_events)
        return;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    tell(w, &(struct world_change){CHANGE_EVENT, WHAT_ADDED, 0, &event});
}

/* --- measurement --- */

void world_begin_measure(struct world *w)
{
    assert(w->epoch == SIM_NEVER);
    w->epoch = sim_now(w->sim);
    w->measuring = true;
    world_tell(w, CHANGE_MEASURE, WHAT_EPOCH, 0);
}

void world_end_measure(struct world *w)
{
    assert(w->measuring);
    world_tell(w, CHANGE_MEASURE, WHAT_END, 0);
    w->measuring = false;
}

void world_queue_changes(struct world *w)
{
    world_tell(w, CHANGE_MEASURE, WHAT_QUEUE, 0);
}

char *world_format_ip(uint32_t ip, char buffer[16])
{
    snprintf(buffer, 16, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255,
             ip & 255);
    return buffer;
}
