/*
 * manifest_doc - the manifest of an object as it is known while loading: as
 * it was read, as the last patch left it, or, where a verb made the object,
 * one like it.
 */
#ifndef MODELS_KUBECTL_MANIFEST_DOC_H
#define MODELS_KUBECTL_MANIFEST_DOC_H

#include "models/loader.h"

/* NULL: it has none. place: of what is made anew. */
struct doc_node *manifest_doc(struct loader *l, enum object_kind kind,
                              const char *space, const char *name,
                              struct place place);

#endif
