#include "models/eviction.h"

#include <assert.h>

/* MaxDisruptedPodSize */
enum { DISRUPTED_MAX = 2000 };

/* canIgnorePDB */
static bool is_no_loss(const struct pod *pod)
{
    return pod->phase != POD_RUNNING || pod->deletion != SIM_NEVER;
}

/* How many budgets select the pod; *first: the first of them. */
static size_t budgets_of(const struct world *w, const struct pod *pod,
                         struct pdb **first)
{
    size_t count = 0;

    for (size_t i = w->pdbs.count; i-- > 0;) {
        if (world_pdb_selects(w->pdbs.items[i], pod)) {
            *first = w->pdbs.items[i];
            count++;
        }
    }
    return count;
}

/* An unready pod is not what the budget guards, if what it guards is well
 * (IfHealthyBudget) or whatever there is (AlwaysAllow). */
static bool is_unguarded(const struct pdb *pdb, const struct pod *pod)
{
    return !pod->ready && (pdb->spec->always_allow ||
                           (pdb->current_healthy >= pdb->desired_healthy &&
                            pdb->desired_healthy > 0));
}

/* checkAndDecrement */
static bool take(struct world *w, const struct pdb *pdb, pod_id pod)
{
    if (pdb->observed_generation < pdb->generation ||
        pdb->disruptions_allowed <= 0 || pdb->disrupted.count > DISRUPTED_MAX)
        return false;
    world_pdb_disrupt(w, pdb->id, pod);
    return true;
}

enum eviction_answer eviction_request(struct world *w, pod_id id,
                                      sim_time grace, const char *reason,
                                      incident_id origin)
{
    const struct pod *pod = world_pod(w, id);
    struct pdb *pdb = NULL;
    size_t budgets;

    assert(pod);
    if (!is_no_loss(pod)) {
        budgets = budgets_of(w, pod, &pdb);
        if (budgets > 1)
            return EVICTION_FAILED;
        if (pdb && !is_unguarded(pdb, pod) && !take(w, pdb, id)) {
            world_pdb_refused(w, pdb->id);
            return EVICTION_REFUSED;
        }
    }
    world_pod_delete(w, id, grace, reason, origin);
    return EVICTION_GRANTED;
}
