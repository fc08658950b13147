/*
 * changes - what label, annotate and taint have in common: objects, then
 * KEY=VALUE to set, or KEY- to take away.
 */
#ifndef MODELS_KUBECTL_CHANGES_H
#define MODELS_KUBECTL_CHANGES_H

#include "models/kubectl/words.h"

struct kubectl_changes {
    struct kubectl_objects objects;
    bool overwrite;
    size_t count;
    const char *const *words; /* as written */
};

/* Takes the command's words apart. kinds: bit mask 1 << enum object_kind.
 * what, example: for the message where none is given. */
bool changes_parse(struct loader *loader, const struct kubectl_words *words,
                   unsigned kinds, const char *what, const char *example,
                   struct kubectl_changes *out, struct diag *diag);

/* A label or an annotation to be. */
struct kubectl_pair {
    const char *key, *value; /* value NULL: taken away */
};
/* Of "KEY=VALUE" or "KEY-". A key is checked; of a label the value too. */
bool changes_pair(struct loader *loader, const struct kubectl_words *words,
                  const char *word, bool label, struct kubectl_pair *out,
                  struct diag *diag);
/* All of them, intern's memory; NULL after an error. */
const struct kubectl_pair *changes_pairs(struct loader *loader,
                                         const struct kubectl_words *words,
                                         const struct kubectl_changes *changes,
                                         bool label, struct diag *diag);

/* Changes the labels of an object that exists, now. */
void changes_set_labels(struct simulation *s, enum object_kind kind,
                        uint32_t id, const struct kubectl_pair *pairs,
                        size_t count, incident_id origin);

#endif
