/*
 * validate DIR [GROUP...]: DIR/theory.csv against simulation. Prints a line
 * a row, `id, theory, simulated, standard error, tolerance, verdict`, and
 * ends with `N passed, N failed, N skipped`.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/io/csv.h"
#include "sim/io/units.h"
#include "tests/validate/validate.h"

/* Which study answers for a group of rows. */
static const struct {
    const char *group, *metric; /* metric: a prefix; NULL: any */
    const struct study *study;
    const char *model; /* a prefix; NULL: any */
} studies[] = {
    {"mm1", NULL, &study_queue, NULL},
    {"mmc", NULL, &study_queue, NULL},
    {"mg1", NULL, &study_queue, NULL},
    {"md1", NULL, &study_queue, NULL},
    {"mginf", NULL, &study_queue, NULL},
    {"mg1ps", NULL, &study_queue, NULL},
    {"loss", NULL, &study_queue, NULL},
    {"repairman", NULL, &study_reliability, NULL},
    {"availability", "steady", &study_reliability, NULL},
    {"availability", NULL, &study_transient, NULL},
    {"kofn", "availability", &study_reliability, NULL},
    {"kofn", "mean_time_to_failure", &study_first_outage, NULL},
    {"renewal", NULL, &study_transient, NULL},
    {"dispatch", NULL, &study_farm, NULL},
    {"sqd", NULL, &study_farm, NULL},
    {"jiq", NULL, &study_farm, NULL},
    {"finite_n_sim", NULL, &study_farm, NULL},
    {"finite_n_exact", NULL, &study_farm, NULL},
    {"retry", NULL, &study_again, "independent attempts"},
    {"network", NULL, &study_again, "M/M/1 with Bernoulli retry"},
    {"network", NULL, &study_closed, "closed"},
    {"network", NULL, &study_tandem, "tandem"},
};

struct reader {
    VEC_OF(struct row) rows;
    int columns[9];
    bool header_ok;
};

static const char *const column_names[] = {
    "id", "group", "model", "params", "metric", "value", "kind", "note", NULL};

static bool on_header(void *self, const struct csv_row *row)
{
    struct reader *r = self;

    r->header_ok = true;
    for (int c = 0; column_names[c]; c++) {
        r->columns[c] = -1;
        for (size_t i = 0; i < row->count; i++) {
            if (strcmp(row->fields[i], column_names[c]) == 0)
                r->columns[c] = (int)i;
        }
        r->header_ok = r->header_ok && r->columns[c] >= 0;
    }
    return r->header_ok;
}

static bool on_row(void *self, const struct csv_row *csv)
{
    struct reader *r = self;
    const char *f[8];
    struct row row;

    for (int c = 0; c < 8; c++)
        f[c] = csv->fields[r->columns[c]];
    row = (struct row){mem_strdup(f[0]), mem_strdup(f[1]),  mem_strdup(f[2]),
                       mem_strdup(f[3]), mem_strdup(f[4]),  mem_strdup(f[6]),
                       mem_strdup(f[7]), strtod(f[5], NULL)};
    VEC_PUSH(r->rows, row);
    return true;
}

static const char *find_param(const struct row *row, const char *name)
{
    size_t n = strlen(name);
    const char *at = row->params;

    while (at && *at) {
        if (strncmp(at, name, n) == 0 && at[n] == '=')
            return at + n + 1;
        at = strchr(at, ';');
        at = at ? at + 1 : NULL;
    }
    return NULL;
}

bool row_text(const struct row *row, const char *name, char *buffer,
              size_t size)
{
    const char *at = find_param(row, name);

    if (at)
        snprintf(buffer, size, "%.*s", (int)strcspn(at, ";"), at);
    return at != NULL;
}

double row_number(const struct row *row, const char *name, double missing)
{
    char text[64];
    double x;

    if (!row_text(row, name, text, sizeof text) || !units_double(text, &x))
        return missing;
    return x;
}

static const struct study *find_study(const struct row *row)
{
    for (size_t i = 0; i < sizeof studies / sizeof studies[0]; i++) {
        const char *metric = studies[i].metric, *model = studies[i].model;

        if (strcmp(studies[i].group, row->group) == 0 &&
            (!model || strncmp(model, row->model, strlen(model)) == 0) &&
            (!metric || strncmp(metric, row->metric, strlen(metric)) == 0))
            return studies[i].study;
    }
    return NULL;
}

struct totals {
    size_t passed, failed, skipped;
};

/* So few replications saw it, or its absence, that their spread says nothing
 * about the error; and it is not so far off that they should have. */
static bool too_rare(const struct row *row, const struct tally *t, double error)
{
    double off = fabs(t->mean - row->value);

    if (!is_share(row)) /* e.g. a mean wait where hardly any waits */
        return t->mean == 0 && off > 0 && off < 1e-5;
    return off > 0 && off <= 4.5 * wanted_error(row) &&
           error >= 0.3 * fmin(t->mean, 1 - t->mean);
}

/* What theory itself may be off: limits of infinitely many servers are run
 * with thousands; a model in a paper that its own note puts 2 to 3 % above the
 * policy; a figure that was simulated has an interval. */
static double stated(const struct row *row)
{
    const char *half = strstr(row->note, "half-width ");

    if (strcmp(row->kind, "asymptotic_n_inf") == 0)
        return 0.01 * fabs(row->value);
    if (strcmp(row->kind, "paper_model_n_inf") == 0)
        return 0.04 * fabs(row->value);
    if (strcmp(row->kind, "simulated") == 0 && half)
        return 4.5 / 1.96 * strtod(half + strlen("half-width "), NULL);
    return 1e-9 * fabs(row->value); /* rounding */
}

static double tolerance(const struct row *row, double error)
{
    if (strcmp(row->kind, "simulated") == 0)
        return hypot(4.5 * error, stated(row));
    return fmax(4.5 * error, stated(row));
}

/* passed, failed; or neither: too imprecise to say, and not contradicted. */
static const char *verdict(const struct row *row, const struct tally *t,
                           double error)
{
    double distance = fabs(t->mean - row->value);

    if (strcmp(row->kind, "bound") == 0) /* every policy is at least that */
        distance = fmax(0, row->value - t->mean);
    if (too_rare(row, t, error))
        return "skipped: too rare";
    if (distance > tolerance(row, error))
        return "FAILED";
    return error <= wanted_error(row) ? "passed" : "skipped: not precise";
}

static void report(const struct row *row, const struct tally *t, double error,
                   struct totals *totals)
{
    const char *text = t->count ? verdict(row, t, error)
                                : "skipped: not a quantity of the models";

    if (t->count)
        printf("%s, %.10g, %.10g, %.3g, %.3g, %s\n", row->id, row->value,
               t->mean, error, tolerance(row, error), text);
    else
        printf("%s, %.10g, , , , %s\n", row->id, row->value, text);
    fflush(stdout);
    *(*text == 'p'   ? &totals->passed
      : *text == 'F' ? &totals->failed
                     : &totals->skipped) += 1;
}

static void answer(const struct study *study, const struct row *const *rows,
                   size_t count, struct totals *totals)
{
    struct tally *results = mem_calloc(count, sizeof *results);
    double *errors = mem_calloc(count, sizeof *errors);
    bool ran = study && study_run_rows(study, rows, count, results, errors);

    for (size_t i = 0; i < count; i++) {
        if (ran) {
            report(rows[i], &results[i], errors[i], totals);
            continue;
        }
        printf("%s, %.10g, , , , skipped: %s\n", rows[i]->id, rows[i]->value,
               study ? "not expressible" : "group not implemented yet");
        totals->skipped++;
    }
    free(results);
    free(errors);
}

static bool wanted(const struct row *row, int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], row->group) == 0)
            return true;
    }
    return argc == 2;
}

/* Rows of one model and the same parameters share their replications. */
static bool alike(const struct row *a, const struct row *b)
{
    return find_study(a) == find_study(b) && strcmp(a->group, b->group) == 0 &&
           strcmp(a->model, b->model) == 0 && strcmp(a->params, b->params) == 0;
}

static void run_all(const struct reader *r, int argc, char **argv,
                    struct totals *totals)
{
    size_t count = r->rows.count;
    bool *done = mem_calloc(count + 1, sizeof *done);
    const struct row **together = mem_calloc(count + 1, sizeof *together);

    for (size_t i = 0; i < count; i++) {
        size_t n = 0;

        if (done[i] || !wanted(&r->rows.items[i], argc, argv))
            continue;
        for (size_t k = i; k < count; k++) {
            if (!done[k] && alike(&r->rows.items[i], &r->rows.items[k])) {
                done[k] = true;
                together[n++] = &r->rows.items[k];
            }
        }
        answer(find_study(&r->rows.items[i]), together, n, totals);
    }
    free(done);
    free(together);
}

static void release(struct reader *r)
{
    for (size_t i = 0; i < r->rows.count; i++) {
        struct row *row = &r->rows.items[i];

        free(row->id);
        free(row->group);
        free(row->model);
        free(row->params);
        free(row->metric);
        free(row->kind);
        free(row->note);
    }
    VEC_FREE(r->rows);
}

int main(int argc, char **argv)
{
    struct reader reader = {0};
    struct totals totals = {0};
    struct diag *diag = diag_new();
    size_t skipped = 0;
    char *path;

    if (argc < 2) {
        fprintf(stderr, "usage: %s DIR [GROUP...]\n", argv[0]);
        return 2;
    }
    path = mem_printf("%s/theory.csv", argv[1]);
    if (!csv_read(path, on_header, on_row, &reader, false, &skipped, diag) ||
        !reader.header_ok) {
        diag_print(diag, stderr);
        fprintf(stderr, "%s: no table of theory\n", path);
        totals.failed++;
    }
    run_all(&reader, argc, argv, &totals);
    printf("%zu passed, %zu failed, %zu skipped\n", totals.passed,
           totals.failed, totals.skipped);
    free(path);
    release(&reader);
    diag_free(diag);
    return totals.failed ? 1 : 0;
}
