#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/command.h"
#include "sim/cli/figures.h"
#include "sim/cli/study.h"
#include "sim/cli/summary.h"

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

    diag_print(diag, stderr);
    diag_free(diag);
    return dir;
}

static bool commit(struct resultdir *dir)
{
    struct diag *diag = diag_new();
    bool ok = resultdir_commit(dir, diag);

    diag_print(diag, stderr);
    diag_free(diag);
    return ok;
}

static void print_summary(const struct study *study, const char *dir)
{
    switch (study->options->format) {
    case FORMAT_CSV:
        summary_csv(study, stdout);
        break;
    case FORMAT_JSON:
        summary_json(study, dir, stdout);
        break;
    default:
        if (!study->options->quiet)
            summary_table(study, dir, stdout);
    }
}

static int status_by_slos(const struct study *study)
{
    for (size_t i = 0; i < study->scenario->slo_count; i++) {
        enum verdict verdict = study_verdict(study, i);

        if (verdict == VERDICT_MISSED ||
            (verdict == VERDICT_NOT_PROVEN && study->options->strict))
            return EXIT_SLO_MISSED;
    }
    return EXIT_DONE;
}

static void warn_imprecise(const struct study *study)
{
    if (!study->result.precise)
        fprintf(stderr,
                "podchurn run: warning: the precision was not reached after "
                "%zu replications\n",
                study->result.replications);
}

/* Figures are drawn before the directory appears, so that it is whole. */
static bool draw(const struct study *study)
{
    if (study->options->plot == 0 ||
        (study->options->plot < 0 && !figures_available()))
        return true;
    return figures_draw(resultdir_path(study->dir), NULL);
}

static int finish(struct study *study, const char *name)
{
    bool drawn;

    if (!study_write(study)) {
        fprintf(stderr, "podchurn run: error: writing '%s': %s\n", name,
                strerror(study->error));
        resultdir_abandon(study->dir);
        return EXIT_FAILED;
    }
    drawn = draw(study);
    if (!commit(study->dir))
        return EXIT_FAILED;
    if (progress_interrupted()) /* while drawing: the numbers are whole */
        return EXIT_INTERRUPTED;
    warn_imprecise(study);
    print_summary(study, name);
    if (fflush(stdout) != 0) {
        fprintf(stderr, "podchurn run: error: standard output: %s\n",
                strerror(errno));
        return EXIT_FAILED;
    }
    /* The numbers are whole without the pictures; who asked for these is
     * told by the status. */
    return drawn || study->options->plot < 0 ? status_by_slos(study)
                                             : EXIT_FAILED;
}

static int simulate(const struct options *o, const struct scenario *scenario,
                    struct resultdir *dir, const char *name)
{
    struct study study;
    int status;

    if (study_run(&study, scenario, o, dir)) {
        status = finish(&study, name);
    } else {
        resultdir_abandon(dir);
        status = progress_interrupted() ? EXIT_INTERRUPTED : EXIT_FAILED;
        if (study.error)
            fprintf(stderr, "podchurn run: error: writing '%s': %s\n", name,
                    strerror(study.error));
        else
            fputs("podchurn run: interrupted, nothing written\n", stderr);
    }
    study_release(&study);
    return status;
}

static int run_loaded(const struct options *o, const struct scenario *scenario)
{
    char *name = o->output ? mem_strdup(o->output)
                           : mem_printf("results/%s", scenario->name);
    struct resultdir *dir = open_results(name);
    int status = EXIT_BAD_INPUT;

    if (dir) {
        progress_catch_signals();
        status = simulate(o, scenario, dir, name);
    }
    free(name);
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
