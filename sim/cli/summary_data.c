/* The summary for programs: CSV and JSON on standard output. */
#include <math.h>
#include <string.h>

#include "sim/cli/summary.h"
#include "sim/io/csv.h"
#include "sim/io/units.h"

void summary_csv(const struct study *study, FILE *out)
{
    struct csv csv = {out, false};

    csv_header(&csv, "service,traffic,metric,unit,mean,ci_low,ci_high,"
                     "replications");
    for (size_t i = 0; i < study->layout->count; i++) {
        const struct metric_row *row = &study->layout->rows[i];
        struct output_summary s = study_row(study, i);

        csv_text(&csv, row->service);
        csv_text(&csv, row->traffic);
        csv_text(&csv, metric_infos[row->metric].name);
        csv_text(&csv, metric_infos[row->metric].unit);
        csv_double(&csv, s.mean);
        csv_double(&csv, s.ci.low);
        csv_double(&csv, s.ci.high);
        csv_int(&csv, (int64_t)s.count);
        csv_end(&csv);
    }
}

static void json_number(double x, FILE *out)
{
    char text[32];

    if (isfinite(x))
        fputs(units_format_double(x, text, sizeof text), out);
    else
        fputs("null", out);
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

/* Names of Kubernetes objects need no escapes; texts of people may. */
static void json_text(const char *text, FILE *out)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        if ((unsigned char)*text >= 32)
            fputc(*text, out);
    }
    fputc('"', out);
}

static void json_metrics(const struct study *study, FILE *out)
{
    fputs("  \"metrics\": [", out);
    for (size_t i = 0; i < study->layout->count; i++) {
        const struct metric_row *row = &study->layout->rows[i];
        struct output_summary s = study_row(study, i);

        fputs(i ? ",\n    {\"service\": " : "\n    {\"service\": ", out);
        json_text(row->service, out);
        fputs(", \"traffic\": ", out);
        json_text(row->traffic, out);
        fprintf(out, ", \"metric\": \"%s\", \"unit\": \"%s\", ",
                metric_infos[row->metric].name, metric_infos[row->metric].unit);
        json_summary(&s, out);
        fputc('}', out);
    }
    fputs("],\n", out);
}

static void json_slos(const struct study *study, FILE *out)
{
    fputs("  \"slo\": [", out);
    for (size_t i = 0; i < study->scenario->slo_count; i++) {
        const struct slo_spec *slo = &study->scenario->slos[i];
        struct output_summary s = study_slo(study, i);
        char name[512];

        study_service_name(slo->space, slo->service, name, sizeof name);
        fputs(i ? ",\n    {\"service\": " : "\n    {\"service\": ", out);
        json_text(name, out);
        fprintf(out, ", \"metric\": \"%s\", \"during\": ", slo->metric);
        json_text(slo->during ? slo->during : "", out);
        fputs(", \"target\": ", out);
        json_text(slo->target_text, out);
        fprintf(out, ", \"verdict\": \"%s\", ",
                verdict_names[study_verdict(study, i)]);
        json_summary(&s, out);
        fputc('}', out);
    }
    fputs("]}\n", out);
}

void summary_json(const struct study *study, const char *dir, FILE *out)
{
    fputs("{\"scenario\": ", out);
    json_text(study->scenario->name, out);
    fputs(", \"results\": ", out);
    json_text(dir ? dir : "", out);
    fprintf(out, ", \"seed\": %llu, \"replications\": %zu,\n",
            (unsigned long long)study->scenario->seed,
            study->result.replications);
    json_metrics(study, out);
    json_slos(study, out);
}
