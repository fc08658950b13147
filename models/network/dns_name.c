/*
 * Which records a name has: a Service's own, or one pod's.
 */
#include <stdlib.h>
#include <string.h>

#include "models/network/dns_private.h"

struct dns_name *dns_name_of(struct dns *d, service_id service, const char *pod)
{
    struct dns_service *s = &d->services.items[service];
    struct dns_name name = {.pod = pod, .last = NO_ID};

    for (size_t i = 0; i < s->names.count; i++) {
        if (s->names.items[i].pod == pod)
            return &s->names.items[i];
    }
    name.servers = mem_calloc(d->servers, sizeof *name.servers);
    name.none = endpoint_set_new(service, 0);
    VEC_PUSH(s->names, name);
    return &s->names.items[s->names.count - 1];
}

void dns_name_release(const struct dns *d, struct dns_name *name)
{
    for (size_t i = 0; i < d->servers; i++)
        dns_replace(&name->servers[i].set, NULL);
    for (size_t i = 0; i < name->nodes.count; i++)
        dns_replace(&name->nodes.items[i].set, NULL);
    VEC_FREE(name->nodes);
    dns_replace(&name->record, NULL);
    dns_replace((struct endpoint_set **)&name->from, NULL);
    endpoint_set_release(name->none);
    free(name->servers);
}

/* Hostname and subdomain, as the StatefulSet controller sets them
 * (pkg/controller/statefulset/stateful_set_utils.go, initIdentity). */
static bool has_name(const struct world *w, const struct service_spec *service,
                     const struct pod *pod, const char *name)
{
    return pod->owner_kind == OWNER_STATEFULSET &&
           strcmp(pod->name, name) == 0 &&
           strcmp(w->statefulsets.items[pod->owner]->spec->service_name,
                  service->meta.name) == 0;
}

/* Of a pod that is gone by now its name is remembered: what lists it is
 * late. */
static const struct endpoint *find(const struct dns *d, struct dns_name *name,
                                   const struct endpoint_set *set)
{
    const struct world *w = d->s->world;
    const struct service_spec *service = world_service(w, set->service)->spec;

    for (uint32_t i = 0; i < set->ready; i++) {
        pod_id id = set->endpoints[i].pod;
        const struct pod *pod = world_pod(w, id);

        if (pod ? has_name(w, service, pod, name->pod) : id == name->last)
            return &set->endpoints[i];
    }
    return NULL;
}

static void make_record(const struct dns *d, struct dns_name *name,
                        struct endpoint_set *set)
{
    const struct endpoint *endpoint = find(d, name, set);
    struct endpoint_set *one;

    dns_replace((struct endpoint_set **)&name->from, set);
    if (!endpoint) {
        dns_replace(&name->record, name->none);
        return;
    }
    name->last = endpoint->pod;
    one = endpoint_set_new(set->service, 1);
    one->endpoints[0] = *endpoint;
    one->sequence = set->sequence;
    one->origin = set->origin;
    one->slots = set->slots;
    one->usable = one->ready = 1;
    dns_replace(&name->record, one);
    endpoint_set_release(one);
}

/* Only ready addresses have records (CoreDNS plugin kubernetes): a set that
 * proxies would fall back on for its terminating ones has none. */
struct endpoint_set *dns_records(const struct dns *d, struct dns_name *name,
                                 struct endpoint_set *set)
{
    if (!set || set->ready == 0)
        return name->none;
    if (!name->pod)
        return set;
    if (name->from != set)
        make_record(d, name, set);
    return name->record;
}
