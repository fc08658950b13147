/*
 * study_object - the Study: what a file of `podchurn batch` says (spec.md,
 * section 3.4).
 */
#ifndef SIM_CLI_STUDY_OBJECT_H
#define SIM_CLI_STUDY_OBJECT_H

#include "sim/cli/options.h"
#include "sim/cli/plan.h"

struct study_object {
    struct doc_set *docs; /* places point into it */
    struct intern *intern;
    const char *name;
    VEC_OF(const char *) files; /* scenario, manifests; as seen from here */
    VEC_OF(const char *) sets;  /* PATH=VALUE, of all variants */
    const char *seed, *replications; /* NULL: not given */
    double precision;                /* 0: none */
    size_t max_replications;         /* 0: not given */
    bool compares;                   /* there is a baseline */
    struct factor baselines;         /* values PATH=VALUE */
};

/* Reads a file; its factors and its design go to the plan. False after an
 * error in diag. Release it in any case. */
bool study_object_read(struct study_object *study, const char *path,
                       struct plan *plan, struct diag *diag);
void study_object_release(struct study_object *study);

#endif
