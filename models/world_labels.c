#include <assert.h>
#include <string.h>

#include "models/world_private.h"

struct labels world_labels_copy(struct world *w, const struct labels *labels)
{
    size_t size = labels->count * sizeof *labels->items;
    struct label *items = world_alloc(w, size + sizeof *items);

    if (size > 0)
        memcpy(items, labels->items, size);
    return (struct labels){labels->count, items};
}

static void relabel_service(struct world *w, uint32_t id,
                            const struct labels *labels)
{
    struct service *s = world_service(w, id);
    struct service_spec *spec = world_alloc(w, sizeof *spec);

    *spec = *s->spec;
    spec->meta.labels = world_labels_copy(w, labels);
    s->spec = spec;
}

static void relabel_deployment(struct world *w, uint32_t id,
                               const struct labels *labels)
{
    struct deployment *d = w->deployments.items[id];
    struct deployment_spec *spec = world_alloc(w, sizeof *spec);

    *spec = *d->spec;
    spec->meta.labels = world_labels_copy(w, labels);
    d->spec = spec;
}

static struct owner *owner_of(const struct world *w, enum world_kind kind,
                              uint32_t id)
{
    static const enum owner_kind kinds[] = {OWNER_REPLICASET, OWNER_STATEFULSET,
                                            OWNER_DAEMONSET, OWNER_JOB};
    size_t i = 0;

    while (world_owner_change(kinds[i]) != kind)
        i++;
    return world_owner(w, kinds[i], id);
}

void world_set_labels(struct world *w, enum world_kind kind, uint32_t id,
                      const struct labels *labels)
{
    struct labels *copy;

    if (kind == CHANGE_SERVICE) {
        relabel_service(w, id, labels);
    } else if (kind == CHANGE_DEPLOYMENT) {
        relabel_deployment(w, id, labels);
    } else {
        copy = world_alloc(w, sizeof *copy);
        *copy = world_labels_copy(w, labels);
        owner_of(w, kind, id)->labels = copy;
    }
}
