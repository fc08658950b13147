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

/* A container's image by its name; NULL: no such container. */
const char *kubectl_image(const struct pod_template *t, const char *container);
/* Gives the i-th container of a copy another image; false: it has it. Going
 * back to an earlier image gives the earlier hash, and so the earlier
 * ReplicaSet: what one change adds, its reverse takes away. */
bool kubectl_change_image(struct pod_template *t, size_t i, const char *image);
/* What a list holds becomes the scenario's memory. */
void kubectl_keep_list(struct loader *l, struct object_list *o);

#endif
