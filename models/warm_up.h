/*
 * warm_up - `warmUp: mser`: how long does a run need to forget its start?
 *
 * Clients begin with empty queues, and what they meet drifts until these have
 * filled; figures of a steady state must not count that. A few pilot runs
 * with streams of their own are watched from when all is available, the
 * requests in flight are averaged over them (Welch's procedure, Law section
 * 9.5.1), and MSER-5 cuts each client group's series; the longest cut is the
 * warm-up of every replication. Pilots are not counted in any result.
 */
#ifndef MODELS_WARM_UP_H
#define MODELS_WARM_UP_H

#include "models/scenario.h"

enum { WARM_UP_PILOTS = 5 };

/* Where the scenario says `warmUp: mser`: runs the pilots, sets
 * scenario->warm_up_more and adds an assumption that says so; a note or a
 * warning, where the start is not forgotten within half of the measured time
 * (then half of it is cut), goes to diag. Else does nothing. progress as in
 * struct simulation_options (may be NULL). False: stopped by it. */
bool warm_up_detect(struct scenario *scenario,
                    bool (*progress)(void *self, double fraction),
                    void *progress_self, struct diag *diag);

#endif
