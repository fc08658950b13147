/*
 * inter_pod_affinity - pods near pods, and apart from pods, by domains:
 * required and preferred (plugins/interpodaffinity: filtering.go,
 * scoring.go).
 *
 * Pods are counted by class and node (framework.h); a cycle adds up the
 * classes that a term means, by pair of topology and domain. Costs nothing
 * where no pod has such terms.
 */
#include <string.h>

#include "models/scheduler/affinity.h"
#include "models/scheduler/framework.h"
#include "models/select.h"

struct inter {
    size_t plugin;
    struct topologies topologies;
    VEC_OF(uint32_t) affine; /* ids of the classes that have terms */
    uint32_t scanned;        /* classes below this id were looked at */
    /* Of this cycle: pods that refuse the new one; that it wants near; that
     * it wants apart; points. */
    struct pair_counts refusing, near, apart, points;
};

static void init(void *state, struct framework *f)
{
    struct inter *s = state;

    (void)f;
    s->plugin = framework_plugin_index(&scheduler_inter_pod_affinity);
}

static void release(void *state)
{
    struct inter *s = state;

    topologies_release(&s->topologies);
    VEC_FREE(s->affine);
    pair_counts_release(&s->refusing);
    pair_counts_release(&s->near);
    pair_counts_release(&s->apart);
    pair_counts_release(&s->points);
}

static void forget(void *state, struct pod_class *class, void *data)
{
    (void)state;
    (void)class;
    affinity_class_free(data);
}

/* Takes in the classes that came since, drops those that went. */
static void refresh_affine(struct inter *s, const struct cycle *c)
{
    uint32_t count = framework_class_count(c->framework);
    size_t kept = 0;

    if (s->scanned == count)
        return;
    for (size_t i = 0; i < s->affine.count; i++) {
        if (framework_class_at(c->framework, s->affine.items[i]))
            s->affine.items[kept++] = s->affine.items[i];
    }
    s->affine.count = kept;
    for (; s->scanned < count; s->scanned++) {
        const struct pod_class *class =
            framework_class_at(c->framework, s->scanned);

        if (class && has_affinity(class->template))
            VEC_PUSH(s->affine, s->scanned);
    }
}

/* A class's terms, up to date. */
static struct affinity_class *terms_of(struct inter *s, const struct cycle *c,
                                       struct pod_class *class)
{
    struct affinity_class *ac = class->data[s->plugin];

    if (!ac) {
        ac = affinity_class_new(class, c->framework, &s->topologies);
        class->data[s->plugin] = ac;
    }
    affinity_class_refresh(ac, class, c->framework);
    return ac;
}

/* Brings nodes and classes up to date. False: no pod at all has terms. */
static bool begin(struct inter *s, const struct cycle *c)
{
    refresh_affine(s, c);
    if (s->affine.count == 0)
        return false;
    topologies_refresh(&s->topologies, c->framework);
    return true;
}

static void add(struct inter *s, const struct cycle *c, struct pair_counts *to,
                size_t topology, const struct pod_class *class, int64_t weight)
{
    pair_counts_add(to, c->framework, &s->topologies, topology, class, weight);
}

static uint32_t domain_of(const struct inter *s, size_t topology, node_id node)
{
    return topology_domain(&s->topologies.items.items[topology], node);
}

/* Adds the pods that a term means. */
static void add_meant(struct inter *s, const struct cycle *c,
                      struct pair_counts *to, const struct affinity_term *term,
                      int64_t weight)
{
    for (size_t m = 0; m < term->matches.count; m++) {
        const struct pod_class *other =
            framework_class_at(c->framework, term->matches.items[m]);

        if (other)
            add(s, c, to, term->topology, other, weight);
    }
}

/* --- filter --- */

/* Pods whose own terms want the new one apart. */
static void count_refusing(struct inter *s, const struct cycle *c)
{
    for (size_t i = 0; i < s->affine.count; i++) {
        struct pod_class *class =
            framework_class_at(c->framework, s->affine.items[i]);
        struct affinity_class *ac;

        if (!class || class->template->apart.required_count == 0)
            continue;
        ac = terms_of(s, c, class);
        for (size_t t = 0; t < ac->count[TERM_APART]; t++) {
            const struct affinity_term *term = &ac->terms[TERM_APART][t];

            if (affinity_term_matches(term, c->class->id))
                add(s, c, &s->refusing, term->topology, class, 1);
        }
    }
}

static bool meant_by_all(const struct affinity_class *own, uint32_t class)
{
    for (size_t t = 0; t < own->count[TERM_NEAR]; t++) {
        if (!affinity_term_matches(&own->terms[TERM_NEAR][t], class))
            return false;
    }
    return true;
}

/* Pods that all of the terms mean. */
static void count_near(struct inter *s, const struct cycle *c,
                       const struct affinity_class *own)
{
    const struct affinity_term *first = own->terms[TERM_NEAR];

    for (size_t m = 0; m < first->matches.count; m++) {
        const struct pod_class *other =
            framework_class_at(c->framework, first->matches.items[m]);

        if (!other || !meant_by_all(own, other->id))
            continue;
        for (size_t t = 0; t < own->count[TERM_NEAR]; t++)
            add(s, c, &s->near, own->terms[TERM_NEAR][t].topology, other, 1);
    }
}

static bool pre_filter(void *state, const struct cycle *c)
{
    struct inter *s = state;
    struct affinity_class *own;

    if (!begin(s, c))
        return false;
    pair_counts_clear(&s->refusing);
    pair_counts_clear(&s->near);
    pair_counts_clear(&s->apart);
    count_refusing(s, c);
    if (!has_affinity(c->class->template))
        return s->refusing.pairs > 0;
    own = terms_of(s, c, c->class);
    if (own->count[TERM_NEAR] > 0)
        count_near(s, c, own);
    for (size_t t = 0; t < own->count[TERM_APART]; t++)
        add_meant(s, c, &s->apart, &own->terms[TERM_APART][t], 1);
    return s->refusing.pairs > 0 || own->count[TERM_NEAR] > 0 ||
           s->apart.pairs > 0;
}

/* The first of a group of pods that want each other near may go anywhere
 * where the labels are. */
static bool near_holds(const struct inter *s, const struct cycle *c,
                       const struct affinity_class *own, node_id node)
{
    bool all = true;

    for (size_t t = 0; t < own->count[TERM_NEAR]; t++) {
        size_t topology = own->terms[TERM_NEAR][t].topology;
        uint32_t domain = domain_of(s, topology, node);

        if (domain == NO_DOMAIN)
            return false;
        all = all && pair_counts_get(&s->near, topology, domain) > 0;
    }
    return all || (s->near.pairs == 0 && meant_by_all(own, c->class->id));
}

static bool apart_holds(const struct inter *s, const struct affinity_class *own,
                        node_id node)
{
    for (size_t t = 0; t < own->count[TERM_APART]; t++) {
        size_t topology = own->terms[TERM_APART][t].topology;

        if (pair_counts_get(&s->apart, topology, domain_of(s, topology, node)) >
            0)
            return false;
    }
    return true;
}

static bool is_refused(const struct inter *s, node_id node)
{
    for (size_t t = 0; t < s->refusing.rows.count; t++) {
        if (pair_counts_get(&s->refusing, t, domain_of(s, t, node)) > 0)
            return true;
    }
    return false;
}

static enum filter_status filter(void *state, const struct cycle *c,
                                 node_id node, struct filter_reasons *why)
{
    const struct inter *s = state;
    const struct affinity_class *own = c->class->data[s->plugin];

    if (own && !near_holds(s, c, own, node)) {
        filter_refuse(why, "node(s) didn't match pod affinity rules", "");
        return FILTER_UNRESOLVABLE;
    }
    if (own && !apart_holds(s, own, node)) {
        filter_refuse(why, "node(s) didn't match pod anti-affinity rules", "");
        return FILTER_UNSCHEDULABLE;
    }
    if (s->refusing.pairs > 0 && is_refused(s, node)) {
        filter_refuse(
            why, "node(s) didn't satisfy existing pods anti-affinity rules",
            "");
        return FILTER_UNSCHEDULABLE;
    }
    return FILTER_SUCCESS;
}

/* --- score --- */

/* What pods on nodes want of the new one. */
static void add_theirs(struct inter *s, const struct cycle *c)
{
    static const enum term_kind kinds[] = {TERM_NEAR, TERM_NEAR_PREFERRED,
                                           TERM_APART_PREFERRED};

    for (size_t i = 0; i < s->affine.count; i++) {
        struct pod_class *class =
            framework_class_at(c->framework, s->affine.items[i]);
        struct affinity_class *ac = class ? terms_of(s, c, class) : NULL;

        for (size_t k = 0; ac && k < sizeof kinds / sizeof kinds[0]; k++) {
            enum term_kind kind = kinds[k];

            for (size_t t = 0; t < ac->count[kind]; t++) {
                const struct affinity_term *term = &ac->terms[kind][t];
                int64_t weight = kind == TERM_NEAR
                                     ? c->config->hard_affinity_weight
                                 : kind == TERM_NEAR_PREFERRED ? term->weight
                                                               : -term->weight;

                if (weight != 0 && affinity_term_matches(term, c->class->id))
                    add(s, c, &s->points, term->topology, class, weight);
            }
        }
    }
}

/* What the new pod prefers. */
static void add_own(struct inter *s, const struct cycle *c)
{
    const struct affinity_class *own = terms_of(s, c, c->class);

    for (size_t t = 0; t < own->count[TERM_NEAR_PREFERRED]; t++) {
        const struct affinity_term *term = &own->terms[TERM_NEAR_PREFERRED][t];

        add_meant(s, c, &s->points, term, term->weight);
    }
    for (size_t t = 0; t < own->count[TERM_APART_PREFERRED]; t++) {
        const struct affinity_term *term = &own->terms[TERM_APART_PREFERRED][t];

        add_meant(s, c, &s->points, term, -term->weight);
    }
}

/* The least becomes 0, the most 100. */
static void normalize(int64_t *scores, size_t count)
{
    int64_t least = INT64_MAX, most = INT64_MIN;

    for (size_t n = 0; n < count; n++) {
        least = scores[n] < least ? scores[n] : least;
        most = scores[n] > most ? scores[n] : most;
    }
    for (size_t n = 0; n < count; n++) {
        if (most == least)
            scores[n] = 0;
        else
            scores[n] = (int64_t)(SCORE_MAX * ((double)(scores[n] - least) /
                                               (double)(most - least)));
    }
}

static bool score(void *state, const struct cycle *c, const node_id *nodes,
                  size_t count, int64_t *scores)
{
    const struct pod_template *t = c->class->template;
    bool prefers = t->near.preferred_count > 0 || t->apart.preferred_count > 0;
    struct inter *s = state;

    if (!begin(s, c) || (c->config->ignore_preferred && !prefers))
        return false;
    pair_counts_clear(&s->points);
    if (prefers)
        add_own(s, c);
    add_theirs(s, c);
    if (s->points.pairs == 0)
        return false;
    for (size_t n = 0; n < count; n++) {
        scores[n] = 0;
        for (size_t r = 0; r < s->points.rows.count; r++)
            scores[n] +=
                pair_counts_get(&s->points, r, domain_of(s, r, nodes[n]));
    }
    normalize(scores, count);
    return true;
}

/* --- what may help --- */

static bool labels_help(const struct pod_template *t, const struct labels *now,
                        const struct labels *before)
{
    for (size_t i = 0; i < t->near.required_count; i++) {
        const char *key = t->near.required[i].topology_key;
        const char *value = labels_get(now, key);
        const char *was = before ? labels_get(before, key) : NULL;

        if (value && (!was || strcmp(value, was) != 0))
            return true;
    }
    for (size_t i = 0; i < t->apart.required_count; i++) {
        const char *key = t->apart.required[i].topology_key;
        const char *value = labels_get(now, key);
        const char *was = before ? labels_get(before, key) : NULL;

        if (!before || (was && (!value || strcmp(value, was) != 0)))
            return true;
    }
    return false;
}

static bool helps(void *state, const struct cycle *c,
                  const struct cluster_change *change)
{
    const struct pod_class *own = c->class, *other = change->pod;
    const struct node_info *before = change->before;

    (void)state;
    if (!other)
        return labels_help(own->template, &c->nodes[change->node].spec->labels,
                           before ? &before->spec->labels : NULL);
    if (change->event == EVENT_POD_ADDED)
        return affinity_all_terms_mean(&own->template->near, own, other);
    return affinity_all_terms_mean(&own->template->apart, own, other) ||
           affinity_all_terms_mean(&other->template->apart, other, own);
}

const struct scheduler_plugin scheduler_inter_pod_affinity = {
    .name = "InterPodAffinity",
    .summary = "pods near pods, and apart from pods",
    .weight = 2,
    .events = 1U << EVENT_NODE_ADDED | 1U << EVENT_NODE_LABELS |
              1U << EVENT_POD_GONE | 1U << EVENT_POD_ADDED,
    .events_before = 1U << EVENT_NODE_ADDED | 1U << EVENT_NODE_LABELS |
                     1U << EVENT_POD_GONE | 1U << EVENT_POD_ADDED,
    .helps = helps,
    .state_size = sizeof(struct inter),
    .init = init,
    .release = release,
    .forget = forget,
    .pre_filter = pre_filter,
    .filter = filter,
    .score = score,
};
