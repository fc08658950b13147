/*
 * Pods that may not be together, and pods that must be: how many nodes and
 * zones they need, and how large ones.
 */
#include <string.h>

#include "models/scenario_internal.h"
#include "models/select.h"

#define HOSTNAME "kubernetes.io/hostname"

struct groups {
    const struct scenario_group *items;
    size_t count;
};

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* a + b * count, or the most there is; none is negative. */
static int64_t sum_times(int64_t a, int64_t b, int64_t count)
{
    if (count > 0 && b > (INT64_MAX - a) / count)
        return INT64_MAX;
    return a + b * count;
}

/* Namespaces by their labels: all, which needs more nodes rather than fewer. */
static bool covers_space(const struct pod_affinity_term *term, const char *own,
                         const char *other)
{
    size_t i;

    if (term->space_selector_given)
        return true;
    for (i = 0; i < term->space_count; i++)
        if (strcmp(term->spaces[i], other) == 0)
            return true;
    return term->space_count == 0 && strcmp(own, other) == 0;
}

/* Most often no: the first label is soon compared, texts being interned. */
static bool can_match(const struct selector *s, const struct labels *labels)
{
    const struct requirement *first = s->items;
    size_t i;

    if (s->count == 0 || first->operator!= SELECTOR_IN || first->count != 1)
        return true;
    for (i = 0; i < labels->count; i++)
        if (labels->items[i].key == first->key)
            return labels->items[i].value == first->values[0];
    return false;
}

static bool means(const struct pod_affinity_term *term,
                  const struct scenario_group *own,
                  const struct scenario_group *other)
{
    const struct labels *labels = &other->template->labels;

    return term->selector_given && can_match(&term->selector, labels) &&
           covers_space(term, own->space, other->space) &&
           selector_matches(&term->selector, labels);
}

/* All pods that a term keeps off the group's. */
static int64_t apart_by_term(const struct groups *g,
                             const struct scenario_group *own,
                             const struct pod_affinity_term *term)
{
    int64_t sum = means(term, own, own) ? 0 : own->count;
    size_t i;

    for (i = 0; i < g->count; i++)
        if (means(term, own, &g->items[i]))
            sum = sum_times(sum, g->items[i].count, 1);
    return sum;
}

static int64_t apart_by_ports(const struct groups *g,
                              const struct scenario_group *own)
{
    int64_t sum = 0;
    size_t i;

    if (!host_ports_wanted(own->template))
        return 0;
    for (i = 0; i < g->count; i++)
        if (host_ports_collide(own->template, g->items[i].template))
            sum = sum_times(sum, g->items[i].count, 1);
    return sum;
}

static int64_t group_domains(const struct groups *g,
                             const struct scenario_group *own, const char *key)
{
    const struct pod_template *t = own->template;
    int64_t most = 0;
    size_t i;

    for (i = 0; i < t->apart.required_count; i++)
        if (strcmp(t->apart.required[i].topology_key, key) == 0)
            most = larger(most, apart_by_term(g, own, &t->apart.required[i]));
    for (i = 0; i < t->spread_count; i++)
        if (!t->spread[i].schedule_anyway &&
            strcmp(t->spread[i].topology_key, key) == 0)
            most = larger(most, t->spread[i].min_domains);
    if (strcmp(key, HOSTNAME) == 0)
        most = larger(most, apart_by_ports(g, own));
    return most;
}

int64_t scenario_domains_needed(const struct scenario_group *groups,
                                size_t count, const char *topology_key)
{
    struct groups g = {groups, count};
    int64_t most = 0;
    size_t i;

    for (i = 0; i < count; i++)
        most = larger(most, group_domains(&g, &groups[i], topology_key));
    return most;
}

/* The group's pods, and one of those that they want to be near. */
static void together_by_term(const struct groups *g,
                             const struct scenario_group *own,
                             const struct pod_affinity_term *term,
                             struct resources *most)
{
    struct resources other = {0};
    const struct resources *r;
    size_t i;

    for (i = 0; i < g->count; i++) {
        if (&g->items[i] == own || !means(term, own, &g->items[i]))
            continue;
        r = &g->items[i].template->requests;
        other.cpu = larger(other.cpu, r->cpu);
        other.memory = larger(other.memory, r->memory);
    }
    r = &own->template->requests;
    most->cpu = larger(most->cpu, sum_times(other.cpu, r->cpu, own->count));
    most->memory =
        larger(most->memory, sum_times(other.memory, r->memory, own->count));
}

struct resources scenario_together(const struct scenario_group *groups,
                                   size_t count)
{
    struct groups g = {groups, count};
    struct resources most = {0};
    size_t i, j;

    for (i = 0; i < count; i++) {
        const struct pod_affinity *near = &groups[i].template->near;

        for (j = 0; j < near->required_count; j++)
            if (strcmp(near->required[j].topology_key, HOSTNAME) == 0)
                together_by_term(&g, &groups[i], &near->required[j], &most);
    }
    return most;
}
