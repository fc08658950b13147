/*
 * From documents to structs. Each function that reads a field returns false
 * after it has reported, and leaves the field as it was.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"
#include "sim/io/param_internal.h"
#include "sim/io/units.h"

/* ---- errors ---- */

/* How each type is called, and the form that it has. */
static const struct {
    const char *what, *form;
} kinds[] = {
    [PARAM_BOOL] = {"true or false", NULL},
    [PARAM_INT] = {"a whole number", NULL},
    [PARAM_DOUBLE] = {"a number", NULL},
    [PARAM_RATIO] = {"a ratio", "a number or a percentage: 0.2 or 20%"},
    [PARAM_RATE] = {"a rate", "a number and /s, /m, /h or /d: 200/s"},
    [PARAM_DURATION] = {"a duration", "a number and a unit: ns, us, ms, s, m, "
                                      "h, d, w or y, as in 1h30m"},
    [PARAM_MILLI] = {"a quantity", "a number and maybe a suffix: 2, 0.5, 500m"},
    [PARAM_QUANTITY] = {"a quantity",
                        "a number and maybe a suffix: 128Mi, 1.5G, 1e9"},
    [PARAM_LIMIT] = {"a whole number or 'unlimited'", NULL},
    [PARAM_STRING] = {"a text", NULL},
    [PARAM_STRINGS] = {"a list of texts", "as in [a, b]"},
    [PARAM_MAP] = {"a mapping of texts", "as in {app: web}"},
    [PARAM_ENUM] = {"a word", NULL},
    [PARAM_DIST] = {"a distribution", NULL},
    [PARAM_TABLE] = {"a mapping", NULL},
    [PARAM_LIST] = {"a list", NULL},
    [PARAM_CUSTOM] = {"a value", NULL},
};

bool param_wrong(const struct doc_node *node, const char *what,
                 const char *hint, struct diag *diag)
{
    static const char *const names[] = {[DOC_NULL] = "nothing",
                                        [DOC_SEQUENCE] = "a list",
                                        [DOC_MAPPING] = "a mapping"};
    const char *key = doc_name(node);
    const char *on = *key ? " for '" : "", *off = *key ? "'" : "";

    if (node->kind == DOC_SCALAR)
        diag_error(diag, node->place, "expected %s%s%.200s%s, got '%.*s'%s",
                   what, on, key, off, PARAM_SHOWN_MAX, node->text,
                   strlen(node->text) > PARAM_SHOWN_MAX ? ".." : "");
    else
        diag_error(diag, node->place, "expected %s%s%.200s%s, got %s", what, on,
                   key, off, names[node->kind]);
    if (hint)
        diag_hint(diag, "%s", hint);
    return false;
}

static bool wrong_type(const struct param *row, const struct doc_node *node,
                       struct diag *diag)
{
    return param_wrong(node, kinds[row->type].what, kinds[row->type].form,
                       diag);
}

/* ---- ranges ---- */

/* A bound as a user would write it. */
static const char *show_bound(const struct param *row, double bound,
                              char *buffer, size_t size)
{
    if (row->type == PARAM_DURATION)
        return units_format_duration((sim_time)(bound * 1e9), buffer, size);
    if (row->type == PARAM_MILLI)
        bound /= 1000;
    return units_format_double(bound, buffer, size);
}

/* Checks a value in the unit of min and max. */
static bool check_range(const struct param *row, double value,
                        const struct doc_node *node, struct diag *diag)
{
    bool none = row->min == 0 && row->max == 0;
    bool bounded = !none && row->max >= row->min;
    char low[32], high[32];

    if (none && row->type == PARAM_DOUBLE)
        return true;
    if (value >= row->min && (!bounded || value <= row->max))
        return true;
    show_bound(row, row->min, low, sizeof low);
    show_bound(row, row->max, high, sizeof high);
    if (bounded)
        diag_error(diag, node->place, "'%s' must be from %s to %s, not '%.*s'",
                   row->name, low, high, PARAM_SHOWN_MAX, node->text);
    else
        diag_error(diag, node->place, "'%s' must not be below %s, got '%.*s'",
                   row->name, low, PARAM_SHOWN_MAX, node->text);
    return false;
}

/* ---- scalars ---- */

static bool read_int(const struct param *row, int64_t *field,
                     const struct doc_node *node, struct diag *diag)
{
    int64_t value;
    bool ok;

    if (row->type == PARAM_LIMIT && strcmp(node->text, "unlimited") == 0) {
        *field = INT64_MAX;
        return true;
    }
    if (row->type == PARAM_MILLI)
        ok = units_quantity(node->text, 1000, &value);
    else if (row->type == PARAM_QUANTITY)
        ok = units_quantity(node->text, 1, &value);
    else
        ok = units_int(node->text, &value);
    if (!ok)
        return wrong_type(row, node, diag);
    if (!check_range(row, (double)value, node, diag))
        return false;
    *field = value;
    return true;
}

static bool read_double(const struct param *row, double *field,
                        const struct doc_node *node, struct diag *diag)
{
    double value;
    bool ok;

    if (row->type == PARAM_RATIO)
        ok = units_ratio(node->text, &value);
    else if (row->type == PARAM_RATE)
        ok = units_rate(node->text, &value);
    else
        ok = units_double(node->text, &value);
    if (!ok)
        return wrong_type(row, node, diag);
    if (!check_range(row, value, node, diag))
        return false;
    *field = value;
    return true;
}

static bool read_duration(const struct param *row, sim_time *field,
                          const struct doc_node *node, struct diag *diag)
{
    sim_time value;

    if (row->max == 0 && (strcmp(node->text, "forever") == 0 ||
                          strcmp(node->text, "never") == 0)) {
        *field = SIM_NEVER;
        return true;
    }
    if (!units_duration(node->text, &value))
        return wrong_type(row, node, diag);
    if (!check_range(row, sim_to_seconds(value), node, diag))
        return false;
    *field = value;
    return true;
}

static bool read_enum(const struct param *row, int *field,
                      const struct doc_node *node, struct diag *diag)
{
    int i;

    for (i = 0; row->choices[i]; i++)
        if (strcmp(row->choices[i], node->text) == 0) {
            *field = i;
            return true;
        }
    diag_error(diag, node->place, "unknown value '%.*s' for '%s'",
               PARAM_SHOWN_MAX, node->text, row->name);
    diag_suggest(diag, node->text, row->choices);
    return false;
}

static bool read_scalar(const struct param *row, void *field,
                        const struct doc_node *node, struct diag *diag)
{
    if (node->kind != DOC_SCALAR)
        return wrong_type(row, node, diag);
    switch (row->type) {
    case PARAM_BOOL:
        return units_bool(node->text, field) || wrong_type(row, node, diag);
    case PARAM_DOUBLE:
    case PARAM_RATIO:
    case PARAM_RATE:
        return read_double(row, field, node, diag);
    case PARAM_DURATION:
        return read_duration(row, field, node, diag);
    case PARAM_STRING:
        free(*(char **)field);
        *(char **)field = mem_strdup(node->text);
        return true;
    case PARAM_ENUM:
        return read_enum(row, field, node, diag);
    default:
        return read_int(row, field, node, diag);
    }
}

/* ---- collections ---- */

static bool all_texts(const struct param *row, const struct doc_node *node,
                      struct diag *diag)
{
    const struct doc_node *item;
    bool ok = true;

    for (item = node->first; item; item = item->next)
        if (item->kind == DOC_SEQUENCE || item->kind == DOC_MAPPING)
            ok = wrong_type(row, item, diag);
    return ok;
}

static bool read_strings(const struct param *row, struct param_strings *field,
                         struct doc_node *node, struct diag *diag)
{
    const struct doc_node *item;

    if (node->kind != DOC_SEQUENCE)
        return wrong_type(row, node, diag);
    if (!all_texts(row, node, diag))
        return false;
    param_release_field(row, field);
    field->items = mem_calloc(node->count, sizeof *field->items);
    for (item = node->first; item; item = item->next)
        field->items[field->count++] = mem_strdup(item->text);
    doc_use_all(node);
    return true;
}

static bool read_map(const struct param *row, struct param_map *field,
                     struct doc_node *node, struct diag *diag)
{
    const struct doc_node *item;

    if (node->kind != DOC_MAPPING)
        return wrong_type(row, node, diag);
    if (!all_texts(row, node, diag))
        return false;
    param_release_field(row, field);
    field->items = mem_calloc(node->count, sizeof *field->items);
    for (item = node->first; item; item = item->next) {
        field->items[field->count].name = mem_strdup(item->key);
        field->items[field->count++].value = mem_strdup(item->text);
    }
    doc_use_all(node);
    return true;
}

static bool read_list(const struct param *row, struct param_list *field,
                      struct doc_node *node, int minor, struct diag *diag)
{
    struct doc_node *item;
    bool ok = true;

    if (node->kind != DOC_SEQUENCE)
        return wrong_type(row, node, diag);
    param_release_field(row, field);
    field->items = mem_calloc(node->count, row->item_size);
    for (item = node->first; item; item = item->next) {
        void *target = (char *)field->items + field->count * row->item_size;

        field->count++;
        param_defaults(row->table, target, minor);
        ok &= param_read(row->table, target, item, minor, diag);
    }
    return ok;
}

static bool read_dist(struct dist *field, struct doc_node *node,
                      struct diag *diag)
{
    struct dist read;

    if (!param_read_dist(node, &read, diag))
        return false;
    if (field->kind)
        dist_release(field);
    *field = read;
    return true;
}

bool param_read_field(const struct param *row, void *field,
                      struct doc_node *node, int minor, struct diag *diag)
{
    node->used = true;
    switch (row->type) {
    case PARAM_STRINGS:
        return read_strings(row, field, node, diag);
    case PARAM_MAP:
        return read_map(row, field, node, diag);
    case PARAM_DIST:
        return read_dist(field, node, diag);
    case PARAM_TABLE:
        return param_read(row->table, field, node, minor, diag);
    case PARAM_LIST:
        return read_list(row, field, node, minor, diag);
    case PARAM_CUSTOM:
        return row->read(row, field, node, diag);
    default:
        return read_scalar(row, field, node, diag);
    }
}

/* ---- tables ---- */

static void report_unknown(const struct param *table, struct doc_node *child,
                           struct diag *diag)
{
    const char *parent = doc_name(child->parent);
    VEC_OF(const char *) words = {0};
    const struct param *row;

    for (row = table; row->name; row++)
        VEC_PUSH(words, row->name);
    VEC_PUSH(words, NULL);
    if (*parent)
        diag_error(diag, child->key_place, "unknown key '%.200s' in '%.200s'",
                   child->key, parent);
    else
        diag_error(diag, child->key_place, "unknown key '%.200s'", child->key);
    diag_suggest(diag, child->key, words.items);
    VEC_FREE(words);
    doc_use_all(child); /* reported once */
}

static bool has_value(const struct doc_node *map, const char *key)
{
    const struct doc_node *child;

    for (child = map->first; child; child = child->next)
        if (child->kind != DOC_NULL && strcmp(child->key, key) == 0)
            return true;
    return false;
}

static bool check_required(const struct param *table,
                           const struct doc_node *node, struct diag *diag)
{
    const char *name = doc_name(node);
    const struct param *row;
    bool ok = true;

    for (row = table; row->name; row++) {
        if (!row->required || has_value(node, row->name))
            continue;
        if (*name)
            diag_error(diag, node->place, "missing key '%s' in '%.200s'",
                       row->name, name);
        else
            diag_error(diag, node->place, "missing key '%s'", row->name);
        ok = false;
    }
    return ok;
}

bool param_read(const struct param *table, void *target, struct doc_node *node,
                int minor, struct diag *diag)
{
    struct doc_node *child;
    bool ok = true;

    if (!node)
        return true;
    node->used = true;
    if (node->kind != DOC_MAPPING && node->kind != DOC_NULL)
        return param_wrong(node, "a mapping", NULL, diag);
    for (child = node->first; child; child = child->next) {
        const struct param *row =
            param_row(table, child->key, strlen(child->key));

        child->used = true;
        if (!row) {
            report_unknown(table, child, diag);
            ok = false;
        } else if (child->kind != DOC_NULL) {
            ok &= param_read_field(row, param_field(row, target), child, minor,
                                   diag);
        }
    }
    return check_required(table, node, diag) && ok;
}
