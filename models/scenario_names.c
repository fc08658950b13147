/*
 * What traffic says of names: of pods, and of resolvers.
 */
#include <stdlib.h>
#include <string.h>

#include "models/scenario_internal.h"
#include "sim/io/units.h"

/* An entry and where to complain. */
struct named {
    struct scenario_reader *r;
    const struct traffic_spec *t;
    struct doc_node *item; /* NULL: made here */
};

static struct place place_of(const struct named *n, const char *key)
{
    struct doc_node *node = doc_get(n->item, key);

    return node ? node->place : n->t->place;
}

/* ---- pods ---- */

/* "db-12": db and 12. */
static bool split_pod(struct scenario_reader *r, const char *pod,
                      const char **set, int64_t *index)
{
    const char *dash = strrchr(pod, '-');

    if (!dash || dash == pod || dash[1] < '0' || dash[1] > '9' ||
        !units_int(dash + 1, index))
        return false;
    *set = intern_printf(r->l.intern, "%.*s", (int)(dash - pod), pod);
    return true;
}

static bool check_governor(const struct named *n,
                           const struct statefulset_spec *set, int64_t index)
{
    struct diag *diag = n->r->diag;
    const struct traffic_spec *t = n->t;

    if (strcmp(set->service_name, t->service) != 0) {
        diag_error(diag, place_of(n, "pod"),
                   "pod '%.60s' has no name under Service '%s'", t->pod,
                   t->service);
        if (*set->service_name)
            diag_hint(diag, "its StatefulSet's 'serviceName' is '%s'",
                      set->service_name);
        else
            diag_hint(diag, "its StatefulSet has no 'serviceName'");
        return false;
    }
    if (index < set->start || index >= (int64_t)set->start + set->replicas)
        diag_warning(diag, place_of(n, "pod"),
                     "StatefulSet '%s' has no pod '%.60s' until it is scaled",
                     set->meta.name, t->pod);
    return true;
}

static bool check_pod(const struct named *n)
{
    struct diag *diag = n->r->diag;
    const struct statefulset_spec *set = NULL;
    const char *name;
    int64_t index;

    if (!n->t->pod)
        return true;
    if (n->t->access != ACCESS_HEADLESS) {
        diag_error(diag, place_of(n, "pod"),
                   "'pod' is a DNS name: it needs 'access: headless'");
        return false;
    }
    if (split_pod(n->r, n->t->pod, &name, &index))
        set = loader_statefulset(&n->r->l, n->t->space, name);
    if (set)
        return check_governor(n, set, index);
    diag_error(diag, place_of(n, "pod"),
               "no StatefulSet has a pod '%.60s', and others have no names",
               n->t->pod);
    return false;
}

/* ---- resolvers ---- */

static const struct lb_spec *lb_of(const struct named *n)
{
    const struct scenario *s = n->r->s;

    for (size_t i = 0; i < s->lb_count; i++)
        if (s->lbs[i].service == n->t->service &&
            s->lbs[i].space == n->t->space)
            return &s->lbs[i];
    return NULL;
}

static bool check_resolver(const struct named *n)
{
    const struct traffic_spec *t = n->t;
    const struct lb_spec *lb = lb_of(n);
    struct diag *diag = n->r->diag;
    struct place place = place_of(n, "resolver");
    bool ok = true;

    if (t->resolver.ask == ASK_AFTER_LOSS &&
        (t->access != ACCESS_HEADLESS || !t->pool.on || t->udp)) {
        diag_error(diag, place,
                   "'ask: afterLoss' needs 'access: headless' and "
                   "'connections' that are kept");
        ok = false;
    }
    if (t->resolver.take == TAKE_FIRST && t->access == ACCESS_HEADLESS && lb &&
        lb->at == LB_CLIENT) {
        diag_error(diag, place,
                   "'take: first', but Service '%s' is balanced at: client",
                   t->service);
        diag_hint(diag, "its strategy chooses: pick-first, for example");
        ok = false;
    }
    if (doc_get(n->item, "resolver") &&
        (t->access == ACCESS_POD_IP ||
         (t->access == ACCESS_SERVICE && lb && lb->at == LB_GATEWAY &&
          lb->per_request)))
        diag_warning(diag, place,
                     "'resolver' is ignored: no names are looked up");
    return ok;
}

bool scenario_check_names(struct scenario_reader *r)
{
    bool ok = true;

    for (size_t i = 0; i < r->s->traffic_count; i++) {
        struct named n = {r, &r->s->traffic[i], reader_item(r, "traffic", i)};

        if (!n.t->service) /* it was wrong already */
            continue;
        ok &= check_pod(&n);
        ok &= check_resolver(&n);
    }
    return ok;
}
