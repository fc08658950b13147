/*
 * What a pod says of the nodes it may run on: selectors, affinity,
 * tolerations, spread; and taints of nodes.
 */
#include <string.h>

#include "models/manifest_internal.h"
#include "sim/io/units.h"

static const char *const effects[] = {"NoSchedule", "PreferNoSchedule",
                                      "NoExecute", NULL};

bool loader_read_taints(struct loader *l, struct doc_node *sequence,
                        size_t *count, const struct taint **out)
{
    struct doc_node *child;
    struct taint *items;
    size_t n = 0;

    *count = 0;
    *out = NULL;
    if (!sequence)
        return true;
    if (sequence->kind != DOC_SEQUENCE)
        return value_bad(l, sequence, "a list of taints");
    items = intern_alloc(l->intern, sequence->count * sizeof *items);
    for (child = sequence->first; child; child = child->next) {
        struct taint *taint = &items[n++];
        int effect = -1;

        if (child->kind != DOC_MAPPING)
            return value_bad(l, child, "a mapping with key and effect");
        taint->value = intern(l->intern, "");
        if (!value_text(l, child, "key", &taint->key) ||
            !value_text(l, child, "value", &taint->value) ||
            !value_choice(l, child, "effect", effects, &effect))
            return false;
        if (!taint->key || effect < 0) {
            diag_error(l->diag, child->place,
                       "a taint needs 'key' and 'effect'");
            return false;
        }
        taint->effect = (enum taint_effect)effect;
    }
    *count = n;
    *out = items;
    return true;
}

bool taints_read(struct loader *l, struct doc_node *map, const char *key,
                 size_t *count, const struct taint **out)
{
    return loader_read_taints(l, doc_get(map, key), count, out);
}

/* Operators Gt and Lt: feature TaintTolerationComparisonOperators, which is
 * off by default (since 1.35, KEP-5471). */
static bool comparison_read(struct loader *l, struct doc_node *node,
                            int compare, struct toleration *out)
{
    int64_t number;

    if (!units_int(out->value, &number)) {
        diag_error(l->diag, node->place,
                   "a toleration with operator Gt or Lt needs an integer "
                   "'value'");
        return false;
    }
    out->compare = compare;
    diag_warning(l->diag, node->place,
                 "operators Gt and Lt of tolerations are off by default in "
                 "Kubernetes: tolerates nothing");
    return true;
}

static bool toleration_read(struct loader *l, struct doc_node *node,
                            struct toleration *out)
{
    static const char *const words[] = {"Equal", "Exists", "Gt", "Lt", NULL};
    struct doc_node *seconds;
    int word = 0, number = 0;

    if (node->kind != DOC_MAPPING)
        return value_bad(l, node, "a toleration, a mapping");
    out->value = intern(l->intern, "");
    out->effect = -1;
    out->seconds = SIM_NEVER;
    if (doc_text(node, "effect") && !*doc_text(node, "effect"))
        ; /* "": every effect */
    else if (!value_choice(l, node, "effect", effects, &out->effect))
        return false;
    if (!value_text(l, node, "key", &out->key) ||
        !value_text(l, node, "value", &out->value) ||
        !value_choice(l, node, "operator", words, &word))
        return false;
    if (out->key && !*out->key)
        out->key = NULL;
    out->exists = word == 1;
    if (!out->key && !out->exists) {
        diag_error(l->diag, node->place,
                   "a toleration without 'key' needs operator Exists");
        return false;
    }
    if (word >= 2 && !comparison_read(l, node, word == 2 ? 1 : -1, out))
        return false;
    seconds = doc_get(node, "tolerationSeconds");
    if (!seconds)
        return true;
    if (!value_int(l, node, "tolerationSeconds", INT32_MIN, INT32_MAX, &number))
        return false;
    if (out->effect != TAINT_NO_EXECUTE) {
        diag_error(l->diag, seconds->key_place,
                   "'tolerationSeconds' goes only with effect NoExecute");
        return false;
    }
    out->seconds = number * SIM_S;
    return true;
}

static bool tolerations_read(struct loader *l, struct doc_node *spec,
                             struct pod_template *out)
{
    struct doc_node *sequence, *child;
    struct toleration *items;
    size_t n = 0;

    if (!value_sequence(l, spec, "tolerations", &sequence))
        return false;
    if (!sequence)
        return true;
    items = intern_alloc(l->intern, sequence->count * sizeof *items);
    for (child = sequence->first; child; child = child->next)
        if (!toleration_read(l, child, &items[n++]))
            return false;
    out->toleration_count = n;
    out->tolerations = items;
    return true;
}

static bool term_read(struct loader *l, struct doc_node *node,
                      struct node_selector_term *out)
{
    struct doc_node *expressions, *fields;

    if (!node || node->kind != DOC_MAPPING)
        return !node || value_bad(l, node, "a mapping of matchExpressions");
    return value_sequence(l, node, "matchExpressions", &expressions) &&
           value_sequence(l, node, "matchFields", &fields) &&
           requirements_read(l, expressions, true, &out->expression_count,
                             &out->expressions) &&
           requirements_read(l, fields, true, &out->field_count, &out->fields);
}

static bool required_read(struct loader *l, struct doc_node *affinity,
                          struct node_affinity *out)
{
    struct node_selector_term *items;
    struct doc_node *required, *terms, *child;
    size_t n = 0;

    if (!value_mapping(l, affinity,
                       "requiredDuringSchedulingIgnoredDuringExecution",
                       &required))
        return false;
    if (!required)
        return true;
    if (!value_sequence(l, required, "nodeSelectorTerms", &terms))
        return false;
    if (!terms || terms->count == 0) {
        diag_error(l->diag, required->place,
                   "'nodeSelectorTerms' needs at least one item");
        return false;
    }
    items = intern_alloc(l->intern, terms->count * sizeof *items);
    for (child = terms->first; child; child = child->next)
        if (!term_read(l, child, &items[n++]))
            return false;
    out->present = true;
    out->required_count = n;
    out->required = items;
    return true;
}

static bool preferred_read(struct loader *l, struct doc_node *affinity,
                           struct node_affinity *out)
{
    struct preferred_node_term *items;
    struct doc_node *sequence, *child;
    size_t n = 0;

    if (!value_sequence(l, affinity,
                        "preferredDuringSchedulingIgnoredDuringExecution",
                        &sequence))
        return false;
    if (!sequence)
        return true;
    items = intern_alloc(l->intern, sequence->count * sizeof *items);
    for (child = sequence->first; child; child = child->next, n++)
        if (!value_int(l, child, "weight", 1, 100, &items[n].weight) ||
            !term_read(l, doc_get(child, "preference"), &items[n].term))
            return false;
    out->preferred_count = n;
    out->preferred = items;
    return true;
}

bool node_affinity_read(struct loader *l, struct doc_node *node,
                        struct node_affinity *out)
{
    return required_read(l, node, out) && preferred_read(l, node, out);
}

static bool affinity_read(struct loader *l, struct doc_node *spec,
                          struct pod_template *out)
{
    struct doc_node *affinity, *node;

    if (!value_mapping(l, spec, "affinity", &affinity) ||
        !value_mapping(l, affinity, "nodeAffinity", &node))
        return false;
    return node_affinity_read(l, node, &out->affinity) &&
           pod_affinity_read(l, affinity, "podAffinity", &out->near) &&
           pod_affinity_read(l, affinity, "podAntiAffinity", &out->apart);
}

static bool spread_one(struct loader *l, struct doc_node *node,
                       struct spread_constraint *out)
{
    static const char *const whens[] = {"DoNotSchedule", "ScheduleAnyway",
                                        NULL};
    static const char *const policies[] = {"Ignore", "Honor", NULL};
    struct doc_node *selector;
    int when = -1, affinity = 1, taints = 0;

    if (node->kind != DOC_MAPPING)
        return value_bad(l, node, "a topology spread constraint");
    if (!value_int(l, node, "maxSkew", 1, INT32_MAX, &out->max_skew) ||
        !value_text(l, node, "topologyKey", &out->topology_key) ||
        !value_choice(l, node, "whenUnsatisfiable", whens, &when) ||
        !value_int(l, node, "minDomains", 1, INT32_MAX, &out->min_domains) ||
        !value_choice(l, node, "nodeAffinityPolicy", policies, &affinity) ||
        !value_choice(l, node, "nodeTaintsPolicy", policies, &taints) ||
        !value_texts(l, node, "matchLabelKeys", &out->label_key_count,
                     &out->label_keys))
        return false;
    if (out->max_skew == 0 || !out->topology_key || when < 0) {
        diag_error(l->diag, node->place,
                   "a spread constraint needs 'maxSkew', 'topologyKey' and "
                   "'whenUnsatisfiable'");
        return false;
    }
    out->schedule_anyway = when == 1;
    out->honor_node_affinity = affinity == 1;
    out->honor_node_taints = taints == 1;
    selector = doc_get(node, "labelSelector");
    out->selector_given = selector != NULL;
    return selector_read(l, selector, &out->selector);
}

bool spread_constraints_read(struct loader *l, struct doc_node *sequence,
                             size_t *count,
                             const struct spread_constraint **out)
{
    struct spread_constraint *items;
    struct doc_node *child;
    size_t n = 0;

    if (!sequence)
        return true;
    items = intern_alloc(l->intern, sequence->count * sizeof *items);
    for (child = sequence->first; child; child = child->next)
        if (!spread_one(l, child, &items[n++]))
            return false;
    *count = n;
    *out = items;
    return true;
}

static bool spread_read(struct loader *l, struct doc_node *spec,
                        struct pod_template *out)
{
    struct doc_node *sequence;

    return value_sequence(l, spec, "topologySpreadConstraints", &sequence) &&
           spread_constraints_read(l, sequence, &out->spread_count,
                                   &out->spread);
}

bool scheduling_read(struct loader *l, struct doc_node *spec,
                     struct pod_template *out)
{
    struct doc_node *selector;
    bool ok = value_mapping(l, spec, "nodeSelector", &selector) &&
              value_labels(l, selector, &out->node_selector);

    ok &= value_text(l, spec, "nodeName", &out->node_name);
    if (out->node_name && !*out->node_name)
        out->node_name = NULL;
    ok &= value_text(l, spec, "schedulerName", &out->scheduler_name);
    if (out->scheduler_name &&
        (!*out->scheduler_name ||
         strcmp(out->scheduler_name, "default-scheduler") == 0))
        out->scheduler_name = NULL;
    ok &= affinity_read(l, spec, out);
    ok &= tolerations_read(l, spec, out);
    ok &= spread_read(l, spec, out);
    return ok;
}
