/*
 * pod_topology_spread - spreads like pods over domains: as a condition
 * (DoNotSchedule) and as a preference (ScheduleAnyway). Pods that say
 * nothing of it are spread over nodes (maxSkew 3) and zones (maxSkew 5)
 * with those of the same Services and ReplicaSet
 * (plugins/podtopologyspread: common.go, filtering.go, scoring.go, plugin.go;
 * plugins/helper/spread.go).
 *
 * Pods are counted by class and node as they come and go; a cycle adds up
 * the classes that a constraint's selector matches, by domain.
 */
#include <math.h>

#include "models/scheduler/framework.h"
#include "models/scheduler/spread.h"
#include "models/select.h"

/* Counts by domain of one constraint in one cycle. */
struct domain_counts {
    VEC_OF(struct domain_count {
        uint64_t epoch; /* older: not a domain in this cycle */
        int64_t count;
    })
    items;
    int64_t minimum;
    double weight;
};

struct spread {
    const struct framework *framework;
    size_t plugin;
    struct topologies topologies;
    uint64_t epoch;
    VEC_OF(struct domain_counts) counts; /* by index of the constraint */
    struct spread_class *class;          /* of this cycle */
};

static void init(void *state, struct framework *f)
{
    struct spread *s = state;

    s->framework = f;
    s->plugin = framework_plugin_index(&scheduler_pod_topology_spread);
}

static void release(void *state)
{
    struct spread *s = state;

    topologies_release(&s->topologies);
    for (size_t i = 0; i < s->counts.count; i++)
        VEC_FREE(s->counts.items[i].items);
    VEC_FREE(s->counts);
}

static void forget(void *state, struct pod_class *class, void *data)
{
    (void)state;
    (void)class;
    spread_class_free(data);
}

/* Sets s->class for the cycle. */
static void begin(struct spread *s, const struct cycle *c)
{
    void **data = &c->class->data[s->plugin];

    if (!*data)
        *data = mem_zalloc(sizeof(struct spread_class));
    s->class = *data;
    spread_class_refresh(s->class, c, &s->topologies);
    while (s->counts.count < s->class->count)
        VEC_PUSH(s->counts, (struct domain_counts){0});
    topologies_refresh(&s->topologies, c->framework);
    s->epoch++;
}

static bool has_any(const struct spread_class *sc, bool soft)
{
    for (size_t i = 0; i < sc->count; i++) {
        if (sc->items[i].spec->schedule_anyway == soft)
            return true;
    }
    return false;
}

static const struct topology *topology_of(const struct spread *s,
                                          const struct constraint *k)
{
    return &s->topologies.items.items[k->topology];
}

/* The node has the labels of all constraints of this kind. */
static bool has_keys(const struct spread *s, bool soft, node_id node)
{
    for (size_t i = 0; i < s->class->count; i++) {
        const struct constraint *k = &s->class->items[i];

        if (k->spec->schedule_anyway == soft &&
            topology_domain(topology_of(s, k), node) == NO_DOMAIN)
            return false;
    }
    return true;
}

/* nodeAffinityPolicy and nodeTaintsPolicy: whether the node counts. */
static bool counts_node(const struct cycle *c, const struct constraint *k,
                        node_id node)
{
    const struct node_info *n = &c->nodes[node];
    const struct pod_template *t = c->class->template;
    bool by_taints =
        c->config->inclusion_policies && k->spec->honor_node_taints;

    if (!n->present)
        return false;
    if ((!c->config->inclusion_policies || k->spec->honor_node_affinity) &&
        !pod_affinity_matches(t, n->spec))
        return false;
    return !by_taints || !taints_untolerated(
                             n->taints.items, n->taints.count, t->tolerations,
                             t->toleration_count,
                             1U << TAINT_NO_SCHEDULE | 1U << TAINT_NO_EXECUTE);
}

/* --- counts by domain --- */

static struct domain_count *domain_at(struct domain_counts *d, uint32_t domain)
{
    while (d->items.count <= domain)
        VEC_PUSH(d->items, (struct domain_count){0});
    return &d->items.items[domain];
}

/* Makes it a domain of this cycle. True: it was none yet. */
static bool mark(struct spread *s, size_t i, uint32_t domain)
{
    struct domain_count *at = domain_at(&s->counts.items[i], domain);
    bool fresh = at->epoch != s->epoch;

    if (fresh)
        *at = (struct domain_count){s->epoch, 0};
    return fresh;
}

/* Every node with the label counts: the sums by domain will do. */
static bool counts_all(const struct spread *s, const struct cycle *c,
                       const struct constraint *k, bool soft)
{
    const struct pod_template *t = c->class->template;

    return t->node_selector.count == 0 && !t->affinity.present &&
           t->affinity.required_count == 0 &&
           !(c->config->inclusion_policies && k->spec->honor_node_taints) &&
           ((soft && !s->class->require_all) || s->class->count == 1);
}

static void add_sums(struct spread *s, const struct cycle *c, size_t i,
                     struct pod_class *other)
{
    struct domain_counts *d = &s->counts.items[i];
    size_t count;
    const int64_t *sums =
        spread_class_sums(&other->data[s->plugin], other, c->framework,
                          &s->topologies, s->class->items[i].topology, &count);

    for (size_t domain = 0; domain < count && domain < d->items.count; domain++)
        d->items.items[domain].count += sums[domain];
}

/* Node by node, where not every node counts. */
static void add_nodes(struct spread *s, const struct cycle *c, size_t i,
                      const struct pod_class *other, bool soft)
{
    const struct constraint *k = &s->class->items[i];
    struct domain_counts *d = &s->counts.items[i];

    for (uint32_t e = 0; e < other->live.room; e++) {
        const struct node_count *on = &other->live.slots[e];
        uint32_t domain;

        if (on->node == NO_ID || on->count == 0)
            continue;
        domain = topology_domain(topology_of(s, k), on->node);
        if (domain >= d->items.count ||
            d->items.items[domain].epoch != s->epoch ||
            !counts_node(c, k, on->node) ||
            ((!soft || s->class->require_all) && !has_keys(s, soft, on->node)))
            continue;
        d->items.items[domain].count += on->count;
    }
}

/* Adds up the matching pods in marked domains; what comes to others is never
 * looked at. */
static void add_up(struct spread *s, const struct cycle *c, size_t i, bool soft)
{
    struct constraint *k = &s->class->items[i];
    bool all = counts_all(s, c, k, soft);

    constraint_refresh(k, c);
    for (size_t m = 0; m < k->matches.count; m++) {
        struct pod_class *other =
            framework_class_at(c->framework, k->matches.items[m]);

        if (other && all)
            add_sums(s, c, i, other);
        else if (other)
            add_nodes(s, c, i, other, soft);
    }
}

/* --- filter --- */

static void set_minimum(struct spread *s, size_t i)
{
    struct domain_counts *d = &s->counts.items[i];
    int domains = 0;

    d->minimum = INT32_MAX;
    for (size_t k = 0; k < d->items.count; k++) {
        if (d->items.items[k].epoch != s->epoch)
            continue;
        domains++;
        if (d->items.items[k].count < d->minimum)
            d->minimum = d->items.items[k].count;
    }
    if (domains < s->class->items[i].spec->min_domains)
        d->minimum = 0;
}

/* Which domains count depends on nodes' labels alone: it is good until a node
 * comes or goes. */
static bool is_lasting(const struct spread *s, const struct cycle *c)
{
    for (size_t i = 0; i < s->class->count; i++) {
        const struct spread_constraint *spec = s->class->items[i].spec;

        if (!spec->schedule_anyway && c->config->inclusion_policies &&
            spec->honor_node_taints)
            return false;
    }
    return true;
}

/* Marks the domains of the hard constraints, node by node. */
static void find_domains(struct spread *s, const struct cycle *c)
{
    for (size_t i = 0; i < s->class->count; i++)
        s->class->items[i].domains.count = 0;
    for (size_t n = 0; n < framework_node_room(c->framework); n++) {
        if (!c->nodes[n].present || !has_keys(s, false, (node_id)n))
            continue;
        for (size_t i = 0; i < s->class->count; i++) {
            struct constraint *k = &s->class->items[i];
            uint32_t domain = topology_domain(topology_of(s, k), (node_id)n);

            if (!k->spec->schedule_anyway && counts_node(c, k, (node_id)n) &&
                mark(s, i, domain))
                VEC_PUSH(k->domains, domain);
        }
    }
}

static void mark_domains(struct spread *s, const struct cycle *c)
{
    uint64_t generation = framework_generation(c->framework) + 1;

    if (s->class->found != generation) {
        find_domains(s, c);
        s->class->found = is_lasting(s, c) ? generation : 0;
        return;
    }
    for (size_t i = 0; i < s->class->count; i++) {
        const struct constraint *k = &s->class->items[i];

        for (size_t d = 0; d < k->domains.count; d++)
            mark(s, i, k->domains.items[d]);
    }
}

static bool pre_filter(void *state, const struct cycle *c)
{
    struct spread *s = state;

    begin(s, c);
    if (!has_any(s->class, false))
        return false;
    mark_domains(s, c);
    for (size_t i = 0; i < s->class->count; i++) {
        if (!s->class->items[i].spec->schedule_anyway) {
            add_up(s, c, i, false);
            set_minimum(s, i);
        }
    }
    return true;
}

static enum filter_status filter(void *state, const struct cycle *c,
                                 node_id node, struct filter_reasons *why)
{
    static const char reason[] =
        "node(s) didn't match pod topology spread constraints";
    struct spread *s = state;

    (void)c;
    for (size_t i = 0; i < s->class->count; i++) {
        const struct constraint *k = &s->class->items[i];
        struct domain_counts *d = &s->counts.items[i];
        uint32_t domain = topology_domain(topology_of(s, k), node);
        int64_t skew = k->self - d->minimum;

        if (k->spec->schedule_anyway)
            continue;
        if (domain == NO_DOMAIN) {
            filter_refuse(why, reason, " (missing required label)");
            return FILTER_UNRESOLVABLE;
        }
        if (domain_at(d, domain)->epoch == s->epoch)
            skew += d->items.items[domain].count;
        if (skew > k->spec->max_skew) {
            filter_refuse(why, reason, "");
            return FILTER_UNSCHEDULABLE;
        }
    }
    return FILTER_SUCCESS;
}

/* --- score --- */

static bool is_ignored(const struct spread *s, node_id node)
{
    return s->class->require_all && !has_keys(s, true, node);
}

/* Marks the candidates' domains; the more there are, the more weighs a pod
 * in one of them. Nodes without a zone are a domain too. */
static void weigh(struct spread *s, size_t i, const node_id *nodes,
                  size_t count)
{
    const struct topology *t = topology_of(s, &s->class->items[i]);
    bool nowhere = false;
    size_t size = 0;

    for (size_t n = 0; n < count; n++) {
        uint32_t domain = topology_domain(t, nodes[n]);

        if (is_ignored(s, nodes[n]))
            continue;
        if (t->hostname)
            size++;
        else if (domain == NO_DOMAIN)
            nowhere = true;
        else
            size += mark(s, i, domain);
    }
    s->counts.items[i].weight = log((double)(size + nowhere) + 2);
}

static void prepare(struct spread *s, const struct cycle *c,
                    const node_id *nodes, size_t count)
{
    for (size_t i = 0; i < s->class->count; i++) {
        struct constraint *k = &s->class->items[i];

        if (!k->spec->schedule_anyway)
            continue;
        weigh(s, i, nodes, count);
        if (topology_of(s, k)->hostname)
            constraint_refresh(k, c);
        else
            add_up(s, c, i, true);
    }
}

/* The weighted number of like pods in its domains. */
static int64_t weight_of(const struct spread *s, const struct cycle *c,
                         node_id node)
{
    double sum = 0;

    for (size_t i = 0; i < s->class->count; i++) {
        const struct constraint *k = &s->class->items[i];
        const struct topology *t = topology_of(s, k);
        uint32_t domain = topology_domain(t, node);
        int64_t count;

        if (!k->spec->schedule_anyway || domain == NO_DOMAIN)
            continue;
        count = t->hostname ? constraint_count_on(k, c, node)
                            : s->counts.items[i].items.items[domain].count;
        sum += (double)count * s->counts.items[i].weight +
               (double)(k->spec->max_skew - 1);
    }
    return (int64_t)round(sum);
}

enum { IGNORED = -1 };

/* The fewer, the better: 100 for the node with the least. */
static void normalize(int64_t *scores, size_t count)
{
    int64_t least = INT64_MAX, most = 0;

    for (size_t n = 0; n < count; n++) {
        if (scores[n] == IGNORED)
            continue;
        least = scores[n] < least ? scores[n] : least;
        most = scores[n] > most ? scores[n] : most;
    }
    for (size_t n = 0; n < count; n++) {
        if (scores[n] == IGNORED)
            scores[n] = 0;
        else if (most == 0)
            scores[n] = SCORE_MAX;
        else
            scores[n] = SCORE_MAX * (most + least - scores[n]) / most;
    }
}

static bool score(void *state, const struct cycle *c, const node_id *nodes,
                  size_t count, int64_t *scores)
{
    struct spread *s = state;

    begin(s, c);
    if (!has_any(s->class, true)) {
        for (size_t n = 0; n < count; n++)
            scores[n] = SCORE_MAX;
        return c->config->spread_always;
    }
    prepare(s, c, nodes, count);
    for (size_t n = 0; n < count; n++)
        scores[n] =
            is_ignored(s, nodes[n]) ? IGNORED : weight_of(s, c, nodes[n]);
    normalize(scores, count);
    return true;
}

static bool helps(void *state, const struct cycle *c,
                  const struct cluster_change *change)
{
    const struct spread *s = state;
    const struct spread_class *sc = c->class->data[s->plugin];

    return !sc || !sc->made || spread_class_helps(sc, c, change);
}

/* Nodes that went are in no sum. */
static void counted(void *state, void *data, node_id node, int delta)
{
    const struct spread *s = state;

    if (framework_node(s->framework, node)->present)
        spread_class_count(data, &s->topologies, node, delta);
}

const struct scheduler_plugin scheduler_pod_topology_spread = {
    .name = "PodTopologySpread",
    .summary = "spreads like pods over zones and nodes",
    .weight = 2,
    .events = 1U << EVENT_NODE_ADDED | 1U << EVENT_NODE_TAINTS |
              1U << EVENT_NODE_LABELS | 1U << EVENT_NODE_GONE |
              1U << EVENT_POD_GONE | 1U << EVENT_POD_ADDED,
    .events_before = 1U << EVENT_NODE_ADDED | 1U << EVENT_NODE_LABELS |
                     1U << EVENT_NODE_GONE | 1U << EVENT_POD_GONE |
                     1U << EVENT_POD_ADDED,
    .helps = helps,
    .state_size = sizeof(struct spread),
    .init = init,
    .release = release,
    .forget = forget,
    .pre_filter = pre_filter,
    .filter = filter,
    .score = score,
    .counted = counted,
};
