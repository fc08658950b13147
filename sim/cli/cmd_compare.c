#include <stdio.h>
#include <stdlib.h>

#include "sim/cli/command.h"
#include "sim/cli/plan_build.h"
#include "sim/cli/study_command.h"
#include "sim/cli/variant_load.h"

static int bad_usage(const char *text)
{
    fprintf(stderr, "podchurn compare: error: %s\n", text);
    fputs("  see 'podchurn help compare'\n", stderr);
    return EXIT_BAD_INPUT;
}

/* --baseline's texts as values: places are theirs. */
static struct factor read_baselines(const struct options *o)
{
    struct factor list = {0};

    for (size_t i = 0; i < o->baselines.count; i++) {
        struct factor_value value = {.text = mem_strdup(o->baselines.items[i]),
                                     .place = {.file = "--baseline"}};

        VEC_PUSH(list.values, value);
    }
    return list;
}

static bool make_plan(struct plan *plan, const struct options *o,
                      const struct scenario_options *base)
{
    struct diag *diag = diag_new();
    struct factor baselines = read_baselines(o);
    struct plan_request request = {.options = o,
                                   .base = base,
                                   .compares = true,
                                   .baselines = baselines.values.items,
                                   .baseline_count = baselines.values.count};
    bool ok = true;

    for (size_t i = 0; i < o->varies.count; i++)
        ok &= vary_parse(&plan->factors, o->varies.items[i], diag);
    plan->precision = o->precision;
    ok = ok && plan_build(plan, &request, diag);
    factor_clear(&baselines);
    return study_say(diag) && ok;
}

static int compare(struct options *o, struct remote *remote)
{
    struct scenario_options base;
    struct plan plan;
    int status = EXIT_BAD_INPUT;

    study_share_input(remote, o);
    base = options_for_scenario(o);
    if (remote_rank(remote) > 0)
        return study_work(remote, o, &base);
    plan_init(&plan, "compare");
    if (make_plan(&plan, o, &base))
        status = study_command(&plan, o, &base, remote);
    plan_release(&plan);
    return status;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct remote *remote = study_join();
    struct options o;
    int status = EXIT_BAD_INPUT;

    if (!options_read(&o, command, argc, argv))
        ; /* said */
    else if (o.words.count == 0)
        status = bad_usage("which FILE?");
    else if (o.varies.count == 0)
        status = bad_usage("compare what? (--vary PATH=VALUE,VALUE..)");
    else
        status = compare(&o, remote);
    options_release(&o);
    remote_end(remote);
    return status;
}

const struct command command_compare = {
    .name = "compare",
    .arguments = "FILE... --vary PATH=V1,V2..",
    .summary = "every combination of values, and which is best",
    .details =
        "FILE is what run takes. All combinations of the --vary values are\n"
        "simulated under common random numbers: the same arrivals, failures\n"
        "and delays. PATH is what --set takes; short: strategy=p2c,random\n"
        "(strategy=all: all that can be applied), replicas=3,5,\n"
        "preStop=0s,5s. Values are YAML, split at commas outside brackets.\n"
        "\n"
        "comparison.csv has each metric's paired difference to the baseline\n"
        "with its interval and p-value (paired t, Holm-adjusted over the\n"
        "variants). The baseline has the first value of each factor;\n"
        "--baseline PATH=VALUE chooses another, --baseline PATH=same compares\n"
        "within each value of PATH. ranking.csv: equal ranks are tied.\n"
        "\n"
        "Exit status: 0 done, 1 failed, 2 bad input, 3 no variant meets all\n"
        "targets, 130 interrupted (--resume goes on).",
    .options = " output seed reps precision max-reps jobs duration set vary "
               "baseline slo strict drill resume max-units plot no-plot format "
               "events quiet progress ",
    .run = run,
};
