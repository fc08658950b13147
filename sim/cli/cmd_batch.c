#include <stdio.h>
#include <stdlib.h>

#include "sim/cli/command.h"
#include "sim/cli/plan_build.h"
#include "sim/cli/study_command.h"
#include "sim/cli/study_object.h"

/* What the command line says counts more than what the Study says. */
static void complete(struct options *o, const struct study_object *study)
{
    VEC_OF(const char *) sets = {0};

    o->words.count = 0;
    for (size_t i = 0; i < study->files.count; i++)
        VEC_PUSH(o->words, study->files.items[i]);
    for (size_t i = 0; i < study->sets.count; i++)
        VEC_PUSH(sets, study->sets.items[i]);
    for (size_t i = 0; i < o->sets.count; i++)
        VEC_PUSH(sets, o->sets.items[i]);
    VEC_FREE(o->sets);
    for (size_t i = 0; i < sets.count; i++)
        VEC_PUSH(o->sets, sets.items[i]);
    VEC_FREE(sets);
    o->seed = o->seed ? o->seed : study->seed;
    o->reps = o->reps ? o->reps : study->replications;
    if (study->max_replications > 0 && !o->max_reps_given)
        o->max_reps = study->max_replications;
}

static bool make_plan(struct plan *plan, const struct options *o,
                      const struct scenario_options *base,
                      const struct study_object *study, struct diag *diag)
{
    struct plan_request request = {.options = o,
                                   .base = base,
                                   .name = study->name,
                                   .compares = study->compares,
                                   .baselines = study->baselines.values.items,
                                   .baseline_count =
                                       study->baselines.values.count};

    /* --reps asks for just so many. */
    plan->precision = o->precision > 0 ? o->precision : study->precision;
    return plan_build(plan, &request, diag);
}

static int run_study(struct options *o, struct remote *remote)
{
    struct diag *diag = diag_new();
    struct study_object study;
    struct scenario_options base;
    struct plan plan;
    bool ok;
    int status = EXIT_BAD_INPUT;

    plan_init(&plan, "batch");
    ok = study_object_read(&study, o->words.items[0], &plan, diag);
    if (ok) {
        complete(o, &study);
        study_share_input(remote, o);
        base = options_for_scenario(o);
    }
    if (ok && remote_rank(remote) > 0)
        status = study_work(remote, o, &base);
    else
        ok = ok && make_plan(&plan, o, &base, &study, diag);
    ok = study_say(diag) && ok;
    if (ok && remote_rank(remote) == 0)
        status = study_command(&plan, o, &base, remote);
    plan_release(&plan);
    study_object_release(&study);
    return status;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct remote *remote = study_join();
    struct options o;
    int status = EXIT_BAD_INPUT;

    if (!options_read(&o, command, argc, argv))
        ; /* said */
    else if (o.words.count != 1)
        fputs("podchurn batch: error: which STUDY? (one file)\n"
              "  see 'podchurn help batch'\n",
              stderr);
    else
        status = run_study(&o, remote);
    options_release(&o);
    remote_end(remote);
    return status;
}

const struct command command_batch = {
    .name = "batch",
    .arguments = "STUDY.yaml [options]",
    .summary = "a study file: factors, design, replications; resumable",
    .details =
        "STUDY.yaml is a Study: a scenario, factors (PATH: a list of values,\n"
        "a distribution, or NAME: {PATH: VALUE, ..} for each of several\n"
        "situations), and a design: fullFactorial, oneAtATime,\n"
        "{latinHypercube: {samples: N}} or {morris: {trajectories: N}}. The\n"
        "units of work are variants x replications, in any order, on any\n"
        "number of threads, processes and machines: the files are the same.\n"
        "\n"
        "  podchurn batch STUDY.yaml --resume        after it was stopped\n"
        "  podchurn batch STUDY.yaml --shard 2/8     one of 8 parts\n"
        "  podchurn merge results/NAME-*-of-8 -o DIR\n"
        "\n"
        "sensitivity.csv says which factor moves what (main effects; Morris'\n"
        "mu* and sigma); with `baseline` comparison.csv and ranking.csv are\n"
        "as compare's.\n"
        "\n"
        "Exit status: 0 done, 1 failed, 2 bad input, 3 no variant meets all\n"
        "targets, 130 interrupted (--resume goes on).",
    .options = " output seed reps precision max-reps jobs duration set slo "
               "strict drill shard resume max-units plot no-plot format events "
               "quiet progress ",
    .run = run,
};
