#include "models/kubectl/merge.h"

#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"

/* What tells the items of a list apart (patchMergeKey); NULL: the list is
 * replaced as a whole. */
static const char *merge_key(const char *list)
{
    static const char *const keys[][2] = {
        {"containers", "name"},
        {"initContainers", "name"},
        {"ports", "containerPort"},
        {"env", "name"},
        {"volumes", "name"},
        {"volumeMounts", "mountPath"},
        {"imagePullSecrets", "name"},
        {"topologySpreadConstraints", "topologyKey"},
    };

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i][0], list) == 0)
            return keys[i][1];
    }
    return NULL;
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

        if (old && item->kind == DOC_MAPPING)
            merge_patch(set, old, item, true);
        else
            doc_append(target, doc_copy(set, item));
    }
}

void merge_patch(struct doc_set *set, struct doc_node *target,
                 struct doc_node *patch, bool strategic)
{
    for (struct doc_node *child = patch->first; child; child = child->next) {
        struct doc_node *old = doc_get(target, child->key);
        const char *key = strategic ? merge_key(child->key) : NULL;

        if (old && old->kind == DOC_MAPPING && child->kind == DOC_MAPPING)
            merge_patch(set, old, child, strategic);
        else if (key && old && old->kind == DOC_SEQUENCE &&
                 child->kind == DOC_SEQUENCE)
            merge_lists(set, old, child, key);
        else
            doc_put(set, target, child->key, doc_copy(set, child));
    }
}

/* --- RFC 6902 --- */

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

static bool change(struct doc_set *set, struct doc_node *parent,
                   const char *token, const char *op, struct doc_node *value,
                   struct diag *diag)
{
    bool removes = strcmp(op, "remove") == 0;
    struct place place = {0};

    if (!parent || !token)
        return false;
    if (!removes && strcmp(op, "add") != 0 && strcmp(op, "replace") != 0)
        return false;
    if (parent->kind == DOC_SEQUENCE && strcmp(token, "-") == 0 && value) {
        doc_append(parent, doc_copy(set, value));
        return true;
    }
    if (parent->kind != DOC_MAPPING || (!removes && !value) ||
        (strcmp(op, "add") != 0 && !doc_get(parent, token)))
        return false;
    if (removes)
        return doc_set_path(set, parent, token, "null", place, diag);
    doc_put(set, parent, token, doc_copy(set, value));
    return true;
}

bool merge_json_patch(struct doc_set *set, struct doc_node *target,
                      struct doc_node *patch, struct place place,
                      struct diag *diag)
{
    for (struct doc_node *item = patch->first; item; item = item->next) {
        const char *op = doc_text(item, "op"), *path = doc_text(item, "path");
        char *last = NULL;
        struct doc_node *parent = path ? follow(target, path, &last) : NULL;
        bool ok =
            op && change(set, parent, last, op, doc_get(item, "value"), diag);

        free(last);
        if (ok)
            continue;
        diag_error(diag, place, "the JSON patch cannot '%.60s' at '%.200s'",
                   op ? op : "", path ? path : "");
        diag_hint(diag, "expected op add, replace or remove, and a path that "
                        "is there");
        return false;
    }
    return true;
}
