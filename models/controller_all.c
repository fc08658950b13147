#include "models/controller.h"

/* By itself, so that a program with a list of its own needs no others. */
struct controllers *controllers_new(struct simulation *s)
{
    return controllers_new_list(s, controller_list);
}
