/*
 * template - what the verbs that change pod templates share.
 */
#ifndef MODELS_KUBECTL_TEMPLATE_H
#define MODELS_KUBECTL_TEMPLATE_H

#include "models/kubectl/words.h"

/* Kinds that roll out: bit mask 1 << enum object_kind. */
#define KUBECTL_ROLLS                                                          \
    (1U << OBJECT_DEPLOYMENT | 1U << OBJECT_STATEFULSET |                      \
     1U << OBJECT_DAEMONSET)

/* The template that such an object now wants. */
const struct pod_template *kubectl_template(const struct world *w,
                                            enum object_kind kind, uint32_t id);
/* Another one: borrowed, it outlives the world or belongs to it. */
void kubectl_set_template(struct world *w, enum object_kind kind, uint32_t id,
                          const struct pod_template *template,
                          incident_id origin);
/* The template of such an object as it is known while loading; NULL: no such
 * object. */
const struct pod_template *kubectl_loaded_template(struct loader *l,
                                                   enum object_kind kind,
                                                   const char *space,
                                                   const char *name);

#endif
