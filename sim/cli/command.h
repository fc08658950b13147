/*
 * command - the words after `podchurn`. Each is one file sim/cli/cmd_*.c
 * and one line in command.c.
 */
#ifndef SIM_CLI_COMMAND_H
#define SIM_CLI_COMMAND_H

/* Exit statuses of the program (spec.md, section 2). */
enum exit_status {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,    /* while running */
    EXIT_BAD_INPUT = 2, /* usage or input; nothing written */
    EXIT_SLO_MISSED = 3,
    EXIT_INTERRUPTED = 130
};

struct command {
    const char *name;
    const char *arguments; /* "FILE... [options]" */
    const char *summary;   /* one line */
    const char *details;   /* for `help NAME`; may be NULL */
    const char *options;   /* names of the options it takes, separated and
                              surrounded by blanks: " output seed " */
    int (*run)(const struct command *command, int argc, char **argv);
};

extern const struct command command_run, command_compare, command_tune,
    command_batch, command_merge, command_check, command_plot, command_list,
    command_help;

/* All, in the order of `help`; ends with NULL. */
extern const struct command *const commands[];
const struct command *command_find(const char *name);

#endif
