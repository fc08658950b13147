/*
 * Keys that a plain row of a param table cannot say.
 */
#include <stdlib.h>
#include <string.h>

#include "models/scenario_internal.h"
#include "sim/io/units.h"

bool reader_wrong(const struct doc_node *node, const char *expected,
                  struct diag *diag)
{
    const char *key = node->key ? node->key : "item";

    if (node->kind == DOC_SCALAR)
        diag_error(diag, node->place, "expected %s for '%s', got '%.60s'",
                   expected, key, node->text);
    else
        diag_error(diag, node->place, "expected %s for '%s', got a %s",
                   expected, key,
                   node->kind == DOC_SEQUENCE ? "list" : "mapping");
    return false;
}

static bool says(const struct doc_node *node, const char *word)
{
    return node->kind == DOC_SCALAR && strcmp(node->text, word) == 0;
}

bool reader_not_yet(struct diag *diag, struct place place, const char *what)
{
    diag_error(diag, place, "not available yet: %.200s", what);
    return false;
}

/* ---- kept as they are ---- */

bool custom_keep(const struct param *param, void *field, struct doc_node *node,
                 struct diag *diag)
{
    (void)param;
    (void)diag;
    doc_use_all(node);
    *(struct doc_node **)field = node;
    return true;
}

/* What is in it is looked at later, unknown keys too. */
bool custom_hold(const struct param *param, void *field, struct doc_node *node,
                 struct diag *diag)
{
    (void)param;
    (void)diag;
    *(struct doc_node **)field = node;
    return true;
}

void custom_print_node(const struct param *param, const void *field, FILE *out,
                       int indent)
{
    const struct doc_node *node = *(struct doc_node *const *)field;

    (void)param;
    (void)indent;
    if (node)
        doc_print_flow(node, out);
    else
        fputs("null", out);
    fputc('\n', out);
}

/* ---- what is not there yet ---- */

/* The default, or an empty list where there is none. */
bool custom_none(const struct param *param, void *field, struct doc_node *node,
                 struct diag *diag)
{
    const char *what = param->name;

    (void)field;
    if (param->text ? says(node, param->text)
                    : node->kind == DOC_SEQUENCE && node->count == 0)
        return true;
    if (strcmp(what, "view") == 0)
        what = "views other than own";
    doc_use_all(node);
    return reader_not_yet(diag, node->place, what);
}

void custom_print_none(const struct param *param, const void *field, FILE *out,
                       int indent)
{
    (void)field;
    (void)indent;
    fprintf(out, "%s\n", param->text);
}

/* ---- words or durations ---- */

/* A word that stands for a special value, else a duration. */
static bool word_or_duration(struct doc_node *node, const char *word,
                             sim_time special, sim_time *out, struct diag *diag)
{
    char expected[64];

    if (says(node, word)) {
        *out = special;
        return true;
    }
    if (node->kind == DOC_SCALAR && units_duration(node->text, out) &&
        *out >= 0)
        return true;
    snprintf(expected, sizeof expected, "'%s' or a duration", word);
    return reader_wrong(node, expected, diag);
}

static void print_word_or_duration(sim_time time, const char *word,
                                   sim_time special, FILE *out)
{
    char buffer[32];

    fprintf(out, "%s\n",
            time == special
                ? word
                : units_format_duration(time, buffer, sizeof buffer));
}

bool custom_warm_up(const struct param *param, void *field,
                    struct doc_node *node, struct diag *diag)
{
    struct raw_warm_up *out = field;

    (void)param;
    out->place = node->place;
    out->mser = says(node, "mser");
    if (out->mser)
        out->time = -1;
    else if (!word_or_duration(node, "auto", -1, &out->time, diag)) {
        diag_hint(diag, "or 'mser' to find where a steady state begins");
        return false;
    }
    out->automatic = out->time < 0;
    if (out->automatic)
        out->time = 15 * SIM_MIN;
    return true;
}

void custom_print_warm_up(const struct param *param, const void *field,
                          FILE *out, int indent)
{
    const struct raw_warm_up *warm_up = field;

    (void)param;
    (void)indent;
    print_word_or_duration(warm_up->automatic ? -1 : warm_up->time,
                           warm_up->mser ? "mser" : "auto", -1, out);
}

bool custom_pre_stop(const struct param *param, void *field,
                     struct doc_node *node, struct diag *diag)
{
    (void)param;
    return word_or_duration(node, "manifest", -1, field, diag);
}

void custom_print_pre_stop(const struct param *param, const void *field,
                           FILE *out, int indent)
{
    (void)param;
    (void)indent;
    print_word_or_duration(*(const sim_time *)field, "manifest", -1, out);
}

bool custom_at(const struct param *param, void *field, struct doc_node *node,
               struct diag *diag)
{
    (void)param;
    return word_or_duration(node, "start", SIM_NEVER, field, diag);
}

void custom_print_at(const struct param *param, const void *field, FILE *out,
                     int indent)
{
    (void)param;
    (void)indent;
    print_word_or_duration(*(const sim_time *)field, "start", SIM_NEVER, out);
}

bool custom_timeseries(const struct param *param, void *field,
                       struct doc_node *node, struct diag *diag)
{
    sim_time time;

    (void)param;
    if (!word_or_duration(node, "auto", -1, &time, diag))
        return false;
    if (time == 0)
        return reader_wrong(node, "'auto' or a duration above 0", diag);
    *(sim_time *)field = time < 0 ? 0 : time;
    return true;
}

void custom_print_timeseries(const struct param *param, const void *field,
                             FILE *out, int indent)
{
    (void)param;
    (void)indent;
    print_word_or_duration(*(const sim_time *)field, "auto", 0, out);
}

/* ---- traffic ---- */

/* Both fields of struct raw_clients that say where. */
bool custom_location(const struct param *param, void *field,
                     struct doc_node *node, struct diag *diag)
{
    struct raw_clients *out =
        (struct raw_clients *)(void *)((char *)field - param->offset);

    doc_use_all(node);
    out->pods = NULL;
    out->location = NULL;
    if (node->kind == DOC_MAPPING && node->count == 1 &&
        strcmp(node->first->key, "pods") == 0 &&
        node->first->kind == DOC_MAPPING) {
        out->pods = node->first;
        return true;
    }
    if (says(node, "nodes"))
        out->location = "nodes";
    else if (says(node, "external"))
        out->location = "external";
    else if (node->kind == DOC_SCALAR && strncmp(node->text, "zone/", 5) == 0 &&
             node->text[5])
        out->location = node->text;
    else
        return reader_wrong(
            node, "nodes, external, zone/NAME or {pods: {labels}}", diag);
    return true;
}

void custom_print_location(const struct param *param, const void *field,
                           FILE *out, int indent)
{
    const struct raw_clients *clients =
        (const void *)((const char *)field - param->offset);

    (void)indent;
    if (clients->pods) {
        fputs("{pods: ", out);
        doc_print_flow(clients->pods, out);
        fputs("}\n", out);
    } else {
        fprintf(out, "%s\n", clients->location);
    }
}

bool custom_budget(const struct param *param, void *field,
                   struct doc_node *node, struct diag *diag)
{
    double ratio;

    (void)param;
    if (says(node, "none")) {
        *(double *)field = -1;
        return true;
    }
    if (node->kind != DOC_SCALAR || !units_ratio(node->text, &ratio) ||
        ratio < 0)
        return reader_wrong(node, "'none' or a ratio such as 20%", diag);
    *(double *)field = ratio;
    return true;
}

void custom_print_budget(const struct param *param, const void *field,
                         FILE *out, int indent)
{
    double ratio = *(const double *)field;
    char buffer[32];

    (void)param;
    (void)indent;
    fprintf(out, "%s\n",
            ratio < 0 ? "none"
                      : units_format_double(ratio, buffer, sizeof buffer));
}
