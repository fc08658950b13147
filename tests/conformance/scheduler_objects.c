#include "tests/conformance/scheduler_objects.h"

#include <stdlib.h>
#include <string.h>

#include "models/loader.h"
#include "models/select.h"
#include "sim/io/units.h"

static const char *text_or_empty(struct test_case *c, struct doc_node *map,
                                 const char *key)
{
    const char *text = get_text(c, map, key);

    return text ? text : "";
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct label *)a)->key,
                  ((const struct label *)b)->key);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct extended_resource *)a)->name,
                  ((const struct extended_resource *)b)->name);
}

struct labels read_labels(struct test_case *c, struct doc_node *node)
{
    struct labels labels = {0};
    struct label *items;

    if (!node || node->count == 0)
        return labels;
    items = intern_alloc(c->intern, node->count * sizeof *items);
    for (const struct doc_node *n = node->first; n; n = n->next)
        items[labels.count++] = (struct label){intern(c->intern, n->key),
                                               intern(c->intern, n->text)};
    qsort(items, labels.count, sizeof *items, by_key);
    labels.items = items;
    return labels;
}

/* --- requests --- */

static int64_t quantity(struct test_case *c, const struct doc_node *node,
                        int64_t scale)
{
    int64_t value = 0;

    if (!units_quantity(node->text, scale, &value))
        case_fail(c, "bad quantity '%s'", node->text);
    return value;
}

static struct resources read_resources(struct test_case *c,
                                       struct doc_node *node)
{
    struct resources r = {0};
    struct extended_resource *items;

    if (!node)
        return r;
    items = intern_alloc(c->intern, (node->count + 1) * sizeof *items);
    for (const struct doc_node *n = node->first; n; n = n->next) {
        if (strcmp(n->key, "cpu") == 0)
            r.cpu = quantity(c, n, 1000);
        else if (strcmp(n->key, "memory") == 0)
            r.memory = quantity(c, n, 1);
        else if (strcmp(n->key, "ephemeral-storage") == 0)
            r.storage = quantity(c, n, 1);
        else if (strcmp(n->key, "pods") == 0)
            r.pods = quantity(c, n, 1);
        else
            items[r.count++] = (struct extended_resource){
                intern(c->intern, n->key), quantity(c, n, 1)};
    }
    qsort(items, r.count, sizeof *items, by_name);
    r.items = items;
    return r;
}

static void read_containers(struct test_case *c, struct doc_node *pod,
                            struct pod_template *t)
{
    struct doc_node *first, *init;
    size_t count = get_items(pod, "containers", &first);
    size_t init_count = get_items(pod, "initContainers", &init);
    struct container *items =
        intern_alloc(c->intern, (count + init_count + 1) * sizeof *items);

    for (; init; init = init->next) {
        const char *policy = doc_text(init, "restartPolicy");

        items[t->container_count++] = (struct container){
            .name = "init",
            .image = "",
            .init = true,
            .sidecar = policy && strcmp(policy, "Always") == 0,
            .requests = read_resources(c, doc_get(init, "requests"))};
    }
    for (; first; first = first->next)
        items[t->container_count++] = (struct container){
            .name = "main",
            .image = "",
            .requests = read_resources(c, doc_get(first, "requests"))};
    t->containers = items;
}

/*
 * Containers that ask for 0 in so many words are scored by 0, and not by the
 * default. A container has no place to say so: they ask for 1, which is
 * taken off the sum.
 */
static int64_t ask_for_one(struct test_case *c, struct doc_node *pod,
                           struct pod_template *t, const char *resource,
                           size_t offset)
{
    struct container *items = intern_copy(c->intern, t->containers,
                                          t->container_count, sizeof *items);
    static const char *const lists[] = {"initContainers", "containers"};
    struct doc_node *node;
    int64_t count = 0;
    size_t i = 0;

    for (size_t list = 0; list < 2; list++) {
        get_items(pod, lists[list], &node);
        for (; node; node = node->next, i++) {
            int64_t *asked =
                (int64_t *)(void *)((char *)&items[i].requests + offset);

            if (*asked == 0 && doc_text(doc_get(node, "requests"), resource)) {
                *asked = 1;
                count += !items[i].init || items[i].sidecar;
            }
        }
    }
    t->containers = items;
    return count;
}

static void finish(struct test_case *c, struct doc_node *pod,
                   struct pod_template *t)
{
    struct loader loader = {.intern = c->intern};
    struct pod_template explicit = *t;
    int64_t cpu =
        ask_for_one(c, pod, &explicit, "cpu", offsetof(struct resources, cpu));
    int64_t memory = ask_for_one(c, pod, &explicit, "memory",
                                 offsetof(struct resources, memory));

    loader_finish_template(&loader, t);
    loader_finish_template(&loader, &explicit);
    t->scored_cpu = explicit.scored_cpu - cpu;
    t->scored_memory = explicit.scored_memory - memory;
}

/* --- selectors --- */

static enum selector_operator read_operator(struct test_case *c,
                                            struct doc_node *node)
{
    static const char *const words[] = {"In",           "NotIn", "Exists",
                                        "DoesNotExist", "Gt",    "Lt"};
    const char *text = doc_text(node, "operator");

    for (size_t i = 0; text && i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i]) == 0)
            return (enum selector_operator)i;
    }
    case_fail(c, "bad operator '%s'", text ? text : "");
    return SELECTOR_EXISTS;
}

static const char *const *read_texts(struct test_case *c, struct doc_node *map,
                                     const char *key, size_t *count)
{
    struct doc_node *node;
    const char **items;
    size_t i = 0;

    *count = get_items(map, key, &node);
    items = intern_alloc(c->intern, (*count + 1) * sizeof *items);
    for (; node; node = node->next)
        items[i++] = intern(c->intern, node->text);
    return items;
}

static struct requirement *read_requirements(struct test_case *c,
                                             struct doc_node *map,
                                             const char *key, size_t extra,
                                             size_t *count)
{
    struct doc_node *node;
    struct requirement *items;
    size_t i = 0;

    *count = get_items(map, key, &node);
    items = intern_alloc(c->intern, (*count + extra + 1) * sizeof *items);
    for (; node; node = node->next, i++) {
        items[i].key = get_text(c, node, "key");
        items[i].operator= read_operator(c, node);
        items[i].values = read_texts(c, node, "values", &items[i].count);
    }
    return items;
}

struct selector read_selector(struct test_case *c, struct doc_node *node)
{
    struct labels labels;
    struct requirement *items;
    struct selector s = {0};

    if (!node)
        return (struct selector){.nothing = true};
    labels = read_labels(c, doc_get(node, "matchLabels"));
    items =
        read_requirements(c, node, "matchExpressions", labels.count, &s.count);
    for (size_t i = 0; i < labels.count; i++)
        items[s.count++] =
            (struct requirement){labels.items[i].key, SELECTOR_IN, 1,
                                 intern_copy(c->intern, &labels.items[i].value,
                                             1, sizeof labels.items[i].value)};
    s.items = items;
    return s;
}

/* --- affinity --- */

static struct node_selector_term read_term(struct test_case *c,
                                           struct doc_node *node)
{
    struct node_selector_term term;

    term.expressions = read_requirements(c, node, "matchExpressions", 0,
                                         &term.expression_count);
    term.fields =
        read_requirements(c, node, "matchFields", 0, &term.field_count);
    return term;
}

struct node_affinity read_node_affinity(struct test_case *c,
                                        struct doc_node *affinity)
{
    struct doc_node *map = doc_get(affinity, "nodeAffinity"), *node;
    struct node_affinity a = {.present = doc_get(map, "required") != NULL};
    struct node_selector_term *required;
    struct preferred_node_term *preferred;

    required = intern_alloc(c->intern, (get_items(map, "required", &node) + 1) *
                                           sizeof *required);
    for (; node; node = node->next)
        required[a.required_count++] = read_term(c, node);
    preferred =
        intern_alloc(c->intern, (get_items(map, "preferred", &node) + 1) *
                                    sizeof *preferred);
    for (; node; node = node->next)
        preferred[a.preferred_count++] = (struct preferred_node_term){
            (int)get_int(c, node, "weight", 0),
            read_term(c, doc_get(node, "preference"))};
    a.required = required;
    a.preferred = preferred;
    return a;
}

/* --- pod affinity --- */

static struct pod_affinity_term read_pod_term(struct test_case *c,
                                              struct doc_node *node)
{
    struct doc_node *selector = doc_get(node, "labelSelector");
    struct doc_node *spaces = doc_get(node, "namespaceSelector");
    struct pod_affinity_term term = {
        .selector_given = selector && selector->kind == DOC_MAPPING,
        .space_selector_given = spaces && spaces->kind == DOC_MAPPING};

    term.selector = read_selector(c, term.selector_given ? selector : NULL);
    term.topology_key = text_or_empty(c, node, "topologyKey");
    term.spaces = read_texts(c, node, "namespaces", &term.space_count);
    term.space_selector =
        read_selector(c, term.space_selector_given ? spaces : NULL);
    term.match_keys =
        read_texts(c, node, "matchLabelKeys", &term.match_key_count);
    term.mismatch_keys =
        read_texts(c, node, "mismatchLabelKeys", &term.mismatch_key_count);
    return term;
}

static struct pod_affinity read_pod_affinity(struct test_case *c,
                                             struct doc_node *map)
{
    struct pod_affinity a = {0};
    struct pod_affinity_term *required;
    struct preferred_pod_term *preferred;
    struct doc_node *node;

    required = intern_alloc(c->intern, (get_items(map, "required", &node) + 1) *
                                           sizeof *required);
    for (; node; node = node->next)
        required[a.required_count++] = read_pod_term(c, node);
    preferred =
        intern_alloc(c->intern, (get_items(map, "preferred", &node) + 1) *
                                    sizeof *preferred);
    for (; node; node = node->next)
        preferred[a.preferred_count++] = (struct preferred_pod_term){
            (int)get_int(c, node, "weight", 0),
            read_pod_term(c, doc_get(node, "term"))};
    a.required = required;
    a.preferred = preferred;
    return a;
}

/* --- taints --- */

static enum taint_effect read_effect(struct test_case *c, const char *text)
{
    static const char *const words[] = {"NoSchedule", "PreferNoSchedule",
                                        "NoExecute"};

    for (size_t i = 0; i < 3; i++) {
        if (strcmp(text, words[i]) == 0)
            return (enum taint_effect)i;
    }
    case_fail(c, "bad effect '%s'", text);
    return TAINT_NO_SCHEDULE;
}

static struct toleration read_toleration(struct test_case *c,
                                         struct doc_node *node)
{
    const char *operator= text_or_empty(c, node, "operator");
    const char *effect = get_text(c, node, "effect");

    return (struct toleration){
        .key = get_text(c, node, "key"),
        .exists = strcmp(operator, "Exists") == 0,
        .value = text_or_empty(c, node, "value"),
        .effect = effect && *effect ? (int)read_effect(c, effect) : -1,
        .seconds = SIM_NEVER,
        .compare = strcmp(operator, "Gt") == 0   ? 1
                   : strcmp(operator, "Lt") == 0 ? -1
                                                 : 0,
    };
}

static void read_tolerations(struct test_case *c, struct doc_node *pod,
                             struct pod_template *t)
{
    struct doc_node *node;
    struct toleration *items = intern_alloc(
        c->intern, (get_items(pod, "tolerations", &node) + 1) * sizeof *items);

    for (; node; node = node->next)
        items[t->toleration_count++] = read_toleration(c, node);
    t->tolerations = items;
}

/* --- topology spread --- */

static bool is_word(struct doc_node *map, const char *key, const char *word,
                    bool otherwise)
{
    const char *text = doc_text(map, key);

    return text ? strcmp(text, word) == 0 : otherwise;
}

static void read_spread(struct test_case *c, struct doc_node *pod,
                        struct pod_template *t)
{
    struct doc_node *node;
    struct spread_constraint *items = intern_alloc(
        c->intern, (get_items(pod, "topologySpreadConstraints", &node) + 1) *
                       sizeof *items);

    for (; node; node = node->next) {
        struct spread_constraint *k = &items[t->spread_count++];
        struct doc_node *selector = doc_get(node, "labelSelector");

        k->max_skew = (int)get_int(c, node, "maxSkew", 1);
        k->topology_key = get_text(c, node, "topologyKey");
        k->schedule_anyway =
            is_word(node, "whenUnsatisfiable", "ScheduleAnyway", false);
        k->selector_given = selector && selector->kind == DOC_MAPPING;
        k->selector = read_selector(c, k->selector_given ? selector : NULL);
        k->min_domains = (int)get_int(c, node, "minDomains", 0);
        k->honor_node_affinity =
            is_word(node, "nodeAffinityPolicy", "Honor", true);
        k->honor_node_taints =
            is_word(node, "nodeTaintsPolicy", "Honor", false);
        k->label_keys =
            read_texts(c, node, "matchLabelKeys", &k->label_key_count);
    }
    t->spread = items;
}

/* --- whole objects --- */

const struct pod_template *read_pod(struct test_case *c, struct doc_node *pod)
{
    struct pod_template *t = intern_alloc(c->intern, sizeof *t);

    t->labels = read_labels(c, doc_get(pod, "labels"));
    t->node_selector = read_labels(c, doc_get(pod, "nodeSelector"));
    t->affinity = read_node_affinity(c, doc_get(pod, "affinity"));
    t->near =
        read_pod_affinity(c, doc_path(pod, "affinity", "podAffinity", NULL));
    t->apart = read_pod_affinity(
        c, doc_path(pod, "affinity", "podAntiAffinity", NULL));
    t->priority = get_int(c, pod, "priority", 0);
    t->overhead = read_resources(c, doc_get(pod, "overhead"));
    read_containers(c, pod, t);
    read_tolerations(c, pod, t);
    read_spread(c, pod, t);
    finish(c, pod, t);
    return t;
}

const struct node_spec *read_node(struct test_case *c, struct doc_node *node)
{
    struct node_spec *spec = intern_alloc(c->intern, sizeof *spec);
    struct doc_node *taint;
    struct taint *taints = intern_alloc(
        c->intern, (get_items(node, "taints", &taint) + 1) * sizeof *taints);
    const char *zone;

    spec->name = get_text(c, node, "name");
    spec->labels = read_labels(c, doc_get(node, "labels"));
    zone = labels_get(&spec->labels, "topology.kubernetes.io/zone");
    spec->zone = zone ? zone : "";
    spec->allocatable = read_resources(c, doc_get(node, "allocatable"));
    spec->unschedulable = get_bool(node, "unschedulable", false);
    for (; taint; taint = taint->next)
        taints[spec->taint_count++] = (struct taint){
            text_or_empty(c, taint, "key"), text_or_empty(c, taint, "value"),
            read_effect(c, text_or_empty(c, taint, "effect"))};
    spec->taints = taints;
    return spec;
}
