#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/experiment/experiment.h"
#include "tests/validate/validate.h"

struct run {
    const struct study *study;
    const struct row *const *rows;
    size_t count;
    const struct scenario *scenario;
    size_t round;
    bool detail;
};

/* What a replication carries: its watch, and whether it is over. */
struct unit {
    const struct study *study;
    const struct row *row;
    void *watch;
};

static bool go_on(void *self, double fraction)
{
    const struct unit *unit = self;

    (void)fraction;
    return !unit->study->enough || !unit->study->enough(unit->watch);
}

static void prepare(void *self, struct simulation *s)
{
    const struct unit *unit = self;

    unit->study->prepare(unit->row, unit->watch, s);
}

static bool run_unit(void *self, size_t variant, size_t replication,
                     struct unit_progress *progress, double *values)
{
    struct run *run = self;
    struct unit unit = {run->study, run->rows[0],
                        mem_zalloc(run->study->watch_size + 1)};
    struct simulation_options options = {
        .seed = 20260101 + run->round,
        .replication = replication,
        .want_detail = run->detail,
        .progress = go_on,
        .progress_self = &unit,
        .prepare = run->study->prepare ? prepare : NULL,
        .prepare_self = &unit};
    struct simulation *s = simulation_run(run->scenario, &options);

    (void)variant;
    (void)progress;
    for (size_t i = 0; i < run->count; i++)
        values[i] = run->study->read(run->rows[i], s, unit.watch);
    values[run->count] = s ? (double)sim_event_count(s->sim) : 0;
    simulation_free(s);
    free(unit.watch);
    return true;
}

/* Writes the text to a file of its own; the caller removes and frees it. */
static char *temporary(const char *text)
{
    const char *folder = getenv("TMPDIR");
    char *path = mem_printf("%s/validate-XXXXXX", folder ? folder : "/tmp");
    int fd = mkstemp(path);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

    if (!out || fputs(text, out) < 0 || fclose(out) != 0) {
        perror(path);
        exit(1);
    }
    return path;
}

static struct scenario *load(const char *text)
{
    char *path = temporary(text);
    const char *files[] = {path};
    struct scenario_options options = {.files = files, .file_count = 1};
    struct diag *diag = diag_new();
    struct scenario *scenario = scenario_load(&options, diag);

    if (!scenario) {
        diag_print(diag, stderr);
        fputs(text, stderr);
        exit(1);
    }
    diag_free(diag);
    unlink(path);
    free(path);
    return scenario;
}

bool is_share(const struct row *row)
{
    return strstr(row->metric, "prob") || strstr(row->metric, "fraction") ||
           strstr(row->metric, "availability");
}

double wanted_error(const struct row *row)
{
    return is_share(row) ? 0.002 : 0.005 * fabs(row->value);
}

/* Standard error of a mean, or of a variance by its fourth moment. */
static double standard_error(const double *x, size_t count, size_t stride,
                             bool variance, struct tally *out)
{
    struct tally t = {0};
    double m4 = 0, var;

    for (size_t i = 0; i < count; i++) {
        if (!isnan(x[i * stride]))
            tally_add(&t, x[i * stride]);
    }
    *out = t;
    var = tally_variance(&t);
    if (!variance)
        return sqrt(var / (double)t.count);
    for (size_t i = 0; i < count; i++)
        m4 += pow(x[i * stride] - t.mean, 4) / (double)count;
    out->mean = var;
    return sqrt((m4 - var * var) / (double)count);
}

static bool is_variance(const struct study *study, const struct row *row)
{
    return study->variance &&
           strncmp(row->metric, "variance_renewals", 17) == 0;
}

static bool precise(const struct row *const *rows, size_t count,
                    const double *errors)
{
    for (size_t i = 0; i < count; i++) {
        if (!(errors[i] <= wanted_error(rows[i])))
            return false;
    }
    return true;
}

double event_budget(void)
{
    const char *text = getenv("PODCHURN_VALIDATE_EVENTS");

    return text ? strtod(text, NULL) : 1e8;
}

static bool wants_detail(const struct study *study,
                         const struct row *const *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (study->detail && study->detail(rows[i]))
            return true;
    }
    return false;
}

bool study_run_rows(const struct study *study, const struct row *const *rows,
                    size_t count, struct tally *results,
                    double *standard_errors)
{
    char text[8192];
    struct run run = {.study = study, .rows = rows, .count = count};
    struct scenario *scenario;
    double *all = NULL, events = 0;
    size_t n = 0, width = count + 1; /* the last column: events */

    if (!study->write(rows[0], text, sizeof text))
        return false;
    run.scenario = scenario = load(text);
    run.detail = wants_detail(study, rows, count);
    for (run.round = 0; run.round < study->rounds && events < event_budget();
         run.round++) {
        struct experiment_spec spec = {.variants = 1,
                                       .rows = width,
                                       .replications = study->replications,
                                       .run = run_unit,
                                       .self = &run};
        struct experiment_result r = experiment_run(&spec);

        all = mem_realloc(all, (n + r.replications) * width, sizeof *all);
        memcpy(all + n * width, r.values, r.replications * width * sizeof *all);
        n += r.replications;
        for (size_t k = n - r.replications; k < n; k++)
            events += all[k * width + count];
        experiment_release(&r);
        for (size_t i = 0; i < count; i++)
            standard_errors[i] = standard_error(
                all + i, n, width, is_variance(study, rows[i]), &results[i]);
        if (precise(rows, count, standard_errors))
            break;
    }
    free(all);
    scenario_free(scenario);
    return true;
}
