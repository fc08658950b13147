/*
 * podAffinity and podAntiAffinity: which other pods a pod is to be near, and
 * which apart from.
 */
#include "models/manifest_internal.h"
#include "models/version.h"

/* API servers drop matchLabelKeys and mismatchLabelKeys where the feature is
 * off. */
static bool label_keys_read(struct loader *l, struct doc_node *node,
                            struct pod_affinity_term *out)
{
    if (!value_texts(l, node, "matchLabelKeys", &out->match_key_count,
                     &out->match_keys) ||
        !value_texts(l, node, "mismatchLabelKeys", &out->mismatch_key_count,
                     &out->mismatch_keys))
        return false;
    if (l->kubernetes_minor < VERSION_affinity_label_keys)
        out->match_key_count = out->mismatch_key_count = 0;
    if (out->selector_given ||
        out->match_key_count + out->mismatch_key_count == 0)
        return true;
    diag_error(l->diag, node->place,
               "'matchLabelKeys' and 'mismatchLabelKeys' need a "
               "'labelSelector'");
    return false;
}

/* No labelSelector means no pod, an empty one every pod; the same of
 * namespaceSelector and namespaces, but for the pod's own where neither that
 * nor 'namespaces' is there (framework.newAffinityTerm). */
static bool term_read(struct loader *l, struct doc_node *node,
                      struct pod_affinity_term *out)
{
    struct doc_node *selector, *spaces;

    if (node->kind != DOC_MAPPING)
        return value_bad(l, node, "a mapping with topologyKey");
    if (!value_text(l, node, "topologyKey", &out->topology_key) ||
        !value_mapping(l, node, "labelSelector", &selector) ||
        !value_texts(l, node, "namespaces", &out->space_count, &out->spaces) ||
        !value_mapping(l, node, "namespaceSelector", &spaces) ||
        !selector_read(l, selector, &out->selector) ||
        !selector_read(l, spaces, &out->space_selector))
        return false;
    if (!out->topology_key || !*out->topology_key) {
        diag_error(l->diag, node->place,
                   "a pod affinity term needs a 'topologyKey'");
        return false;
    }
    out->selector_given = selector != NULL;
    out->space_selector_given = spaces != NULL;
    return label_keys_read(l, node, out);
}

static bool required_read(struct loader *l, struct doc_node *affinity,
                          struct pod_affinity *out)
{
    struct pod_affinity_term *items;
    struct doc_node *sequence, *child;
    size_t n = 0;

    if (!value_sequence(l, affinity,
                        "requiredDuringSchedulingIgnoredDuringExecution",
                        &sequence))
        return false;
    if (!sequence)
        return true;
    items = intern_alloc(l->intern, sequence->count * sizeof *items);
    for (child = sequence->first; child; child = child->next)
        if (!term_read(l, child, &items[n++]))
            return false;
    out->required_count = n;
    out->required = items;
    return true;
}

static bool preferred_one(struct loader *l, struct doc_node *node,
                          struct preferred_pod_term *out)
{
    struct doc_node *term;

    if (node->kind != DOC_MAPPING)
        return value_bad(l, node, "a mapping of weight and podAffinityTerm");
    if (!value_int(l, node, "weight", 1, 100, &out->weight) ||
        !value_mapping(l, node, "podAffinityTerm", &term))
        return false;
    if (out->weight > 0 && term)
        return term_read(l, term, &out->term);
    diag_error(l->diag, node->place,
               "a preferred pod affinity needs 'weight' and "
               "'podAffinityTerm'");
    return false;
}

static bool preferred_read(struct loader *l, struct doc_node *affinity,
                           struct pod_affinity *out)
{
    struct preferred_pod_term *items;
    struct doc_node *sequence, *child;
    size_t n = 0;

    if (!value_sequence(l, affinity,
                        "preferredDuringSchedulingIgnoredDuringExecution",
                        &sequence))
        return false;
    if (!sequence)
        return true;
    items = intern_alloc(l->intern, sequence->count * sizeof *items);
    for (child = sequence->first; child; child = child->next)
        if (!preferred_one(l, child, &items[n++]))
            return false;
    out->preferred_count = n;
    out->preferred = items;
    return true;
}

bool pod_affinity_read(struct loader *l, struct doc_node *affinity,
                       const char *key, struct pod_affinity *out)
{
    struct doc_node *node;

    return value_mapping(l, affinity, key, &node) &&
           required_read(l, node, out) && preferred_read(l, node, out);
}
