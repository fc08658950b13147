/*
 * verb - what a timeline can tell kubectl. Each verb is one file
 * models/kubectl/<verb>.c and one line in catalog.def:
 * `const struct kubectl_verb kubectl_<file>`.
 */
#ifndef MODELS_KUBECTL_VERB_H
#define MODELS_KUBECTL_VERB_H

#include "models/simulation.h"

/* kubectl's words after `kubectl`, taken apart. */
struct kubectl_words {
    size_t count; /* positional: "scale", "deployment/web" */
    const char *const *items;
    size_t flag_count; /* "--replicas=6", "-n shop", "-l app=x" */
    const struct kubectl_flag {
        const char *name;  /* long name without dashes */
        const char *value; /* NULL: none */
        bool bare;         /* no switch, yet no value follows */
    } * flags;
    const char *space; /* of -n; "default" */
    struct place place;
};

/* While loading: what verbs may look up and add to. */
struct loader;

struct kubectl_verb {
    const char *name;    /* "rollout restart": as kubectl spells it */
    const char *summary; /* for `podchurn list events` */
    /* Checks and translates the words; returns the command (memory of the
     * scenario's intern), NULL after an error in diag. */
    const void *(*parse)(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag);
    /* Does it, now. Blames are put on `origin`. */
    void (*run)(struct simulation *s, const void *command, incident_id origin);
};

extern const struct kubectl_verb *const kubectl_verbs[]; /* ends with NULL */

#endif
