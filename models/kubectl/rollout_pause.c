/* kubectl rollout pause deployment/web: changes of its template wait. */
#include "models/kubectl/pause.h"

static void run(struct simulation *s, const void *command, incident_id origin)
{
    pause_run(s, command, origin, true);
}

const struct kubectl_verb kubectl_rollout_pause = {
    .name = "rollout pause",
    .summary = "deployment/NAME: changes of its template wait",
    .parse = pause_parse,
    .run = run,
};
