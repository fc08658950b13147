/*
 * libyaml's events become a tree. Without recursion, and with every limit
 * checked as events come, so that no input can exhaust stack or memory.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "sim/io/doc_internal.h"

static const char too_long[] = "a text of more than 4 MiB";

enum { FEW_KEYS = 16 }; /* up to here, comparing all pairs is quicker */

/* A collection that is being read. */
struct level {
    struct doc_node *node;
    const char *key; /* mapping: read, its value not yet; else NULL */
    struct place key_place;
    bool merges; /* a mapping with a "<<" */
};

struct build {
    struct doc_set *set;
    struct diag *diag;
    const struct doc_source *source;
    size_t fed;       /* bytes that libyaml has got */
    size_t fed_limit; /* and may have before its next event */
    struct level levels[DOC_DEPTH_MAX];
    size_t depth;
    struct doc_node *root;
    struct doc_table anchors, keys;
    size_t copies;
    bool repeated; /* the mapping had a key twice, and may */
    bool failed;   /* an error was reported; go on for more of them */
    bool stopped;  /* nothing more can be read */
};

static struct place mark_place(const struct build *b, yaml_mark_t mark)
{
    struct place place = {b->source->name, (int)mark.line + 1,
                          (int)mark.column + 1};

    return place;
}

/* Gives libyaml more, but stops where a single token has become too long:
 * libyaml holds tokens of any length. */
static int feed(void *data, unsigned char *buffer, size_t size, size_t *got)
{
    struct build *b = data;
    size_t left = b->source->size - b->fed;

    if (b->fed > b->fed_limit)
        return 0;
    *got = size < left ? size : left;
    memcpy(buffer, b->source->bytes + b->fed, *got);
    b->fed += *got;
    return 1;
}

/* ---- errors ---- */

/* The line of a text, not ended by 0. */
static const char *find_line(const struct doc_source *source, size_t line,
                             size_t *length)
{
    const char *p = source->bytes + source->begin;
    const char *end = source->bytes + source->size;
    const char *stop;

    for (; line > 0; line--) {
        p = memchr(p, '\n', (size_t)(end - p));
        if (!p)
            return NULL;
        p++;
    }
    stop = memchr(p, '\n', (size_t)(end - p));
    *length = (size_t)((stop ? stop : end) - p);
    return p;
}

/* Says what the line at fault most likely has. */
static void hint_at_line(const struct build *b, yaml_mark_t mark)
{
    size_t length = 0, i;
    const char *line = find_line(b->source, mark.line, &length);

    for (i = 0; line && i + 1 < length; i++)
        if (line[i] == '{' && line[i + 1] == '{') {
            diag_hint(b->diag, "it has {{ }}: a template is to be rendered "
                               "first, for instance by helm template");
            return;
        }
    for (i = 0; line && i < length && i <= mark.column; i++)
        if (line[i] == '\t') {
            diag_hint(b->diag, "it has a tab: YAML is indented by blanks");
            return;
        }
}

static void report_syntax(struct build *b, const yaml_parser_t *parser)
{
    struct place place = mark_place(b, parser->problem_mark);
    const char *problem = parser->problem ? parser->problem : "not YAML";

    b->failed = b->stopped = true;
    if (parser->error == YAML_READER_ERROR && b->fed > b->fed_limit) {
        diag_error(b->diag, mark_place(b, parser->mark), "%s", too_long);
        return;
    }
    if (parser->error == YAML_READER_ERROR)
        place = mark_place(b, parser->mark);
    diag_error(b->diag, place, "not YAML: %s", problem);
    if (parser->context)
        diag_hint(b->diag, "%s that begins at line %zu, column %zu",
                  parser->context, parser->context_mark.line + 1,
                  parser->context_mark.column + 1);
    hint_at_line(b, parser->problem_mark);
}

static void stop(struct build *b, yaml_mark_t mark, const char *text)
{
    diag_error(b->diag, mark_place(b, mark), "%s", text);
    b->failed = b->stopped = true;
}

/* ---- mappings ---- */

static void report_twice(struct build *b, struct doc_node *first,
                         const struct doc_node *second)
{
    if (b->set->lenient) {
        diag_warning(b->diag, second->key_place,
                     "key '%.200s' is given twice, first in line %d; "
                     "the last counts",
                     second->key, first->key_place.line);
        first->key = NULL; /* drop_unnamed takes it out */
        b->repeated = true;
        return;
    }
    diag_error(b->diag, second->key_place,
               "key '%.200s' is given twice, first in line %d", second->key,
               first->key_place.line);
    b->failed = true;
}

/* Takes out the children of a mapping that have lost their key. */
static void drop_unnamed(struct doc_node *map)
{
    struct doc_node *child = map->first, *next;

    map->first = map->last = NULL;
    map->count = 0;
    for (; child; child = next) {
        next = child->next;
        if (child->key)
            doc_link(map, child);
    }
}

static bool is_merge(const struct doc_node *child)
{
    return strcmp(child->key, "<<") == 0;
}

static void check_few(struct build *b, const struct doc_node *map)
{
    struct doc_node *a, *c;

    for (a = map->first; a; a = a->next)
        for (c = map->first; c != a; c = c->next)
            if (c->key && strcmp(a->key, c->key) == 0) {
                report_twice(b, c, a);
                break;
            }
}

/* Leaves the keys in b->keys. */
static void check_many(struct build *b, const struct doc_node *map)
{
    struct doc_node *child;

    doc_table_clear(&b->keys);
    for (child = map->first; child; child = child->next) {
        struct doc_node *known = doc_table_get(&b->keys, child->key);

        if (known && !is_merge(child))
            report_twice(b, known, child);
        doc_table_put(&b->keys, child->key, child);
    }
}

/* Moves what the mapping has not got yet from another into it. */
static void merge_from(struct build *b, struct doc_node *map,
                       struct doc_node *from)
{
    struct doc_node *child = from->first, *next;

    if (from->kind == DOC_NULL)
        return;
    if (from->kind != DOC_MAPPING) {
        diag_error(b->diag, from->place,
                   "'<<' takes a mapping or a "
                   "sequence of mappings");
        b->failed = true;
        return;
    }
    for (; child; child = next) {
        next = child->next;
        if (doc_table_get(&b->keys, child->key))
            continue;
        doc_link(map, child);
        doc_table_put(&b->keys, child->key, child);
    }
}

/* Merge keys: yaml.org/type/merge.html. Keys that are written win over
 * merged ones, earlier merged ones over later. */
static void merge_keys(struct build *b, struct doc_node *map)
{
    struct doc_node *child = map->first, *next, *item, *next_item;
    struct doc_node merges = {.kind = DOC_SEQUENCE};

    map->first = map->last = NULL;
    map->count = 0;
    for (; child; child = next) {
        next = child->next;
        doc_link(is_merge(child) ? &merges : map, child);
    }
    for (child = merges.first; child; child = next) {
        next = child->next;
        if (child->kind != DOC_SEQUENCE) {
            merge_from(b, map, child);
            continue;
        }
        for (item = child->first; item; item = next_item) {
            next_item = item->next;
            merge_from(b, map, item);
        }
    }
}

static void finish_mapping(struct build *b, const struct level *level)
{
    b->repeated = false;
    if (level->merges || level->node->count > FEW_KEYS)
        check_many(b, level->node);
    else
        check_few(b, level->node);
    if (b->repeated)
        drop_unnamed(level->node);
    if (level->merges)
        merge_keys(b, level->node);
}

/* ---- events ---- */

static void set_key(struct level *level, const char *key, struct place place)
{
    level->key = key;
    level->key_place = place;
    level->merges |= strcmp(key, "<<") == 0;
}

/* Puts a node where the parser stands: as root, item, key or value. */
static void place_node(struct build *b, struct doc_node *node, yaml_mark_t mark)
{
    struct level *level;

    if (b->depth == 0) {
        b->root = node;
        return;
    }
    level = &b->levels[b->depth - 1];
    if (level->node->kind == DOC_SEQUENCE) {
        doc_link(level->node, node);
    } else if (level->key) {
        node->key = level->key;
        node->key_place = level->key_place;
        doc_link(level->node, node);
        level->key = NULL;
    } else if (node->kind == DOC_SCALAR || node->kind == DOC_NULL) {
        set_key(level, node->text, node->place);
    } else {
        stop(b, mark, "a key is a text, not a mapping or a sequence");
        hint_at_line(b, mark);
    }
}

static bool expects_key(const struct build *b)
{
    const struct level *level = b->depth > 0 ? &b->levels[b->depth - 1] : NULL;

    return level && level->node->kind == DOC_MAPPING && !level->key;
}

static void add_anchor(struct build *b, const yaml_char_t *name,
                       struct doc_node *node)
{
    const char *text = (const char *)name;

    if (text)
        doc_table_put(&b->anchors, doc_new_text(b->set, text, strlen(text)),
                      node);
}

static bool is_null(const char *text)
{
    return !*text || strcmp(text, "~") == 0 || strcmp(text, "null") == 0 ||
           strcmp(text, "Null") == 0 || strcmp(text, "NULL") == 0;
}

/* Only numbers, booleans and null are plain where a tag says so. */
static bool is_plain(const yaml_event_t *event)
{
    const char *tag = (const char *)event->data.scalar.tag;

    if (!tag)
        return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return strcmp(tag, YAML_INT_TAG) == 0 || strcmp(tag, YAML_FLOAT_TAG) == 0 ||
           strcmp(tag, YAML_BOOL_TAG) == 0 || strcmp(tag, YAML_NULL_TAG) == 0;
}

static void on_scalar(struct build *b, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    struct place place = mark_place(b, event->start_mark);
    struct doc_node *node;

    if (length > DOC_TEXT_MAX) {
        stop(b, event->start_mark, too_long);
        return;
    }
    if (memchr(text, '\0', length)) {
        stop(b, event->start_mark, "a text with a NUL character");
        return;
    }
    text = doc_new_text(b->set, text, length);
    if (expects_key(b) && !event->data.scalar.anchor) {
        set_key(&b->levels[b->depth - 1], text, place); /* needs no node */
        return;
    }
    node = doc_new_node(b->set, DOC_SCALAR, place);
    node->plain = is_plain(event);
    node->text = text;
    add_anchor(b, event->data.scalar.anchor, node);
    if (node->plain && !expects_key(b) && is_null(text)) {
        node->kind = DOC_NULL;
        node->text = "";
    }
    place_node(b, node, event->start_mark);
}

static void on_start(struct build *b, const yaml_event_t *event,
                     enum doc_kind kind, const yaml_char_t *anchor)
{
    struct doc_node *node =
        doc_new_node(b->set, kind, mark_place(b, event->start_mark));

    if (b->depth == DOC_DEPTH_MAX) {
        stop(b, event->start_mark, "more than 100 levels deep");
        return;
    }
    place_node(b, node, event->start_mark);
    if (b->stopped)
        return;
    add_anchor(b, anchor, node);
    memset(&b->levels[b->depth], 0, sizeof *b->levels);
    b->levels[b->depth++].node = node;
}

static void on_end(struct build *b)
{
    struct level *level;

    assert(b->depth > 0);
    level = &b->levels[--b->depth];
    if (level->node->kind == DOC_MAPPING)
        finish_mapping(b, level);
}

static bool is_open(const struct build *b, const struct doc_node *node)
{
    size_t i;

    for (i = 0; i < b->depth; i++)
        if (b->levels[i].node == node)
            return true;
    return false;
}

static void on_alias(struct build *b, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    const struct doc_node *anchor = doc_table_get(&b->anchors, name);
    struct doc_node *copy;

    if (!anchor) {
        diag_error(b->diag, mark_place(b, event->start_mark),
                   "alias '*%.200s' has no anchor before it", name);
        b->failed = b->stopped = true;
    } else if (is_open(b, anchor)) {
        diag_error(b->diag, mark_place(b, event->start_mark),
                   "alias '*%.200s' stands within its own anchor", name);
        b->failed = b->stopped = true;
    } else {
        copy = doc_copy_bounded(b->set, anchor, &b->copies, DOC_COPIES_MAX,
                                DOC_DEPTH_MAX - b->depth);
        if (copy)
            place_node(b, copy, event->start_mark);
        else
            stop(b, event->start_mark,
                 "aliases expand to more than a million nodes or 100 levels");
    }
}

static void on_document_end(struct build *b)
{
    assert(b->depth == 0);
    if (b->root && b->root->kind != DOC_NULL)
        VEC_PUSH(b->set->roots, b->root);
    b->root = NULL;
    doc_table_clear(&b->anchors);
}

static void on_event(struct build *b, const yaml_event_t *event)
{
    if (b->set->node_count >= DOC_NODES_MAX) {
        stop(b, event->start_mark, "more than 20 million nodes");
        return;
    }
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        on_scalar(b, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        on_start(b, event, DOC_SEQUENCE, event->data.sequence_start.anchor);
        break;
    case YAML_MAPPING_START_EVENT:
        on_start(b, event, DOC_MAPPING, event->data.mapping_start.anchor);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        on_end(b);
        break;
    case YAML_ALIAS_EVENT:
        on_alias(b, event);
        break;
    case YAML_DOCUMENT_END_EVENT:
        on_document_end(b);
        break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
        break;
    }
}

bool doc_parse(struct doc_set *set, const struct doc_source *source,
               struct diag *diag)
{
    struct build *b = mem_zalloc(sizeof *b);
    yaml_parser_t parser;
    yaml_event_t event;
    bool ok, end = false;

    b->set = set;
    b->diag = diag;
    b->source = source;
    b->fed = source->begin;
    if (!yaml_parser_initialize(&parser)) {
        diag_error(diag, (struct place){NULL, 0, 0}, "out of memory");
        free(b);
        return false;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input(&parser, feed, b);
    while (!end && !b->stopped) {
        b->fed_limit = b->fed + 2 * DOC_TEXT_MAX;
        if (!yaml_parser_parse(&parser, &event)) {
            report_syntax(b, &parser);
            break;
        }
        on_event(b, &event);
        end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    ok = !b->failed;
    yaml_parser_delete(&parser);
    doc_table_release(&b->anchors);
    doc_table_release(&b->keys);
    free(b);
    return ok;
}
