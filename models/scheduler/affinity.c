#include "models/scheduler/affinity.h"

#include <stdlib.h>
#include <string.h>

#include "models/select.h"

bool has_affinity(const struct pod_template *t)
{
    return t->near.required_count > 0 || t->near.preferred_count > 0 ||
           t->apart.required_count > 0 || t->apart.preferred_count > 0;
}

#define HASH_KEY "pod-template-hash"

/* --- which pods a term means --- */

static bool same_hash(const struct pod_class *a, const struct pod_class *b)
{
    return b->hashed && a->template->hash == b->template->hash;
}

static bool selects_space(const struct scheduler_config *config,
                          const struct selector *selector, const char *space)
{
    struct label name = {"kubernetes.io/metadata.name", space};
    struct labels labels = {1, &name};

    for (size_t i = 0; i < config->space_count; i++) {
        if (strcmp(config->spaces[i].name, space) == 0)
            labels = config->spaces[i].labels;
    }
    return selector_matches(selector, &labels);
}

static bool covers_space(const struct pod_affinity_term *term,
                         const struct pod_class *own, const char *other)
{
    if (term->space_count == 0 && !term->space_selector_given)
        return strcmp(own->space, other) == 0;
    for (size_t i = 0; i < term->space_count; i++) {
        if (strcmp(term->spaces[i], other) == 0)
            return true;
    }
    return term->space_selector_given &&
           selects_space(own->config, &term->space_selector, other);
}

/* matchLabelKeys add `key in (own value)`, mismatchLabelKeys `not in`.
 * pod-template-hash is a label that only ReplicaSets' controllers write. */
static bool keys_hold(const struct pod_class *own,
                      const struct pod_class *other, const char *const *keys,
                      size_t count, bool same)
{
    for (size_t i = 0; i < count; i++) {
        const char *value = labels_get(&own->template->labels, keys[i]);
        const char *theirs = labels_get(&other->template->labels, keys[i]);

        if (value && (theirs && strcmp(value, theirs) == 0) != same)
            return false;
        if (!value && own->hashed && strcmp(keys[i], HASH_KEY) == 0 &&
            same_hash(own, other) != same)
            return false;
    }
    return true;
}

static bool term_means(const struct pod_affinity_term *term,
                       const struct pod_class *own,
                       const struct pod_class *other)
{
    return term->selector_given &&
           selector_matches(&term->selector, &other->template->labels) &&
           covers_space(term, own, other->space) &&
           keys_hold(own, other, term->match_keys, term->match_key_count,
                     true) &&
           keys_hold(own, other, term->mismatch_keys, term->mismatch_key_count,
                     false);
}

bool affinity_any_term_means(const struct pod_class *own,
                             const struct pod_class *other)
{
    const struct pod_affinity *near = &own->template->near;

    for (size_t i = 0; i < near->required_count; i++) {
        if (term_means(&near->required[i], own, other))
            return true;
    }
    return false;
}

bool affinity_all_terms_mean(const struct pod_affinity *terms,
                             const struct pod_class *own,
                             const struct pod_class *other)
{
    for (size_t i = 0; i < terms->required_count; i++) {
        if (!term_means(&terms->required[i], own, other))
            return false;
    }
    return terms->required_count > 0;
}

/* --- the terms of a class --- */

static void make_terms(struct affinity_class *ac, enum term_kind kind,
                       size_t count)
{
    ac->count[kind] = count;
    ac->terms[kind] = mem_calloc(count, sizeof *ac->terms[kind]);
}

static void read_affinity(struct affinity_class *ac, enum term_kind required,
                          enum term_kind preferred,
                          const struct pod_affinity *from)
{
    make_terms(ac, required, from->required_count);
    make_terms(ac, preferred, from->preferred_count);
    for (size_t i = 0; i < from->required_count; i++)
        ac->terms[required][i].spec = &from->required[i];
    for (size_t i = 0; i < from->preferred_count; i++) {
        ac->terms[preferred][i].spec = &from->preferred[i].term;
        ac->terms[preferred][i].weight = from->preferred[i].weight;
    }
}

struct affinity_class *affinity_class_new(const struct pod_class *class,
                                          const struct framework *f,
                                          struct topologies *topologies)
{
    struct affinity_class *ac = mem_zalloc(sizeof *ac);
    const struct pod_template *t = class->template;

    read_affinity(ac, TERM_NEAR, TERM_NEAR_PREFERRED, &t->near);
    read_affinity(ac, TERM_APART, TERM_APART_PREFERRED, &t->apart);
    for (int kind = 0; kind < TERM_KINDS; kind++) {
        for (size_t i = 0; i < ac->count[kind]; i++)
            ac->terms[kind][i].topology = topologies_find(
                topologies, f, ac->terms[kind][i].spec->topology_key);
    }
    return ac;
}

void affinity_class_free(struct affinity_class *ac)
{
    for (int kind = 0; kind < TERM_KINDS; kind++) {
        for (size_t i = 0; i < ac->count[kind]; i++)
            VEC_FREE(ac->terms[kind][i].matches);
        free(ac->terms[kind]);
    }
    free(ac);
}

static void refresh(struct affinity_term *term, const struct pod_class *class,
                    const struct framework *f)
{
    uint32_t count = framework_class_count(f);
    size_t kept = 0;

    if (term->scanned == count)
        return;
    for (size_t i = 0; i < term->matches.count; i++) {
        if (framework_class_at(f, term->matches.items[i]))
            term->matches.items[kept++] = term->matches.items[i];
    }
    term->matches.count = kept;
    for (; term->scanned < count; term->scanned++) {
        const struct pod_class *other = framework_class_at(f, term->scanned);

        if (other && term_means(term->spec, class, other))
            VEC_PUSH(term->matches, term->scanned);
    }
}

void affinity_class_refresh(struct affinity_class *ac,
                            const struct pod_class *class,
                            const struct framework *f)
{
    for (int kind = 0; kind < TERM_KINDS; kind++) {
        for (size_t i = 0; i < ac->count[kind]; i++)
            refresh(&ac->terms[kind][i], class, f);
    }
}

bool affinity_term_matches(const struct affinity_term *term, uint32_t class)
{
    size_t low = 0, high = term->matches.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (term->matches.items[middle] < class)
            low = middle + 1;
        else
            high = middle;
    }
    return low < term->matches.count && term->matches.items[low] == class;
}

/* --- pairs --- */

void pair_counts_release(struct pair_counts *p)
{
    for (size_t i = 0; i < p->rows.count; i++)
        VEC_FREE(p->rows.items[i].domains);
    VEC_FREE(p->rows);
}

void pair_counts_clear(struct pair_counts *p)
{
    p->epoch++;
    p->pairs = 0;
}

static void add(struct pair_counts *p, size_t topology, uint32_t domain,
                int64_t weight)
{
    struct pair_row *row;
    struct pair_count *at;

    while (p->rows.count <= topology)
        VEC_PUSH(p->rows, (struct pair_row){0});
    row = &p->rows.items[topology];
    while (row->domains.count <= domain)
        VEC_PUSH(row->domains, (struct pair_count){0});
    at = &row->domains.items[domain];
    if (at->epoch != p->epoch) {
        *at = (struct pair_count){p->epoch, 0};
        p->pairs++;
    }
    at->count += weight;
}

static void add_all(struct pair_counts *p, const struct framework *f,
                    const struct topology *t, size_t topology,
                    const struct node_counts *counts, int64_t weight)
{
    for (uint32_t e = 0; e < counts->room; e++) {
        const struct node_count *on = &counts->slots[e];
        uint32_t domain;

        if (on->node == NO_ID || on->count == 0 ||
            !framework_node(f, on->node)->present)
            continue;
        domain = topology_domain(t, on->node);
        if (domain != NO_DOMAIN)
            add(p, topology, domain, weight * on->count);
    }
}

void pair_counts_add(struct pair_counts *p, const struct framework *f,
                     const struct topologies *topologies, size_t topology,
                     const struct pod_class *class, int64_t weight)
{
    const struct topology *t = &topologies->items.items[topology];

    add_all(p, f, t, topology, &class->live, weight);
    add_all(p, f, t, topology, &class->dying, weight);
}

int64_t pair_counts_get(const struct pair_counts *p, size_t topology,
                        uint32_t domain)
{
    const struct pair_count *at;

    if (topology >= p->rows.count ||
        domain >= p->rows.items[topology].domains.count)
        return 0;
    at = &p->rows.items[topology].domains.items[domain];
    return at->epoch == p->epoch ? at->count : 0;
}
