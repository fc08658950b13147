#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "sim/cli/command.h"
#include "sim/cli/figures.h"
#include "sim/cli/options.h"

static bool is_result(const char *dir)
{
    char *file = mem_printf("%s/run.json", dir);
    struct stat st;
    bool there = stat(file, &st) == 0;

    free(file);
    if (!there)
        fprintf(stderr,
                "podchurn plot: error: '%s' is no result directory: it has no "
                "run.json\n",
                dir);
    return there;
}

static int plot(const struct options *o)
{
    const char *dir = o->words.items[0];

    if (!is_result(dir) || !figures_check(o->figures))
        return EXIT_BAD_INPUT;
    if (!figures_available()) {
        fputs("podchurn plot: error: gnuplot or the plot scripts are missing; "
              "'make deps' installs gnuplot\n",
              stderr);
        return EXIT_FAILED;
    }
    if (!figures_draw(dir, o->figures))
        return EXIT_FAILED;
    if (!o->quiet)
        printf("figures: %s/plots\n", dir);
    return EXIT_DONE;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options o;
    int status = EXIT_BAD_INPUT;

    if (options_read(&o, command, argc, argv)) {
        if (o.words.count != 1)
            fputs("podchurn plot: error: which result directory?\n", stderr);
        else
            status = plot(&o);
    }
    options_release(&o);
    return status;
}

const struct command command_plot = {
    .name = "plot",
    .arguments = "DIR [--figure NAME,..]",
    .summary = "draw a result directory's figures again",
    .options = " figure quiet ",
    .run = run,
};
