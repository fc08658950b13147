/*
 * Copies, and changes by path. What is replaced stays in the set's chunks,
 * unreachable, until the set goes.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/io/doc_internal.h"
#include "sim/io/units.h"

struct doc_node *doc_new_mapping(struct doc_set *set, struct place place)
{
    return doc_new_node(set, DOC_MAPPING, place);
}

struct doc_node *doc_new_scalar(struct doc_set *set, struct place place,
                                const char *text)
{
    struct doc_node *node = doc_new_node(set, DOC_SCALAR, place);

    node->text = doc_new_text(set, text, strlen(text));
    node->plain = true;
    return node;
}

struct doc_node *doc_copy_bounded(struct doc_set *set,
                                  const struct doc_node *node, size_t *count,
                                  size_t most, size_t depth)
{
    bool leaf = node->kind == DOC_SCALAR || node->kind == DOC_NULL;
    struct doc_node *copy, *child_copy;
    const struct doc_node *child;

    if (*count >= most || (depth == 0 && !leaf))
        return NULL;
    ++*count;
    copy = doc_new_node(set, node->kind, node->place);
    copy->plain = node->plain;
    copy->text = node->text;
    for (child = node->first; child; child = child->next) {
        child_copy = doc_copy_bounded(set, child, count, most, depth - 1);
        if (!child_copy)
            return NULL;
        child_copy->key = child->key;
        child_copy->key_place = child->key_place;
        doc_link(copy, child_copy);
    }
    return copy;
}

/* Texts that another set owns are copied too. */
static void own_texts(struct doc_set *set, struct doc_node *node)
{
    struct doc_node *child;

    node->text = doc_new_text(set, node->text, strlen(node->text));
    if (node->key)
        node->key = doc_new_text(set, node->key, strlen(node->key));
    for (child = node->first; child; child = child->next)
        own_texts(set, child);
}

struct doc_node *doc_copy(struct doc_set *set, const struct doc_node *node)
{
    size_t count = 0;
    struct doc_node *copy =
        doc_copy_bounded(set, node, &count, SIZE_MAX, SIZE_MAX);

    own_texts(set, copy);
    return copy;
}

void doc_put(struct doc_set *set, struct doc_node *map, const char *key,
             struct doc_node *value)
{
    struct doc_node *old, *before = NULL;

    assert(map->kind == DOC_MAPPING && value);
    for (old = map->first; old; before = old, old = old->next)
        if (strcmp(old->key, key) == 0)
            break;
    value->key = old ? old->key : doc_new_text(set, key, strlen(key));
    value->key_place = value->place;
    if (!old) {
        doc_link(map, value);
        return;
    }
    value->parent = map;
    value->next = old->next;
    if (before)
        before->next = value;
    else
        map->first = value;
    if (map->last == old)
        map->last = value;
}

void doc_append(struct doc_node *sequence, struct doc_node *value)
{
    assert(sequence->kind == DOC_SEQUENCE);
    value->key = NULL;
    doc_link(sequence, value);
}

/* The link that leads to a node. */
static struct doc_node **link_to(struct doc_node *node)
{
    struct doc_node **at = &node->parent->first;

    while (*at != node)
        at = &(*at)->next;
    return at;
}

void doc_insert(struct doc_node *item, struct doc_node *value)
{
    struct doc_node *sequence = item->parent;

    assert(sequence && sequence->kind == DOC_SEQUENCE);
    value->key = NULL;
    value->parent = sequence;
    value->next = item;
    *link_to(item) = value;
    sequence->count++;
}

void doc_remove(struct doc_node *node)
{
    struct doc_node *parent = node->parent, *last = parent->first;

    *link_to(node) = node->next;
    parent->count--;
    if (parent->last == node) {
        for (last = parent->first; last && last->next; last = last->next)
            ;
        parent->last = last;
    }
    node->parent = node->next = NULL;
}

/* ---- paths ---- */

/* One step of a path: a key, or what stands in brackets. */
struct step {
    char *text;
    bool bracket;
};

/* A --set that is being done. */
struct edit {
    struct doc_set *set;
    const char *path; /* whole, for messages */
    struct place place;
    struct diag *diag;
    VEC_OF(struct step) steps;
};

/* Reads a step up to one of the characters of `end`; quotes take all. False:
 * it is empty or not closed. */
static bool read_step(struct edit *edit, const char **text, const char *end,
                      bool bracket)
{
    struct step step = {NULL, bracket};
    const char *p = *text;
    size_t length;

    if (*p == '\'' || *p == '"') {
        const char *close = strchr(p + 1, *p);

        if (!close)
            return false;
        step.text = mem_strndup(p + 1, (size_t)(close - p - 1));
        p = close + 1;
    } else {
        length = strcspn(p, end);
        if (length == 0)
            return false;
        step.text = mem_strndup(p, length);
        p += length;
    }
    *text = p;
    VEC_PUSH(edit->steps, step);
    return true;
}

static bool read_steps(struct edit *edit)
{
    const char *p = edit->path;

    if (!read_step(edit, &p, ".[", false))
        return false;
    while (*p) {
        bool bracket = *p == '[';

        if ((*p != '.' && !bracket) || edit->steps.count == DOC_DEPTH_MAX / 2)
            return false;
        p++;
        if (!read_step(edit, &p, bracket ? "]" : ".[", bracket))
            return false;
        if (bracket && *p++ != ']')
            return false;
    }
    return true;
}

static void release_steps(struct edit *edit)
{
    size_t i;

    for (i = 0; i < edit->steps.count; i++)
        free(edit->steps.items[i].text);
    VEC_FREE(edit->steps);
}

static struct doc_node *find_key(const struct doc_node *map, const char *key)
{
    struct doc_node *child;

    for (child = map->first; child; child = child->next)
        if (strcmp(child->key, key) == 0)
            return child;
    return NULL;
}

/* The text of an item's `name`, or NULL. */
static const char *item_name(const struct doc_node *item)
{
    const struct doc_node *name =
        item->kind == DOC_MAPPING ? find_key(item, "name") : NULL;

    return name && name->kind == DOC_SCALAR ? name->text : NULL;
}

static struct doc_node *find_item(const struct doc_node *sequence,
                                  const char *text)
{
    struct doc_node *item;
    int64_t index;

    for (item = sequence->first; item; item = item->next) {
        const char *name = item_name(item);

        if (name && strcmp(name, text) == 0)
            return item;
    }
    if (!units_int(text, &index) || index < 0)
        return NULL;
    for (item = sequence->first; item && index > 0; index--)
        item = item->next;
    return item;
}

static void report_no_item(struct edit *edit, const struct doc_node *sequence,
                           const char *text)
{
    VEC_OF(const char *) names = {0};
    const struct doc_node *item;

    diag_error(edit->diag, edit->place, "no item '%.200s' for '%s'", text,
               edit->path);
    for (item = sequence->first; item; item = item->next)
        if (item_name(item))
            VEC_PUSH(names, item_name(item));
    VEC_PUSH(names, NULL);
    diag_suggest(edit->diag, text, names.items);
    VEC_FREE(names);
}

static struct doc_node *take_key(struct edit *edit, struct doc_node *map,
                                 size_t index, struct doc_node *value)
{
    const struct step *step = &edit->steps.items[index];
    struct doc_node *there = find_key(map, step->text);

    if (there && !value)
        return there;
    if (!value && step[1].bracket) {
        diag_error(edit->diag, edit->place, "no list '%.200s' for '%s'",
                   step->text, edit->path);
        return NULL;
    }
    there = value ? value : doc_new_mapping(edit->set, edit->place);
    doc_put(edit->set, map, step->text, there);
    return there;
}

static struct doc_node *take_item(struct edit *edit, struct doc_node *sequence,
                                  const char *text, struct doc_node *value)
{
    struct doc_node *there = find_item(sequence, text);
    struct doc_node *next, *child;

    if (!there) {
        report_no_item(edit, sequence, text);
    } else if (value) {
        next = there->next;
        *there = *value;
        there->parent = sequence;
        there->next = next;
        for (child = there->first; child; child = child->next)
            child->parent = there;
    }
    return there;
}

/* Puts value (NULL: a new mapping where there is none) at the step `index`
 * below `node`; returns what is there then, or NULL after an error. */
static struct doc_node *take_step(struct edit *edit, struct doc_node *node,
                                  size_t index, struct doc_node *value)
{
    const struct step *step = &edit->steps.items[index];

    if (!step->bracket && node->kind == DOC_NULL)
        node->kind = DOC_MAPPING;
    if (node->kind == DOC_MAPPING)
        return take_key(edit, node, index, value);
    if (step->bracket && node->kind == DOC_SEQUENCE)
        return take_item(edit, node, step->text, value);
    diag_error(edit->diag, edit->place,
               "no '%.200s' for '%s': what is there is not a %s", step->text,
               edit->path, step->bracket ? "list" : "mapping");
    if (node->kind == DOC_SEQUENCE)
        diag_hint(edit->diag, "it is a list: write [NAME] or [INDEX]");
    return NULL;
}

static void set_places(struct doc_node *node, struct place place)
{
    struct doc_node *child;

    node->place = place;
    node->key_place = place;
    for (child = node->first; child; child = child->next)
        set_places(child, place);
}

/* The value's node: of YAML text, at the edit's place. */
static struct doc_node *read_value(struct edit *edit, const char *text)
{
    struct doc_set *set = edit->set;
    size_t count = set->roots.count;
    struct diag *scratch = diag_new();
    struct doc_node *value = NULL;
    bool ok = true;

    if (text[strspn(text, " \t\r\n")])
        ok = doc_read_text(set, edit->place.file, text, scratch);
    if (!ok || set->roots.count > count + 1)
        diag_error(edit->diag, edit->place, "bad value '%.200s' for '%s'", text,
                   edit->path);
    else if (set->roots.count == count)
        value = doc_new_node(set, DOC_NULL, edit->place);
    else
        value = set->roots.items[count];
    set->roots.count = count;
    diag_free(scratch);
    if (value)
        set_places(value, edit->place);
    return value;
}

bool doc_set_path(struct doc_set *set, struct doc_node *root, const char *path,
                  const char *value, struct place place, struct diag *diag)
{
    struct edit edit = {.set = set, .path = path, .place = place, .diag = diag};
    struct doc_node *node = root, *put;
    size_t i;

    if (!read_steps(&edit)) {
        diag_error(diag, place, "bad path '%s'", path);
        diag_hint(diag, "expected KEY.KEY[NAME or INDEX].KEY; "
                        "a key with dots goes in quotes");
        release_steps(&edit);
        return false;
    }
    put = read_value(&edit, value);
    for (i = 0; put && node && i < edit.steps.count; i++)
        node =
            take_step(&edit, node, i, i + 1 == edit.steps.count ? put : NULL);
    release_steps(&edit);
    return put && node;
}
