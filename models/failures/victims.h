/*
 * victims - whom a failure rule may hit.
 */
#ifndef MODELS_FAILURES_VICTIMS_H
#define MODELS_FAILURES_VICTIMS_H

#include "models/failures/failure.h"

/* Whether the rule's target names the pod. */
bool victim_matches(const struct world *w, const struct target *target,
                    const struct pod *pod);
/* Whether the rule may hit it now: it is a target, and works. */
bool victim_eligible(const struct world *w, const struct failure_spec *spec,
                     uint32_t id);
/* False: a pod that is gone. */
bool victim_exists(const struct world *w, enum failure_subject subject,
                   uint32_t id);
/* Ids are below that. */
size_t victim_count(const struct world *w, enum failure_subject subject);
/* "web-1". */
const char *victim_plain_name(const struct world *w,
                              enum failure_subject subject, uint32_t id);
/* "pod/web-1". The caller frees it. */
char *victim_name(const struct world *w, enum failure_subject subject,
                  uint32_t id);

#endif
