/*
 * words - what kubectl's verbs have in common: naming objects by
 * TYPE/NAME, TYPE NAME..., -l selector or --all.
 */
#ifndef MODELS_KUBECTL_WORDS_H
#define MODELS_KUBECTL_WORDS_H

#include "models/kubectl/verb.h"
#include "models/loader.h"

/* Which objects a command is about, found again when it runs. */
struct kubectl_objects {
    enum object_kind kind;
    const char *space;
    bool all, by_selector; /* else by names */
    struct selector selector;
    size_t count;
    const char *const *names;
};

/* "deployment": as kubectl names one of the kind. */
const char *words_kind(enum object_kind kind);

/* The name of one that exists. */
const char *kubectl_name(const struct world *w, enum object_kind kind,
                         uint32_t id);

/* Its labels; NULL: the kind has none that count. */
const struct labels *kubectl_labels(const struct world *w,
                                    enum object_kind kind, uint32_t id);

/* The kind that a word means: "deployments", "deploy", "svc"; -1: none. */
int words_kind_of(const char *word);

/* A flag's value; NULL: not given. A switch, or without a value: "". */
const char *words_flag(const struct kubectl_words *words, const char *name);
bool words_has(const struct kubectl_words *words, const char *name);
/* Reports each flag that is not in the NULL-terminated list (-n, --namespace
 * are always allowed) or that has no value and needs one. */
bool words_check_flags(const struct kubectl_words *words,
                       const char *const *known, struct diag *diag);
/* A whole number of at least `low`. required: its absence is an error. */
bool words_int(const struct kubectl_words *words, const char *name,
               bool required, int64_t low, int64_t *out, struct diag *diag);
/* The number of a port; *out stays where it is not given. */
bool words_port(const struct kubectl_words *words, const char *name,
                bool required, int64_t *out, struct diag *diag);
/* Whether a new object may have the name; else an error. */
bool words_new_name(const struct kubectl_words *words, const char *name,
                    struct diag *diag);
/* A duration, as "5m"; *out stays where it is not given. */
bool words_duration(const struct kubectl_words *words, const char *name,
                    sim_time *out, struct diag *diag);

/* Reads the objects named by the positional words from index `from` on. The
 * kind word is taken from them unless `kind` >= 0 says it. Objects by name
 * must exist; of pods that are made in the run, their owner must. kinds: bit
 * mask 1 << enum object_kind of those allowed. */
bool words_objects(struct loader *loader, const struct kubectl_words *words,
                   size_t from, int kind, unsigned kinds,
                   struct kubectl_objects *out, struct diag *diag);

/* Calls visit for each object that the command means now, in order of id. A
 * name that nothing has is told of as an event. */
void objects_each(struct world *w, const struct kubectl_objects *objects,
                  void (*visit)(void *self, uint32_t id), void *self);

#endif
