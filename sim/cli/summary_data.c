/* The summary for programs: CSV and JSON on standard output. */
#include <string.h>

#include "sim/cli/summary.h"
#include "sim/io/csv.h"
#include "sim/io/json.h"

/* Variants are named where there are factors. */
static bool is_varied(const struct study *study)
{
    return study->plan->factors.list.count > 0;
}

static void csv_variant(const struct study *study, size_t variant,
                        struct csv *csv)
{
    const struct plan_layout *layout = plan_layout(study->plan, variant);

    for (size_t i = 0; i < layout->count; i++) {
        const struct metric_row *row = &layout->rows[i];
        struct output_summary s = study_row(study, variant, i);

        if (is_varied(study))
            csv_text(csv, study->plan->names[variant]);
        csv_text(csv, row->service);
        csv_text(csv, row->traffic);
        csv_text(csv, metric_infos[row->metric].name);
        csv_text(csv, metric_infos[row->metric].unit);
        csv_double(csv, s.mean);
        csv_double(csv, s.ci.low);
        csv_double(csv, s.ci.high);
        csv_int(csv, (int64_t)s.count);
        csv_end(csv);
    }
}

void summary_csv(const struct study *study, FILE *out)
{
    struct csv csv = {out, false};

    if (is_varied(study))
        fputs("variant,", out);
    csv_header(&csv, "service,traffic,metric,unit,mean,ci_low,ci_high,"
                     "replications");
    for (size_t v = 0; v < study->plan->variants.count; v++)
        csv_variant(study, v, &csv);
}

static void json_summary(const struct output_summary *s, FILE *out)
{
    fputs("\"mean\": ", out);
    json_number(s->mean, out);
    fputs(", \"ci_low\": ", out);
    json_number(s->ci.low, out);
    fputs(", \"ci_high\": ", out);
    json_number(s->ci.high, out);
    fprintf(out, ", \"replications\": %zu", s->count);
}

static void json_key(const char *before, const char *key, const char *text,
                     FILE *out)
{
    fprintf(out, "%s\"%s\": ", before, key);
    json_text(text, out);
}

/* The beginning of an item of a list, with its variant. */
static void json_item(const struct study *study, size_t variant, bool first,
                      FILE *out)
{
    fputs(first ? "\n    {" : ",\n    {", out);
    if (!is_varied(study))
        return;
    json_key("", "variant", study->plan->names[variant], out);
    fputs(", ", out);
}

static void json_metrics(const struct study *study, FILE *out)
{
    bool first = true;

    fputs("  \"metrics\": [", out);
    for (size_t v = 0; v < study->plan->variants.count; v++) {
        const struct plan_layout *layout = plan_layout(study->plan, v);

        for (size_t i = 0; i < layout->count; i++) {
            const struct metric_row *row = &layout->rows[i];
            struct output_summary s = study_row(study, v, i);

            json_item(study, v, first, out);
            json_key("", "service", row->service, out);
            json_key(", ", "traffic", row->traffic, out);
            json_key(", ", "metric", metric_infos[row->metric].name, out);
            json_key(", ", "unit", metric_infos[row->metric].unit, out);
            fputs(", ", out);
            json_summary(&s, out);
            fputc('}', out);
            first = false;
        }
    }
    fputs("],\n", out);
}

static void json_slos(const struct study *study, FILE *out)
{
    bool first = true;

    fputs("  \"slo\": [", out);
    for (size_t v = 0; v < study->plan->variants.count; v++) {
        const struct plan_layout *layout = plan_layout(study->plan, v);

        for (size_t i = 0; i < layout->slo_count; i++) {
            const struct plan_slo *slo = &layout->slos[i];
            struct output_summary s = study_slo(study, v, i);

            json_item(study, v, first, out);
            json_key("", "service", slo->service, out);
            json_key(", ", "metric", slo->metric, out);
            json_key(", ", "during", slo->during, out);
            json_key(", ", "target", slo->target_text, out);
            json_key(", ", "verdict", verdict_names[study_verdict(study, v, i)],
                     out);
            fputs(", ", out);
            json_summary(&s, out);
            fputc('}', out);
            first = false;
        }
    }
    fputs("]}\n", out);
}

void summary_json(const struct study *study, const char *dir, FILE *out)
{
    json_key("{", "scenario", study->plan->scenario, out);
    json_key(", ", "results", dir ? dir : "", out);
    fprintf(out, ", \"seed\": %llu, \"replications\": %zu,\n",
            (unsigned long long)study->plan->seed, study->replications);
    json_metrics(study, out);
    json_slos(study, out);
}
