#include <stdio.h>

#include "sim/cli/command.h"
#include "sim/cli/options.h"

static void say(size_t count, const char *what, const char *after)
{
    printf("%zu %s%s%s", count, what, count == 1 ? "" : "s", after);
}

/* "shop: 1 Deployment, 2 Services, 3 nodes, 0 timeline entries; 1 warning" */
static void say_what_is_there(const struct scenario *c, size_t warnings)
{
    printf("%s: ", c->name);
    say(c->deployment_count, "Deployment", ", ");
    say(c->service_count, "Service", ", ");
    say(c->cluster.node_count, "node", ", ");
    printf("%zu timeline %s; ", c->timeline_count,
           c->timeline_count == 1 ? "entry" : "entries");
    say(warnings, "warning", "\n");
}

static int check(const struct options *o)
{
    struct scenario_options so = options_for_scenario(o);
    struct diag *diag = diag_new();
    struct scenario *scenario = scenario_load(&so, diag);

    diag_print(diag, stderr);
    if (scenario && o->print)
        scenario_print(scenario, stdout);
    else if (scenario && !o->quiet)
        say_what_is_there(scenario, diag_warnings(diag));
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
