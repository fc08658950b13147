#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/command.h"
#include "sim/cli/plan_build.h"
#include "sim/cli/study_command.h"
#include "sim/cli/study_files.h"
#include "sim/cli/tune_report.h"
#include "sim/io/tree.h"

static int bad_usage(const char *text)
{
    fprintf(stderr, "podchurn tune: error: %s\n", text);
    fputs("  see 'podchurn help tune'\n", stderr);
    return EXIT_BAD_INPUT;
}

/* ---- the end: more files, another summary, another status ---- */

static bool write_tune(void *self, struct study *study)
{
    const struct tune_search *search = self;
    FILE *out = study_open(study, "tune.csv", tune_columns);

    if (!out)
        return false;
    tune_rows(search, out);
    return study_close(study, out);
}

static void print(void *self, const struct study *study, const char *dir)
{
    const struct tune_search *search = self;

    switch (study->options->format) {
    case FORMAT_CSV:
        csv_header(&(struct csv){stdout, false}, tune_columns);
        tune_rows(search, stdout);
        break;
    case FORMAT_JSON:
        tune_json(search, dir, stdout);
        break;
    default:
        if (!study->options->quiet)
            tune_table(search, dir, stdout);
    }
}

static int status(void *self)
{
    struct tune_search *search = self;

    return tune_result(search->tune).attained ? EXIT_DONE : EXIT_SLO_MISSED;
}

/* ---- the evidence: a study of the values tried ---- */

/* So often is each value run in it as the answer was; without an answer as
 * the one that was run most. */
static size_t common_replications(const struct tune_search *search)
{
    struct tune_result result = tune_result(search->tune);
    size_t most = 0;

    for (size_t i = 0; i < search->tries.count; i++) {
        const struct tune_try *one = search->tries.items[i];

        if (result.attained && one->value == result.answer)
            return one->study.replications;
        if (one->study.replications > most)
            most = one->study.replications;
    }
    return most;
}

static bool make_plan(struct plan *plan, const struct tune_search *search)
{
    const struct factor *tuned = &search->factors.list.items[0];
    struct tune_result result = tune_result(search->tune);
    struct diag *diag = diag_new();
    const struct plan_request request = {
        .options = search->options, .base = search->base, .compares = true};
    struct factor *factor =
        factors_add(&plan->factors, tuned->path, tuned->place);

    for (size_t i = 0; i < search->tries.count; i++) {
        char *text = range_text(&search->range, search->tries.items[i]->value);

        factor_add(factor, text, tuned->place);
        if (result.attained && search->tries.items[i]->value == result.answer)
            factor->base = i;
        free(text);
    }
    if (!plan_build(plan, &request, diag))
        return study_say(diag);
    plan->replications = common_replications(search);
    return study_say(diag);
}

/* What was run is not run again, but for replications with details: these
 * name their variant. */
static bool copy_units(const struct tune_try *one, size_t variant, size_t count,
                       size_t rows, struct store *store)
{
    double *values = mem_calloc(rows + 1, sizeof *values);
    bool ok = true;

    for (size_t r = 0; ok && r < count && r < one->study.replications; r++) {
        FILE *part = store_open_part(one->study.store, 0, r);

        if (part) {
            fclose(part);
            continue;
        }
        ok = store_read(one->study.store, 0, r, 1, 0, plan_rows(&one->plan),
                        values) &&
             store_put(store, variant, r, values, NULL);
    }
    free(values);
    return ok;
}

static struct store *gather(const struct tune_search *search,
                            const struct plan *plan)
{
    const struct store_shape shape = {.variants = plan->variants.count,
                                      .replications = plan->replications,
                                      .rows = plan_rows(plan)};
    const char *partial = resultdir_path(search->dir);
    char *units = mem_printf("%s/units", partial);
    char *tried = mem_printf("%s/tried", partial);
    struct store *store = store_open(units, &shape);
    bool ok = store != NULL;

    for (size_t i = 0; ok && i < search->tries.count; i++)
        ok = copy_units(search->tries.items[i], i, plan->replications,
                        shape.rows, store);
    if (!ok) {
        fprintf(stderr, "podchurn tune: error: writing '%s': %s\n", units,
                strerror(errno));
        if (store)
            store_free(store);
        store = NULL;
    }
    tree_remove(AT_FDCWD, tried);
    free(tried);
    free(units);
    return store;
}

/* The directory is done with. */
static int conclude(struct tune_search *search, const char *name)
{
    const struct study_ending ending = {write_tune, print, status, search};
    struct scenario_cache *cache;
    struct store *store = NULL;
    struct study study;
    struct plan plan;
    int result = EXIT_FAILED;

    plan_init(&plan, "tune");
    if (make_plan(&plan, search))
        store = gather(search, &plan);
    if (!store) {
        resultdir_abandon(search->dir);
        plan_release(&plan);
        return EXIT_FAILED;
    }
    cache =
        scenario_cache_new(&plan, search->base, experiment_processors() + 2);
    study_init(&study, &plan, search->options, search->dir, store, cache);
    study.ending = &ending;
    if (study_run(&study, NULL)) {
        result = study_finish(&study, name, false);
    } else {
        resultdir_abandon(search->dir);
        result = progress_interrupted() ? EXIT_INTERRUPTED : EXIT_FAILED;
        fputs("podchurn tune: stopped, nothing written\n", stderr);
    }
    study_release(&study);
    scenario_cache_free(cache);
    plan_release(&plan);
    return result;
}

/* ---- the beginning ---- */

static char *directory(const struct options *o, const struct tune_search *s)
{
    struct diag *diag = diag_new();
    struct scenario *scenario = scenario_load(s->base, diag);
    char *name = o->output ? mem_strdup(o->output)
                           : mem_printf("results/%s",
                                        scenario ? scenario->name : "tune");

    scenario_free(scenario);
    diag_free(diag);
    return name;
}

static int tune(struct tune_search *search, const char *name)
{
    struct diag *diag = diag_new();
    int result;

    search->dir = resultdir_open(name, diag);
    if (!study_say(diag) || !search->dir)
        return EXIT_BAD_INPUT;
    progress_catch_signals();
    result = tune_search_run(search);
    if (result == EXIT_DONE)
        return conclude(search, name);
    resultdir_abandon(search->dir);
    return result;
}

static int begin(const struct options *o)
{
    struct scenario_options base = options_for_scenario(o);
    struct diag *diag = diag_new();
    struct tune_search search;
    bool ok = tune_search_init(&search, o, &base, diag);
    int result = EXIT_BAD_INPUT;

    if (study_say(diag) && ok) {
        char *name = directory(o, &search);

        result = tune(&search, name);
        free(name);
    }
    tune_search_release(&search);
    return result;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options o;
    int result = EXIT_BAD_INPUT;

    if (!options_read(&o, command, argc, argv)) {
        /* said */
    } else if (o.words.count == 0) {
        result = bad_usage("which FILE?");
    } else if (o.varies.count != 1) {
        result = bad_usage("tune what? one --vary PATH=LOW..HIGH");
    } else {
        options_read_input(&o);
        result = begin(&o);
    }
    options_release(&o);
    return result;
}

const struct command command_tune = {
    .name = "tune",
    .arguments = "FILE... --vary PATH=LOW..HIGH",
    .summary = "the smallest value that meets a target",
    .details =
        "FILE is what run takes; the target is --slo, or the Scenario's slo;\n"
        "of several all are to be met. PATH is what --set takes: replicas,\n"
        "preStop, deployment/web:spec.replicas .. Values are numbers, with a\n"
        "unit (10%..90%, 100m..1, 256Mi..2Gi) or durations (0s..30s); a step\n"
        "may follow: 0s..30s:500ms (1 s of durations, 1 of the last digit of\n"
        "numbers). Where more is worse, the largest value is looked for.\n"
        "\n"
        "Both ends, then bisection; each value under common random numbers,\n"
        "and so often (--reps, twice that .. --max-reps) as it takes to tell.\n"
        "What is given as the answer misses the target with a probability of\n"
        "at most 5 %, over all looks at all values. tune.csv has the values\n"
        "tried; the other files hold a study of these, with the answer as the\n"
        "baseline. Values that contradict that more is better are said.\n"
        "\n"
        "Exit status: 0 done, 1 failed, 2 bad input, 3 no value meets the\n"
        "target, 130 interrupted.",
    .options = " output seed reps max-reps jobs duration set vary slo drill "
               "plot no-plot format events quiet progress ",
    .run = run,
};
