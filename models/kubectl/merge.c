#include "models/kubectl/merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"

/* What tells the items of a list apart (patchMergeKey of
 * staging/src/k8s.io/api); NULL: the list is replaced as a whole. A Service's
 * ports and a container's have keys of their own. */
static const char *merge_key(const struct doc_node *list)
{
    static const char *const keys[][2] = {
        {"containers", "name"},
        {"initContainers", "name"},
        {"env", "name"},
        {"volumes", "name"},
        {"volumeMounts", "mountPath"},
        {"imagePullSecrets", "name"},
        {"topologySpreadConstraints", "topologyKey"},
    };
    const struct doc_node *above = list->parent;

    if (strcmp(list->key, "ports") == 0)
        return above && above->key && strcmp(above->key, "spec") == 0
                   ? "port"
                   : "containerPort";
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i][0], list->key) == 0)
            return keys[i][1];
    }
    return NULL;
}

/* The directive of a strategic merge patch; "" where there is none. */
static const char *directive(struct doc_node *patch)
{
    const char *text =
        patch->kind == DOC_MAPPING ? doc_text(patch, "$patch") : NULL;

    return text ? text : "";
}

static struct doc_node *find_item(struct doc_node *list, const char *key,
                                  const char *value)
{
    for (struct doc_node *item = list->first; item; item = item->next) {
        const char *text = doc_text(item, key);

        if (text && value && strcmp(text, value) == 0)
            return item;
    }
    return NULL;
}

static void merge_lists(struct doc_set *set, struct doc_node *target,
                        struct doc_node *patch, const char *key)
{
    for (struct doc_node *item = patch->first; item; item = item->next) {
        struct doc_node *old = find_item(target, key, doc_text(item, key));
        bool deletes = strcmp(directive(item), "delete") == 0;

        if (old && deletes)
            doc_remove(old);
        else if (old && item->kind == DOC_MAPPING)
            merge_patch(set, old, item, true);
        else if (!deletes)
            doc_append(target, doc_copy(set, item));
    }
}

static bool replaces(struct doc_node *list)
{
    for (struct doc_node *item = list->first; item; item = item->next) {
        if (strcmp(directive(item), "replace") == 0)
            return true;
    }
    return false;
}

/* A copy for the target: what only the patch needs is left out. */
static struct doc_node *plain_copy(struct doc_set *set,
                                   const struct doc_node *patch)
{
    struct doc_node *copy = doc_copy(set, patch), *item = copy->first;

    while (item) {
        struct doc_node *next = item->next;

        if (item->kind == DOC_NULL ||
            (item->key && strcmp(item->key, "$patch") == 0) ||
            strcmp(directive(item), "replace") == 0)
            doc_remove(item);
        item = next;
    }
    return copy;
}

static void merge_child(struct doc_set *set, struct doc_node *target,
                        struct doc_node *child, bool strategic)
{
    struct doc_node *old = doc_get(target, child->key);
    const char *key = strategic ? merge_key(child) : NULL;

    if (child->kind == DOC_NULL) {
        if (old)
            doc_remove(old);
    } else if (old && old->kind == DOC_MAPPING && child->kind == DOC_MAPPING &&
               !(strategic && strcmp(directive(child), "replace") == 0)) {
        merge_patch(set, old, child, strategic);
    } else if (key && old && old->kind == DOC_SEQUENCE &&
               child->kind == DOC_SEQUENCE && !replaces(child)) {
        merge_lists(set, old, child, key);
    } else {
        doc_put(set, target, child->key, plain_copy(set, child));
    }
}

void merge_patch(struct doc_set *set, struct doc_node *target,
                 struct doc_node *patch, bool strategic)
{
    for (struct doc_node *child = patch->first; child; child = child->next)
        merge_child(set, target, child, strategic);
}

/* --- RFC 6902 --- */

enum operation { OP_ADD, OP_REPLACE, OP_REMOVE, OP_TEST, OPERATIONS };
static const char *const operations[] = {"add", "replace", "remove", "test"};

static bool same(const struct doc_node *a, const struct doc_node *b)
{
    const struct doc_node *x = a->first, *y = b->first;

    if (a->kind != b->kind || a->count != b->count ||
        strcmp(a->text, b->text) != 0)
        return false;
    for (; x; x = x->next, y = y->next) {
        if ((x->key && (!y->key || strcmp(x->key, y->key) != 0)) || !same(x, y))
            return false;
    }
    return true;
}

/* The next token of a pointer, "~1" and "~0" undone; the caller frees it.
 * NULL: it is over. */
static char *next_token(const char **pointer)
{
    size_t length, n = 0;
    char *token;

    if (**pointer != '/')
        return NULL;
    ++*pointer;
    length = strcspn(*pointer, "/");
    token = mem_strndup(*pointer, length);
    *pointer += length;
    for (size_t i = 0; i < length; i++) {
        if (token[i] == '~' && (token[i + 1] == '0' || token[i + 1] == '1'))
            token[n++] = token[++i] == '0' ? '~' : '/';
        else
            token[n++] = token[i];
    }
    token[n] = '\0';
    return token;
}

static struct doc_node *child_of(struct doc_node *node, const char *token)
{
    char *end;
    unsigned long index;
    struct doc_node *item;

    if (!node || node->kind == DOC_MAPPING)
        return doc_get(node, token);
    if (node->kind != DOC_SEQUENCE)
        return NULL;
    index = strtoul(token, &end, 10);
    if (end == token || *end)
        return NULL;
    for (item = node->first; item && index > 0; item = item->next)
        index--;
    return item;
}

/* Follows all but the last token, which the caller frees. */
static struct doc_node *follow(struct doc_node *root, const char *pointer,
                               char **last)
{
    struct doc_node *node = root;
    char *token = next_token(&pointer), *next;

    while (token && (next = next_token(&pointer))) {
        node = child_of(node, token);
        free(token);
        token = next;
    }
    *last = token;
    return node;
}

/* In a list: `token` is an index, or "-" behind the last item. */
static bool change_list(struct doc_set *set, struct doc_node *list,
                        const char *token, enum operation op,
                        struct doc_node *value)
{
    struct doc_node *item = child_of(list, token);
    char end[24];

    snprintf(end, sizeof end, "%zu", list->count);
    if (op == OP_ADD && (strcmp(token, "-") == 0 || strcmp(token, end) == 0)) {
        doc_append(list, doc_copy(set, value));
        return true;
    }
    if (!item)
        return false;
    if (op == OP_ADD || op == OP_REPLACE)
        doc_insert(item, doc_copy(set, value));
    if (op == OP_REPLACE || op == OP_REMOVE)
        doc_remove(item);
    return op != OP_TEST || same(item, value);
}

static bool change_map(struct doc_set *set, struct doc_node *map,
                       const char *token, enum operation op,
                       struct doc_node *value)
{
    struct doc_node *old = doc_get(map, token);

    if (op == OP_TEST)
        return old && same(old, value);
    if (op != OP_ADD && !old)
        return false;
    if (op == OP_REMOVE)
        doc_remove(old);
    else
        doc_put(set, map, token, doc_copy(set, value));
    return true;
}

static bool change(struct doc_set *set, struct doc_node *parent,
                   const char *token, struct doc_node *item)
{
    const char *word = doc_text(item, "op");
    enum operation op = OP_ADD;
    struct doc_node *value = doc_get(item, "value");

    while (word && op < OPERATIONS && strcmp(operations[op], word) != 0)
        op++;
    if (!word || op == OPERATIONS || !parent || !token ||
        (op != OP_REMOVE && !value))
        return false;
    return parent->kind == DOC_SEQUENCE
               ? change_list(set, parent, token, op, value)
               : parent->kind == DOC_MAPPING &&
                     change_map(set, parent, token, op, value);
}

bool merge_json_patch(struct doc_set *set, struct doc_node *target,
                      struct doc_node *patch, struct place place,
                      struct diag *diag)
{
    for (struct doc_node *item = patch->first; item; item = item->next) {
        const char *op = doc_text(item, "op"), *path = doc_text(item, "path");
        char *last = NULL;
        struct doc_node *parent = path ? follow(target, path, &last) : NULL;
        bool ok = change(set, parent, last, item);

        free(last);
        if (ok)
            continue;
        diag_error(diag, place, "the JSON patch cannot '%.60s' at '%.200s'",
                   op ? op : "", path ? path : "");
        diag_hint(diag, "expected op add, replace, remove or test, and a path "
                        "that is there");
        return false;
    }
    return true;
}
