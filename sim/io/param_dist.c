/*
 * Distributions in documents: a bare number of seconds, a duration, "never",
 * or a mapping of one key, the kind. The kinds say what parameters they take;
 * nothing here knows a single one, but for how lists are held.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/dist/kinds.h"
#include "sim/engine/mem.h"
#include "sim/io/csv.h"
#include "sim/io/param_internal.h"
#include "sim/io/units.h"

enum { VALUES_MAX = 16 };

static const char form[] =
    "a number of seconds, a duration, 'never', or a kind as in "
    "{exponential: {mean: 20ms}}";

/* A number of seconds or a duration. */
static bool read_seconds(const char *text, double *out)
{
    sim_time t;

    if (units_double(text, out))
        return true;
    if (!units_duration(text, &t))
        return false;
    *out = sim_to_seconds(t);
    return true;
}

/* ---- observations from a file ---- */

struct column {
    const char *name, *path;
    size_t index;
    bool found;
    VEC_OF(double) values;
    const struct doc_node *node; /* that names it */
    struct diag *diag;
};

static bool on_header(void *self, const struct csv_row *row)
{
    struct column *column = self;
    VEC_OF(const char *) names = {0};
    size_t i;

    for (i = 0; i < row->count; i++) {
        if (!column->found && strcmp(row->fields[i], column->name) == 0) {
            column->index = i;
            column->found = true;
        }
        VEC_PUSH(names, row->fields[i]);
    }
    VEC_PUSH(names, NULL);
    if (!column->found) {
        diag_error(column->diag, column->node->place,
                   "no column '%.200s' in '%s'", column->name, column->path);
        diag_suggest(column->diag, column->name, names.items);
    }
    VEC_FREE(names);
    return column->found;
}

static bool on_row(void *self, const struct csv_row *row)
{
    struct column *column = self;
    struct place place = {column->path, (int)row->line, 0};
    const char *text = row->fields[column->index];
    double value;

    if (!read_seconds(text, &value) || value < 0) {
        diag_error(column->diag, place,
                   "expected seconds or a duration in '%.200s', got '%.*s'",
                   column->name, PARAM_SHOWN_MAX, text);
        return false;
    }
    VEC_PUSH(column->values, value);
    return true;
}

/* The path of a file that a document names, relative to its own. */
static char *beside(const struct doc_node *node, const char *path)
{
    const char *file = node->place.line > 0 ? node->place.file : NULL;
    const char *slash = file ? strrchr(file, '/') : NULL;

    if (*path == '/' || !slash)
        return mem_strdup(path);
    return mem_printf("%.*s/%s", (int)(slash - file), file, path);
}

static bool read_column(const struct doc_node *parameters, double **list,
                        size_t *count, struct diag *diag)
{
    struct column column = {.node = parameters, .diag = diag};
    struct doc_node *child;
    char *path = NULL;
    size_t before = diag_errors(diag);

    for (child = parameters->first; child; child = child->next) {
        if (child->kind != DOC_SCALAR)
            continue;
        if (strcmp(child->key, "file") == 0 && !path)
            path = beside(child, child->text);
        else if (strcmp(child->key, "column") == 0)
            column.name = child->text, column.node = child;
    }
    if (!path || !column.name) {
        diag_error(diag, parameters->place,
                   "'%s' needs a file and the name of a column",
                   doc_name(parameters));
    } else {
        column.path = path;
        csv_read(path, on_header, on_row, &column, false, NULL, diag);
    }
    free(path);
    *list = column.values.items;
    *count = column.values.count;
    return diag_errors(diag) == before;
}

/* ---- parameters ---- */

/* What is read for one distribution; releases its lists. */
struct reading {
    const struct dist_kind *kind;
    struct dist_value values[VALUES_MAX];
    double *lists[VALUES_MAX];
    size_t count;
    struct diag *diag;
};

static struct dist_value *new_value(struct reading *r, const char *name,
                                    double *list, size_t list_count)
{
    struct dist_value *value = &r->values[r->count];

    assert(r->count < VALUES_MAX);
    value->name = name;
    value->list = r->lists[r->count] = list;
    value->list_count = list_count;
    r->count++;
    return value;
}

static bool read_number(struct reading *r, const struct doc_node *node,
                        char unit, double *out)
{
    const char *what = unit == 's'   ? "a duration"
                       : unit == 'r' ? "a rate"
                                     : "a number";
    bool ok = node->kind == DOC_SCALAR;

    if (ok && unit == 's')
        ok = read_seconds(node->text, out);
    else if (ok && unit == 'r')
        ok = units_rate(node->text, out);
    else if (ok)
        ok = units_ratio(node->text, out);
    return ok || param_wrong(node, what, NULL, r->diag);
}

static bool read_list(struct reading *r, const struct doc_node *node,
                      const struct dist_param *param)
{
    const struct doc_node *item;
    size_t count = 0;
    double *list;
    bool ok = true;

    if (node->kind != DOC_SEQUENCE)
        return param_wrong(node, "a list of numbers", NULL, r->diag);
    list = mem_calloc(node->count, sizeof *list);
    for (item = node->first; item; item = item->next)
        ok &= read_number(r, item, param->unit == 'L' ? 's' : '1',
                          &list[count++]);
    new_value(r, param->name, list, count);
    return ok;
}

static bool report_parameter(struct reading *r, const struct doc_node *node)
{
    VEC_OF(const char *) names = {0};
    const struct dist_param *param;

    for (param = r->kind->params; param->name; param++)
        VEC_PUSH(names, param->name);
    VEC_PUSH(names, NULL);
    diag_error(r->diag, node->key_place, "unknown key '%.200s' in '%s'",
               node->key, r->kind->name);
    diag_suggest(r->diag, node->key, names.items);
    VEC_FREE(names);
    return false;
}

/* Reads one parameter; a file's is done with the whole. */
static bool read_parameter(struct reading *r, const struct doc_node *node)
{
    const struct dist_param *param = r->kind->params;
    double number = 0;

    while (param->name && strcmp(param->name, node->key) != 0)
        param++;
    switch (param->name ? param->unit : 0) {
    case 0:
        return report_parameter(r, node);
    case 'f':
    case 't':
        if (node->kind == DOC_SCALAR)
            return true;
        return param_wrong(node, "a text", NULL, r->diag);
    case 'l':
    case 'L':
        return read_list(r, node, param);
    default:
        if (!read_number(r, node, param->unit, &number))
            return false;
        new_value(r, param->name, NULL, 0)->number = number;
        return true;
    }
}

/* {constant: 5ms}, {exponential: 20ms}: a value for the first parameter. */
static bool read_short(struct reading *r, const struct doc_node *node)
{
    const struct dist_param *param = r->kind->params;
    double number = 0;

    if (!param->name || !strchr("s1r", param->unit))
        return param_wrong(node, "a mapping", NULL, r->diag);
    if (!read_number(r, node, param->unit, &number))
        return false;
    new_value(r, param->name, NULL, 0)->number = number;
    return true;
}

static bool read_parameters(struct reading *r, const struct doc_node *node)
{
    const struct doc_node *child;
    bool ok = true, file = false;
    size_t count = 0;
    double *list = NULL;

    if (node->kind == DOC_SCALAR)
        return read_short(r, node);
    if (node->kind == DOC_SEQUENCE)
        return param_wrong(node, "a mapping", NULL, r->diag);
    for (child = node->first; child; child = child->next) {
        if (r->count == VALUES_MAX)
            return report_parameter(r, child);
        ok &= read_parameter(r, child);
        file |= strcmp(child->key, "file") == 0;
    }
    if (ok && file && r->count == 0) {
        ok = read_column(node, &list, &count, r->diag);
        new_value(r, "values", list, count);
    }
    return ok;
}

static bool read_kind(const struct doc_node *node, struct dist *out,
                      struct diag *diag)
{
    struct reading r = {.diag = diag, .kind = dist_kind_find(node->key)};
    struct dist made = {.kind = r.kind};
    const char *why = "";
    size_t i;
    bool ok;

    if (!r.kind) {
        VEC_OF(const char *) names = {0};

        for (i = 0; dist_kinds[i]; i++)
            VEC_PUSH(names, dist_kinds[i]->name);
        VEC_PUSH(names, NULL);
        diag_error(diag, node->key_place, "unknown distribution '%.200s'",
                   node->key);
        diag_suggest(diag, node->key, names.items);
        VEC_FREE(names);
        return false;
    }
    ok = read_parameters(&r, node);
    if (ok && !r.kind->make(&made, r.values, r.count, &why)) {
        diag_error(diag, node->place, "bad distribution: '%s' %s", r.kind->name,
                   why);
        ok = false;
    }
    for (i = 0; i < r.count; i++)
        free(r.lists[i]);
    if (ok)
        *out = made;
    return ok;
}

bool param_read_dist(struct doc_node *node, struct dist *out, struct diag *diag)
{
    double seconds;

    doc_use_all(node);
    if (node->kind == DOC_MAPPING && node->count == 1)
        return read_kind(node->first, out, diag);
    if (node->kind != DOC_SCALAR)
        return param_wrong(node, "a distribution", form, diag);
    if (strcmp(node->text, "never") == 0) {
        *out = dist_never();
        return true;
    }
    if (!read_seconds(node->text, &seconds))
        return param_wrong(node, "a distribution", form, diag);
    if (seconds < 0) {
        diag_error(diag, node->place,
                   "'%.200s' must not be negative, got '%.*s'", doc_name(node),
                   PARAM_SHOWN_MAX, node->text);
        return false;
    }
    *out = dist_constant(seconds);
    return true;
}
