/*
 * options - the command line's options, shared by all commands.
 */
#ifndef SIM_CLI_OPTIONS_H
#define SIM_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "models/scenario.h"
#include "sim/cli/command.h"
#include "sim/engine/mem.h"

enum summary_format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON };
enum progress_when { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };

struct options {
    VEC_OF(const char *) words; /* arguments that are no options */
    VEC_OF(const char *) sets, slos, varies, baselines;
    const char *output, *seed, *reps, *duration, *drills, *figures, *version;
    double precision;      /* 0: off */
    size_t max_reps, jobs; /* jobs 0: all cores */
    size_t shard, shards;  /* from 1; 0 of 0: none */
    size_t max_units;
    bool strict, events, print, quiet, verbose, resume, max_reps_given;
    int plot; /* 1 yes, 0 no, -1 where gnuplot is there */
    enum summary_format format;
    enum progress_when progress;
    char *command_line; /* as typed, for run.json */
    char *input;        /* what file "-" holds, once it was read */
    size_t input_size;
};

/* Reads argv (argv[0]: the command's name). False: a message went to
 * standard error; the status is EXIT_BAD_INPUT. */
bool options_read(struct options *o, const struct command *command, int argc,
                  char **argv);
void options_release(struct options *o);

/* Reads standard input where a word is "-": for who loads often. */
void options_read_input(struct options *o);

/* The part that loading a scenario wants. Borrows from o. */
struct scenario_options options_for_scenario(const struct options *o);

/* Prints the options of a command, one a line. */
void options_help(const struct command *command, FILE *out);

#endif
