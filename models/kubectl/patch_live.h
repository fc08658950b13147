/*
 * patch_live - patches of nodes and pods: of these what changes is changed
 * where it stands, as most of them have no manifest. Labels of both, a pod's
 * deletion cost, a node's taints and whether it takes new pods.
 */
#ifndef MODELS_KUBECTL_PATCH_LIVE_H
#define MODELS_KUBECTL_PATCH_LIVE_H

#include "models/kubectl/changes.h"
#include "sim/io/doc.h"

struct patch_live;

/* json: a list of operations (RFC 6902); else what to merge. NULL after an
 * error. Intern's memory. */
const struct patch_live *patch_live_read(struct loader *l,
                                         const struct kubectl_words *words,
                                         enum object_kind kind, bool json,
                                         struct doc_node *patch,
                                         struct diag *diag);
/* Does it to one of them that exists. */
void patch_live_run(struct simulation *s, const struct patch_live *patch,
                    uint32_t id, incident_id origin);

#endif
