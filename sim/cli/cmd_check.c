#include <stdio.h>

#include "sim/cli/command.h"
#include "sim/cli/options.h"

static int check(const struct options *o)
{
    struct scenario_options so = options_for_scenario(o);
    struct diag *diag = diag_new();
    struct scenario *scenario = scenario_load(&so, diag);

    diag_print(diag, stderr);
    if (scenario && o->print)
        scenario_print(scenario, stdout);
    else if (scenario && !o->quiet)
        printf("%s: %zu Deployments, %zu Services, %zu nodes, %zu timeline "
               "entries; %zu warnings\n",
               scenario->name, scenario->deployment_count,
               scenario->service_count, scenario->cluster.node_count,
               scenario->timeline_count, diag_warnings(diag));
    diag_free(diag);
    scenario_free(scenario);
    return scenario ? EXIT_DONE : EXIT_BAD_INPUT;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options o;
    int status = EXIT_BAD_INPUT;

    if (options_read(&o, command, argc, argv)) {
        if (o.words.count == 0)
            fputs("podchurn check: error: which FILE?\n", stderr);
        else
            status = check(&o);
    }
    options_release(&o);
    return status;
}

const struct command command_check = {
    .name = "check",
    .arguments = "FILE... [--print]",
    .summary = "parse and check; --print shows every default",
    .options = " seed reps duration set slo drill print quiet ",
    .run = run,
};
