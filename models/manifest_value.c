/*
 * Values of the fields of Kubernetes objects: read, checked, with messages.
 */
#include <stdlib.h>
#include <string.h>

#include "models/manifest_internal.h"
#include "models/select.h"
#include "sim/io/units.h"

static bool is_template(const char *text)
{
    return strstr(text, "{{") != NULL;
}

bool value_bad(struct loader *l, const struct doc_node *node,
               const char *expected)
{
    static const char *const kinds[] = {"nothing", "a value", "a list",
                                        "a mapping"};
    const char *key = node->key ? node->key : "list item";

    if (node->kind != DOC_SCALAR)
        diag_error(l->diag, node->place, "expected %s for '%.200s', got %s",
                   expected, key, kinds[node->kind]);
    else
        diag_error(l->diag, node->place,
                   "expected %s for '%.200s', got %s'%.60s'", expected, key,
                   node->plain ? "" : "the text ", node->text);
    if (node->kind == DOC_SCALAR && is_template(node->text))
        diag_hint(l->diag, "this is a Go template: render it first, as with "
                           "'helm template'");
    return false;
}

bool value_int(struct loader *l, struct doc_node *map, const char *key, int min,
               int max, int *out)
{
    struct doc_node *node = doc_get(map, key);
    const char *expected;
    int64_t value;

    if (!node)
        return true;
    if (node->kind == DOC_SCALAR && node->plain &&
        units_int(node->text, &value) && value >= min && value <= max) {
        *out = (int)value;
        return true;
    }
    if (min == 0 && max == 1)
        expected = "1";
    else if (min == max)
        expected = intern_printf(l->intern, "%d", min);
    else if (max == INT32_MAX)
        expected = intern_printf(l->intern, "an integer >= %d", min);
    else
        expected =
            intern_printf(l->intern, "an integer from %d to %d", min, max);
    return value_bad(l, node, expected);
}

bool value_bool(struct loader *l, struct doc_node *map, const char *key,
                bool *out)
{
    struct doc_node *node = doc_get(map, key);

    if (!node)
        return true;
    if (node->kind == DOC_SCALAR && node->plain && units_bool(node->text, out))
        return true;
    return value_bad(l, node, "true or false");
}

bool value_seconds(struct loader *l, struct doc_node *map, const char *key,
                   int min, sim_time *out)
{
    int seconds = -1;

    if (!value_int(l, map, key, min, INT32_MAX, &seconds))
        return false;
    if (seconds >= 0)
        *out = seconds * SIM_S;
    return true;
}

bool value_text(struct loader *l, struct doc_node *map, const char *key,
                const char **out)
{
    struct doc_node *node = doc_get(map, key);

    if (!node)
        return true;
    if (node->kind != DOC_SCALAR)
        return value_bad(l, node, "a text");
    *out = intern(l->intern, node->text);
    return true;
}

bool value_choice(struct loader *l, struct doc_node *map, const char *key,
                  const char *const *choices, int *out)
{
    struct doc_node *node = doc_get(map, key);
    int i;

    if (!node)
        return true;
    if (node->kind != DOC_SCALAR)
        return value_bad(l, node, "a word");
    for (i = 0; choices[i]; i++)
        if (strcmp(choices[i], node->text) == 0) {
            *out = i;
            return true;
        }
    diag_error(l->diag, node->place, "unknown value '%.60s' for '%s'",
               node->text, key);
    diag_suggest(l->diag, node->text, choices);
    return false;
}

bool value_int_or_percent(struct loader *l, struct doc_node *map,
                          const char *key, struct int_or_percent *out)
{
    struct doc_node *node = doc_get(map, key);
    char digits[16];
    size_t length;
    int64_t value;
    bool percent;

    if (!node)
        return true;
    length = node->kind == DOC_SCALAR ? strlen(node->text) : 0;
    percent = length > 1 && node->text[length - 1] == '%';
    if (length > 0 && length < sizeof digits) {
        memcpy(digits, node->text, length + 1);
        if (percent)
            digits[length - 1] = '\0';
        if (units_int(digits, &value) && value >= 0 && value <= INT32_MAX) {
            out->percent = percent;
            out->value = (int)value;
            return true;
        }
    }
    return value_bad(l, node, "an integer >= 0 or a percentage such as 25%");
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct label *)a)->key,
                  ((const struct label *)b)->key);
}

void loader_sort_labels(struct label *items, size_t count)
{
    if (count > 1)
        qsort(items, count, sizeof *items, by_key);
}

/* metav1validation.ValidateLabels */
static bool label_ok(struct loader *l, const struct doc_node *label)
{
    if (!label_key_ok(label->key)) {
        diag_error(l->diag, label->key_place, "invalid label key '%.200s'",
                   label->key);
        diag_hint(l->diag, "%s", label_key_expected);
        return false;
    }
    if (label_value_ok(label->text))
        return true;
    diag_error(l->diag, label->place, "invalid label value '%.200s'",
               label->text);
    diag_hint(l->diag, "%s", label_value_expected);
    return false;
}

bool value_labels(struct loader *l, struct doc_node *node, struct labels *out)
{
    struct doc_node *child;
    struct label *items;
    size_t count = 0;

    out->count = 0;
    out->items = NULL;
    if (!node || node->kind == DOC_NULL)
        return true;
    if (node->kind != DOC_MAPPING)
        return value_bad(l, node, "a mapping of texts");
    items = intern_alloc(l->intern, node->count * sizeof *items);
    for (child = node->first; child; child = child->next) {
        if (child->kind != DOC_SCALAR && child->kind != DOC_NULL)
            return value_bad(l, child, "a text");
        child->used = true;
        if (!label_ok(l, child))
            return false;
        items[count].key = intern(l->intern, child->key);
        items[count++].value = intern(l->intern, child->text);
    }
    loader_sort_labels(items, count);
    out->count = count;
    out->items = items;
    return true;
}

static bool of_kind(struct loader *l, struct doc_node *map, const char *key,
                    enum doc_kind kind, struct doc_node **out)
{
    struct doc_node *node = doc_get(map, key);

    *out = NULL;
    if (!node)
        return true;
    if (node->kind != kind)
        return value_bad(l, node,
                         kind == DOC_SEQUENCE ? "a list" : "a mapping");
    *out = node;
    return true;
}

bool value_sequence(struct loader *l, struct doc_node *map, const char *key,
                    struct doc_node **out)
{
    return of_kind(l, map, key, DOC_SEQUENCE, out);
}

bool value_mapping(struct loader *l, struct doc_node *map, const char *key,
                   struct doc_node **out)
{
    return of_kind(l, map, key, DOC_MAPPING, out);
}

bool value_texts(struct loader *l, struct doc_node *map, const char *key,
                 size_t *count, const char *const **out)
{
    struct doc_node *sequence, *child;
    const char **items;
    size_t n = 0;

    *count = 0;
    *out = NULL;
    if (!value_sequence(l, map, key, &sequence))
        return false;
    if (!sequence)
        return true;
    items = intern_alloc(l->intern, sequence->count * sizeof *items);
    for (child = sequence->first; child; child = child->next) {
        if (child->kind != DOC_SCALAR)
            return value_bad(l, child, "a text");
        items[n++] = intern(l->intern, child->text);
    }
    *count = n;
    *out = items;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct extended_resource *)a)->name,
                  ((const struct extended_resource *)b)->name);
}

/* Adds or replaces one extended resource. */
static void set_extended(struct loader *l, struct resources *r,
                         const char *name, int64_t quantity)
{
    struct extended_resource *items;
    size_t i;

    items = intern_alloc(l->intern, (r->count + 1) * sizeof *items);
    if (r->count > 0)
        memcpy(items, r->items, r->count * sizeof *items);
    for (i = 0; i < r->count && items[i].name != name; i++)
        ;
    items[i].name = name;
    items[i].quantity = quantity;
    if (i == r->count) {
        r->count++;
        qsort(items, r->count, sizeof *items, by_name);
    }
    r->items = items;
}

/* One resource; *out as it was where the text is bad. */
bool loader_set_resource(struct loader *l, const char *name, const char *text,
                         struct resources *out)
{
    bool cpu = strcmp(name, "cpu") == 0;
    int64_t value;

    if (!units_quantity(text, cpu ? 1000 : 1, &value) || value < 0)
        return false;
    if (cpu)
        out->cpu = value;
    else if (strcmp(name, "memory") == 0)
        out->memory = value;
    else if (strcmp(name, "ephemeral-storage") == 0)
        out->storage = value;
    else if (strcmp(name, "pods") == 0)
        out->pods = value;
    else
        set_extended(l, out, intern(l->intern, name), value);
    return true;
}

bool value_resources(struct loader *l, struct doc_node *node,
                     struct resources *out)
{
    struct doc_node *child;
    bool ok = true;

    if (!node)
        return true;
    if (node->kind != DOC_MAPPING)
        return value_bad(l, node, "a mapping of quantities");
    for (child = node->first; child; child = child->next) {
        child->used = true;
        if (child->kind == DOC_NULL)
            continue;
        if (child->kind != DOC_SCALAR ||
            !loader_set_resource(l, child->key, child->text, out))
            ok = value_bad(l, child,
                           "a quantity >= 0 such as 100m, 1.5 or 128Mi");
    }
    return ok;
}

bool loader_read_resources(struct loader *l, struct doc_node *map,
                           struct resources *out)
{
    return value_resources(l, map, out);
}
