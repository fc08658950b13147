#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/command.h"
#include "sim/cli/plan_build.h"
#include "sim/cli/study_command.h"

static int bad_usage(const char *text)
{
    fprintf(stderr, "podchurn run: error: %s\n", text);
    fputs("  see 'podchurn help run'\n", stderr);
    return EXIT_BAD_INPUT;
}

/* Loads; messages go to standard error. NULL: they say why. */
static struct scenario *load(const struct options *o)
{
    struct scenario_options so = options_for_scenario(o);
    struct diag *diag = diag_new();
    struct scenario *scenario = scenario_load(&so, diag);

    diag_print(diag, stderr);
    diag_free(diag);
    return scenario;
}

static struct resultdir *open_results(const char *name)
{
    struct diag *diag = diag_new();
    struct resultdir *dir = resultdir_open(name, diag);

    study_say(diag);
    return dir;
}

static struct store *open_store(const struct plan *plan,
                                const struct resultdir *dir)
{
    const struct store_shape shape = {1, plan_room(plan), plan_rows(plan), 0,
                                      0};
    char *units = mem_printf("%s/units", resultdir_path(dir));
    struct store *store = store_open(units, &shape);

    if (!store)
        fprintf(stderr, "podchurn run: error: writing '%s': %s\n", units,
                strerror(errno));
    free(units);
    return store;
}

static int simulate(struct study *study, const char *name)
{
    if (study_run(study, NULL))
        return study_finish(study, name, false);
    resultdir_abandon(study->dir);
    if (study->error)
        fprintf(stderr, "podchurn run: error: writing '%s': %s\n", name,
                strerror(study->error));
    else
        fputs("podchurn run: interrupted, nothing written\n", stderr);
    return progress_interrupted() ? EXIT_INTERRUPTED : EXIT_FAILED;
}

static int run_plan(const struct plan *plan, const struct options *o,
                    const struct scenario *scenario)
{
    char *name = study_directory(plan, o);
    struct resultdir *dir = open_results(name);
    struct store *store = dir ? open_store(plan, dir) : NULL;
    struct scenario_cache *cache = scenario_cache_of(scenario);
    struct study study;
    int status = dir ? EXIT_FAILED : EXIT_BAD_INPUT;

    if (store) {
        study_init(&study, plan, o, dir, store, cache);
        study.scenario = scenario;
        status = simulate(&study, name);
        study_release(&study);
    } else if (dir) {
        resultdir_abandon(dir);
    }
    scenario_cache_free(cache);
    free(name);
    return status;
}

static int run_loaded(const struct options *o, struct scenario *scenario)
{
    struct plan plan;
    int status;

    progress_catch_signals();
    if (!scenario_find_warm_up(scenario))
        return EXIT_INTERRUPTED;
    plan_init(&plan, "run");
    plan_of_scenario(&plan, scenario, o);
    status = run_plan(&plan, o, scenario);
    plan_release(&plan);
    return status;
}

/* What --verbose says before the run: what was read, and all that was
 * assumed, of which the summary has room for a little. */
static void say_more(const struct scenario *c)
{
    fprintf(stderr,
            "podchurn run: %zu nodes, %zu Deployments, %zu Services, %zu "
            "traffic entries, %zu failures, %zu timeline entries, %zu "
            "targets\n",
            c->cluster.node_count, c->deployment_count, c->service_count,
            c->traffic_count, c->failure_count, c->timeline_count,
            c->slo_count);
    for (size_t i = 0; i < c->assumption_count; i++)
        fprintf(stderr, "podchurn run: assumed: %s\n", c->assumptions[i]);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options o;
    struct scenario *scenario;
    int status = EXIT_BAD_INPUT;

    if (options_read(&o, command, argc, argv)) {
        if (o.words.count == 0) {
            status = bad_usage("which FILE?");
        } else if ((scenario = load(&o)) != NULL) {
            if (o.verbose)
                say_more(scenario);
            status = run_loaded(&o, scenario);
            scenario_free(scenario);
        }
    }
    options_release(&o);
    return status;
}

const struct command command_run = {
    .name = "run",
    .arguments = "FILE... [options]",
    .summary = "simulate; write CSV and figures; print a summary",
    .details =
        "FILE is a Scenario, a Kubernetes manifest (YAML or JSON, many\n"
        "documents, a List), a directory of them, or - for standard input.\n"
        "Without a Scenario: one hour, 100 requests/s to every Service, and\n"
        "three drills: a rollout, a drain and a lost node.\n"
        "\n"
        "Exit status: 0 done, 1 failed, 2 bad input, 3 a target is missed.",
    .options = " output seed reps precision max-reps jobs duration set slo "
               "strict drill plot no-plot format events quiet verbose "
               "progress ",
    .run = run,
};
