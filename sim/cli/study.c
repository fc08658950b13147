#include "sim/cli/study.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/study_files.h"

const char *const verdict_names[] = {"met", "not proven", "missed"};

/* ---- a unit ---- */

static bool on_progress(void *self, double fraction)
{
    return experiment_report(self, fraction);
}

static bool wants_detail(const struct scenario *scenario, size_t replication)
{
    return scenario->detail == DETAIL_ALL ||
           (scenario->detail == DETAIL_FIRST && replication == 0);
}

static bool take_values(struct study *study, size_t variant,
                        struct unit_progress *progress,
                        const struct simulation *s, double *values)
{
    const struct plan_layout *layout = plan_layout(study->plan, variant);
    const struct metric_layout metrics = {layout->count, layout->rows};

    values[PLAN_EVENTS] = (double)sim_event_count(s->sim);
    metrics_values(s->metrics, &metrics, values + PLAN_METRICS);
    metrics_slo_values(s->metrics, values + plan_slo_row(layout, 0));
    if (!wants_detail(s->scenario, progress->replication))
        return true;
    return study_write_part(study, s, progress);
}

static bool run_unit(void *self, size_t variant, size_t replication,
                     struct unit_progress *progress, double *values)
{
    struct study *study = self;
    const struct scenario *scenario = scenario_cache_get(study->cache, variant);
    bool keep = study->scenario && replication == 0, ok;
    struct simulation_options options = {.replication = replication,
                                         .progress = on_progress,
                                         .progress_self = progress};
    struct simulation *s;

    if (!scenario)
        return false;
    options.seed = scenario->seed;
    options.want_detail = keep || wants_detail(scenario, replication);
    options.want_events =
        study->plan->events && wants_detail(scenario, replication);
    s = simulation_run(scenario, &options);
    ok = s && take_values(study, variant, progress, s, values);
    if (ok && keep)
        study->first = s;
    else
        simulation_free(s);
    scenario_cache_put(study->cache, scenario);
    return ok;
}

/* ---- progress ---- */

static void finished(void *self, size_t variant, size_t replication,
                     const double *values)
{
    struct study *study = self;
    size_t row = study->plan->goals.count > 0
                     ? plan_goal_row(study->plan, variant, 0)
                     : SIZE_MAX;

    (void)replication;
    pthread_mutex_lock(&study->lock);
    study->events += values[PLAN_EVENTS];
    if (row != SIZE_MAX && !isnan(values[row]))
        tally_add(&study->headline[variant], values[row]);
    pthread_mutex_unlock(&study->lock);
}

/* The widest half-width of the headline metric over the variants; NaN: not
 * yet. Of what was run by this process. */
static double half_width(const struct study *study)
{
    double widest = NAN;

    for (size_t v = 0; v < study->plan->variants.count; v++) {
        struct interval ci = stat_t_interval(&study->headline[v], 0.95);
        double half = (ci.high - ci.low) / 2;

        if (study->headline[v].count >= 2 && !(half <= widest))
            widest = half;
    }
    return widest;
}

static bool watch(void *self, double done, double total)
{
    struct study *study = self;
    struct progress_facts facts = {
        .unit = study->plan->variants.count > 1 ? "units" : "replications"};

    if (study->progress.shown) {
        pthread_mutex_lock(&study->lock);
        facts.events = study->events;
        facts.half_width = half_width(study);
        if (study->plan->goals.count > 0)
            facts.metric = study->plan->goals.items[0].metric;
        pthread_mutex_unlock(&study->lock);
    }
    progress_show(&study->progress, done, total, &facts);
    return !progress_interrupted();
}

/* ---- running ---- */

static size_t goal_row(const void *self, size_t variant, size_t goal)
{
    const struct study *study = self;

    return plan_goal_row(study->plan, variant, goal);
}

struct experiment_spec study_spec(struct study *study)
{
    const struct plan *plan = study->plan;

    return (struct experiment_spec){.variants = plan->variants.count,
                                    .rows = plan_rows(plan),
                                    .replications = plan->replications,
                                    .precision = plan->precision,
                                    .max_replications = plan->max_replications,
                                    .goal_count = plan->goals.count,
                                    .goal_row = goal_row,
                                    .threads = study->options->jobs,
                                    .store = study->store,
                                    .run = run_unit,
                                    .finished = finished,
                                    .watch = watch,
                                    .self = study};
}

static struct precision_goal *goals_of(const struct plan *plan)
{
    struct precision_goal *goals =
        mem_calloc(plan->goals.count + 1, sizeof *goals);

    for (size_t g = 0; g < plan->goals.count; g++)
        goals[g] = (struct precision_goal){g, plan->goals.items[g].scale};
    return goals;
}

void study_init(struct study *study, const struct plan *plan,
                const struct options *options, struct resultdir *dir,
                struct store *store, struct scenario_cache *cache)
{
    *study = (struct study){.plan = plan,
                            .options = options,
                            .dir = dir,
                            .store = store,
                            .cache = cache,
                            .layout = plan_layout(plan, 0),
                            .precise = true};
    study->headline = mem_calloc(plan->variants.count, sizeof *study->headline);
    pthread_mutex_init(&study->lock, NULL);
}

bool study_run(struct study *study, struct remote *remote)
{
    struct precision_goal *goals = goals_of(study->plan);
    struct experiment_spec spec = study_spec(study);
    struct experiment_result result;

    spec.goals = goals;
    spec.remote = remote;
    study->resumed = store_count(study->store);
    progress_begin(&study->progress, study->options->progress,
                   study->options->quiet);
    result = experiment_run(&spec);
    progress_end(&study->progress);
    study->replications = result.replications;
    study->precise = result.precise;
    if (study->error == 0)
        study->error = result.error;
    experiment_release(&result);
    free(goals);
    return result.complete && study->error == 0;
}

void study_take(struct study *study)
{
    struct precision_goal *goals = goals_of(study->plan);
    struct experiment_spec spec = study_spec(study);

    spec.goals = goals;
    progress_begin(&study->progress, PROGRESS_NEVER, true);
    study->replications = experiment_take(&spec, &study->precise);
    free(goals);
}

void study_release(struct study *study)
{
    simulation_free(study->first);
    store_free(study->store);
    free(study->headline);
    pthread_mutex_destroy(&study->lock);
}

/* ---- what came of it ---- */

void study_column(const struct study *study, size_t variant, size_t row,
                  double *out)
{
    if (store_read(study->store, variant, 0, study->replications, row, 1, out))
        return;
    for (size_t i = 0; i < study->replications; i++)
        out[i] = NAN;
}

static struct output_summary summarise(const struct study *study,
                                       size_t variant, size_t row,
                                       struct output_range range)
{
    double *values = mem_calloc(study->replications, sizeof *values);
    struct output_summary summary;

    study_column(study, variant, row, values);
    summary = output_summarise(values, study->replications, 1, range);
    free(values);
    return summary;
}

struct output_summary study_row(const struct study *study, size_t variant,
                                size_t row)
{
    const struct plan_layout *layout = plan_layout(study->plan, variant);

    return summarise(study, variant, PLAN_METRICS + row,
                     plan_range(layout->rows[row].metric));
}

struct output_summary study_metric(const struct study *study,
                                   const char *service, const char *traffic,
                                   const char *metric)
{
    size_t row =
        plan_find_row(study->layout, service, traffic, metric_find(metric));

    if (row != SIZE_MAX)
        return study_row(study, 0, row);
    return (struct output_summary){
        .mean = NAN, .stddev = NAN, .min = NAN, .max = NAN, .ci = {NAN, NAN}};
}

struct output_summary study_slo(const struct study *study, size_t variant,
                                size_t slo)
{
    const struct plan_layout *layout = plan_layout(study->plan, variant);

    return summarise(study, variant, plan_slo_row(layout, slo),
                     plan_range(layout->slos[slo].metric_index));
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

enum verdict study_verdict(const struct study *study, size_t variant,
                           size_t slo)
{
    const struct plan_slo *s = &plan_layout(study->plan, variant)->slos[slo];
    struct output_summary x = study_slo(study, variant, slo);

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

bool study_meets(const struct study *study, size_t variant)
{
    size_t count = plan_layout(study->plan, variant)->slo_count;

    for (size_t i = 0; i < count; i++) {
        enum verdict verdict = study_verdict(study, variant, i);

        if (verdict == VERDICT_MISSED ||
            (verdict == VERDICT_NOT_PROVEN && study->plan->strict))
            return false;
    }
    return true;
}

double study_events(const struct study *study)
{
    double *values = mem_calloc(study->replications, sizeof *values);
    double sum = 0;

    for (size_t v = 0; v < study->plan->variants.count; v++) {
        study_column(study, v, PLAN_EVENTS, values);
        for (size_t i = 0; i < study->replications; i++)
            sum += values[i];
    }
    free(values);
    return sum;
}
