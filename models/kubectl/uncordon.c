/* kubectl uncordon NODE... */
#include "models/kubectl/node_verb.h"

static void run(struct simulation *s, const void *command, incident_id origin)
{
    (void)origin;
    node_verb_mark(s, command, false);
}

const struct kubectl_verb kubectl_uncordon = {
    .name = "uncordon",
    .summary = "NODE...: new pods there again",
    .parse = node_verb_parse,
    .run = run,
};
