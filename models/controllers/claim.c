#include "models/controllers/claim.h"

#include <string.h>

#include "models/select.h"

void claims_release(struct claims *claims)
{
    VEC_FREE(claims->pods);
}

static bool selects(const struct owner *owner, const struct pod *pod)
{
    return selector_matches(owner->selector, &pod->template->labels);
}

bool claim_adopts(const struct owner *owner, const struct pod *pod)
{
    return !owner->deleted && pod->owner_kind == OWNER_NONE &&
           pod->deletion == SIM_NEVER && pod->phase != POD_FAILED &&
           pod->phase != POD_SUCCEEDED &&
           strcmp(owner->space, pod->space) == 0 && selects(owner, pod);
}

void claims_add(struct controller_run *run, struct claims *claims, work_key key,
                const struct pod *pod)
{
    VEC_PUSH(claims->pods, pod->id);
    controller_enqueue(run, key);
}

void claims_add_orphans(struct controller_run *run, struct claims *claims,
                        work_key key, const struct owner *owner)
{
    const struct world *w = controller_world(run);

    for (size_t i = 0; i < w->pods.count; i++) {
        const struct pod *pod = world_pod(w, (pod_id)i);

        if (pod && claim_adopts(owner, pod))
            claims_add(run, claims, key, pod);
    }
}

static bool owned_by(const struct pod *pod, enum owner_kind kind,
                     uint32_t owner)
{
    return pod->owner_kind == kind && pod->owner == owner;
}

/* a: the pod; b: the owner, and above it its kind. */
static void apply_claim(struct controller_run *run, void *state, uint64_t a,
                        uint64_t b)
{
    struct world *w = controller_world(run);
    const struct pod *pod = world_pod(w, (pod_id)a);
    enum owner_kind kind = (enum owner_kind)(b >> 32);
    uint32_t id = (uint32_t)(b & UINT32_MAX);
    const struct owner *owner = world_owner(w, kind, id);

    (void)state;
    if (!pod)
        return;
    if (owned_by(pod, kind, id) && !selects(owner, pod))
        world_pod_set_owner(w, pod->id, OWNER_NONE, NO_ID);
    else if (claim_adopts(owner, pod))
        world_pod_set_owner(w, pod->id, kind, id);
}

bool claims_write(struct controller_run *run, struct claims *claims,
                  enum owner_kind kind, uint32_t id)
{
    const struct world *w = controller_world(run);
    const struct owner *owner = world_owner(w, kind, id);
    bool any = false;

    for (size_t i = 0; i < claims->pods.count; i++) {
        const struct pod *pod = world_pod(w, claims->pods.items[i]);

        if (!pod || !(owned_by(pod, kind, id) ? !selects(owner, pod)
                                              : claim_adopts(owner, pod)))
            continue;
        controller_write(run, apply_claim, pod->id, id | (uint64_t)kind << 32,
                         0);
        any = true;
    }
    claims->pods.count = 0;
    if (any)
        controller_enqueue(run, id);
    return any;
}
