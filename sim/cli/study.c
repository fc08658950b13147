#include "sim/cli/study.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/cli/study_files.h"

const char *const verdict_names[] = {"met", "not proven", "missed"};

struct unit_context {
    struct unit_progress *progress;
};

static bool on_progress(void *self, double fraction)
{
    struct unit_context *context = self;

    return experiment_report(context->progress, fraction);
}

static bool wants_detail(const struct study *study, size_t replication)
{
    int detail = study->scenario->detail;

    return detail == DETAIL_ALL || (detail == DETAIL_FIRST && replication == 0);
}

static bool run_unit(void *self, size_t variant, size_t replication,
                     struct unit_progress *progress, double *values)
{
    struct study *study = self;
    struct unit_context context = {progress};
    bool detail = wants_detail(study, replication);
    struct simulation_options options = {
        .seed = study->scenario->seed,
        .replication = replication,
        .want_detail = detail || replication == 0,
        .want_events = detail && study->options->events,
        .progress = on_progress,
        .progress_self = &context};
    struct simulation *s = simulation_run(study->scenario, &options);
    size_t rows = study->layout->count;

    assert(variant == 0);
    if (!s)
        return false;
    metrics_values(s->metrics, study->layout, values);
    metrics_slo_values(s->metrics, values + rows);
    values[rows + study->scenario->slo_count] = (double)sim_event_count(s->sim);
    if (detail && !study_write_parts(study, s, replication)) {
        simulation_free(s);
        return false;
    }
    if (replication == 0)
        study->first = s;
    else
        simulation_free(s);
    return true;
}

static bool watch(void *self, double done, double total)
{
    struct study *study = self;

    progress_show(&study->progress, done, total);
    return !progress_interrupted();
}

static enum precision_scale scale_of(size_t metric)
{
    return strcmp(metric_infos[metric].unit, "ratio") == 0 ? PRECISION_OF_REST
                                                           : PRECISION_OF_MEAN;
}

/* The headline metrics: those of the SLOs, else availability and p99 of each
 * Service with traffic (spec.md 4.3). */
static size_t headline(const struct study *study, struct precision_goal *goals)
{
    const struct scenario *c = study->scenario;
    size_t n = 0;

    for (size_t i = 0; i < c->slo_count; i++)
        goals[n++] = (struct precision_goal){
            study->layout->count + i, scale_of(metric_find(c->slos[i].metric))};
    if (n > 0)
        return n;
    for (size_t i = 0; i < study->layout->count; i++) {
        const struct metric_row *row = &study->layout->rows[i];
        const char *name = metric_infos[row->metric].name;

        if (row->traffic[0] == '\0' && row->service[0] != '\0' &&
            (strcmp(name, "request_availability") == 0 ||
             strcmp(name, "latency_p99") == 0))
            goals[n++] = (struct precision_goal){i, scale_of(row->metric)};
    }
    return n;
}

bool study_run(struct study *study, const struct scenario *scenario,
               const struct options *options, struct resultdir *dir)
{
    struct experiment_spec spec = {.variants = 1,
                                   .replications =
                                       (size_t)scenario->replications,
                                   .precision = options->precision,
                                   .max_replications = options->max_reps,
                                   .threads = options->jobs,
                                   .run = run_unit,
                                   .watch = watch,
                                   .self = study};
    struct precision_goal *goals;

    *study =
        (struct study){.scenario = scenario, .options = options, .dir = dir};
    pthread_mutex_init(&study->lock, NULL);
    study->layout = metric_layout_new(scenario);
    spec.rows = study->layout->count + scenario->slo_count + 1;
    goals = mem_calloc(spec.rows, sizeof *goals);
    spec.goals = goals;
    spec.goal_count = headline(study, goals);
    progress_begin(&study->progress, options->progress, options->quiet,
                   scenario->name);
    study->result = experiment_run(&spec);
    progress_end(&study->progress);
    free(goals);
    return study->result.complete && study->error == 0;
}

void study_release(struct study *study)
{
    simulation_free(study->first);
    experiment_release(&study->result);
    metric_layout_free(study->layout);
    pthread_mutex_destroy(&study->lock);
}

static struct output_summary summarise(const struct study *study, size_t row,
                                       struct output_range range)
{
    return output_summarise(experiment_values(&study->result, 0, row),
                            study->result.replications, study->result.rows,
                            range);
}

static struct output_range range_of(size_t metric)
{
    return (struct output_range){metric_infos[metric].low,
                                 metric_infos[metric].high};
}

struct output_summary study_row(const struct study *study, size_t row)
{
    return summarise(study, row, range_of(study->layout->rows[row].metric));
}

struct output_summary study_metric(const struct study *study,
                                   const char *service, const char *traffic,
                                   const char *metric)
{
    size_t wanted = metric_find(metric);

    for (size_t i = 0; i < study->layout->count; i++) {
        const struct metric_row *row = &study->layout->rows[i];

        if (row->metric == wanted && strcmp(row->service, service) == 0 &&
            strcmp(row->traffic, traffic) == 0)
            return study_row(study, i);
    }
    return (struct output_summary){
        .mean = NAN, .stddev = NAN, .min = NAN, .max = NAN, .ci = {NAN, NAN}};
}

struct output_summary study_slo(const struct study *study, size_t slo)
{
    size_t metric = metric_find(study->scenario->slos[slo].metric);

    return summarise(study, study->layout->count + slo, range_of(metric));
}

static bool meets(enum slo_operator operator, double x, double target)
{
    switch (operator) {
    case SLO_GE:
        return x >= target;
    case SLO_GT:
        return x > target;
    case SLO_LE:
        return x <= target;
    default:
        return x < target;
    }
}

enum verdict study_verdict(const struct study *study, size_t slo)
{
    const struct slo_spec *s = &study->scenario->slos[slo];
    struct output_summary x = study_slo(study, slo);

    /* No value at all proves nothing; one replication has no interval. */
    if (x.count == 0)
        return VERDICT_NOT_PROVEN;
    if (!meets(s->operator, x.mean, s->target))
        return VERDICT_MISSED;
    if (x.count < 2 || !meets(s->operator, x.ci.low, s->target) ||
        !meets(s->operator, x.ci.high, s->target))
        return VERDICT_NOT_PROVEN;
    return VERDICT_MET;
}

double study_events(const struct study *study)
{
    size_t row = study->layout->count + study->scenario->slo_count;
    const double *x = experiment_values(&study->result, 0, row);
    double sum = 0;

    for (size_t i = 0; i < study->result.replications; i++)
        sum += x[i * study->result.rows];
    return sum;
}

void study_service_name(const char *space, const char *name, char *buffer,
                        size_t size)
{
    if (name)
        snprintf(buffer, size, "%s/%s", space, name);
    else
        buffer[0] = '\0';
}
