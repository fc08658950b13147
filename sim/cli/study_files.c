#include "sim/cli/study_files.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/version.h"
#include "sim/io/json.h"

/* Doubles that a buffer may hold: 8 MiB. */
enum { BUFFER_VALUES = 1 << 20 };

bool study_fail(struct study *study, int error)
{
    pthread_mutex_lock(&study->lock);
    if (study->error == 0)
        study->error = error ? error : EIO;
    pthread_mutex_unlock(&study->lock);
    return false;
}

FILE *study_open(struct study *study, const char *name, const char *header)
{
    FILE *out = resultdir_file(study->dir, name);

    if (!out)
        study_fail(study, errno);
    else if (header)
        csv_header(&(struct csv){out, false}, header);
    return out;
}

bool study_close(struct study *study, FILE *file)
{
    return resultdir_close_file(study->dir, file) || study_fail(study, errno);
}

bool study_wants(const struct study *study, enum detail_file file)
{
    return file != FILE_EVENTS || study->plan->events;
}

/* ---- parts: the detail files one after the other, then their sizes ---- */

bool study_write_part(struct study *study, const struct simulation *s,
                      struct unit_progress *progress)
{
    const char *variant = study->plan->names[progress->variant];
    FILE *part = experiment_part(progress);
    uint64_t sizes[FILE_COUNT] = {0};

    if (!part)
        return study_fail(study, errno);
    for (int f = 0; f < FILE_COUNT; f++) {
        off_t begin = ftello(part);

        if (study_wants(study, (enum detail_file)f))
            metrics_write(s->metrics, (enum detail_file)f, variant,
                          progress->replication, part);
        sizes[f] = (uint64_t)(ftello(part) - begin);
    }
    fwrite(sizes, sizeof sizes, 1, part);
    if (fflush(part) != 0 || ferror(part))
        return study_fail(study, errno);
    return true;
}

static bool copy(FILE *in, FILE *out, uint64_t size)
{
    char buffer[65536];

    while (size > 0) {
        size_t want = size < sizeof buffer ? (size_t)size : sizeof buffer;
        size_t n = fread(buffer, 1, want, in);

        if (n == 0)
            return false;
        fwrite(buffer, 1, n, out);
        size -= n;
    }
    return true;
}

/* Appends a unit's rows of a file, where it has any. */
static bool append_part(struct study *study, FILE *out, enum detail_file file,
                        size_t variant, size_t replication)
{
    FILE *part = store_open_part(study->store, variant, replication);
    uint64_t sizes[FILE_COUNT];
    off_t at = 0;
    bool ok;

    if (!part)
        return errno == ENOENT || study_fail(study, errno);
    ok = fseeko(part, -(off_t)sizeof sizes, SEEK_END) == 0 &&
         fread(sizes, sizeof sizes, 1, part) == 1;
    for (int f = 0; ok && f < (int)file; f++)
        at += (off_t)sizes[f];
    ok = ok && fseeko(part, at, SEEK_SET) == 0 && copy(part, out, sizes[file]);
    if (!ok)
        study_fail(study, errno);
    fclose(part);
    return ok;
}

static bool write_detail(struct study *study, enum detail_file file)
{
    FILE *out =
        study_open(study, detail_files[file].name, detail_files[file].header);

    if (!out)
        return false;
    for (size_t v = 0; v < study->plan->variants.count; v++)
        for (size_t r = 0; r < study->replications; r++)
            if (!append_part(study, out, file, v, r))
                return false;
    return study_close(study, out);
}

static bool write_details(struct study *study)
{
    for (int f = 0; f < FILE_COUNT; f++)
        if (study_wants(study, (enum detail_file)f) &&
            !write_detail(study, (enum detail_file)f))
            return false;
    return true;
}

/* ---- values ---- */

void study_each_row(struct study *study, size_t variant, size_t first,
                    size_t count,
                    void (*each)(void *self, size_t row, const double *values,
                                 size_t stride),
                    void *self)
{
    size_t n = study->replications, most = BUFFER_VALUES / n + 1;
    size_t width = count < most ? count : most;
    double *values = mem_calloc(n * width + 1, sizeof *values);

    for (size_t row = first; row < first + count; row += width) {
        size_t here = first + count - row;

        here = here < width ? here : width;
        if (!store_read(study->store, variant, 0, n, row, here, values)) {
            study_fail(study, errno);
            break;
        }
        for (size_t i = 0; i < here; i++)
            each(self, row + i, values + i, here);
    }
    free(values);
}

void study_put_metric(struct csv *csv, const struct metric_row *row)
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

struct writing {
    struct study *study;
    size_t variant;
    struct csv csv;
};

static void put_metric(void *self, size_t at, const double *values,
                       size_t stride)
{
    struct writing *w = self;
    const struct plan *plan = w->study->plan;
    const struct metric_row *row =
        &plan_layout(plan, w->variant)->rows[at - PLAN_METRICS];
    struct output_summary s = output_summarise(values, w->study->replications,
                                               stride, plan_range(row->metric));

    csv_text(&w->csv, plan->scenario);
    csv_text(&w->csv, plan->names[w->variant]);
    study_put_metric(&w->csv, row);
    summary_columns(&w->csv, &s);
    csv_double(&w->csv, s.stddev);
    csv_double(&w->csv, s.min);
    csv_double(&w->csv, s.max);
    csv_int(&w->csv, (int64_t)s.count);
    csv_end(&w->csv);
}

/* What a middling and a bad replication look like: not the quantiles of
 * requests, but of replications. */
static void put_quantiles(void *self, size_t at, const double *values,
                          size_t stride)
{
    static const double probabilities[] = {0.5, 0.9};
    struct writing *w = self;
    const struct plan *plan = w->study->plan;
    const struct metric_row *row =
        &plan_layout(plan, w->variant)->rows[at - PLAN_METRICS];

    for (size_t i = 0; i < 2; i++) {
        struct output_quantile q = output_quantile(
            values, w->study->replications, stride, probabilities[i]);

        csv_text(&w->csv, plan->scenario);
        csv_text(&w->csv, plan->names[w->variant]);
        study_put_metric(&w->csv, row);
        csv_double(&w->csv, probabilities[i]);
        csv_double(&w->csv, q.value);
        csv_double(&w->csv, q.ci.low);
        csv_double(&w->csv, q.ci.high);
        csv_int(&w->csv, (int64_t)q.count);
        csv_end(&w->csv);
    }
}

/* A file with rows for each metric of each variant, which `put` writes. */
static bool write_each(struct study *study, const char *name,
                       const char *header,
                       void (*put)(void *self, size_t at, const double *values,
                                   size_t stride))
{
    FILE *out = study_open(study, name, header);
    struct writing w = {study, 0, {out, false}};

    if (!out)
        return false;
    for (; w.variant < study->plan->variants.count; w.variant++)
        study_each_row(study, w.variant, PLAN_METRICS,
                       plan_layout(study->plan, w.variant)->count, put, &w);
    return study_close(study, out) && study->error == 0;
}

static bool write_metrics(struct study *study)
{
    return write_each(study, "metrics.csv",
                      "scenario,variant,service,traffic,metric,unit,mean,"
                      "ci_low,ci_high,stddev,min,max,replications",
                      put_metric) &&
           write_each(study, "quantiles.csv",
                      "scenario,variant,service,traffic,metric,unit,"
                      "probability,value,ci_low,ci_high,replications",
                      put_quantiles);
}

static void put_replication(const struct study *study, size_t variant,
                            size_t replication, const double *values,
                            struct csv *csv)
{
    const struct plan *plan = study->plan;
    const struct plan_layout *layout = plan_layout(plan, variant);

    for (size_t i = 0; i < layout->count; i++) {
        csv_text(csv, plan->scenario);
        csv_text(csv, plan->names[variant]);
        csv_int(csv, (int64_t)replication);
        study_put_metric(csv, &layout->rows[i]);
        csv_double(csv, values[i]);
        csv_end(csv);
    }
}

static bool write_replications(struct study *study)
{
    FILE *out = study_open(study, "replications.csv",
                           "scenario,variant,replication,service,traffic,"
                           "metric,unit,value");
    double *values = mem_calloc(plan_rows(study->plan), sizeof *values);
    struct csv csv = {out, false};
    bool ok = out;

    for (size_t v = 0; ok && v < study->plan->variants.count; v++) {
        size_t count = plan_layout(study->plan, v)->count;

        for (size_t r = 0; ok && r < study->replications; r++) {
            ok = store_read(study->store, v, r, 1, PLAN_METRICS, count,
                            values) ||
                 study_fail(study, errno);
            if (ok)
                put_replication(study, v, r, values, &csv);
        }
    }
    free(values);
    return out && study_close(study, out) && ok;
}

static void put_slo(const struct study *study, size_t variant, size_t number,
                    struct csv *csv)
{
    const struct plan_slo *slo =
        &plan_layout(study->plan, variant)->slos[number];
    struct output_summary s = study_slo(study, variant, number);

    csv_text(csv, study->plan->names[variant]);
    csv_text(csv, slo->service);
    csv_text(csv, slo->metric);
    csv_text(csv, slo->during);
    csv_text(csv, slo->target_text);
    summary_columns(csv, &s);
    csv_text(csv, verdict_names[study_verdict(study, variant, number)]);
    csv_end(csv);
}

static bool write_slos(struct study *study)
{
    FILE *out = study_open(study, "slo.csv",
                           "variant,service,metric,during,target,mean,ci_low,"
                           "ci_high,verdict");
    struct csv csv = {out, false};

    if (!out)
        return false;
    for (size_t v = 0; v < study->plan->variants.count; v++)
        for (size_t i = 0; i < plan_layout(study->plan, v)->slo_count; i++)
            put_slo(study, v, i, &csv);
    return study_close(study, out);
}

/* ---- how it was made ---- */

static void json_inputs(FILE *out, const struct plan *plan)
{
    fputs("  \"inputs\": [", out);
    for (size_t i = 0; i < plan->inputs.count; i++) {
        const struct plan_input *input = &plan->inputs.items[i];

        fputs(i ? ",\n    {\"file\": " : "\n    {\"file\": ", out);
        json_text(input->name, out);
        fprintf(out, ", \"fnv1a64\": \"%016llx\"}", input->hash);
    }
    fputs("],\n", out);
}

static bool write_run(struct study *study)
{
    const struct plan *plan = study->plan;
    FILE *out = study_open(study, "run.json", NULL);

    if (!out)
        return false;
    fputs("{\"podchurn\": \"" PODCHURN_VERSION "\",\n  \"command\": ", out);
    json_text(study->options->command_line, out);
    fputs(",\n  \"scenario\": ", out);
    json_text(plan->scenario, out);
    fprintf(out,
            ",\n  \"seed\": %llu,\n  \"variants\": %zu,\n"
            "  \"replications\": %zu,\n",
            (unsigned long long)plan->seed, plan->variants.count,
            study->replications);
    if (plan->shards > 0)
        fprintf(out, "  \"shard\": \"%zu/%zu\",\n", plan->shard, plan->shards);
    json_inputs(out, plan);
    fprintf(out, "  \"wall_seconds\": %.3f,\n  \"events\": %.0f}\n",
            progress_seconds(&study->progress),
            plan->shards > 0 ? study->events : study_events(study));
    return study_close(study, out);
}

bool study_write(struct study *study)
{
    if (study->plan->shards > 0) /* the rest is merge's */
        return write_run(study);
    return write_metrics(study) && write_replications(study) &&
           write_slos(study) && write_details(study) &&
           study_write_comparisons(study) && write_run(study);
}
