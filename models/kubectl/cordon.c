/* kubectl cordon NODE... */
#include "models/kubectl/node_verb.h"

static void run(struct simulation *s, const void *command, incident_id origin)
{
    (void)origin;
    node_verb_mark(s, command, true);
}

const struct kubectl_verb kubectl_cordon = {
    .name = "cordon",
    .summary = "NODE...: no new pods there",
    .parse = node_verb_parse,
    .run = run,
};
