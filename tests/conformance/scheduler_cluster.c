#include "tests/conformance/scheduler_cluster.h"

#include <string.h>

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
    struct resource_ref *items =
        intern_alloc(c->intern, (count + 1) * sizeof *items);

    if (count == 0)
        return;
    for (; node; node = node->next)
        items[i++] = resource_ref_make(get_text(c, node, "name"),
                                       get_int(c, node, "weight", 1));
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

struct pod_class *cluster_class(struct test_case *c, struct cluster *cl,
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

size_t cluster_node(const struct cluster *cl, const char *name)
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
        size_t node = name ? cluster_node(cl, name) : cl->count;

        if (node < cl->count)
            framework_pod_add(cl->framework, cluster_class(c, cl, pod),
                              (node_id)node,
                              get_bool(pod, "terminating", false));
    }
}

void cluster_begin_empty(struct test_case *c, struct cluster *cl)
{
    memset(cl, 0, sizeof *cl);
    read_args(c, cl);
    cl->framework = framework_new(&cl->config, 1);
    add_nodes(c, cl, "nodes");
    cl->candidates = cl->count;
    add_nodes(c, cl, "infeasibleNodes");
    cl->pod = cluster_class(c, cl, doc_get(c->root, "pod"));
}

void cluster_begin(struct test_case *c, struct cluster *cl)
{
    cluster_begin_empty(c, cl);
    add_pods(c, cl);
}
