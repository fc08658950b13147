/*
 * What plug-ins of a scheduler's profile are set to: pluginConfig, with the
 * checks of pkg/scheduler/apis/config/validation/validation_pluginargs.go.
 */
#include <string.h>

#include "models/manifest_internal.h"
#include "models/scheduler/framework.h"

/* --- NodeResourcesFit, NodeResourcesBalancedAllocation --- */

static bool resources_read(struct loader *l, struct doc_node *map, int most,
                           size_t *count, const struct resource_ref **out)
{
    struct doc_node *list;
    struct resource_ref *items;
    bool ok = true;
    size_t n = 0;

    if (!value_sequence(l, map, "resources", &list))
        return false;
    if (!list || list->count == 0)
        return true;
    items = intern_alloc(l->intern, list->count * sizeof *items);
    for (struct doc_node *node = list->first; node; node = node->next) {
        const char *name = NULL;
        int weight = 1;

        if (node->kind != DOC_MAPPING) {
            ok = value_bad(l, node, "a mapping of 'name' and 'weight'");
            continue;
        }
        ok &= value_text(l, node, "name", &name);
        ok &= value_int(l, node, "weight", 1, most, &weight);
        if (name)
            items[n++] = resource_ref_make(name, weight);
        else
            ok = value_bad(l, node, "the 'name' of a resource");
    }
    *count = n;
    *out = items;
    return ok;
}

static bool shape_read(struct loader *l, struct doc_node *strategy,
                       struct scheduler_config *c)
{
    struct doc_node *ratio, *list;
    struct shape_point *items;
    size_t n = 0;

    if (!value_mapping(l, strategy, "requestedToCapacityRatio", &ratio) ||
        !value_sequence(l, ratio, "shape", &list))
        return false;
    if (!list || list->count == 0) {
        diag_error(l->diag, strategy->place,
                   "RequestedToCapacityRatio needs at least one point in "
                   "'requestedToCapacityRatio.shape'");
        return false;
    }
    items = intern_alloc(l->intern, list->count * sizeof *items);
    for (struct doc_node *node = list->first; node; node = node->next, n++) {
        int utilization = -1, score = -1;

        if (!value_int(l, node, "utilization", 0, 100, &utilization) ||
            !value_int(l, node, "score", 0, 10, &score))
            return false;
        if (utilization < 0 || score < 0)
            return value_bad(l, node, "'utilization' and 'score'");
        if (n > 0 && utilization <= items[n - 1].utilization)
            return value_bad(l, doc_get(node, "utilization"),
                             "more than that of the point before");
        items[n] = (struct shape_point){utilization, score};
    }
    c->shape_count = n;
    c->shape = items;
    return true;
}

static bool fit_read(struct loader *l, struct doc_node *args,
                     struct scheduler_config *c)
{
    static const char *const types[] = {"LeastAllocated", "MostAllocated",
                                        "RequestedToCapacityRatio", NULL};
    struct doc_node *strategy;
    int type = 0;
    bool ok = value_texts(l, args, "ignoredResources", &c->ignored_count,
                          &c->ignored);

    ok &= value_texts(l, args, "ignoredResourceGroups", &c->ignored_group_count,
                      &c->ignored_groups);
    if (!value_mapping(l, args, "scoringStrategy", &strategy))
        return false;
    if (!strategy)
        return ok;
    ok &= value_choice(l, strategy, "type", types, &type);
    ok &= resources_read(l, strategy, 100, &c->resource_count, &c->resources);
    c->strategy = (enum scoring_strategy)type;
    if (ok && c->strategy == SCORE_REQUESTED_TO_CAPACITY)
        ok = shape_read(l, strategy, c);
    return ok;
}

/* Its weights must all be 1. */
static bool balanced_read(struct loader *l, struct doc_node *args,
                          struct scheduler_config *c)
{
    return resources_read(l, args, 1, &c->balanced_count, &c->balanced);
}

/* --- the others --- */

static bool spreading_read(struct loader *l, struct doc_node *args,
                           struct scheduler_config *c)
{
    static const char *const types[] = {"System", "List", NULL};
    struct doc_node *list;
    int type = 0;

    if (!value_choice(l, args, "defaultingType", types, &type) ||
        !value_sequence(l, args, "defaultConstraints", &list) ||
        !spread_constraints_read(l, list, &c->spread_count, &c->spread))
        return false;
    if (type == 0 && c->spread_count > 0)
        return value_bad(l, list, "none unless 'defaultingType' is List");
    for (size_t i = 0; i < c->spread_count; i++) {
        if (c->spread[i].selector_given)
            return value_bad(l, list, "constraints without 'labelSelector'");
    }
    c->default_spread = type == 0 || c->spread_count > 0;
    return true;
}

static bool affinity_args_read(struct loader *l, struct doc_node *args,
                               struct scheduler_config *c)
{
    int weight = (int)c->hard_affinity_weight;
    bool ok = value_int(l, args, "hardPodAffinityWeight", 0, 100, &weight);

    c->hard_affinity_weight = weight;
    return ok & value_bool(l, args, "ignorePreferredTermsOfExistingPods",
                           &c->ignore_preferred);
}

static bool added_read(struct loader *l, struct doc_node *args,
                       struct scheduler_config *c)
{
    struct node_affinity *added = intern_alloc(l->intern, sizeof *added);
    struct doc_node *node;

    if (!value_mapping(l, args, "addedAffinity", &node) ||
        !node_affinity_read(l, node, added))
        return false;
    if (node)
        c->added_affinity = added;
    return true;
}

static bool preemption_args_read(struct loader *l, struct doc_node *args,
                                 struct scheduler_config *c)
{
    int percent = (int)c->candidates_percent, least = (int)c->candidates_least;
    bool ok =
        value_int(l, args, "minCandidateNodesPercentage", 0, 100, &percent);

    ok &= value_int(l, args, "minCandidateNodesAbsolute", 0, INT32_MAX, &least);
    c->candidates_percent = percent;
    c->candidates_least = least;
    if (!ok || percent > 0 || least > 0)
        return ok;
    diag_error(l->diag, args->place,
               "'minCandidateNodesPercentage' and 'minCandidateNodesAbsolute' "
               "cannot both be 0");
    return false;
}

static const struct {
    const char *plugin;
    bool (*read)(struct loader *l, struct doc_node *args,
                 struct scheduler_config *c);
} readers[] = {{"NodeResourcesFit", fit_read},
               {"NodeResourcesBalancedAllocation", balanced_read},
               {"PodTopologySpread", spreading_read},
               {"InterPodAffinity", affinity_args_read},
               {"NodeAffinity", added_read},
               {"DefaultPreemption", preemption_args_read}};

static bool one_read(struct loader *l, struct doc_node *item,
                     struct scheduler_config *c)
{
    struct doc_node *args;
    const char *name;
    size_t row;

    if (!manifest_plugin_read(l, item, &name, &row) ||
        !value_mapping(l, item, "args", &args))
        return false;
    if (!args)
        return true;
    (void)doc_get(args, "apiVersion");
    (void)doc_get(args, "kind");
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        if (strcmp(name, readers[i].plugin) == 0)
            return readers[i].read(l, args, c);
    }
    doc_use_all(args); /* of a plug-in that decides nothing here */
    return true;
}

bool manifest_plugin_config(struct loader *l, struct doc_node *list,
                            struct scheduler_config *c)
{
    bool ok = true;

    for (struct doc_node *item = list ? list->first : NULL; item;
         item = item->next)
        ok &= one_read(l, item, c);
    return ok;
}
