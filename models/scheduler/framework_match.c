/*
 * framework_match - how pods choose nodes by their labels, and resources by
 * name: what several plug-ins share.
 */
#include <assert.h>
#include <string.h>

#include "models/scheduler/framework.h"
#include "models/select.h"
#include "sim/io/units.h"

/* A label value: empty, or at most 63 letters, digits, '-', '_' and '.',
 * with a letter or digit at both ends (apimachinery IsValidLabelValue). */
static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

static bool valid_value(const char *value)
{
    size_t length = strlen(value);

    if (length == 0)
        return true;
    if (length > 63 || !is_alnum(value[0]) || !is_alnum(value[length - 1]))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!is_alnum(value[i]) && !strchr("-_.", value[i]))
            return false;
    }
    return true;
}

/* labels.NewRequirement's rules. */
static bool valid_requirement(const struct requirement *r)
{
    int64_t number;

    switch (r->operator) {
    case SELECTOR_IN:
    case SELECTOR_NOT_IN:
        if (r->count == 0)
            return false;
        break;
    case SELECTOR_EXISTS:
    case SELECTOR_DOES_NOT_EXIST:
        if (r->count > 0)
            return false;
        break;
    case SELECTOR_GT:
    case SELECTOR_LT:
        if (r->count != 1 || !units_int(r->values[0], &number))
            return false;
        break;
    }
    for (size_t i = 0; i < r->count; i++) {
        if (!valid_value(r->values[i]))
            return false;
    }
    return true;
}

/* matchFields knows metadata.name, In or NotIn, one value. */
static bool field_matches(const struct requirement *r, const char *name)
{
    bool same;

    if (strcmp(r->key, "metadata.name") != 0 || r->count != 1)
        return false;
    same = strcmp(r->values[0], name) == 0;
    if (r->operator== SELECTOR_IN)
        return same;
    return r->operator== SELECTOR_NOT_IN && !same;
}

bool node_term_matches(const struct node_selector_term *term,
                       const struct node_spec *node)
{
    if (term->expression_count == 0 && term->field_count == 0)
        return false;
    for (size_t i = 0; i < term->expression_count; i++) {
        if (!valid_requirement(&term->expressions[i]) ||
            !requirement_matches(&term->expressions[i], &node->labels))
            return false;
    }
    for (size_t i = 0; i < term->field_count; i++) {
        if (!field_matches(&term->fields[i], node->name))
            return false;
    }
    return true;
}

bool node_affinity_matches(const struct node_affinity *affinity,
                           const struct node_spec *node)
{
    if (!affinity->present && affinity->required_count == 0)
        return true;
    for (size_t i = 0; i < affinity->required_count; i++) {
        if (node_term_matches(&affinity->required[i], node))
            return true;
    }
    return false;
}

bool pod_affinity_matches(const struct pod_template *template,
                          const struct node_spec *node)
{
    return labels_contain(&node->labels, &template->node_selector) &&
           node_affinity_matches(&template->affinity, node);
}

struct resource_ref resource_ref_make(const char *name, int64_t weight)
{
    struct resource_ref ref = {RES_EXTENDED, name, weight};

    if (strcmp(name, "cpu") == 0)
        ref.kind = RES_CPU;
    else if (strcmp(name, "memory") == 0)
        ref.kind = RES_MEMORY;
    else if (strcmp(name, "ephemeral-storage") == 0)
        ref.kind = RES_STORAGE;
    else if (strcmp(name, "pods") == 0)
        ref.kind = RES_PODS;
    return ref;
}

static int64_t extended(const struct resources *r, const char *name)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->items[i].name == name || strcmp(r->items[i].name, name) == 0)
            return r->items[i].quantity;
    }
    return 0;
}

int64_t resource_get(const struct resources *r, const struct resource_ref *ref)
{
    switch (ref->kind) {
    case RES_CPU:
        return r->cpu;
    case RES_MEMORY:
        return r->memory;
    case RES_STORAGE:
        return r->storage;
    case RES_PODS:
        return r->pods;
    case RES_EXTENDED:
        break;
    }
    return extended(r, ref->name);
}
