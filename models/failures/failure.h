/*
 * failure - failure modes and the rules that set them off. Each mode is one
 * file models/failures/<target>_<mode>.c and one line in catalog.def:
 * `const struct failure_mode failure_<file>`.
 */
#ifndef MODELS_FAILURES_FAILURE_H
#define MODELS_FAILURES_FAILURE_H

#include "models/simulation.h"

enum failure_subject { SUBJECT_POD, SUBJECT_NODE };

struct failure_mode {
    const char *name; /* "crash": scenario keyword */
    enum failure_subject subject;
    const char *summary; /* for `podchurn list failures` */
    bool has_repair;     /* else it is over at once, or mends itself */
    /* Hits one target. False: it could not (already down, not running). */
    bool (*strike)(struct simulation *s, uint32_t id, incident_id origin);
    /* Mends it. NULL where has_repair is false. */
    void (*mend)(struct simulation *s, uint32_t id, incident_id origin);
};

extern const struct failure_mode *const failure_modes[]; /* ends with NULL */
/* By keyword for pods or nodes; NULL: none. */
const struct failure_mode *failure_find(const char *name,
                                        enum failure_subject subject);

struct failures *failures_new(struct simulation *s);
void failures_free(struct failures *f);

/* Sets a rule off once, now, with victims by its pick (each: all), and
 * mends them after `lasts` (SIM_NEVER: by the rule's repair, if any). */
void failures_fire(struct failures *f, const struct failure_spec *spec,
                   sim_time lasts, incident_id origin);

#endif
