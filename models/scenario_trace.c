/*
 * Which recorded file, and what its columns are: spec.md, section 3.3.
 */
#include <string.h>

#include "models/scenario_internal.h"
#include "models/trace.h"
#include "sim/io/units.h"

/* "s", "ms" or any duration, of a time; a number, of a number. */
static bool unit_read(struct scenario_reader *r, struct doc_node *node,
                      enum trace_type type, double *out)
{
    bool time = type == TRACE_SPAN || type == TRACE_TIME;
    sim_time unit;

    if (node->kind == DOC_SCALAR && time) {
        const char *text = node->text;

        if (*text && !strpbrk(text, "0123456789"))
            text = intern_printf(r->l.intern, "1%s", text);
        if (units_duration(text, &unit) && unit > 0) {
            *out = (double)unit;
            return true;
        }
    } else if (node->kind == DOC_SCALAR && type == TRACE_NUMBER) {
        if (units_double(node->text, out) && *out > 0)
            return true;
    }
    return reader_wrong(node,
                        time ? "a unit of time such as ms"
                             : "a number above 0 to multiply by",
                        r->diag);
}

static bool column_read(struct scenario_reader *r, struct doc_node *node,
                        const struct trace_field *field,
                        struct trace_column *out)
{
    struct doc_node *unit, *format;

    out->asked = true;
    if (node->kind == DOC_SCALAR) {
        out->header = intern(r->l.intern, node->text);
        return true;
    }
    out->header = intern(r->l.intern, doc_text(node, "column"));
    unit = doc_get(node, "unit");
    format = doc_get(node, "format");
    if (!out->header || node->count != 1u + (unit != NULL) + (format != NULL))
        return reader_wrong(node, "a header or {column, unit, format}",
                            r->diag);
    if (format && (format->kind != DOC_SCALAR || field->type != TRACE_TIME))
        return reader_wrong(format, "the format of a date", r->diag);
    if (format)
        out->format = intern(r->l.intern, format->text);
    return !unit || unit_read(r, unit, field->type, &out->unit);
}

static bool columns_read(struct scenario_reader *r, struct doc_node *node,
                         const struct trace_field *fields,
                         struct trace_column *columns)
{
    const char *names[16] = {NULL};
    struct doc_node *child;
    bool ok = true;
    size_t i;

    for (i = 0; fields[i].name; i++)
        names[i] = fields[i].name;
    if (node->kind != DOC_MAPPING)
        return reader_wrong(node, "{NAME: HEADER}", r->diag);
    for (child = node->first; child; child = child->next) {
        for (i = 0; fields[i].name && strcmp(fields[i].name, child->key); i++)
            ;
        if (fields[i].name) {
            ok &= column_read(r, child, &fields[i], &columns[i]);
            continue;
        }
        diag_error(r->diag, child->key_place, "unknown column '%.60s'",
                   child->key);
        diag_suggest(r->diag, child->key, names);
        ok = false;
    }
    return ok;
}

static bool filters_read(struct scenario_reader *r, struct doc_node *node,
                         struct trace_spec *out)
{
    struct trace_filter *filters =
        intern_alloc(r->l.intern, node->count * sizeof *filters);
    struct doc_node *child;

    if (node->kind != DOC_MAPPING)
        return reader_wrong(node, "{HEADER: GLOB}", r->diag);
    for (child = node->first; child; child = child->next) {
        if (child->kind != DOC_SCALAR)
            return reader_wrong(child, "a glob", r->diag);
        filters[out->filter_count++] = (struct trace_filter){
            intern(r->l.intern, child->key), intern(r->l.intern, child->text)};
    }
    out->filters = filters;
    return true;
}

static bool origin_read(struct scenario_reader *r, struct doc_node *node,
                        struct trace_spec *out)
{
    if (node->kind != DOC_SCALAR)
        return reader_wrong(node, "'first' or a time", r->diag);
    out->origin =
        strcmp(node->text, "first") == 0 ? ORIGIN_FIRST : ORIGIN_VALUE;
    out->origin_text = intern(r->l.intern, node->text);
    return true;
}

static bool key_read(struct scenario_reader *r, struct doc_node *node,
                     const char *const *more, struct trace_column *columns,
                     struct trace_spec *out)
{
    const char *names[16] = {"file", "columns", "where", "origin"};
    size_t i;

    for (i = 0; more[i]; i++) {
        names[4 + i] = more[i];
        if (strcmp(more[i], node->key) == 0)
            return true;
    }
    if (strcmp(node->key, "columns") == 0)
        return columns_read(r, node, out->fields, columns);
    if (strcmp(node->key, "where") == 0)
        return filters_read(r, node, out);
    if (strcmp(node->key, "origin") == 0)
        return origin_read(r, node, out);
    if (strcmp(node->key, "file") == 0)
        return true;
    diag_error(r->diag, node->key_place, "unknown key '%.60s'", node->key);
    diag_suggest(r->diag, node->key, names);
    return false;
}

struct trace_spec *scenario_trace(struct scenario_reader *r,
                                  struct doc_node *node,
                                  const char *const *more,
                                  const struct trace_field *fields)
{
    struct trace_spec *out = intern_alloc(r->l.intern, sizeof *out);
    struct doc_node *file = doc_get(node, "file"), *child;
    struct trace_column *columns;
    bool ok = true;
    size_t i;

    *out = (struct trace_spec){.fields = fields};
    for (i = 0; fields[i].name; i++)
        ;
    columns = intern_alloc(r->l.intern, i * sizeof *columns);
    for (i = 0; fields[i].name; i++) {
        bool time = fields[i].type >= TRACE_SPAN;

        columns[i] = (struct trace_column){.header = fields[i].name,
                                           .unit = time ? SIM_S : 1};
    }
    out->columns = columns;
    if (node->kind == DOC_SCALAR)
        file = node;
    if (!file || file->kind != DOC_SCALAR) {
        reader_wrong(node, "a path or {file: PATH, columns: {NAME: HEADER}}",
                     r->diag);
        return NULL;
    }
    if (strcmp(file->text, "-") == 0) {
        diag_error(r->diag, file->place,
                   "a trace is read in every "
                   "replication: it cannot be standard input");
        return NULL;
    }
    out->path = intern(r->l.intern, loader_path(&r->l, file->text));
    for (child = node->first; child; child = child->next)
        ok &= key_read(r, child, more, columns, out);
    return ok ? out : NULL;
}
