/*
 * The disruption controller: keeps every PodDisruptionBudget's status, from
 * which the eviction API grants and refuses.
 * Kubernetes v1.36, pkg/controller/disruption/disruption.go.
 */
#include "models/controller.h"
#include "models/controllers/disruption_rules.h"

/* DeletionTimeout: an evicted pod that is not seen to terminate by then is
 * counted again. */
static const sim_time deletion_timeout = 120 * SIM_S;

/* What a budget selects, and what its next status will say. */
struct budget {
    VEC_OF(pod_id) pods; /* that exist, in order of creation */
    VEC_OF(struct disrupted_pod) disrupted;
    struct disruption_status status;
};

struct disruption {
    VEC_OF(struct budget) budgets; /* by pdb_id */
};

static void stop(void *state)
{
    struct disruption *all = state;

    for (size_t i = 0; i < all->budgets.count; i++) {
        VEC_FREE(all->budgets.items[i].pods);
        VEC_FREE(all->budgets.items[i].disrupted);
    }
    VEC_FREE(all->budgets);
}

/* --- what it hears --- */

static void list_pods(const struct world *w, struct budget *budget, pdb_id id)
{
    budget->pods.count = 0;
    for (pod_id p = 0; p < w->pods.count; p++) {
        const struct pod *pod = world_pod(w, p);

        if (pod && world_pdb_selects(w->pdbs.items[id], pod))
            VEC_PUSH(budget->pods, p);
    }
}

static void observe_pdb(struct controller_run *run, struct disruption *all,
                        const struct world_change *change)
{
    if (change->what == WHAT_ADDED)
        VEC_PUSH(all->budgets, (struct budget){0});
    if (change->what == WHAT_DELETED || change->what == WHAT_REFUSED)
        return;
    if (change->what != WHAT_STATUS)
        list_pods(controller_world(run), &all->budgets.items[change->id],
                  change->id);
    controller_enqueue(run, change->id);
}

static void forget_pod(struct budget *budget, pod_id id)
{
    size_t kept = 0;

    for (size_t i = 0; i < budget->pods.count; i++) {
        if (budget->pods.items[i] != id)
            budget->pods.items[kept++] = budget->pods.items[i];
    }
    budget->pods.count = kept;
}

/* The pod comes under the budget, or leaves it, or neither. */
static void relabelled(struct controller_run *run, struct disruption *all,
                       pdb_id id, pod_id pod)
{
    const struct world *w = controller_world(run);
    struct budget *budget = &all->budgets.items[id];
    size_t before = budget->pods.count;
    bool now = world_pdb_selects(w->pdbs.items[id], world_pod(w, pod));

    forget_pod(budget, pod);
    if (now)
        VEC_PUSH(budget->pods, pod);
    if (now || before != budget->pods.count)
        controller_enqueue(run, id);
}

static void observe(struct controller_run *run, void *state,
                    const struct world_change *change)
{
    struct disruption *all = state;
    const struct world *w = controller_world(run);

    if (change->kind == CHANGE_PDB) {
        observe_pdb(run, all, change);
        return;
    }
    if (change->what >= WHAT_SANDBOX)
        return; /* the API does not know */
    for (pdb_id id = 0; id < all->budgets.count; id++) {
        struct budget *budget = &all->budgets.items[id];

        if (change->what == WHAT_LABELS) {
            relabelled(run, all, id, change->id);
            continue;
        }
        if (!world_pdb_selects(w->pdbs.items[id], world_pod(w, change->id)))
            continue;
        if (change->what == WHAT_ADDED)
            VEC_PUSH(budget->pods, change->id);
        if (change->what == WHAT_DELETED)
            forget_pod(budget, change->id);
        controller_enqueue(run, id);
    }
}

/* --- the reconcile --- */

static bool is_disrupted(const struct pdb *pdb, const struct pod *pod,
                         sim_time *at)
{
    for (size_t i = 0; i < pdb->disrupted.count; i++) {
        if (pdb->disrupted.items[i].pod == pod->id) {
            *at = pdb->disrupted.items[i].at;
            return true;
        }
    }
    return false;
}

/* What scales a pod, and to what: the Deployment above a ReplicaSet. 0: it
 * has no controller; -1: one without a scale. */
static int64_t scale_of(const struct world *w, const struct pod *pod,
                        uint64_t *owner)
{
    const struct replicaset *rs;

    *owner = (uint64_t)pod->owner_kind << 32 | pod->owner;
    if (pod->owner_kind == OWNER_NONE)
        return 0;
    if (pod->owner_kind == OWNER_STATEFULSET)
        return w->statefulsets.items[pod->owner]->replicas;
    if (pod->owner_kind != OWNER_REPLICASET)
        return -1;
    rs = w->replicasets.items[pod->owner];
    if (rs->deployment == NO_ID)
        return rs->replicas;
    *owner = UINT64_MAX - rs->deployment;
    return w->deployments.items[rs->deployment]->replicas;
}

/* getExpectedScale: each controller counts once. */
static void add_scales(const struct world *w, const struct budget *budget,
                       struct disruption_seen *seen)
{
    VEC_OF(uint64_t) owners = {0};

    for (size_t i = 0; i < budget->pods.count; i++) {
        uint64_t owner;
        int64_t scale =
            scale_of(w, world_pod(w, budget->pods.items[i]), &owner);
        size_t k = owners.count;

        while (k > 0 && owners.items[k - 1] != owner)
            k--;
        if (k > 0)
            continue;
        VEC_PUSH(owners, owner);
        if (scale < 0)
            seen->failed = true;
        else
            seen->scale += (int)scale;
    }
    VEC_FREE(owners);
}

/* buildDisruptedPodMap, countHealthyPods. Returns when to look again;
 * SIM_NEVER: not at all. */
static sim_time count_pods(const struct world *w, const struct pdb *pdb,
                           struct budget *budget, struct disruption_seen *seen)
{
    sim_time now = sim_now(w->sim), again = SIM_NEVER;

    budget->disrupted.count = 0;
    for (size_t i = 0; i < budget->pods.count; i++) {
        const struct pod *pod = world_pod(w, budget->pods.items[i]);
        struct disrupted_pod one = {pod->id, 0};

        if (pod->deletion != SIM_NEVER)
            continue;
        if (is_disrupted(pdb, pod, &one.at) &&
            one.at + deletion_timeout >= now) {
            VEC_PUSH(budget->disrupted, one);
            if (one.at + deletion_timeout < again)
                again = one.at + deletion_timeout;
            if (one.at + deletion_timeout > now)
                continue;
        }
        seen->healthy += pod->ready;
    }
    seen->pods = (int)budget->pods.count;
    return again;
}

static bool same_status(const struct pdb *pdb, const struct budget *budget)
{
    const struct disruption_status *s = &budget->status;

    if (pdb->current_healthy != s->current_healthy ||
        pdb->desired_healthy != s->desired_healthy ||
        pdb->expected_pods != s->expected_pods ||
        pdb->disruptions_allowed != s->disruptions_allowed ||
        pdb->observed_generation != pdb->generation ||
        pdb->disrupted.count != budget->disrupted.count)
        return false;
    for (size_t i = 0; i < budget->disrupted.count; i++) {
        sim_time at;

        if (!is_disrupted(
                pdb, &(struct pod){.id = budget->disrupted.items[i].pod}, &at))
            return false;
    }
    return true;
}

/* Another write in between, as the eviction API's: a conflict, and the
 * budget is taken up anew. */
static void apply_status(struct controller_run *run, void *state, uint64_t a,
                         uint64_t b)
{
    struct disruption *all = state;
    struct world *w = controller_world(run);
    const struct pdb *pdb = w->pdbs.items[a];
    const struct budget *budget = &all->budgets.items[a];
    struct pdb_status status = {
        .current_healthy = budget->status.current_healthy,
        .desired_healthy = budget->status.desired_healthy,
        .expected_pods = budget->status.expected_pods,
        .disruptions_allowed = budget->status.disruptions_allowed,
        .disrupted = budget->disrupted.items,
        .disrupted_count = budget->disrupted.count};

    if (pdb->deleted)
        return;
    if (pdb->version != b) {
        controller_retry(run, a);
        return;
    }
    controller_forget(run, a);
    world_pdb_set_status(w, pdb->id, &status);
}

/* failSafe: all as it was, but nothing more is allowed. */
static void fail_safe(const struct pdb *pdb, struct budget *budget)
{
    budget->status =
        (struct disruption_status){.current_healthy = pdb->current_healthy,
                                   .desired_healthy = pdb->desired_healthy,
                                   .expected_pods = pdb->expected_pods};
    budget->disrupted.count = 0;
    for (size_t i = 0; i < pdb->disrupted.count; i++)
        VEC_PUSH(budget->disrupted, pdb->disrupted.items[i]);
}

static void reconcile(struct controller_run *run, void *state, work_key key)
{
    struct disruption *all = state;
    struct world *w = controller_world(run);
    const struct pdb *pdb = w->pdbs.items[key];
    struct budget *budget = &all->budgets.items[key];
    struct disruption_seen seen = {0};
    sim_time again;

    if (pdb->deleted)
        return;
    if (budget->pods.count == 0 && controller_event(run, key))
        world_event(w, false, "NoPods", pdb->spec->meta.name,
                    "No matching pods found");
    add_scales(w, budget, &seen);
    again = count_pods(w, pdb, budget, &seen);
    budget->status = disruption_decide(pdb->spec, &seen);
    if (budget->status.expected_pods < 0)
        fail_safe(pdb, budget);
    if (!same_status(pdb, budget))
        controller_write(run, apply_status, key, pdb->version, 0);
    if (again != SIM_NEVER)
        controller_enqueue_after(run, key, again - sim_now(w->sim) + 1);
}

const struct controller controller_disruption = {
    .name = "disruption",
    .summary = "how many pods each PodDisruptionBudget lets go",
    .watches = 1U << CHANGE_PDB | 1U << CHANGE_POD,
    .state_size = sizeof(struct disruption),
    .stop = stop,
    .observe = observe,
    .reconcile = reconcile,
};
