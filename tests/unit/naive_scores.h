/*
 * naive_scores - more of naive_scheduler: affinity between pods, and the
 * scores by resources, taints, node affinity and images.
 */
#ifndef TESTS_UNIT_NAIVE_SCORES_H
#define TESTS_UNIT_NAIVE_SCORES_H

#include "tests/unit/naive_scheduler.h"

/* --- pods and pods --- */

static bool naive_keys(const struct naive_pod *p, const struct naive_pod *q,
                       const char *const *keys, size_t count, bool same)
{
    for (size_t i = 0; i < count; i++) {
        const char *own = labels_get(&p->labels, keys[i]);

        if (own && naive_same(own, labels_get(&q->labels, keys[i])) != same)
            return false;
    }
    return true;
}

/* Whether p's term means q. */
static bool naive_means(const struct naive_pod *p,
                        const struct pod_affinity_term *t,
                        const struct naive_pod *q)
{
    bool space = t->space_count == 0 && !t->space_selector_given &&
                 strcmp(p->space, q->space) == 0;

    for (size_t i = 0; i < t->space_count; i++)
        space |= strcmp(t->spaces[i], q->space) == 0;
    if (t->space_selector_given) {
        struct label name = {"kubernetes.io/metadata.name", q->space};
        struct labels labels = {1, &name};

        space |= selector_matches(&t->space_selector, &labels);
    }
    return space && t->selector_given &&
           selector_matches(&t->selector, &q->labels) &&
           naive_keys(p, q, t->match_keys, t->match_key_count, true) &&
           naive_keys(p, q, t->mismatch_keys, t->mismatch_key_count, false);
}

static bool naive_means_by_all(const struct naive_pod *p,
                               const struct naive_pod *q)
{
    for (size_t i = 0; i < p->t->near.required_count; i++) {
        if (!naive_means(p, &p->t->near.required[i], q))
            return false;
    }
    return true;
}

/* A pod that counts, on a node that is there. */
static bool naive_counts(const struct naive *c, const struct naive_pod *q)
{
    return q->there && c->nodes[q->node].there;
}

static bool naive_together(const struct naive *c, node_id a, node_id b,
                           const char *key)
{
    return naive_same(naive_label(c, a, key), naive_label(c, b, key));
}

static bool naive_near(const struct naive *c, const struct naive_pod *p,
                       node_id n)
{
    bool all = true, any = false;

    for (size_t t = 0; t < p->t->near.required_count; t++) {
        const char *key = p->t->near.required[t].topology_key;
        bool found = false;

        if (!naive_label(c, n, key))
            return false;
        for (size_t i = 0; i < NAIVE_PODS; i++) {
            const struct naive_pod *q = &c->pods[i];

            if (!naive_counts(c, q) || !naive_means_by_all(p, q))
                continue;
            any |= naive_label(c, q->node, key) != NULL;
            found |= naive_together(c, q->node, n, key);
        }
        all &= found;
    }
    return all || (!any && naive_means_by_all(p, p));
}

/* No pod that p wants apart is near, nor one that wants p apart. */
static bool naive_apart(const struct naive *c, const struct naive_pod *p,
                        node_id n)
{
    for (size_t i = 0; i < NAIVE_PODS; i++) {
        const struct naive_pod *q = &c->pods[i];

        if (!naive_counts(c, q))
            continue;
        for (size_t t = 0; t < p->t->apart.required_count; t++) {
            const struct pod_affinity_term *term = &p->t->apart.required[t];

            if (naive_means(p, term, q) &&
                naive_together(c, q->node, n, term->topology_key))
                return false;
        }
        for (size_t t = 0; t < q->t->apart.required_count; t++) {
            const struct pod_affinity_term *term = &q->t->apart.required[t];

            if (naive_means(q, term, p) &&
                naive_together(c, q->node, n, term->topology_key))
                return false;
        }
    }
    return true;
}

static bool naive_inter(const struct naive *c, const struct naive_pod *p,
                        node_id n)
{
    return naive_near(c, p, n) && naive_apart(c, p, n);
}

/* Points that a's preferred terms give for b, where b (or a) is on `at` and
 * the node to be scored is n. */
static int64_t naive_prefers(const struct naive *c, const struct naive_pod *a,
                             const struct naive_pod *b, node_id at, node_id n,
                             const struct pod_affinity *terms, int sign,
                             bool *any)
{
    int64_t sum = 0;

    for (size_t t = 0; t < terms->preferred_count; t++) {
        const struct preferred_pod_term *p = &terms->preferred[t];

        if (!naive_means(a, &p->term, b) ||
            !naive_label(c, at, p->term.topology_key))
            continue;
        *any = true;
        if (naive_together(c, at, n, p->term.topology_key))
            sum += sign * p->weight;
    }
    return sum;
}

static int64_t naive_required(const struct naive *c, const struct naive_pod *p,
                              const struct naive_pod *q, node_id n, bool *any)
{
    int64_t sum = 0;

    for (size_t t = 0;
         t < q->t->near.required_count && c->config->hard_affinity_weight > 0;
         t++) {
        const struct pod_affinity_term *term = &q->t->near.required[t];

        if (!naive_means(q, term, p) ||
            !naive_label(c, q->node, term->topology_key))
            continue;
        *any = true;
        if (naive_together(c, q->node, n, term->topology_key))
            sum += c->config->hard_affinity_weight;
    }
    return sum;
}

static int64_t naive_points(const struct naive *c, const struct naive_pod *p,
                            node_id n, bool *any)
{
    int64_t sum = 0;

    for (size_t i = 0; i < NAIVE_PODS; i++) {
        const struct naive_pod *q = &c->pods[i];

        if (!naive_counts(c, q))
            continue;
        sum += naive_prefers(c, p, q, q->node, n, &p->t->near, 1, any);
        sum += naive_prefers(c, p, q, q->node, n, &p->t->apart, -1, any);
        sum += naive_prefers(c, q, p, q->node, n, &q->t->near, 1, any);
        sum += naive_prefers(c, q, p, q->node, n, &q->t->apart, -1, any);
        sum += naive_required(c, p, q, n, any);
    }
    return sum;
}

static bool naive_inter_score(const struct naive *c, const struct naive_pod *p,
                              const node_id *nodes, size_t count,
                              int64_t *scores)
{
    int64_t least = INT64_MAX, most = INT64_MIN;
    bool any = false;

    if (c->config->ignore_preferred && p->t->near.preferred_count == 0 &&
        p->t->apart.preferred_count == 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        scores[i] = naive_points(c, p, nodes[i], &any);
        least = scores[i] < least ? scores[i] : least;
        most = scores[i] > most ? scores[i] : most;
    }
    for (size_t i = 0; i < count; i++)
        scores[i] = most == least
                        ? 0
                        : (int64_t)(100 * ((double)(scores[i] - least) /
                                           (double)(most - least)));
    return any;
}

/* --- others --- */

static void naive_normalize(int64_t *scores, size_t count, bool reverse)
{
    int64_t most = 0;

    for (size_t i = 0; i < count; i++)
        most = scores[i] > most ? scores[i] : most;
    for (size_t i = 0; i < count; i++) {
        int64_t x = most ? scores[i] * 100 / most : scores[i];

        scores[i] = reverse ? 100 - x : x;
    }
}

static bool naive_taint_score(const struct naive *c, const struct naive_pod *p,
                              const node_id *nodes, size_t count,
                              int64_t *scores)
{
    for (size_t i = 0; i < count; i++) {
        const struct naive_node *n = &c->nodes[nodes[i]];

        scores[i] = 0;
        for (size_t k = 0; k < n->taint_count; k++)
            scores[i] +=
                taints_untolerated(&n->taints[k], 1, p->t->tolerations,
                                   p->t->toleration_count,
                                   1U << TAINT_PREFER_NO_SCHEDULE) != NULL;
    }
    naive_normalize(scores, count, true);
    return true;
}

static bool naive_affinity_score(const struct naive *c,
                                 const struct naive_pod *p,
                                 const node_id *nodes, size_t count,
                                 int64_t *scores)
{
    const struct node_affinity *both[] = {&p->t->affinity,
                                          c->config->added_affinity};
    bool any = false;

    for (size_t i = 0; i < count; i++) {
        scores[i] = 0;
        for (size_t b = 0; b < 2; b++) {
            for (size_t k = 0; both[b] && k < both[b]->preferred_count; k++) {
                const struct preferred_node_term *t = &both[b]->preferred[k];

                any = true;
                if (node_term_matches(&t->term, &c->nodes[nodes[i]].spec))
                    scores[i] += t->weight;
            }
        }
    }
    naive_normalize(scores, count, false);
    return any;
}

static bool naive_fit_score(const struct naive *c, const struct naive_pod *p,
                            const node_id *nodes, size_t count, int64_t *scores)
{
    for (size_t i = 0; i < count; i++) {
        int64_t sum = 0, weights = 0;

        for (size_t r = 0; r < c->config->resource_count; r++) {
            const struct resource_ref *ref = &c->config->resources[r];
            int64_t all =
                resource_get(&c->nodes[nodes[i]].spec.allocatable, ref);
            int64_t used = naive_used(c, p, nodes[i], ref, true, true);
            bool least = c->config->strategy == SCORE_LEAST_ALLOCATED;

            if (all == 0 || (ref->kind == RES_EXTENDED &&
                             resource_get(&p->t->requests, ref) == 0))
                continue;
            if (least)
                used = used > all ? all : used;
            sum += ref->weight * (least        ? (all - used) * 100 / all
                                  : used > all ? 100
                                               : used * 100 / all);
            weights += ref->weight;
        }
        scores[i] = weights ? sum / weights : 0;
    }
    return true;
}

static int64_t naive_balance(const struct naive *c, const struct naive_pod *p,
                             node_id n, bool with)
{
    double shares[8], mean = 0, squares = 0;
    size_t count = 0;

    for (size_t r = 0; r < c->config->balanced_count; r++) {
        const struct resource_ref *ref = &c->config->balanced[r];
        int64_t all = resource_get(&c->nodes[n].spec.allocatable, ref);
        int64_t used = naive_used(c, p, n, ref, false, with);

        if (all == 0 || (ref->kind == RES_EXTENDED &&
                         resource_get(&p->t->requests, ref) == 0))
            continue;
        shares[count] = fmin(1, (double)used / (double)all);
        mean += shares[count++];
    }
    if (count < 2)
        return 100;
    if (count == 2)
        return (int64_t)((1 - fabs((shares[0] - shares[1]) / 2)) * 100);
    mean /= (double)count;
    for (size_t i = 0; i < count; i++)
        squares += (shares[i] - mean) * (shares[i] - mean);
    return (int64_t)((1 - sqrt(squares / (double)count)) * 100);
}

static bool naive_balance_score(const struct naive *c,
                                const struct naive_pod *p, const node_id *nodes,
                                size_t count, int64_t *scores)
{
    bool asks = false;

    for (size_t r = 0; r < c->config->balanced_count; r++)
        asks |= resource_get(&p->t->requests, &c->config->balanced[r]) > 0;
    for (size_t i = 0; i < count; i++) {
        int64_t with = naive_balance(c, p, nodes[i], true);

        scores[i] =
            c->config->balanced_change
                ? 50 + (50 + with - naive_balance(c, p, nodes[i], false)) / 2
                : with;
    }
    return asks || !c->config->balanced_skips_best_effort;
}

/* One image only, of one size wherever it is. */
static bool naive_image_score(const struct naive *c, const struct naive_pod *p,
                              const node_id *nodes, size_t count,
                              int64_t *scores)
{
    const int64_t least = INT64_C(23) << 20, most = INT64_C(1000) << 20;
    int64_t all = 0, have = 0, named = 0;

    for (node_id n = 0; n < NAIVE_NODES; n++) {
        all += c->nodes[n].there;
        have += c->nodes[n].there && c->nodes[n].image > 0;
    }
    for (size_t k = 0; k < p->t->container_count; k++)
        named += naive_same(p->t->containers[k].image, c->image_name);
    for (size_t i = 0; i < count; i++) {
        int64_t size = c->nodes[nodes[i]].image, top;
        int64_t sum =
            named * (int64_t)((double)size * ((double)have / (double)all));

        top = most * (int64_t)p->t->container_count;
        sum = sum < least ? least : sum > top ? top : sum;
        scores[i] = 100 * (sum - least) / (top - least);
    }
    return named > 0;
}

static const struct naive_plugin {
    const char *name;
    naive_filter *filter;
    naive_score *score;
} naive_plugins[] = {
    {"NodeUnschedulable", naive_unschedulable, NULL},
    {"NodeName", naive_node_name, NULL},
    {"TaintToleration", naive_tolerates, naive_taint_score},
    {"NodeAffinity", naive_node_affinity, naive_affinity_score},
    {"NodePorts", naive_ports, NULL},
    {"NodeResourcesFit", naive_fits, naive_fit_score},
    {"PodTopologySpread", naive_spread, naive_spread_score},
    {"InterPodAffinity", naive_inter, naive_inter_score},
    {"NodeResourcesBalancedAllocation", NULL, naive_balance_score},
    {"ImageLocality", NULL, naive_image_score},
};

#endif
