#include "models/scheduler/spread.h"

#include <stdlib.h>
#include <string.h>

#include "models/select.h"

static const struct spread_constraint system_defaults[] = {
    {.max_skew = 3,
     .topology_key = "kubernetes.io/hostname",
     .schedule_anyway = true,
     .honor_node_affinity = true},
    {.max_skew = 5,
     .topology_key = "topology.kubernetes.io/zone",
     .schedule_anyway = true,
     .honor_node_affinity = true},
};
enum { DEFAULT_COUNT = sizeof system_defaults / sizeof system_defaults[0] };

static void clear(struct spread_class *sc)
{
    for (size_t i = 0; i < sc->count; i++)
        VEC_FREE(sc->items[i].matches);
    for (size_t i = 0; i < sc->count; i++)
        VEC_FREE(sc->items[i].domains);
    free(sc->items);
    sc->items = NULL;
    sc->count = 0;
    sc->found = 0;
    sc->services.count = 0;
}

#define HASH_KEY "pod-template-hash"

/* --- which pods count --- */

static bool same_hash(const struct pod_class *a, const struct pod_class *b)
{
    return b->hashed && a->template->hash == b->template->hash;
}

/* helper.DefaultSelector: the selectors of all Services that select the pod
 * and of its owner, together. */
static bool default_matches(const struct pod_class *own,
                            const struct pod_class *other)
{
    const struct labels *labels = &other->template->labels;

    if (own->hashed && !same_hash(own, other))
        return false;
    for (size_t i = 0; i < own->services.count; i++) {
        if (!selector_matches(own->services.items[i], labels))
            return false;
    }
    return !own->owner || selector_matches(own->owner, labels);
}

/* matchLabelKeys: the incoming pod's values are added to the selector.
 * pod-template-hash is a label that only ReplicaSets' controllers write. */
static bool keys_match(const struct spread_constraint *c,
                       const struct pod_class *own,
                       const struct pod_class *other)
{
    for (size_t i = 0; i < c->label_key_count; i++) {
        const char *key = c->label_keys[i];
        const char *value = labels_get(&own->template->labels, key);
        const char *theirs = labels_get(&other->template->labels, key);

        if (value && (!theirs || strcmp(value, theirs) != 0))
            return false;
        if (!value && own->hashed && strcmp(key, HASH_KEY) == 0 &&
            !same_hash(own, other))
            return false;
    }
    return true;
}

static bool class_matches(const struct cycle *c, const struct constraint *k,
                          const struct pod_class *own,
                          const struct pod_class *other)
{
    if (k->bits & ~other->bits)
        return false;
    if (own->space != other->space && strcmp(own->space, other->space) != 0)
        return false;
    if (k->is_default)
        return default_matches(own, other);
    return k->spec->selector_given &&
           selector_matches(&k->spec->selector, &other->template->labels) &&
           (!c->config->match_label_keys || keys_match(k->spec, own, other));
}

/* All classes of Deployments' pods that can match: those of its hash. */
static void refresh_by_hash(struct constraint *k, const struct cycle *c)
{
    const struct pod_class *other =
        framework_class_hashed(c->framework, c->class->template->hash);

    k->matches.count = 0;
    for (; other; other = other->next_hashed) {
        if (class_matches(c, k, c->class, other))
            VEC_PUSH(k->matches, other->id);
    }
}

/* A selector that asks for nothing matches the pod itself, but no pods are
 * counted for it (common.go countPodsMatchSelector). */
static bool counts_none(const struct constraint *k, const struct cycle *c)
{
    const struct spread_constraint *spec = k->spec;
    const struct pod_class *own = c->class;

    if (k->is_default || !spec->selector_given || spec->selector.nothing ||
        spec->selector.count > 0)
        return false;
    for (size_t i = 0; c->config->match_label_keys && i < spec->label_key_count;
         i++) {
        const char *key = spec->label_keys[i];

        if (labels_get(&own->template->labels, key) ||
            (own->hashed && strcmp(key, HASH_KEY) == 0))
            return false;
    }
    return true;
}

void constraint_refresh(struct constraint *k, const struct cycle *c)
{
    uint32_t count = framework_class_count(c->framework);
    size_t kept = 0;

    if (k->scanned == count || counts_none(k, c))
        return;
    if (k->is_default && c->class->hashed) {
        refresh_by_hash(k, c);
        k->scanned = count;
        return;
    }
    for (size_t i = 0; i < k->matches.count; i++) {
        if (framework_class_at(c->framework, k->matches.items[i]))
            k->matches.items[kept++] = k->matches.items[i];
    }
    k->matches.count = kept;
    for (; k->scanned < count; k->scanned++) {
        const struct pod_class *other =
            framework_class_at(c->framework, k->scanned);

        if (other && class_matches(c, k, c->class, other))
            VEC_PUSH(k->matches, k->scanned);
    }
}

int64_t constraint_count_on(const struct constraint *k, const struct cycle *c,
                            node_id node)
{
    int64_t sum = 0;

    for (size_t i = 0; i < k->matches.count; i++) {
        const struct pod_class *other =
            framework_class_at(c->framework, k->matches.items[i]);

        if (other)
            sum += node_counts_get(&other->live, node);
    }
    return sum;
}

/* --- the constraints of a class --- */

/* What class_matches asks for. */
static uint64_t bits_of(const struct constraint *k, const struct pod_class *own)
{
    uint64_t bits = 0;

    if (!k->is_default)
        return k->spec->selector_given ? selector_bits(&k->spec->selector) : 0;
    for (size_t i = 0; i < own->services.count; i++)
        bits |= selector_bits(own->services.items[i]);
    return own->owner ? bits | selector_bits(own->owner) : bits;
}

static void build(struct spread_class *sc, const struct cycle *c,
                  struct topologies *topologies)
{
    const struct pod_class *class = c->class;
    const struct pod_template *t = class->template;
    bool defaults = t->spread_count == 0;
    const struct spread_constraint *from = !defaults ? t->spread
                                           : c->config->spread
                                               ? c->config->spread
                                               : system_defaults;

    clear(sc);
    sc->made = true;
    for (size_t i = 0; i < class->services.count; i++)
        VEC_PUSH(sc->services, class->services.items[i]);
    sc->require_all = !defaults || c->config->spread;
    if (!defaults)
        sc->count = t->spread_count;
    else if (c->config->default_spread &&
             (class->owner || class->services.count > 0))
        sc->count = c->config->spread ? c->config->spread_count : DEFAULT_COUNT;
    sc->items = mem_calloc(sc->count, sizeof *sc->items);
    for (size_t i = 0; i < sc->count; i++) {
        struct constraint *k = &sc->items[i];

        k->spec = &from[i];
        k->is_default = defaults;
        k->bits = bits_of(k, class);
        k->topology =
            topologies_find(topologies, c->framework, from[i].topology_key);
        k->self = class_matches(c, k, class, class);
    }
}

static bool services_changed(const struct spread_class *sc,
                             const struct pod_class *class)
{
    return sc->services.count != class->services.count ||
           (sc->services.count > 0 &&
            memcmp(sc->services.items, class->services.items,
                   sc->services.count * sizeof *sc->services.items) != 0);
}

void spread_class_refresh(struct spread_class *sc, const struct cycle *c,
                          struct topologies *topologies)
{
    if (!sc->made || services_changed(sc, c->class))
        build(sc, c, topologies);
}

void spread_class_free(struct spread_class *sc)
{
    clear(sc);
    VEC_FREE(sc->services);
    for (size_t i = 0; i < sc->sums.count; i++)
        VEC_FREE(sc->sums.items[i].by_domain);
    VEC_FREE(sc->sums);
    free(sc);
}

/* --- what may help --- */

static bool node_has_keys(const struct spread_class *sc,
                          const struct labels *labels)
{
    for (size_t i = 0; i < sc->count; i++) {
        const struct spread_constraint *spec = sc->items[i].spec;

        if (!spec->schedule_anyway && !labels_get(labels, spec->topology_key))
            return false;
    }
    return true;
}

/* A key that both have has another value. */
static bool moved(const struct spread_class *sc, const struct labels *a,
                  const struct labels *b)
{
    for (size_t i = 0; i < sc->count; i++) {
        const struct spread_constraint *spec = sc->items[i].spec;
        const char *key = spec->topology_key;

        if (!spec->schedule_anyway &&
            strcmp(labels_get(a, key), labels_get(b, key)) != 0)
            return true;
    }
    return false;
}

static bool node_helps(const struct spread_class *sc,
                       const struct node_info *now,
                       const struct node_info *before)
{
    bool has = node_has_keys(sc, &now->spec->labels);

    if (!before || has != node_has_keys(sc, &before->spec->labels))
        return has || before;
    return has && (moved(sc, &now->spec->labels, &before->spec->labels) ||
                   !taints_equal(now->taints.items, now->taints.count,
                                 before->taints.items, before->taints.count));
}

bool spread_class_helps(const struct spread_class *sc, const struct cycle *c,
                        const struct cluster_change *change)
{
    if (!change->pod)
        return node_helps(sc, &c->nodes[change->node], change->before);
    for (size_t i = 0; i < sc->count; i++) {
        if (!sc->items[i].spec->schedule_anyway &&
            class_matches(c, &sc->items[i], c->class, change->pod))
            return true;
    }
    return false;
}

/* --- sums by domain --- */

static void add_to(struct domain_sums *sums, uint32_t domain, int64_t delta)
{
    if (domain == NO_DOMAIN)
        return;
    while (sums->by_domain.count <= domain)
        VEC_PUSH(sums->by_domain, 0);
    sums->by_domain.items[domain] += delta;
}

static void make_sums(struct domain_sums *sums, const struct pod_class *class,
                      const struct framework *f, const struct topology *t)
{
    sums->generation = framework_generation(f);
    sums->by_domain.count = 0;
    for (uint32_t e = 0; e < class->live.room; e++) {
        const struct node_count *on = &class->live.slots[e];

        if (on->node != NO_ID && on->count > 0 &&
            framework_node(f, on->node)->present)
            add_to(sums, topology_domain(t, on->node), on->count);
    }
}

const int64_t *spread_class_sums(void **data, const struct pod_class *class,
                                 const struct framework *f,
                                 const struct topologies *topologies,
                                 size_t topology, size_t *count)
{
    struct spread_class *sc = *data;
    struct domain_sums *sums;

    if (!sc)
        sc = *data = mem_zalloc(sizeof *sc);
    while (sc->sums.count <= topology)
        VEC_PUSH(sc->sums, (struct domain_sums){0});
    sums = &sc->sums.items[topology];
    if (sums->generation != framework_generation(f))
        make_sums(sums, class, f, &topologies->items.items[topology]);
    *count = sums->by_domain.count;
    return sums->by_domain.items;
}

/* A node that came since is in no sum, nor is one that the topologies have
 * not looked at yet: another generation makes them anew. */
void spread_class_count(struct spread_class *sc,
                        const struct topologies *topologies, node_id node,
                        int delta)
{
    for (size_t i = 0; i < sc->sums.count; i++) {
        if (sc->sums.items[i].generation == topologies->generation)
            add_to(&sc->sums.items[i],
                   topology_domain(&topologies->items.items[i], node), delta);
    }
}
