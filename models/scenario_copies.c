/*
 * include: {file, copies: N}: the objects of a file N times over. Names get
 * -1..-N behind them; a label of pods and selectors keeps each copy's pods
 * to itself. What all copies share (nodes, classes, namespaces) is read once.
 */
#include <stdio.h>
#include <string.h>

#include "models/scenario_internal.h"

#define COPY_LABEL "podchurn/copy"

struct copying {
    struct doc_set *set;
    char suffix[24]; /* "-7" */
};

static bool is_list(struct doc_node *root)
{
    const char *kind = doc_text(root, "kind");
    size_t length = kind ? strlen(kind) : 0;

    return length >= 4 && strcmp(kind + length - 4, "List") == 0;
}

static bool is_shared(struct doc_node *root)
{
    static const char *const kinds[] = {"Node", "Namespace", "PriorityClass",
                                        NULL};
    const char *kind = doc_text(root, "kind");
    size_t i;

    for (i = 0; kind && kinds[i]; i++)
        if (strcmp(kind, kinds[i]) == 0)
            return true;
    return false;
}

static void rename_object(struct copying *c, struct doc_node *map,
                          const char *key)
{
    struct doc_node *name = doc_get(map, key);
    char text[512];

    if (!name || name->kind != DOC_SCALAR)
        return;
    snprintf(text, sizeof text, "%.400s%s", name->text, c->suffix);
    doc_put(c->set, map, key, doc_new_scalar(c->set, name->place, text));
}

static void add_label(struct copying *c, struct doc_node *map)
{
    struct doc_node *value;

    if (!map || map->kind != DOC_MAPPING)
        return;
    value = doc_new_scalar(c->set, map->place, c->suffix + 1);
    value->plain = false;
    doc_put(c->set, map, COPY_LABEL, value);
}

/* The mapping under key, made where it is absent. */
static struct doc_node *get_or_make(struct copying *c, struct doc_node *map,
                                    const char *key)
{
    struct doc_node *there = doc_get(map, key);

    if (!there && map && map->kind == DOC_MAPPING) {
        there = doc_new_mapping(c->set, map->place);
        doc_put(c->set, map, key, there);
    }
    return there;
}

/* Terms of spread and affinity mean pods of the same copy. */
static void label_term(struct copying *c, struct doc_node *term)
{
    struct doc_node *selector = doc_get(term, "labelSelector");

    if (selector)
        add_label(c, get_or_make(c, selector, "matchLabels"));
}

static void label_affinity(struct copying *c, struct doc_node *affinity)
{
    struct doc_node *terms =
        doc_get(affinity, "requiredDuringSchedulingIgnoredDuringExecution");

    for (terms = terms ? terms->first : NULL; terms; terms = terms->next)
        label_term(c, terms);
    terms =
        doc_get(affinity, "preferredDuringSchedulingIgnoredDuringExecution");
    for (terms = terms ? terms->first : NULL; terms; terms = terms->next)
        label_term(c, doc_get(terms, "podAffinityTerm"));
}

static void label_pods(struct copying *c, struct doc_node *pod)
{
    struct doc_node *child =
        doc_path(pod, "spec", "topologySpreadConstraints", NULL);

    if (!pod)
        return;
    add_label(c, get_or_make(c, get_or_make(c, pod, "metadata"), "labels"));
    for (child = child ? child->first : NULL; child; child = child->next)
        label_term(c, child);
    label_affinity(c, doc_path(pod, "spec", "affinity", "podAffinity", NULL));
    label_affinity(c,
                   doc_path(pod, "spec", "affinity", "podAntiAffinity", NULL));
}

static void change(struct copying *c, struct doc_node *root)
{
    const char *kind = doc_text(root, "kind");
    struct doc_node *spec = doc_get(root, "spec");
    struct doc_node *selector = doc_get(spec, "selector");
    struct doc_node *owners =
        doc_path(root, "metadata", "ownerReferences", NULL);

    rename_object(c, doc_get(root, "metadata"), "name");
    for (owners = owners ? owners->first : NULL; owners; owners = owners->next)
        rename_object(c, owners, "name");
    if (kind && strcmp(kind, "Pod") == 0)
        label_pods(c, root);
    label_pods(c, doc_get(spec, "template"));
    if (!selector)
        return;
    if (kind && strcmp(kind, "Service") == 0)
        add_label(c, selector);
    else
        add_label(c, get_or_make(c, selector, "matchLabels"));
}

static void copy_object(struct scenario_reader *r, struct doc_node *root,
                        int64_t copies)
{
    struct copying c = {.set = r->l.docs};
    int64_t i;

    if (is_shared(root)) {
        VEC_PUSH(r->manifests, root);
        return;
    }
    for (i = 1; i <= copies; i++) {
        struct doc_node *copy = doc_copy(c.set, root);

        snprintf(c.suffix, sizeof c.suffix, "-%lld", (long long)i);
        change(&c, copy);
        VEC_PUSH(r->manifests, copy);
    }
}

bool scenario_copies(struct scenario_reader *r, struct doc_node *root,
                     int64_t copies)
{
    struct doc_node *items = doc_get(root, "items"), *child;

    if (!is_list(root)) {
        copy_object(r, root, copies);
        return true;
    }
    for (child = items ? items->first : NULL; child; child = child->next)
        copy_object(r, child, copies);
    return true;
}
