/*
 * naive_scheduler - the scheduler's filters and scores by looking at every pod
 * and every node each time, straight from the rules (Kubernetes
 * pkg/scheduler/framework/plugins): no classes, no sums, no caches. What labels
 * select and what taints keep off is asked of models/select.h.
 */
#ifndef TESTS_UNIT_NAIVE_SCHEDULER_H
#define TESTS_UNIT_NAIVE_SCHEDULER_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/scheduler/framework.h"
#include "models/select.h"

enum { NAIVE_NODES = 24, NAIVE_PODS = 160, NAIVE_SERVICES = 2 };
#define HOSTNAME "kubernetes.io/hostname"

struct naive_node {
    bool there, unschedulable;
    struct node_spec spec;
    size_t taint_count;
    struct taint taints[3];
    int64_t image; /* size of the image that it has; 0: none */
};

struct naive_pod {
    bool there, terminating;
    size_t kind;                  /* the test's */
    const struct pod_template *t; /* labels with its template's hash: */
    struct labels labels;
    const char *space;
    const struct selector *owner; /* NULL: none */
    const char *hash;             /* NULL: not a Deployment's */
    size_t service_count;
    const struct selector *services[NAIVE_SERVICES];
    node_id node;
};

struct naive {
    const struct scheduler_config *config;
    struct naive_node nodes[NAIVE_NODES];
    struct naive_pod pods[NAIVE_PODS];
    const char *image_name;
};

typedef bool naive_filter(const struct naive *c, const struct naive_pod *p,
                          node_id n);
/* False: no say. */
typedef bool naive_score(const struct naive *c, const struct naive_pod *p,
                         const node_id *nodes, size_t count, int64_t *scores);

static const char *naive_label(const struct naive *c, node_id n,
                               const char *key)
{
    return labels_get(&c->nodes[n].spec.labels, key);
}

static bool naive_same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* --- one node alone --- */

static bool naive_unschedulable(const struct naive *c,
                                const struct naive_pod *p, node_id n)
{
    static const struct taint taint = {"node.kubernetes.io/unschedulable", "",
                                       TAINT_NO_SCHEDULE};

    return !c->nodes[n].unschedulable ||
           !taints_untolerated(&taint, 1, p->t->tolerations,
                               p->t->toleration_count, 1U << TAINT_NO_SCHEDULE);
}

static bool naive_node_name(const struct naive *c, const struct naive_pod *p,
                            node_id n)
{
    return !p->t->node_name ||
           strcmp(p->t->node_name, c->nodes[n].spec.name) == 0;
}

static bool naive_tolerates(const struct naive *c, const struct naive_pod *p,
                            node_id n)
{
    return !taints_untolerated(c->nodes[n].taints, c->nodes[n].taint_count,
                               p->t->tolerations, p->t->toleration_count,
                               1U << TAINT_NO_SCHEDULE |
                                   1U << TAINT_NO_EXECUTE);
}

static bool naive_node_affinity(const struct naive *c,
                                const struct naive_pod *p, node_id n)
{
    return pod_affinity_matches(p->t, &c->nodes[n].spec) &&
           (!c->config->added_affinity ||
            node_affinity_matches(c->config->added_affinity,
                                  &c->nodes[n].spec));
}

static bool naive_ports(const struct naive *c, const struct naive_pod *p,
                        node_id n)
{
    for (size_t i = 0; i < NAIVE_PODS; i++) {
        const struct naive_pod *q = &c->pods[i];

        if (q->there && q->node == n && host_ports_collide(p->t, q->t))
            return false;
    }
    return true;
}

/* What pods on the node request, with p. scored: with defaults. */
static int64_t naive_used(const struct naive *c, const struct naive_pod *p,
                          node_id n, const struct resource_ref *ref,
                          bool scored, bool with)
{
    int64_t sum = 0;

    for (size_t i = 0; i <= NAIVE_PODS; i++) {
        const struct naive_pod *q = i < NAIVE_PODS ? &c->pods[i] : p;

        if (i < NAIVE_PODS ? !q->there || q->node != n : !with)
            continue;
        if (scored && ref->kind == RES_CPU)
            sum += q->t->scored_cpu;
        else if (scored && ref->kind == RES_MEMORY)
            sum += q->t->scored_memory;
        else
            sum +=
                ref->kind == RES_PODS ? 1 : resource_get(&q->t->requests, ref);
    }
    return sum;
}

static bool naive_fits(const struct naive *c, const struct naive_pod *p,
                       node_id n)
{
    static const char *const names[] = {"cpu", "memory", "ephemeral-storage",
                                        "pods", "example.com/gpu"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct resource_ref ref = resource_ref_make(names[i], 1);
        int64_t wanted =
            ref.kind == RES_PODS ? 1 : resource_get(&p->t->requests, &ref);

        if (wanted > 0 && naive_used(c, p, n, &ref, false, true) >
                              resource_get(&c->nodes[n].spec.allocatable, &ref))
            return false;
    }
    return true;
}

/* --- topology spread --- */

struct naive_constraint {
    const struct spread_constraint *spec;
    bool is_default;
};

static size_t naive_constraints(const struct naive *c,
                                const struct naive_pod *p, bool soft,
                                struct naive_constraint out[4])
{
    static const struct spread_constraint system[] = {
        {.max_skew = 3,
         .topology_key = HOSTNAME,
         .schedule_anyway = true,
         .honor_node_affinity = true},
        {.max_skew = 5,
         .topology_key = "topology.kubernetes.io/zone",
         .schedule_anyway = true,
         .honor_node_affinity = true}};
    bool defaults = p->t->spread_count == 0;
    const struct spread_constraint *from = p->t->spread;
    size_t total = p->t->spread_count, count = 0;

    if (defaults) {
        from = c->config->spread ? c->config->spread : system;
        total = c->config->spread ? c->config->spread_count : 2;
        if (!p->owner && p->service_count == 0)
            total = 0;
    }
    for (size_t i = 0; i < total; i++) {
        if (from[i].schedule_anyway == soft)
            out[count++] = (struct naive_constraint){&from[i], defaults};
    }
    return count;
}

/* helper.DefaultSelector. */
static bool naive_default_selects(const struct naive_pod *p,
                                  const struct naive_pod *q)
{
    for (size_t i = 0; i < p->service_count; i++) {
        if (!selector_matches(p->services[i], &q->labels))
            return false;
    }
    return (!p->owner || selector_matches(p->owner, &q->labels)) &&
           (!p->hash ||
            naive_same(p->hash, labels_get(&q->labels, "pod-template-hash")));
}

static bool naive_selects(const struct naive *c, const struct naive_pod *p,
                          const struct naive_constraint *k,
                          const struct naive_pod *q)
{
    if (k->is_default)
        return naive_default_selects(p, q);
    if (!k->spec->selector_given ||
        !selector_matches(&k->spec->selector, &q->labels))
        return false;
    for (size_t i = 0;
         c->config->match_label_keys && i < k->spec->label_key_count; i++) {
        const char *key = k->spec->label_keys[i];
        const char *own = labels_get(&p->labels, key);

        if (own && !naive_same(own, labels_get(&q->labels, key)))
            return false;
    }
    return true;
}

/* An empty selector matches any pod, but counts none
 * (countPodsMatchSelector). */
static bool naive_selector_empty(const struct naive *c,
                                 const struct naive_pod *p,
                                 const struct naive_constraint *k)
{
    if (k->is_default || !k->spec->selector_given ||
        k->spec->selector.count > 0 || k->spec->selector.nothing)
        return false;
    for (size_t i = 0;
         c->config->match_label_keys && i < k->spec->label_key_count; i++) {
        if (labels_get(&p->labels, k->spec->label_keys[i]))
            return false;
    }
    return true;
}

static int64_t naive_count(const struct naive *c, const struct naive_pod *p,
                           const struct naive_constraint *k, node_id n)
{
    int64_t count = 0;

    for (size_t i = 0; i < NAIVE_PODS && !naive_selector_empty(c, p, k); i++) {
        const struct naive_pod *q = &c->pods[i];

        count += q->there && q->node == n && !q->terminating &&
                 strcmp(q->space, p->space) == 0 && naive_selects(c, p, k, q);
    }
    return count;
}

static bool naive_included(const struct naive *c, const struct naive_pod *p,
                           const struct naive_constraint *k, node_id n)
{
    if (!c->config->inclusion_policies)
        return pod_affinity_matches(p->t, &c->nodes[n].spec);
    return (!k->spec->honor_node_affinity ||
            pod_affinity_matches(p->t, &c->nodes[n].spec)) &&
           (!k->spec->honor_node_taints || naive_tolerates(c, p, n));
}

static bool naive_has_keys(const struct naive *c,
                           const struct naive_constraint *k, size_t count,
                           node_id n)
{
    for (size_t i = 0; i < count; i++) {
        if (!naive_label(c, n, k[i].spec->topology_key))
            return false;
    }
    return true;
}

/* Pods in the domain of n; *least: in the domain with the fewest. */
static int64_t naive_matching(const struct naive *c, const struct naive_pod *p,
                              const struct naive_constraint *all, size_t count,
                              const struct naive_constraint *k, node_id n,
                              int64_t *least)
{
    int64_t by_node[NAIVE_NODES] = {0}, mine = 0;
    const char *key = k->spec->topology_key, *of[NAIVE_NODES] = {0};
    int domains = 0;

    *least = INT32_MAX;
    for (node_id i = 0; i < NAIVE_NODES; i++) {
        if (!c->nodes[i].there || !naive_has_keys(c, all, count, i) ||
            !naive_included(c, p, k, i))
            continue;
        of[i] = naive_label(c, i, key);
        by_node[i] = naive_count(c, p, k, i);
    }
    for (node_id i = 0; i < NAIVE_NODES; i++) {
        int64_t sum = 0;
        bool first = of[i] != NULL;

        for (node_id j = 0; j < NAIVE_NODES && of[i]; j++) {
            sum += naive_same(of[i], of[j]) ? by_node[j] : 0;
            first &= j >= i || !naive_same(of[i], of[j]);
        }
        domains += first;
        if (of[i] && sum < *least)
            *least = sum;
        if (naive_same(of[i], naive_label(c, n, key)))
            mine = sum;
    }
    if (domains < (k->spec->min_domains ? k->spec->min_domains : 1))
        *least = 0;
    return mine;
}

static bool naive_spread(const struct naive *c, const struct naive_pod *p,
                         node_id n)
{
    struct naive_constraint k[4];
    size_t count = naive_constraints(c, p, false, k);

    for (size_t i = 0; i < count; i++) {
        int64_t least, mine = naive_matching(c, p, k, count, &k[i], n, &least);

        if (!naive_label(c, n, k[i].spec->topology_key) ||
            mine + naive_selects(c, p, &k[i], p) - least > k[i].spec->max_skew)
            return false;
    }
    return true;
}

/* Pods of the domain of n, on nodes that count; and how many domains the
 * candidates have. */
static double naive_spread_part(const struct naive *c,
                                const struct naive_pod *p, bool require,
                                const struct naive_constraint *all,
                                size_t constraints, size_t i,
                                const node_id *nodes, size_t count, node_id n)
{
    const struct naive_constraint *k = &all[i];
    const char *key = k->spec->topology_key;
    bool by_host = strcmp(key, HOSTNAME) == 0;
    size_t size = 0;
    int64_t sum = 0;

    for (size_t a = 0; a < count; a++) {
        bool first = true;
        const char *value = naive_label(c, nodes[a], key);

        if (require && !naive_has_keys(c, all, constraints, nodes[a]))
            continue;
        for (size_t b = 0; b < a && !by_host; b++) {
            const char *other = naive_label(c, nodes[b], key);

            if (require && !naive_has_keys(c, all, constraints, nodes[b]))
                continue;
            first &= value ? !naive_same(value, other) : other != NULL;
        }
        size += first;
    }
    if (by_host)
        sum = naive_count(c, p, k, n);
    for (node_id j = 0; j < NAIVE_NODES && !by_host; j++) {
        if (c->nodes[j].there && naive_included(c, p, k, j) &&
            (!require || naive_has_keys(c, all, constraints, j)) &&
            naive_same(naive_label(c, j, key), naive_label(c, n, key)))
            sum += naive_count(c, p, k, j);
    }
    return (double)sum * log((double)size + 2) +
           (double)(k->spec->max_skew - 1);
}

static bool naive_spread_score(const struct naive *c, const struct naive_pod *p,
                               const node_id *nodes, size_t count,
                               int64_t *scores)
{
    struct naive_constraint k[4];
    size_t constraints = naive_constraints(c, p, true, k);
    bool require = p->t->spread_count > 0 || c->config->spread;
    int64_t least = INT64_MAX, most = 0;

    for (size_t i = 0; constraints == 0 && i < count; i++)
        scores[i] = 100;
    if (constraints == 0)
        return c->config->spread_always;
    for (size_t i = 0; i < count; i++) {
        double sum = 0;

        scores[i] = -1;
        if (require && !naive_has_keys(c, k, constraints, nodes[i]))
            continue;
        for (size_t j = 0; j < constraints; j++) {
            if (naive_label(c, nodes[i], k[j].spec->topology_key))
                sum += naive_spread_part(c, p, require, k, constraints, j,
                                         nodes, count, nodes[i]);
        }
        scores[i] = (int64_t)round(sum);
        least = scores[i] < least ? scores[i] : least;
        most = scores[i] > most ? scores[i] : most;
    }
    for (size_t i = 0; i < count; i++)
        scores[i] = scores[i] < 0 ? 0
                    : most == 0   ? 100
                                  : 100 * (most + least - scores[i]) / most;
    return true;
}

#endif
