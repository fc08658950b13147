/*
 * script - a recording's inputs as a scenario that `podchurn run` could
 * take: its nodes, and what kubectl did as a timeline.
 */
#ifndef TESTS_ORACLE_SCRIPT_H
#define TESTS_ORACLE_SCRIPT_H

#include "models/scenario.h"
#include "tests/oracle/oracle.h"

/* Files of one scenario, in a folder of their own. */
struct script {
    const struct recording *r;
    char *folder;
    VEC_OF(char *) files;
    struct doc_set *docs;
    /* Objects as they were last written. */
    VEC_OF(struct script_object {
        const char *name; /* "Deployment/web" */
        struct doc_node *root;
    })
    objects;
    VEC_OF(const char *) skipped; /* kinds that the models do not have */
};

/* Whether the models have objects of a kind. */
bool script_knows(const char *kind);
/* Loads it. NULL: the models do not take it, and why was said. The caller
 * frees the scenario before the script. */
/* warm_up: s that pass before the recording begins. */
struct scenario *script_load(struct script *s, const struct recording *r,
                             double warm_up);
/* The cluster with pods of their own (pods.json) and Services that select
 * by `app`, without a timeline. */
struct scenario *script_load_pods(struct script *s, const struct recording *r,
                                  struct doc_node *pods,
                                  struct doc_node *services);
void script_release(struct script *s);

#endif
