/*
 * scheduler_cases - what single plug-ins of the scheduler make of a pod and
 * a few nodes.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "models/scheduler/framework.h"
#include "tests/conformance/scheduler_objects.h"

enum { MOST_NODES = 64 };

struct cluster {
    struct scheduler_config config;
    struct node_affinity added;
    struct framework *framework;
    size_t candidates;             /* nodes 0.. */
    size_t count;                  /* with those that are infeasible */
    const char *names[MOST_NODES]; /* of nodes */
    struct pod_class *pod;
};

static const struct scheduler_plugin *plugin_of(const char *group)
{
    static const struct {
        const char *prefix;
        const struct scheduler_plugin *plugin;
    } plugins[] = {
        {"fit_", &scheduler_node_resources_fit},
        {"balanced_allocation", &scheduler_node_resources_balanced_allocation},
        {"taint_toleration", &scheduler_taint_toleration},
        {"node_affinity", &scheduler_node_affinity},
        {"inter_pod_affinity", &scheduler_inter_pod_affinity},
        {"node_unschedulable", &scheduler_node_unschedulable},
        {"pod_topology_spread", &scheduler_pod_topology_spread},
    };

    for (size_t i = 0; i < sizeof plugins / sizeof plugins[0]; i++) {
        if (strncmp(group, plugins[i].prefix, strlen(plugins[i].prefix)) == 0)
            return plugins[i].plugin;
    }
    return NULL;
}

/* --- args --- */

static enum scoring_strategy read_strategy(struct test_case *c,
                                           struct doc_node *args)
{
    const char *text = doc_text(args, "strategy");

    if (!text || strcmp(text, "LeastAllocated") == 0)
        return SCORE_LEAST_ALLOCATED;
    if (strcmp(text, "MostAllocated") == 0)
        return SCORE_MOST_ALLOCATED;
    if (strcmp(text, "RequestedToCapacityRatio") != 0)
        case_fail(c, "bad strategy '%s'", text);
    return SCORE_REQUESTED_TO_CAPACITY;
}

static void read_weights(struct test_case *c, struct doc_node *args,
                         struct scheduler_config *config)
{
    struct doc_node *node;
    size_t count = get_items(args, "resources", &node), i = 0;
    struct resource_weight *items =
        intern_alloc(c->intern, (count + 1) * sizeof *items);

    if (count == 0)
        return;
    for (; node; node = node->next)
        items[i++] = (struct resource_weight){get_text(c, node, "name"),
                                              get_int(c, node, "weight", 1)};
    config->resources = config->balanced = items;
    config->resource_count = config->balanced_count = count;
}

static void read_shape(struct test_case *c, struct doc_node *args,
                       struct scheduler_config *config)
{
    struct doc_node *node;
    struct shape_point *items = intern_alloc(
        c->intern, (get_items(args, "shape", &node) + 1) * sizeof *items);

    for (; node; node = node->next)
        items[config->shape_count++] = (struct shape_point){
            get_int(c, node, "utilization", 0), get_int(c, node, "score", 0)};
    config->shape = items;
}

static const char *const *read_names(struct test_case *c, struct doc_node *args,
                                     const char *key, size_t *count)
{
    struct doc_node *node;
    const char **items;
    size_t i = 0;

    *count = get_items(args, key, &node);
    items = intern_alloc(c->intern, (*count + 1) * sizeof *items);
    for (; node; node = node->next)
        items[i++] = intern(c->intern, node->text);
    return items;
}

static void read_spaces(struct test_case *c, struct doc_node *args,
                        struct scheduler_config *config)
{
    struct doc_node *node;
    struct space_labels *items = intern_alloc(
        c->intern,
        (get_items(args, "namespaceLabels", &node) + 1) * sizeof *items);

    for (; node; node = node->next)
        items[config->space_count++] = (struct space_labels){
            intern(c->intern, node->key), read_labels(c, node)};
    config->spaces = items;
}

static void read_args(struct test_case *c, struct cluster *cl)
{
    struct scheduler_config *config = &cl->config;
    struct doc_node *args = doc_get(c->root, "args");

    *config = scheduler_config_default(36);
    config->strategy = read_strategy(c, args);
    read_weights(c, args, config);
    read_shape(c, args, config);
    config->ignored =
        read_names(c, args, "ignoredResources", &config->ignored_count);
    config->ignored_groups = read_names(c, args, "ignoredResourceGroups",
                                        &config->ignored_group_count);
    config->inclusion_policies = get_bool(args, "nodeInclusionPolicy", true);
    config->match_label_keys = get_bool(args, "matchLabelKeys", true);
    config->compares_taints = get_bool(args, "comparisonOperators", false);
    config->hard_affinity_weight = get_int(c, args, "hardPodAffinityWeight", 1);
    config->ignore_preferred =
        get_bool(args, "ignorePreferredTermsOfExistingPods", false);
    read_spaces(c, args, config);
    if (doc_get(args, "addedAffinity")) {
        cl->added = read_node_affinity(c, doc_get(args, "addedAffinity"));
        config->added_affinity = &cl->added;
    }
}

/* --- cluster --- */

static struct pod_class *class_of(struct test_case *c, struct cluster *cl,
                                  struct doc_node *pod)
{
    const char *space = get_text(c, pod, "namespace");

    return framework_class(cl->framework, read_pod(c, pod), space ? space : "",
                           NULL, false);
}

static void add_nodes(struct test_case *c, struct cluster *cl, const char *key)
{
    struct doc_node *node;

    get_items(c->root, key, &node);
    for (; node; node = node->next) {
        const struct node_spec *spec = read_node(c, node);

        if (cl->count == MOST_NODES) {
            case_fail(c, "more than %d nodes", MOST_NODES);
            return;
        }
        cl->names[cl->count] = spec->name;
        framework_node_add(cl->framework, (node_id)cl->count++, spec);
    }
}

static size_t node_number(const struct cluster *cl, const char *name)
{
    size_t i = 0;

    while (i < cl->count && strcmp(cl->names[i], name) != 0)
        i++;
    return i;
}

/* Pods that are nowhere, or on a node that does not exist, do not count. */
static void add_pods(struct test_case *c, struct cluster *cl)
{
    struct doc_node *pod;

    get_items(c->root, "existingPods", &pod);
    for (; pod; pod = pod->next) {
        const char *name = doc_text(pod, "node");
        size_t node = name ? node_number(cl, name) : cl->count;

        if (node < cl->count)
            framework_pod_add(cl->framework, class_of(c, cl, pod),
                              (node_id)node,
                              get_bool(pod, "terminating", false));
    }
}

static void begin(struct test_case *c, struct cluster *cl)
{
    memset(cl, 0, sizeof *cl);
    read_args(c, cl);
    cl->framework = framework_new(&cl->config);
    add_nodes(c, cl, "nodes");
    cl->candidates = cl->count;
    add_nodes(c, cl, "infeasibleNodes");
    add_pods(c, cl);
    cl->pod = class_of(c, cl, doc_get(c->root, "pod"));
}

/* --- filter --- */

static const char *status_text(enum filter_status status)
{
    static const char *const texts[] = {"Success", "Unschedulable",
                                        "UnschedulableAndUnresolvable"};

    return texts[status];
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Texts in order, each once, joined. */
static const char *join(struct test_case *c, const char **texts, size_t count)
{
    const char *joined = "";

    qsort(texts, count, sizeof *texts, by_text);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(texts[i], texts[i - 1]) != 0)
            joined = intern_printf(c->intern, "%s[%s]", joined, texts[i]);
    }
    return joined;
}

static void expect_reasons(struct test_case *c, const char **got, size_t count)
{
    struct doc_node *node;
    const char **texts;
    size_t wanted = get_items(c->expect, "reasons", &node), i = 0;

    if (!doc_get(c->expect, "reasons"))
        return;
    texts = intern_alloc(c->intern, (wanted + 1) * sizeof *texts);
    for (; node; node = node->next)
        texts[i++] = intern(c->intern, node->text);
    expect_text(c, "reasons", join(c, texts, wanted), join(c, got, count));
}

void case_scheduler_filter(struct test_case *c)
{
    const struct scheduler_plugin *plugin = plugin_of(c->group);
    const char *reasons[MOST_NODES * REASONS_MAX];
    struct doc_node *wanted;
    struct cluster cl;
    size_t count = 0;

    begin(c, &cl);
    get_items(c->expect, "filter", &wanted);
    for (; wanted; wanted = wanted->next) {
        size_t node = node_number(&cl, wanted->key);
        struct filter_reasons why;
        enum filter_status status;

        if (node == cl.count) {
            case_fail(c, "no node '%s'", wanted->key);
            continue;
        }
        framework_filter_with(cl.framework, plugin, cl.pod, (node_id)node,
                              &status, &why);
        expect_text(c, wanted->key, wanted->text, status_text(status));
        for (size_t i = 0; i < why.count; i++)
            reasons[count++] = intern_printf(
                c->intern, "%s%s", why.items[i].text, why.items[i].detail);
    }
    expect_reasons(c, reasons, count);
    framework_free(cl.framework);
}

/* --- score --- */

void case_scheduler_score(struct test_case *c)
{
    const struct scheduler_plugin *plugin = plugin_of(c->group);
    int64_t scores[MOST_NODES] = {0};
    node_id nodes[MOST_NODES];
    struct doc_node *wanted;
    struct cluster cl;

    begin(c, &cl);
    for (size_t i = 0; i < cl.candidates; i++)
        nodes[i] = (node_id)i;
    framework_score_with(cl.framework, plugin, cl.pod, nodes, cl.candidates,
                         scores);
    get_items(c->expect, "scores", &wanted);
    for (; wanted; wanted = wanted->next) {
        size_t node = node_number(&cl, wanted->key);

        if (node >= cl.candidates)
            case_fail(c, "no node '%s'", wanted->key);
        else
            expect_int(c, wanted->key, item_int(c, wanted), scores[node]);
    }
    framework_free(cl.framework);
}
