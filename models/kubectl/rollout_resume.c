/* kubectl rollout resume deployment/web */
#include "models/kubectl/pause.h"

static void run(struct simulation *s, const void *command, incident_id origin)
{
    pause_run(s, command, origin, false);
}

const struct kubectl_verb kubectl_rollout_resume = {
    .name = "rollout resume",
    .summary = "deployment/NAME: a paused one rolls out what is new",
    .parse = pause_parse,
    .run = run,
};
