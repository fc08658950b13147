/*
 * PodDisruptionBudgets: pkg/apis/policy/validation and
 * pkg/apis/policy/v1beta1 (whose empty selector selects nothing).
 */
#include <string.h>

#include "models/manifest_internal.h"
#include "models/version.h"

static bool amounts_read(struct loader *l, struct doc_node *spec,
                         struct pdb_spec *p)
{
    static const char *const keys[] = {"minAvailable", "maxUnavailable"};
    struct int_or_percent *amounts[] = {&p->min_available, &p->max_unavailable};
    bool *given[] = {&p->min_given, &p->max_given};

    for (int i = 0; i < 2; i++) {
        struct doc_node *node = doc_get(spec, keys[i]);

        *given[i] = node != NULL;
        if (!value_int_or_percent(l, spec, keys[i], amounts[i]))
            return false;
        if (amounts[i]->percent && amounts[i]->value > 100)
            return value_bad(l, node, "no more than 100%");
    }
    if (!p->min_given || !p->max_given)
        return true;
    diag_error(l->diag, doc_get(spec, keys[1])->place,
               "'minAvailable' and 'maxUnavailable' may not both be given");
    return false;
}

/* Budgets that never let a pod go, which the API server accepts. */
static void warn(const struct manifest_object *o, const struct pdb_spec *p)
{
    struct diag *diag = o->l->diag;

    if (!p->min_given && !p->max_given)
        diag_warning(diag, o->meta.place,
                     "PodDisruptionBudget '%s' has neither 'minAvailable' nor "
                     "'maxUnavailable': it allows no eviction",
                     o->meta.name);
    else if (p->max_given && p->max_unavailable.value == 0)
        diag_warning(diag, o->meta.place,
                     "PodDisruptionBudget '%s' allows no eviction: "
                     "'maxUnavailable' is 0",
                     o->meta.name);
    else if (p->min_available.percent && p->min_available.value == 100)
        diag_warning(diag, o->meta.place,
                     "PodDisruptionBudget '%s' allows no eviction: "
                     "'minAvailable' is 100%%",
                     o->meta.name);
}

bool manifest_pdb(struct manifest_object *o)
{
    static const char *const words[] = {"IfHealthyBudget", "AlwaysAllow", NULL};
    struct pdb_spec p = {.meta = o->meta};
    struct loader *l = o->l;
    struct doc_node *spec;
    int policy = 0;
    bool ok;

    if (!value_mapping(l, o->root, "spec", &spec))
        return false;
    ok = amounts_read(l, spec, &p);
    ok &= selector_read(l, doc_get(spec, "selector"), &p.selector);
    ok &= value_choice(l, spec, "unhealthyPodEvictionPolicy", words, &policy);
    if (!ok)
        return false;
    p.always_allow =
        policy == 1 && l->kubernetes_minor >= VERSION_unhealthy_eviction_policy;
    if (strcmp(o->api, "policy/v1beta1") == 0 && p.selector.count == 0)
        p.selector.nothing = true;
    warn(o, &p);
    VEC_PUSH(o->into->pdbs, intern_copy(l->intern, &p, 1, sizeof p));
    return true;
}
