/*
 * failure - failure modes and the rules that set them off. Each mode is one
 * file models/failures/<target>_<mode>.c and one line in catalog.def:
 * `const struct failure_mode failure_<file>`.
 */
#ifndef MODELS_FAILURES_FAILURE_H
#define MODELS_FAILURES_FAILURE_H

#include "models/simulation.h"

/* A zone's id is its index in world->zones; there is one control plane, 0. */
enum failure_subject {
    SUBJECT_POD,
    SUBJECT_NODE,
    SUBJECT_ZONE,
    SUBJECT_DEPLOYMENT,
    SUBJECT_CONTROL_PLANE,
    SUBJECT_COUNT
};
extern const char *const failure_subjects[SUBJECT_COUNT]; /* "pod" ... */

struct failure_mode {
    const char *name; /* "crash": scenario keyword */
    enum failure_subject subject;
    const char *summary; /* for `podchurn list failures` */
    bool has_repair;     /* else it is over at once, or mends itself */
    double repair;       /* s, where the scenario gives none; 0: never */
    /* Written as {MODE: {keys}}; NULL: it has none. Plain numbers only. */
    const struct param *params;
    size_t config_size;
    /* Hits one target. False: it could not (already down, not running).
     * config: NULL where there are no params. */
    bool (*strike)(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin);
    /* Mends it, whatever has become of it since: a pod may be gone. NULL where
     * has_repair is false. */
    void (*mend)(struct simulation *s, uint32_t id, const void *config,
                 incident_id origin);
};

extern const struct failure_mode *const failure_modes[]; /* ends with NULL */
/* By keyword for a kind of subject; NULL: none. */
const struct failure_mode *failure_find(const char *name,
                                        enum failure_subject subject);

struct failures *failures_new(struct simulation *s);
void failures_free(struct failures *f);

/* Sets a rule off once, now, with victims by its pick (each: all), and
 * mends them after `lasts` (SIM_NEVER: by the rule's repair, if any, else the
 * mode's). */
void failures_fire(struct failures *f, const struct failure_spec *spec,
                   sim_time lasts, incident_id origin);

#endif
