/*
 * pause - what rollout pause and rollout resume share: Deployments only.
 */
#ifndef MODELS_KUBECTL_PAUSE_H
#define MODELS_KUBECTL_PAUSE_H

#include "models/kubectl/words.h"

const void *pause_parse(struct loader *loader,
                        const struct kubectl_words *words, struct diag *diag);
void pause_run(struct simulation *s, const void *command, incident_id origin,
               bool paused);

#endif
