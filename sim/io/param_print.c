/*
 * From structs to YAML that reads back to the same struct.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "sim/io/param_internal.h"
#include "sim/io/units.h"

static bool is_word(const char *text)
{
    static const char *const words[] = {"null", "Null", "NULL", "~", "y",
                                        "n",    "Y",    "N",    "<<"};
    size_t i;
    bool boolean;
    double number;

    for (i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return units_bool(text, &boolean) || units_double(text, &number);
}

/* True for texts that mean themselves without quotes, wherever they stand. */
static bool is_plain(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "._/%+-";

    return *text && !strchr("%+-.", *text) &&
           text[strspn(text, letters)] == '\0' && !is_word(text);
}

void param_print_text(const char *text, FILE *out)
{
    if (is_plain(text)) {
        fputs(text, out);
        return;
    }
    doc_print_quoted(text, out);
}

/* ---- scalars ---- */

static void print_milli(int64_t value, FILE *out)
{
    if (value % 1000 == 0)
        fprintf(out, "%" PRId64, value / 1000);
    else
        fprintf(out, "%" PRId64 "m", value);
}

/* With the biggest binary suffix that leaves it whole. */
static void print_quantity(int64_t value, FILE *out)
{
    static const char *const suffixes[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi"};
    size_t i = 0;

    while (value != 0 && value % 1024 == 0 &&
           i + 1 < sizeof suffixes / sizeof *suffixes) {
        value /= 1024;
        i++;
    }
    fprintf(out, "%" PRId64 "%s", value, suffixes[i]);
}

static void print_number(double value, const char *unit, FILE *out)
{
    char buffer[32];

    fprintf(out, "%s%s", units_format_double(value, buffer, sizeof buffer),
            unit);
}

static void print_strings(const struct param_strings *strings, FILE *out)
{
    size_t i;

    fputc('[', out);
    for (i = 0; i < strings->count; i++) {
        if (i > 0)
            fputs(", ", out);
        param_print_text(strings->items[i], out);
    }
    fputc(']', out);
}

static void print_map(const struct param_map *map, FILE *out)
{
    size_t i;

    fputc('{', out);
    for (i = 0; i < map->count; i++) {
        if (i > 0)
            fputs(", ", out);
        param_print_text(map->items[i].name, out);
        fputs(": ", out);
        param_print_text(map->items[i].value, out);
    }
    fputc('}', out);
}

static void print_int(const struct param *row, int64_t value, FILE *out)
{
    if (row->type == PARAM_MILLI)
        print_milli(value, out);
    else if (row->type == PARAM_QUANTITY)
        print_quantity(value, out);
    else if (row->type == PARAM_LIMIT && value == INT64_MAX)
        fputs("unlimited", out);
    else
        fprintf(out, "%" PRId64, value);
}

static void print_duration(sim_time t, FILE *out)
{
    char buffer[32];

    fputs(units_format_duration(t, buffer, sizeof buffer), out);
}

static void print_string(const char *text, FILE *out)
{
    if (text)
        param_print_text(text, out);
    else
        fputs("null", out);
}

/* Prints a value that fits on the line of its key. */
static void print_scalar(const struct param *row, const void *field, FILE *out)
{
    switch (row->type) {
    case PARAM_BOOL:
        fputs(*(const bool *)field ? "true" : "false", out);
        break;
    case PARAM_DOUBLE:
    case PARAM_RATIO:
        print_number(*(const double *)field, "", out);
        break;
    case PARAM_RATE:
        print_number(*(const double *)field, "/s", out);
        break;
    case PARAM_DURATION:
        print_duration(*(const sim_time *)field, out);
        break;
    case PARAM_STRING:
        print_string(*(char *const *)field, out);
        break;
    case PARAM_STRINGS:
        print_strings(field, out);
        break;
    case PARAM_MAP:
        print_map(field, out);
        break;
    case PARAM_ENUM:
        param_print_text(row->choices[*(const int *)field], out);
        break;
    case PARAM_DIST:
        param_print_dist(field, out);
        break;
    default:
        print_int(row, *(const int64_t *)field, out);
        break;
    }
}

/* ---- tables ---- */

static void print_rows(const struct param *table, const void *target, FILE *out,
                       int indent, bool in_item);

/* A list's items: "- " stands where the indent of the first key ends. */
static void print_list(const struct param *row, const struct param_list *list,
                       FILE *out, int indent)
{
    size_t i;

    if (list->count == 0) {
        fputs(" []\n", out);
        return;
    }
    fputc('\n', out);
    for (i = 0; i < list->count; i++) {
        fprintf(out, "%*s- ", indent, "");
        print_rows(row->table, (const char *)list->items + i * row->item_size,
                   out, indent + 2, true);
    }
}

static bool is_printed(const struct param *row)
{
    return row->type != PARAM_CUSTOM || row->print;
}

static void print_row(const struct param *row, const void *field, FILE *out,
                      int indent)
{
    fprintf(out, "%s:", row->name);
    switch (row->type) {
    case PARAM_TABLE:
        if (!row->table->name) {
            fputs(" {}\n", out);
            break;
        }
        fputc('\n', out);
        print_rows(row->table, field, out, indent + 2, false);
        break;
    case PARAM_LIST:
        print_list(row, field, out, indent);
        break;
    case PARAM_CUSTOM:
        fputc(' ', out);
        row->print(row, field, out, indent);
        break;
    default:
        fputc(' ', out);
        print_scalar(row, field, out);
        fputc('\n', out);
        break;
    }
}

static void print_rows(const struct param *table, const void *target, FILE *out,
                       int indent, bool in_item)
{
    const struct param *row;

    for (row = table; row->name; row++) {
        if (!is_printed(row))
            continue;
        if (!in_item)
            fprintf(out, "%*s", indent, "");
        in_item = false;
        print_row(row, param_const_field(row, target), out, indent);
    }
    if (in_item)
        fputs("{}\n", out);
}

void param_print(const struct param *table, const void *target, FILE *out,
                 int indent)
{
    assert(indent >= 0);
    print_rows(table, target, out, indent, false);
}
