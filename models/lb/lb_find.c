#include <string.h>

#include "models/lb/lb.h"

/* A file of its own: who only balances need not know all strategies. */
const struct lb_strategy *lb_find(const char *name)
{
    for (size_t i = 0; lb_strategies[i]; i++)
        if (strcmp(lb_strategies[i]->name, name) == 0)
            return lb_strategies[i];
    return NULL;
}
