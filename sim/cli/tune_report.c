#include "sim/cli/tune_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/compare_text.h"
#include "sim/cli/figures.h"
#include "sim/io/csv.h"
#include "sim/io/json.h"

const char tune_columns[] =
    "variant,value,number,unit,service,metric,during,target,mean,ci_low,"
    "ci_high,replications,verdict,answer";

enum { TABLE_ROWS = 18 };

/* ---- what is said of ---- */

static const struct plan_slo *slo_of(const struct tune_search *search,
                                     size_t try, size_t target)
{
    return &plan_layout(&search->tries.items[try]->plan, 0)->slos[target];
}

static bool is_answer(const struct tune_search *search,
                      const struct tune_result *result, size_t value)
{
    (void)search;
    return result->attained && result->answer == value;
}

/* "request_availability of default/web during rollout >= 99.95%". */
static char *target_text(const struct tune_search *search, size_t target)
{
    const struct plan_slo *slo = slo_of(search, 0, target);

    return mem_printf("%s%s%s%s%s %s", slo->metric, *slo->service ? " of " : "",
                      slo->service, *slo->during ? " during " : "", slo->during,
                      slo->target_text);
}

/* ---- CSV ---- */

static void csv_row(const struct tune_search *search,
                    const struct tune_result *result, size_t try, size_t target,
                    struct csv *csv)
{
    size_t value = search->tries.items[try]->value;
    const struct plan_slo *slo = slo_of(search, try, target);
    struct output_summary s = tune_summary(search->tune, value, target);
    char *name = tune_name(search, value);
    char *text = range_text(&search->range, value);

    csv_text(csv, name);
    csv_text(csv, text);
    csv_double(csv, range_number(&search->range, value));
    csv_text(csv, range_unit(&search->range));
    csv_text(csv, slo->service);
    csv_text(csv, slo->metric);
    csv_text(csv, slo->during);
    csv_text(csv, slo->target_text);
    csv_double(csv, s.mean);
    csv_double(csv, s.ci.low);
    csv_double(csv, s.ci.high);
    csv_int(csv, (int64_t)s.count);
    csv_text(csv, tune_verdict_names[tune_verdict(search->tune, value)]);
    csv_int(csv, is_answer(search, result, value));
    csv_end(csv);
    free(name);
    free(text);
}

void tune_rows(const struct tune_search *search, FILE *out)
{
    struct tune_result result = tune_result(search->tune);
    struct csv csv = {out, false};

    for (size_t i = 0; i < search->tries.count; i++)
        for (size_t k = 0; k < search->target_count; k++)
            csv_row(search, &result, i, k, &csv);
}

/* ---- the terminal ---- */

static void answer(const struct tune_search *search,
                   const struct tune_result *result, FILE *out)
{
    char *low = range_text(&search->range, 0);
    char *high = range_text(&search->range, search->range.count - 1);
    char *name;

    if (result->attained) {
        name = tune_name(search, result->answer);
        fprintf(out,
                "%s is the %s of %s..%s that meets, with 95 %% confidence:\n",
                name, result->largest ? "largest" : "smallest", low, high);
        free(name);
    } else {
        fprintf(out, "no value of %s..%s was proven to meet:\n", low, high);
    }
    for (size_t k = 0; k < search->target_count; k++) {
        char *text = target_text(search, k);

        fprintf(out, "  %.76s\n", text);
        free(text);
    }
    free(low);
    free(high);
}

/* "replicas=5" of "deployment/web:spec.replicas=5": where the last key
 * begins. */
static const char *last_key(const struct tune_search *search, const char *name)
{
    const char *path = search->factors.list.items[0].path, *key = path;

    for (const char *c = path; *c; c++)
        if (*c == '.' || *c == ':')
            key = c + 1;
    return name + (key - path);
}

/* Of several targets each has its row: the value is named on the first, on
 * the others what they are of. */
static void value_row(const struct tune_search *search,
                      const struct tune_result *result, size_t try, FILE *out)
{
    size_t value = search->tries.items[try]->value;
    const char *verdict = tune_verdict_names[tune_verdict(search->tune, value)];
    char *name = tune_name(search, value);
    char label[32], mean[64];

    for (size_t k = 0; k < search->target_count; k++) {
        const struct plan_slo *slo = slo_of(search, try, k);
        struct output_summary s = tune_summary(search->tune, value, k);
        const char *what = *slo->service ? slo->service : slo->metric;

        compare_mean(metric_infos[slo->metric_index].unit, &s, mean,
                     sizeof mean);
        if (k > 0) {
            fprintf(out, "  %-26s  %s\n",
                    compare_fit(what, 26, label, sizeof label), mean);
            continue;
        }
        what = compare_fit(last_key(search, name), 28, label, sizeof label);
        fprintf(out, "%-28s  %-24s %8zu  %s%s\n", what, mean, s.count, verdict,
                is_answer(search, result, value) ? "  <- the answer" : "");
    }
    free(name);
}

/* The try nearest to the answer; the last without one. */
static size_t centre(const struct tune_search *search,
                     const struct tune_result *result)
{
    size_t i = 0;

    while (
        i + 1 < search->tries.count &&
        (!result->attained || search->tries.items[i]->value < result->answer))
        i++;
    return i;
}

/* As many as there is room for, those around the answer. */
static void value_rows(const struct tune_search *search,
                       const struct tune_result *result, FILE *out)
{
    size_t room = TABLE_ROWS / search->target_count;
    size_t count = search->tries.count, middle = centre(search, result);
    size_t from;

    room = room > 3 ? room : 3;
    from = middle > room / 2 ? middle - room / 2 : 0;
    if (count > room && from + room > count)
        from = count - room;
    if (count <= room)
        from = 0;
    fprintf(out, "%-28s  %-24s %8s  %s\n", "VALUE", "MEAN 95 %", "REPS",
            "TARGET");
    for (size_t i = from; i < count && i < from + room; i++)
        value_row(search, result, i, out);
    fprintf(out, "tried: %zu of %zu values, %zu replications\n", count,
            search->range.count, tune_replications(search));
}

static void monotony(const struct tune_search *search,
                     const struct tune_result *result, FILE *out)
{
    char *low, *high;

    if (result->monotone)
        return;
    low = tune_name(search, result->low);
    high = tune_name(search, result->high);
    fprintf(out,
            "warning: not monotone: %s against %s; there may be other values "
            "that meet\n",
            low, high);
    free(low);
    free(high);
}

void tune_table(const struct tune_search *search, const char *dir, FILE *out)
{
    struct tune_result result = tune_result(search->tune);

    answer(search, &result, out);
    value_rows(search, &result, out);
    monotony(search, &result, out);
    if (dir)
        figures_say_files(dir, "tune.csv, metrics.csv, comparison.csv", out);
}

/* ---- JSON ---- */

static void json_row(const struct tune_search *search, size_t try,
                     size_t target, FILE *out)
{
    size_t value = search->tries.items[try]->value;
    const struct plan_slo *slo = slo_of(search, try, target);
    struct output_summary s = tune_summary(search->tune, value, target);
    char *text = range_text(&search->range, value);

    fputs("{\"value\": ", out);
    json_text(text, out);
    fputs(", \"metric\": ", out);
    json_text(slo->metric, out);
    fputs(", \"target\": ", out);
    json_text(slo->target_text, out);
    fputs(", \"mean\": ", out);
    json_number(s.mean, out);
    fputs(", \"ci_low\": ", out);
    json_number(s.ci.low, out);
    fputs(", \"ci_high\": ", out);
    json_number(s.ci.high, out);
    fprintf(out, ", \"replications\": %zu, \"verdict\": ", s.count);
    json_text(tune_verdict_names[tune_verdict(search->tune, value)], out);
    fputc('}', out);
    free(text);
}

void tune_json(const struct tune_search *search, const char *dir, FILE *out)
{
    struct tune_result result = tune_result(search->tune);
    char *text =
        result.attained ? range_text(&search->range, result.answer) : NULL;

    fputs("{\"path\": ", out);
    json_text(search->factors.list.items[0].path, out);
    fputs(", \"answer\": ", out);
    if (text)
        json_text(text, out);
    else
        fputs("null", out);
    fprintf(out, ", \"largest\": %s, \"monotone\": %s, \"confidence\": 0.95",
            result.largest ? "true" : "false",
            result.monotone ? "true" : "false");
    fputs(", \"results\": ", out);
    json_text(dir, out);
    fputs(",\n  \"tried\": [", out);
    for (size_t i = 0; i < search->tries.count; i++) {
        for (size_t k = 0; k < search->target_count; k++) {
            fputs(i + k ? ",\n    " : "\n    ", out);
            json_row(search, i, k, out);
        }
    }
    fputs("]}\n", out);
    free(text);
}
