#include <assert.h>
#include <string.h>

#include "models/world_private.h"

hpa_id world_hpa_create(struct world *w, const struct hpa_spec *spec)
{
    struct hpa *h = mem_zalloc(sizeof *h);

    h->id = (hpa_id)w->hpas.count;
    h->spec = spec;
    VEC_PUSH(w->hpas, h);
    world_name_add(w, CHANGE_HPA, spec->meta.space, spec->meta.name, h->id);
    world_tell(w, CHANGE_HPA, WHAT_ADDED, h->id);
    return h->id;
}

void world_hpa_set_spec(struct world *w, hpa_id id, const struct hpa_spec *spec)
{
    w->hpas.items[id]->spec = spec;
    world_tell(w, CHANGE_HPA, WHAT_SPEC, id);
}

void world_hpa_set_status(struct world *w, hpa_id id, int current, int desired,
                          int64_t usage)
{
    struct hpa *h = w->hpas.items[id];

    if (h->status_current == current && h->status_desired == desired &&
        h->status_usage == usage)
        return;
    h->status_current = current;
    h->status_desired = desired;
    h->status_usage = usage;
    world_tell(w, CHANGE_HPA, WHAT_STATUS, id);
}

void world_hpa_delete(struct world *w, hpa_id id)
{
    struct hpa *h = w->hpas.items[id];

    assert(!h->deleted);
    h->deleted = true;
    world_name_remove(w, CHANGE_HPA, h->spec->meta.space, h->spec->meta.name);
    world_tell(w, CHANGE_HPA, WHAT_DELETED, id);
}
