#include <stdio.h>

#include "sim/cli/command.h"
#include "sim/cli/options.h"
#include "sim/cli/version.h"

static void overview(void)
{
    puts("podchurn " PODCHURN_VERSION
         ": what clients see when pods die, move, roll out and scale\n");
    for (size_t i = 0; commands[i]; i++)
        printf("  podchurn %-7s %-28s %s\n", commands[i]->name,
               commands[i]->arguments, commands[i]->summary);
    puts("  podchurn --version\n");
    puts("FILE: Kubernetes manifests, a Scenario, a directory of them, or -.");
    puts("Try:  podchurn run guestbook.yaml");
}

static int run(const struct command *command, int argc, char **argv)
{
    const struct command *about;

    (void)command;
    if (argc < 2) {
        overview();
        return EXIT_DONE;
    }
    about = command_find(argv[1]);
    if (!about) {
        fprintf(stderr, "podchurn help: error: unknown command '%s'\n",
                argv[1]);
        return EXIT_BAD_INPUT;
    }
    printf("podchurn %s %s\n\n%s\n", about->name, about->arguments,
           about->summary);
    if (about->details)
        printf("\n%s\n", about->details);
    puts("");
    options_help(about, stdout);
    return EXIT_DONE;
}

const struct command command_help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "what a command takes",
    .options = " ",
    .run = run,
};
