/*
 * Tables and the structs that they describe: defaults, release, look-up.
 */
#include "sim/io/param.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"
#include "sim/io/param_internal.h"

const struct param *param_row(const struct param *table, const char *name,
                              size_t length)
{
    for (; table && table->name; table++)
        if (strncmp(table->name, name, length) == 0 && !table->name[length])
            return table;
    return NULL;
}

const char *param_default_text(const struct param *row, int minor)
{
    const struct param_since *since = row->since;
    const char *text = row->text;

    for (; since && since->text && since->minor <= minor; since++)
        text = since->text;
    return text;
}

/* ---- defaults ---- */

static size_t field_size(enum param_type type)
{
    switch (type) {
    case PARAM_BOOL:
        return sizeof(bool);
    case PARAM_INT:
    case PARAM_MILLI:
    case PARAM_QUANTITY:
    case PARAM_LIMIT:
        return sizeof(int64_t);
    case PARAM_DOUBLE:
    case PARAM_RATIO:
    case PARAM_RATE:
        return sizeof(double);
    case PARAM_DURATION:
        return sizeof(sim_time);
    case PARAM_STRING:
        return sizeof(char *);
    case PARAM_STRINGS:
        return sizeof(struct param_strings);
    case PARAM_MAP:
        return sizeof(struct param_map);
    case PARAM_ENUM:
        return sizeof(int);
    case PARAM_DIST:
        return sizeof(struct dist);
    case PARAM_LIST:
        return sizeof(struct param_list);
    case PARAM_TABLE:
    case PARAM_CUSTOM:
        break;
    }
    return 0;
}

/* Reads a default: a plain text as it is, quoted or in brackets as YAML. */
static bool read_default(const struct param *row, void *field, const char *text,
                         int minor, struct diag *diag)
{
    struct doc_node plain = {0};
    struct doc_set *set;
    bool ok;

    if (!*text || !strchr("{[\"'", *text)) {
        plain.kind = DOC_SCALAR;
        plain.plain = true;
        plain.text = text;
        plain.key = row->name;
        return param_read_field(row, field, &plain, minor, diag);
    }
    set = doc_set_new();
    ok = doc_read_text(set, row->name, text, diag) && doc_count(set) == 1;
    if (ok) {
        struct doc_node *node = doc_root(set, 0);

        node->key = row->name;
        ok = param_read_field(row, field, node, minor, diag);
    }
    doc_set_free(set);
    return ok;
}

static void set_defaults(const struct param *table, void *target, int minor,
                         struct diag *diag)
{
    const struct param *row;

    for (row = table; row->name; row++) {
        void *field = param_field(row, target);
        const char *text = param_default_text(row, minor);
        bool ok = true;

        memset(field, 0, field_size(row->type));
        if (row->type == PARAM_TABLE)
            set_defaults(row->table, field, minor, diag);
        if (text)
            ok = read_default(row, field, text, minor, diag);
        if (!ok)
            diag_print(diag, stderr);
        assert(ok && "a default in a table is bad");
    }
}

void param_defaults(const struct param *table, void *target, int minor)
{
    struct diag *diag = diag_new();

    set_defaults(table, target, minor, diag);
    diag_free(diag);
}

/* ---- release ---- */

static void release_strings(struct param_strings *strings)
{
    size_t i;

    for (i = 0; i < strings->count; i++)
        free(strings->items[i]);
    free(strings->items);
}

static void release_map(struct param_map *map)
{
    size_t i;

    for (i = 0; i < map->count; i++) {
        free(map->items[i].name);
        free(map->items[i].value);
    }
    free(map->items);
}

static void release_list(const struct param *row, struct param_list *list)
{
    size_t i;

    for (i = 0; i < list->count; i++)
        param_release(row->table, (char *)list->items + i * row->item_size);
    free(list->items);
}

void param_release_field(const struct param *row, void *field)
{
    switch (row->type) {
    case PARAM_STRING:
        free(*(char **)field);
        break;
    case PARAM_STRINGS:
        release_strings(field);
        break;
    case PARAM_MAP:
        release_map(field);
        break;
    case PARAM_DIST:
        dist_release(field);
        break;
    case PARAM_TABLE:
        param_release(row->table, field);
        return;
    case PARAM_LIST:
        release_list(row, field);
        break;
    case PARAM_CUSTOM:
        if (row->release)
            row->release(field);
        return;
    default:
        return;
    }
    memset(field, 0, field_size(row->type));
}

void param_release(const struct param *table, void *target)
{
    const struct param *row;

    for (row = table; row->name; row++)
        param_release_field(row, param_field(row, target));
}

/* ---- look-up ---- */

const struct param *param_find(const struct param *table, const char *path)
{
    const struct param *row = NULL;

    while (*path) {
        row = param_row(table, path, strcspn(path, ".["));
        if (!row)
            return NULL;
        table = row->table;
        path += strcspn(path, ".[");
        while (*path == '[') {
            path += strcspn(path, "]");
            path += *path == ']';
        }
        if (*path == '.' && !*++path)
            return NULL;
    }
    return row;
}

/* What numbers are in, where no unit is written. */
static const char *unit_of(enum param_type type)
{
    switch (type) {
    case PARAM_DURATION:
        return "duration, s";
    case PARAM_DIST:
        return "distribution, s";
    case PARAM_RATE:
        return "1/s";
    case PARAM_RATIO:
        return "ratio";
    case PARAM_MILLI:
        return "cores";
    case PARAM_QUANTITY:
        return "bytes";
    case PARAM_INT:
    case PARAM_DOUBLE:
    case PARAM_LIMIT:
        return "1";
    default:
        return "";
    }
}

static void document_row(const struct param *row, const char *prefix, int minor,
                         FILE *out)
{
    const struct param_since *since;
    const char *text = param_default_text(row, minor);

    fprintf(out, "%s%s\t%s\t%s\t", prefix, row->name, text ? text : "",
            unit_of(row->type));
    for (since = row->since; since && since->text; since++)
        fprintf(out, "%s1.%d: %s", since == row->since ? "" : "; ",
                since->minor, since->text);
    fprintf(out, "\t%s\t%s\n", row->help ? row->help : "",
            row->source ? row->source : "");
}

static void document(const struct param *table, const char *prefix, int depth,
                     int minor, FILE *out)
{
    const struct param *row;

    for (row = table; row->name; row++) {
        document_row(row, prefix, minor, out);
        if (row->table && depth < PARAM_DEEP_MAX) {
            char *inner = mem_printf("%s%s%s.", prefix, row->name,
                                     row->type == PARAM_LIST ? "[]" : "");

            document(row->table, inner, depth + 1, minor, out);
            free(inner);
        }
    }
}

void param_document(const struct param *table, const char *prefix, int minor,
                    FILE *out)
{
    document(table, prefix ? prefix : "", 0, minor, out);
}
