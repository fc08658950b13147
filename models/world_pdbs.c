#include <assert.h>
#include <string.h>

#include "models/select.h"
#include "models/world_private.h"

pdb_id world_pdb_create(struct world *w, const struct pdb_spec *spec)
{
    struct pdb *p = mem_zalloc(sizeof *p);

    p->id = (pdb_id)w->pdbs.count;
    p->spec = spec;
    p->generation = 1;
    VEC_PUSH(w->pdbs, p);
    world_name_add(w, CHANGE_PDB, spec->meta.space, spec->meta.name, p->id);
    world_tell(w, CHANGE_PDB, WHAT_ADDED, p->id);
    return p->id;
}

void world_pdb_set_spec(struct world *w, pdb_id id, const struct pdb_spec *spec)
{
    struct pdb *p = w->pdbs.items[id];

    p->spec = spec;
    p->generation++;
    p->version++;
    world_tell(w, CHANGE_PDB, WHAT_SPEC, id);
}

void world_pdb_set_status(struct world *w, pdb_id id,
                          const struct pdb_status *status)
{
    struct pdb *p = w->pdbs.items[id];

    p->current_healthy = status->current_healthy;
    p->desired_healthy = status->desired_healthy;
    p->expected_pods = status->expected_pods;
    p->disruptions_allowed = status->disruptions_allowed;
    p->observed_generation = p->generation;
    p->disrupted.count = 0;
    for (size_t i = 0; i < status->disrupted_count; i++)
        VEC_PUSH(p->disrupted, status->disrupted[i]);
    p->version++;
    world_tell(w, CHANGE_PDB, WHAT_STATUS, id);
}

void world_pdb_disrupt(struct world *w, pdb_id id, pod_id pod)
{
    struct pdb *p = w->pdbs.items[id];
    struct disrupted_pod one = {pod, sim_now(w->sim)};

    assert(p->disruptions_allowed > 0);
    p->disruptions_allowed--;
    VEC_PUSH(p->disrupted, one);
    p->version++;
    world_tell(w, CHANGE_PDB, WHAT_STATUS, id);
}

void world_pdb_refused(struct world *w, pdb_id id)
{
    world_tell(w, CHANGE_PDB, WHAT_REFUSED, id);
}

void world_pdb_delete(struct world *w, pdb_id id)
{
    struct pdb *p = w->pdbs.items[id];

    assert(!p->deleted);
    p->deleted = true;
    world_name_remove(w, CHANGE_PDB, p->spec->meta.space, p->spec->meta.name);
    world_tell(w, CHANGE_PDB, WHAT_DELETED, id);
}

bool world_pdb_selects(const struct pdb *pdb, const struct pod *pod)
{
    return !pdb->deleted && strcmp(pdb->spec->meta.space, pod->space) == 0 &&
           selector_matches(&pdb->spec->selector, pod->labels);
}
