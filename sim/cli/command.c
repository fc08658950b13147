#include "sim/cli/command.h"

#include <stddef.h>
#include <string.h>

const struct command *const commands[] = {&command_run,   &command_compare,
                                          &command_tune,  &command_batch,
                                          &command_merge, &command_check,
                                          &command_plot,  &command_list,
                                          &command_help,  NULL};

const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i]; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}
