/*
 * What pods ask of the scheduler that nothing can give: profiles that are not
 * there, topology keys that no node has. The API server takes such pods, and
 * they wait.
 */
#include <string.h>

#include "models/scenario_internal.h"
#include "models/scheduler/config.h"
#include "models/select.h"

struct checking {
    struct scenario_reader *r;
    const struct meta *meta;
};

static bool any_has(const struct checking *c, const char *key)
{
    const struct cluster_params *cluster = &c->r->s->cluster;

    for (size_t i = 0; i < cluster->node_count; i++) {
        if (labels_get(&cluster->nodes[i].labels, key))
            return true;
    }
    return false;
}

static void check_key(const struct checking *c, const char *key, bool required)
{
    if (!key || any_has(c, key))
        return;
    if (required)
        diag_warning(c->r->diag, c->meta->place,
                     "pods of '%s' stay Pending: no node has the label '%s' "
                     "of a 'topologyKey'",
                     c->meta->name, key);
    else
        diag_warning(c->r->diag, c->meta->place,
                     "'%s': no node has the label '%s' of a 'topologyKey', "
                     "which so has no effect",
                     c->meta->name, key);
}

/* Apart from others where there are no domains is nothing to be refused. */
static void check_affinity(const struct checking *c,
                           const struct pod_affinity *a, bool near)
{
    for (size_t i = 0; i < a->required_count; i++)
        check_key(c, a->required[i].topology_key, near);
    for (size_t i = 0; i < a->preferred_count; i++)
        check_key(c, a->preferred[i].term.topology_key, false);
}

static void check_scheduler(const struct checking *c,
                            const struct pod_template *t)
{
    const struct cluster_params *cluster = &c->r->s->cluster;
    const char *name =
        t->scheduler_name ? t->scheduler_name : "default-scheduler";
    const char **names = intern_alloc(
        c->r->l.intern, (cluster->profile_count + 1) * sizeof *names);

    for (size_t i = 0; i < cluster->profile_count; i++) {
        names[i] = cluster->profiles[i].name;
        if (strcmp(names[i], name) == 0)
            return;
    }
    diag_warning(c->r->diag, c->meta->place,
                 "pods of '%s' stay Pending: no profile of "
                 "'spec.cluster.scheduler' has the schedulerName '%s'",
                 c->meta->name, name);
    diag_suggest(c->r->diag, name, names);
}

static void check_template(void *self, const struct meta *meta,
                           const struct pod_template *t)
{
    struct checking c = {self, meta};

    if (t->node_name)
        return;
    check_scheduler(&c, t);
    for (size_t i = 0; i < t->spread_count; i++)
        check_key(&c, t->spread[i].topology_key, !t->spread[i].schedule_anyway);
    check_affinity(&c, &t->near, true);
    check_affinity(&c, &t->apart, false);
}

void scenario_check_scheduling(struct scenario_reader *r)
{
    scenario_each_template(r, check_template, r);
}
