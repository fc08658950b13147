/*
 * Label selectors: of objects, of node affinity, and as kubectl's -l has
 * them.
 */
#include <ctype.h>
#include <string.h>

#include "models/manifest_internal.h"

struct selector selector_of_labels(struct loader *l,
                                   const struct labels *labels)
{
    struct selector s = {0};
    struct requirement *items;
    size_t i;

    items = intern_alloc(l->intern, labels->count * sizeof *items);
    for (i = 0; i < labels->count; i++) {
        items[i].key = labels->items[i].key;
        items[i].operator= SELECTOR_IN;
        items[i].count = 1;
        items[i].values = intern_copy(l->intern, &labels->items[i].value, 1,
                                      sizeof(const char *));
    }
    s.count = labels->count;
    s.items = items;
    return s;
}

/* The rules of apimachinery's ValidateLabelSelectorRequirement and core's
 * ValidateNodeSelectorRequirement. */
static bool count_fits(enum selector_operator relation, size_t count)
{
    switch (relation) {
    case SELECTOR_IN:
    case SELECTOR_NOT_IN:
        return count > 0;
    case SELECTOR_EXISTS:
    case SELECTOR_DOES_NOT_EXIST:
        return count == 0;
    case SELECTOR_GT:
    case SELECTOR_LT:
        return count == 1;
    }
    return false;
}

static bool requirement_read(struct loader *l, struct doc_node *node,
                             bool node_affinity, struct requirement *out)
{
    static const char *const label_words[] = {"In", "NotIn", "Exists",
                                              "DoesNotExist", NULL};
    static const char *const node_words[] = {
        "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", NULL};
    int relation = -1;

    if (node->kind != DOC_MAPPING)
        return value_bad(l, node, "a mapping with key and operator");
    if (!value_text(l, node, "key", &out->key) ||
        !value_choice(l, node, "operator",
                      node_affinity ? node_words : label_words, &relation) ||
        !value_texts(l, node, "values", &out->count, &out->values))
        return false;
    if (!out->key || relation < 0) {
        diag_error(l->diag, node->place, "'key' and 'operator' are required");
        return false;
    }
    out->operator=(enum selector_operator) relation;
    if (count_fits(out->operator, out->count))
        return true;
    diag_error(l->diag, node->place,
               "wrong number of 'values' for operator %s: %zu",
               node_words[relation], out->count);
    return false;
}

bool requirements_read(struct loader *l, struct doc_node *sequence,
                       bool node_affinity, size_t *count,
                       const struct requirement **out)
{
    struct requirement *items;
    struct doc_node *child;
    size_t n = 0;

    *count = 0;
    *out = NULL;
    if (!sequence)
        return true;
    items = intern_alloc(l->intern, sequence->count * sizeof *items);
    for (child = sequence->first; child; child = child->next)
        if (!requirement_read(l, child, node_affinity, &items[n++]))
            return false;
    *count = n;
    *out = items;
    return true;
}

/* Both sets of requirements must hold. */
static void append(struct loader *l, struct selector *s,
                   const struct requirement *more, size_t count)
{
    struct requirement *items;

    if (count == 0)
        return;
    items = intern_alloc(l->intern, (s->count + count) * sizeof *items);
    if (s->count > 0)
        memcpy(items, s->items, s->count * sizeof *items);
    memcpy(items + s->count, more, count * sizeof *items);
    s->items = items;
    s->count += count;
}

bool selector_read_map(struct loader *l, struct doc_node *node,
                       struct selector *out)
{
    struct labels labels;

    if (!value_labels(l, node, &labels))
        return false;
    *out = selector_of_labels(l, &labels);
    return true;
}

bool selector_read(struct loader *l, struct doc_node *node,
                   struct selector *out)
{
    struct doc_node *expressions;
    const struct requirement *items;
    size_t count;

    memset(out, 0, sizeof *out);
    if (!node) {
        out->nothing = true;
        return true;
    }
    if (node->kind != DOC_MAPPING)
        return value_bad(l, node,
                         "a mapping of matchLabels or matchExpressions");
    if (!selector_read_map(l, doc_get(node, "matchLabels"), out) ||
        !value_sequence(l, node, "matchExpressions", &expressions) ||
        !requirements_read(l, expressions, false, &count, &items))
        return false;
    append(l, out, items, count);
    return true;
}

/* ---- kubectl's -l ---- */

struct text_reader {
    struct loader *l;
    const char *at;
};

static void skip_space(struct text_reader *r)
{
    while (isspace((unsigned char)*r->at))
        r->at++;
}

/* A key, value or operator word; NULL where there is none. */
static const char *take_word(struct text_reader *r)
{
    size_t length;

    skip_space(r);
    length = strcspn(r->at, " \t,=!()");
    if (length == 0)
        return NULL;
    r->at += length;
    return intern_printf(r->l->intern, "%.*s", (int)length, r->at - length);
}

static bool take(struct text_reader *r, const char *sign)
{
    size_t length = strlen(sign);

    skip_space(r);
    if (strncmp(r->at, sign, length) != 0)
        return false;
    r->at += length;
    return true;
}

static void set_values(struct text_reader *r, struct requirement *out,
                       const char *const *values, size_t count)
{
    out->count = count;
    out->values =
        intern_copy(r->l->intern, values, count, sizeof(const char *));
}

/* "in (a, b)", "notin (a)" behind a key. */
static bool take_set(struct text_reader *r, struct requirement *out)
{
    const char *word = take_word(r);
    const char *values[64];
    size_t count = 0;

    if (!word || (strcmp(word, "in") != 0 && strcmp(word, "notin") != 0))
        return false;
    out->operator= word[0] == 'i' ? SELECTOR_IN : SELECTOR_NOT_IN;
    if (!take(r, "("))
        return false;
    do {
        if (count == sizeof values / sizeof values[0] ||
            !(values[count++] = take_word(r)))
            return false;
    } while (take(r, ","));
    set_values(r, out, values, count);
    return take(r, ")");
}

static bool take_requirement(struct text_reader *r, struct requirement *out)
{
    bool negated = take(r, "!");
    const char *value;

    out->key = take_word(r);
    if (!out->key)
        return false;
    skip_space(r);
    if (negated || *r->at == ',' || *r->at == '\0') {
        out->operator= negated ? SELECTOR_DOES_NOT_EXIST : SELECTOR_EXISTS;
        return true;
    }
    if (take(r, "!="))
        out->operator= SELECTOR_NOT_IN;
    else if (take(r, "==") || take(r, "="))
        out->operator= SELECTOR_IN;
    else
        return take_set(r, out);
    value = take_word(r);
    if (!value)
        value = intern(r->l->intern, "");
    set_values(r, out, &value, 1);
    return true;
}

bool loader_parse_selector(struct loader *l, const char *text,
                           struct place place, struct selector *out)
{
    struct text_reader reader = {l, text};

    memset(out, 0, sizeof *out);
    do {
        struct requirement one = {0};

        if (!take_requirement(&reader, &one)) {
            diag_error(l->diag, place, "bad selector '%.200s'", text);
            diag_hint(l->diag, "expected for example 'app=web,tier!=db,env "
                               "in (a, b)'");
            return false;
        }
        append(l, out, &one, 1);
    } while (take(&reader, ","));
    if (*reader.at == '\0')
        return true;
    diag_error(l->diag, place, "bad selector '%.200s' at '%.40s'", text,
               reader.at);
    return false;
}

bool loader_read_selector(struct loader *l, struct doc_node *node,
                          struct selector *out)
{
    memset(out, 0, sizeof *out);
    if (!node)
        return true;
    if (node->kind != DOC_MAPPING)
        return value_bad(l, node, "a mapping of labels");
    if (doc_get(node, "matchLabels") || doc_get(node, "matchExpressions"))
        return selector_read(l, node, out);
    return selector_read_map(l, node, out);
}
