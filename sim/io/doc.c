/*
 * Nodes are small and many (a dump of a big cluster has millions), so they
 * and their texts come from large chunks that are never released one by one.
 */
#include "sim/io/doc.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/io/doc_internal.h"
#include "sim/io/resultdir.h"

enum {
    NODES_IN_CHUNK = 1024,
    TEXT_IN_CHUNK = 1 << 16,
    FOLDERS_MAX = 32 /* levels of folders below a directory */
};

struct doc_set *doc_set_new(void)
{
    return mem_zalloc(sizeof(struct doc_set));
}

void doc_set_free(struct doc_set *set)
{
    size_t i;

    if (!set)
        return;
    for (i = 0; i < set->chunks.count; i++)
        free(set->chunks.items[i]);
    VEC_FREE(set->chunks);
    VEC_FREE(set->roots);
    VEC_FREE(set->inputs);
    free(set);
}

void doc_set_lenient(struct doc_set *set)
{
    set->lenient = true;
}

static void *new_chunk(struct doc_set *set, size_t size)
{
    void *chunk = mem_alloc(size);

    VEC_PUSH(set->chunks, chunk);
    return chunk;
}

struct doc_node *doc_new_node(struct doc_set *set, enum doc_kind kind,
                              struct place place)
{
    struct doc_node *node;

    if (set->nodes_left == 0) {
        set->nodes = new_chunk(set, NODES_IN_CHUNK * sizeof *set->nodes);
        set->nodes_left = NODES_IN_CHUNK;
    }
    node = set->nodes++;
    set->nodes_left--;
    set->node_count++;
    memset(node, 0, sizeof *node);
    node->kind = kind;
    node->place = place;
    node->text = "";
    return node;
}

const char *doc_new_text(struct doc_set *set, const char *text, size_t length)
{
    char *copy;

    if (length == 0)
        return "";
    if (length >= TEXT_IN_CHUNK / 4) {
        copy = new_chunk(set, length + 1);
    } else {
        if (set->texts_left <= length) {
            set->texts = new_chunk(set, TEXT_IN_CHUNK);
            set->texts_left = TEXT_IN_CHUNK;
        }
        copy = set->texts;
        set->texts += length + 1;
        set->texts_left -= length + 1;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

void doc_link(struct doc_node *parent, struct doc_node *child)
{
    assert(parent->kind == DOC_SEQUENCE || parent->kind == DOC_MAPPING);
    child->parent = parent;
    child->next = NULL;
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->count++;
}

/* ---- reading ---- */

static bool read_source(struct doc_set *set, struct doc_source *source,
                        struct diag *diag)
{
    bool ok = doc_source_prepare(source, diag);

    return ok && doc_parse(set, source, diag);
}

/* FNV-1a, 64 bits: www.isthe.com/chongo/tech/comp/fnv */
static uint64_t fingerprint(const char *bytes, size_t size)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    size_t i;

    for (i = 0; i < size; i++) {
        hash ^= (unsigned char)bytes[i];
        hash *= UINT64_C(1099511628211);
    }
    return hash;
}

static const char *shown_name(struct doc_set *set, const char *path)
{
    const char *shown = strcmp(path, "-") == 0 ? "<stdin>" : path;

    return doc_new_text(set, shown, strlen(shown));
}

static bool read_input(struct doc_set *set, const char *path,
                       struct doc_source *source, struct diag *diag)
{
    struct doc_input input = {.name = doc_new_text(set, path, strlen(path))};

    input.hash = fingerprint(source->bytes, source->size);
    VEC_PUSH(set->inputs, input);
    return read_source(set, source, diag);
}

static bool read_file(struct doc_set *set, const char *path, struct diag *diag)
{
    struct doc_source source = {.name = shown_name(set, path)};
    bool ok = doc_source_read(&source, path, diag) &&
              read_input(set, path, &source, diag);

    doc_source_release(&source);
    return ok;
}

static bool has_ending(const char *name, const char *ending)
{
    size_t length = strlen(name), most = strlen(ending);

    return length > most && strcmp(name + length - most, ending) == 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct names {
    VEC_OF(char *) list;
};

/* The paths of what a directory holds but hidden files, sorted. */
static bool list_directory(const char *path, struct names *names,
                           struct diag *diag)
{
    struct place place = {path, 0, 0};
    DIR *directory = opendir(path);
    const struct dirent *entry;

    if (!directory) {
        diag_error(diag, place, "cannot read the directory: %s",
                   strerror(errno));
        return false;
    }
    while ((entry = readdir(directory)))
        if (entry->d_name[0] != '.')
            VEC_PUSH(names->list, mem_printf("%s/%s", path, entry->d_name));
    closedir(directory);
    if (names->list.count > 1)
        qsort(names->list.items, names->list.count, sizeof *names->list.items,
              by_text);
    return true;
}

/* Reads the documents' files below a directory. Links to directories are
 * not followed: they may lead back. Nor are results of earlier runs, which
 * lie below it by default. Adds to *count the files found. */
static bool read_directory(struct doc_set *set, const char *path, int level,
                           size_t *count, struct diag *diag)
{
    struct names names = {0};
    bool ok = list_directory(path, &names, diag);
    size_t i;

    for (i = 0; i < names.list.count; i++) {
        const char *name = names.list.items[i];
        struct stat st;

        if (lstat(name, &st) == 0 && S_ISDIR(st.st_mode)) {
            if (level < FOLDERS_MAX && !resultdir_is_one(name))
                ok &= read_directory(set, name, level + 1, count, diag);
        } else if ((has_ending(name, ".yaml") || has_ending(name, ".yml") ||
                    has_ending(name, ".json")) &&
                   stat(name, &st) == 0 && S_ISREG(st.st_mode)) {
            ++*count;
            ok &= read_file(set, name, diag);
        }
        free(names.list.items[i]);
    }
    VEC_FREE(names.list);
    return ok;
}

bool doc_read_path(struct doc_set *set, const char *path, struct diag *diag)
{
    struct place place = {path, 0, 0};
    struct stat st;
    size_t count = 0;
    bool ok;

    if (strcmp(path, "-") == 0 || stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return read_file(set, path, diag);
    ok = read_directory(set, path, 0, &count, diag);
    if (ok && count == 0) {
        diag_error(diag, place, "no *.yaml, *.yml or *.json below it");
        ok = false;
    }
    return ok;
}

bool doc_read_text(struct doc_set *set, const char *name, const char *text,
                   struct diag *diag)
{
    struct doc_source source = {0};
    bool ok;

    source.name = name ? doc_new_text(set, name, strlen(name)) : NULL;
    source.bytes = mem_strdup(text);
    source.size = strlen(text);
    ok = read_source(set, &source, diag);
    doc_source_release(&source);
    return ok;
}

bool doc_read_bytes(struct doc_set *set, const char *path, const char *bytes,
                    size_t size, struct diag *diag)
{
    struct doc_source source = {.name = shown_name(set, path)};
    bool ok;

    source.bytes = mem_strndup(bytes, size);
    source.size = size;
    ok = read_input(set, path, &source, diag);
    doc_source_release(&source);
    return ok;
}

/* ---- access ---- */

size_t doc_count(const struct doc_set *set)
{
    return set->roots.count;
}

struct doc_node *doc_root(const struct doc_set *set, size_t index)
{
    assert(index < set->roots.count);
    return set->roots.items[index];
}

bool doc_input(const struct doc_set *set, size_t index, const char **name,
               unsigned long long *hash)
{
    if (index >= set->inputs.count)
        return false;
    *name = set->inputs.items[index].name;
    *hash = set->inputs.items[index].hash;
    return true;
}

struct doc_node *doc_get(struct doc_node *map, const char *key)
{
    struct doc_node *child;

    if (!map || map->kind != DOC_MAPPING)
        return NULL;
    for (child = map->first; child; child = child->next)
        if (strcmp(child->key, key) == 0) {
            child->used = true;
            return child->kind == DOC_NULL ? NULL : child;
        }
    return NULL;
}

struct doc_node *doc_path(struct doc_node *map, ...)
{
    const char *key;
    va_list keys;

    va_start(keys, map);
    while (map && (key = va_arg(keys, const char *)))
        map = doc_get(map, key);
    va_end(keys);
    return map;
}

const char *doc_text(struct doc_node *map, const char *key)
{
    const struct doc_node *node = doc_get(map, key);

    return node && node->kind == DOC_SCALAR ? node->text : NULL;
}

const char *doc_name(const struct doc_node *node)
{
    for (; node; node = node->parent)
        if (node->key)
            return node->key;
    return "";
}

void doc_use_all(struct doc_node *node)
{
    struct doc_node *child;

    if (!node)
        return;
    node->used = true;
    for (child = node->first; child; child = child->next)
        doc_use_all(child);
}

void doc_unused(const struct doc_node *node, struct diag *diag)
{
    const char *name = doc_name(node);
    const struct doc_node *child;

    for (child = node ? node->first : NULL; child; child = child->next) {
        if (!child->key || child->used)
            doc_unused(child, diag);
        else if (*name)
            diag_error(diag, child->key_place,
                       "unknown key '%.200s' in '%.200s'", child->key, name);
        else
            diag_error(diag, child->key_place, "unknown key '%.200s'",
                       child->key);
    }
}
