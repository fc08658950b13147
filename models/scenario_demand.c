/*
 * Which labels pods ask their nodes for: generated nodes carry them.
 */
#include <stdlib.h>
#include <string.h>

#include "models/scenario_internal.h"

enum { DOMAINS_MAX = 100 };

static struct scenario_demand *find(struct scenario_demands *all,
                                    const char *key)
{
    struct scenario_demand one = {.key = key};
    size_t i;

    for (i = 0; i < all->list.count; i++)
        if (all->list.items[i].key == key)
            return &all->list.items[i];
    VEC_PUSH(all->list, one);
    return &all->list.items[all->list.count - 1];
}

static void add(struct scenario_demands *all, const char *key,
                const char *value)
{
    static const char *const own[] = {"kubernetes.io/hostname",
                                      "topology.kubernetes.io/region", NULL};
    struct scenario_demand *d;
    size_t i;

    for (i = 0; own[i]; i++)
        if (strcmp(own[i], key) == 0)
            return;
    d = find(all, key);
    for (i = 0; i < d->values.count; i++)
        if (d->values.items[i] == value)
            return;
    VEC_PUSH(d->values, value);
}

/* A label of any value. */
static void add_key(struct scenario_demands *all, struct intern *in,
                    const char *key)
{
    size_t i;

    for (i = 0; i < all->list.count; i++)
        if (all->list.items[i].key == key)
            return;
    if (strcmp(key, SCENARIO_ZONE) != 0)
        add(all, key, intern(in, ""));
}

/* Pods that must be near others, or spread, need nodes that have the label;
 * those that must be apart do not. */
static void add_topologies(struct scenario_demands *all, struct intern *in,
                           const struct pod_template *t)
{
    size_t i;
    int n;

    for (i = 0; i < t->near.required_count; i++)
        add_key(all, in, t->near.required[i].topology_key);
    for (i = 0; i < t->spread_count; i++) {
        const struct spread_constraint *c = &t->spread[i];

        if (c->schedule_anyway)
            continue;
        add_key(all, in, c->topology_key);
        for (n = 1; strcmp(c->topology_key, SCENARIO_ZONE) != 0 &&
                    n < c->min_domains && n < DOMAINS_MAX;
             n++)
            add(all, c->topology_key, intern_printf(in, "%d", n));
    }
}

static void add_template(struct scenario_demands *all, struct intern *in,
                         const struct pod_template *t)
{
    size_t i, j;

    for (i = 0; i < t->node_selector.count; i++)
        add(all, t->node_selector.items[i].key,
            t->node_selector.items[i].value);
    add_topologies(all, in, t);
    if (t->affinity.required_count == 0)
        return;
    /* Any one term suffices: the first. Of its values too, but zones are all
     * wanted, so that pods can spread. */
    for (i = 0; i < t->affinity.required[0].expression_count; i++) {
        const struct requirement *e = &t->affinity.required[0].expressions[i];
        size_t count = strcmp(e->key, SCENARIO_ZONE) == 0 ? e->count : 1;

        if (e->operator== SELECTOR_EXISTS)
            add(all, e->key, intern(in, ""));
        for (j = 0; e->operator== SELECTOR_IN && j<count; j++)
            add(all, e->key, e->values[j]);
    }
}

struct collecting {
    struct scenario_demands *out;
    struct intern *in;
};

static void collect(void *self, const struct templated *t)
{
    struct collecting *c = self;

    add_template(c->out, c->in, t->template);
}

void scenario_collect_demands(struct scenario_reader *r,
                              struct scenario_demands *out)
{
    struct collecting c = {out, r->l.intern};

    memset(out, 0, sizeof *out);
    object_list_each(&r->l.objects, collect, &c);
}

void scenario_release_demands(struct scenario_demands *all)
{
    size_t i;

    for (i = 0; i < all->list.count; i++)
        VEC_FREE(all->list.items[i].values);
    VEC_FREE(all->list);
}
