#include "sim/cli/study_files.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/cli/version.h"
#include "sim/io/csv.h"

/* Remembers the first error. Always false. */
static bool fail(struct study *study, int error)
{
    pthread_mutex_lock(&study->lock);
    if (study->error == 0)
        study->error = error ? error : EIO;
    pthread_mutex_unlock(&study->lock);
    return false;
}

static void part_name(char *buffer, size_t size, enum detail_file file,
                      size_t replication)
{
    snprintf(buffer, size, "parts/%zu-%s", replication,
             detail_files[file].name);
}

static FILE *open_file(struct study *study, const char *name)
{
    FILE *out;

    pthread_mutex_lock(&study->lock);
    out = resultdir_file(study->dir, name);
    pthread_mutex_unlock(&study->lock);
    if (!out)
        fail(study, errno);
    return out;
}

static bool close_file(struct study *study, FILE *file)
{
    bool ok;

    pthread_mutex_lock(&study->lock);
    ok = resultdir_close_file(study->dir, file);
    pthread_mutex_unlock(&study->lock);
    return ok || fail(study, errno);
}

static bool wanted(const struct study *study, enum detail_file file)
{
    return file != FILE_EVENTS || study->options->events;
}

bool study_write_parts(struct study *study, const struct simulation *s,
                       size_t replication)
{
    for (int f = 0; f < FILE_COUNT; f++) {
        char name[64];
        FILE *out;

        if (!wanted(study, (enum detail_file)f))
            continue;
        part_name(name, sizeof name, (enum detail_file)f, replication);
        out = open_file(study, name);
        if (!out)
            return false;
        metrics_write(s->metrics, (enum detail_file)f, "", replication, out);
        if (!close_file(study, out))
            return false;
    }
    return true;
}

/* Appends a part and removes it. */
static bool append_part(struct study *study, FILE *out, enum detail_file file,
                        size_t replication)
{
    char name[64], buffer[65536];
    char *path;
    FILE *in;
    size_t n;

    part_name(name, sizeof name, file, replication);
    path = mem_printf("%s/%s", resultdir_path(study->dir), name);
    in = fopen(path, "rb");
    if (!in && errno != ENOENT) {
        free(path);
        return fail(study, errno);
    }
    while (in && (n = fread(buffer, 1, sizeof buffer, in)) > 0)
        fwrite(buffer, 1, n, out);
    if (in) {
        fclose(in);
        unlink(path);
    }
    free(path);
    return true;
}

static size_t replications_run(const struct study *study)
{
    return study->options->precision > 0 ? study->options->max_reps
                                         : study->result.replications;
}

static bool write_details(struct study *study)
{
    char *parts = mem_printf("%s/parts", resultdir_path(study->dir));

    for (int f = 0; f < FILE_COUNT && study->error == 0; f++) {
        FILE *out;

        if (!wanted(study, (enum detail_file)f))
            continue;
        out = open_file(study, detail_files[f].name);
        if (!out)
            break;
        csv_header(&(struct csv){out, false}, detail_files[f].header);
        for (size_t r = 0; r < replications_run(study); r++)
            append_part(study, out, (enum detail_file)f, r);
        close_file(study, out);
    }
    rmdir(parts);
    free(parts);
    return study->error == 0;
}

static void metric_columns(struct csv *csv, const struct metric_row *row)
{
    csv_text(csv, row->service);
    csv_text(csv, row->traffic);
    csv_text(csv, metric_infos[row->metric].name);
    csv_text(csv, metric_infos[row->metric].unit);
}

static void summary_columns(struct csv *csv, const struct output_summary *s)
{
    csv_double(csv, s->mean);
    csv_double(csv, s->ci.low);
    csv_double(csv, s->ci.high);
}

static bool write_metrics(struct study *study)
{
    FILE *out = open_file(study, "metrics.csv");
    struct csv csv = {NULL, false};

    if (!out)
        return false;
    csv.file = out;
    csv_header(&csv, "scenario,variant,service,traffic,metric,unit,mean,ci_low,"
                     "ci_high,stddev,min,max,replications");
    for (size_t i = 0; i < study->layout->count; i++) {
        struct output_summary s = study_row(study, i);

        csv_text(&csv, study->scenario->name);
        csv_text(&csv, "");
        metric_columns(&csv, &study->layout->rows[i]);
        summary_columns(&csv, &s);
        csv_double(&csv, s.stddev);
        csv_double(&csv, s.min);
        csv_double(&csv, s.max);
        csv_int(&csv, (int64_t)s.count);
        csv_end(&csv);
    }
    return close_file(study, out);
}

static bool write_replications(struct study *study)
{
    FILE *out = open_file(study, "replications.csv");
    struct csv csv = {NULL, false};

    if (!out)
        return false;
    csv.file = out;
    csv_header(&csv, "scenario,variant,replication,service,traffic,metric,unit,"
                     "value");
    for (size_t r = 0; r < study->result.replications; r++) {
        for (size_t i = 0; i < study->layout->count; i++) {
            const double *x = experiment_values(&study->result, 0, i);

            csv_text(&csv, study->scenario->name);
            csv_text(&csv, "");
            csv_int(&csv, (int64_t)r);
            metric_columns(&csv, &study->layout->rows[i]);
            csv_double(&csv, x[r * study->result.rows]);
            csv_end(&csv);
        }
    }
    return close_file(study, out);
}

static bool write_slos(struct study *study)
{
    FILE *out = open_file(study, "slo.csv");
    struct csv csv = {NULL, false};

    if (!out)
        return false;
    csv.file = out;
    csv_header(&csv, "variant,service,metric,during,target,mean,ci_low,ci_high,"
                     "verdict");
    for (size_t i = 0; i < study->scenario->slo_count; i++) {
        const struct slo_spec *slo = &study->scenario->slos[i];
        struct output_summary s = study_slo(study, i);
        char name[512];

        study_service_name(slo->space, slo->service, name, sizeof name);
        csv_text(&csv, "");
        csv_text(&csv, name);
        csv_text(&csv, slo->metric);
        csv_text(&csv, slo->during);
        csv_text(&csv, slo->target_text);
        summary_columns(&csv, &s);
        csv_text(&csv, verdict_names[study_verdict(study, i)]);
        csv_end(&csv);
    }
    return close_file(study, out);
}

static void json_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if ((unsigned char)*c < 32)
            fprintf(out, "\\u%04x", (unsigned)(unsigned char)*c);
        else
            fputc(*c, out);
    }
    fputc('"', out);
}

static void json_inputs(FILE *out, const struct doc_set *docs)
{
    unsigned long long hash;
    const char *name;

    fputs("  \"inputs\": [", out);
    for (size_t i = 0; doc_input(docs, i, &name, &hash); i++) {
        fputs(i ? ",\n    {\"file\": " : "\n    {\"file\": ", out);
        json_text(out, name);
        fprintf(out, ", \"fnv1a64\": \"%016llx\"}", hash);
    }
    fputs("],\n", out);
}

static bool write_run(struct study *study)
{
    FILE *out = open_file(study, "run.json");

    if (!out)
        return false;
    fputs("{\"podchurn\": \"" PODCHURN_VERSION "\",\n  \"command\": ", out);
    json_text(out, study->options->command_line);
    fputs(",\n  \"scenario\": ", out);
    json_text(out, study->scenario->name);
    fprintf(out, ",\n  \"seed\": %llu,\n  \"replications\": %zu,\n",
            (unsigned long long)study->scenario->seed,
            study->result.replications);
    json_inputs(out, study->scenario->docs);
    fprintf(out, "  \"wall_seconds\": %.3f,\n  \"events\": %.0f}\n",
            progress_seconds(&study->progress), study_events(study));
    return close_file(study, out);
}

bool study_write(struct study *study)
{
    return write_metrics(study) && write_replications(study) &&
           write_slos(study) && write_details(study) && write_run(study);
}
