/*
 * podchurn - tells what clients will see when pods die, move, roll out and
 * scale.
 */
#define _XOPEN_SOURCE 700 /* SIGXFSZ */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "sim/cli/command.h"
#include "sim/cli/version.h"
#include "sim/io/diag.h"

static int unknown(const char *word)
{
    const char *names[16], *nearest;
    size_t n = 0;

    for (; commands[n]; n++)
        names[n] = commands[n]->name;
    names[n] = NULL;
    nearest = diag_nearest(word, names);
    fprintf(stderr, "podchurn: error: unknown command '%s'\n", word);
    if (nearest)
        fprintf(stderr, "  did you mean '%s'?\n", nearest);
    fprintf(stderr, "  'podchurn help' lists the commands\n");
    return EXIT_BAD_INPUT;
}

/* A status that says done is not given where what was printed got lost. */
static int closed(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    perror("podchurn: error: standard output");
    return status == EXIT_DONE ? EXIT_FAILED : status;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static int dispatch(int argc, char **argv)
{
    const struct command *command;

    setlocale(LC_CTYPE, "");
    if (argc < 2) {
        char *help[] = {"help", NULL};

        command_help.run(&command_help, 1, help);
        return EXIT_BAD_INPUT;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("podchurn " PODCHURN_VERSION PODCHURN_BUILT_WITH);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        argv[1] = "help";
    command = command_find(argv[1]);
    if (!command)
        return unknown(argv[1]);
    if (command != &command_help && asks_for_help(argc, argv)) {
        char *help[] = {"help", argv[1], NULL};

        return command_help.run(&command_help, 2, help);
    }
    return command->run(command, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    /* A file that grows over `ulimit -f` is a write that fails, and said so:
     * not a death without a word. */
    signal(SIGXFSZ, SIG_IGN);
    return closed(dispatch(argc, argv));
}
