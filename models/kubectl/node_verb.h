/*
 * node_verb - what cordon, uncordon and drain share: nodes by name or -l.
 */
#ifndef MODELS_KUBECTL_NODE_VERB_H
#define MODELS_KUBECTL_NODE_VERB_H

#include "models/kubectl/words.h"

/* A command that is its nodes and no more; NULL after an error. */
const void *node_verb_parse(struct loader *loader,
                            const struct kubectl_words *words,
                            struct diag *diag);
/* Cordons (or uncordons) the nodes of such a command. */
void node_verb_mark(struct simulation *s, const void *command,
                    bool unschedulable);

#endif
