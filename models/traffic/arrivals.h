/*
 * arrivals - when requests come, where no single rate says it: a modulated
 * Poisson process (mmpp), a Poisson process of a rate that changes (profile),
 * a recorded trace, closed loops.
 *
 * mmpp     a rate for each state; states follow each other in a circle, with
 *          exponential sojourns; the first is drawn as it would be found
 * profile  a rate from each point on, periodic or not; before its first
 *          point, and before time 0, the first point's
 * trace    from time 0; during the warm-up nothing comes
 * closed   each client thinks, asks, waits for the end of its request, and
 *          thinks again. It begins by thinking. A turn that took no time at
 *          all is followed by a millisecond of nothing, so that time passes
 *
 * mmpp and profile are made from a Poisson process of rate 1 in the time of
 * the integrated rate, so that each arrival costs one draw, whatever the
 * rates (Cinlar, "Introduction to Stochastic Processes", 1975, section 4.7).
 */
#ifndef MODELS_TRAFFIC_ARRIVALS_H
#define MODELS_TRAFFIC_ARRIVALS_H

#include "models/traffic/traffic_internal.h"

struct arrival_process;

/* NULL for Poisson and constant arrivals. */
struct arrival_process *arrivals_new(struct entry *e);
void arrivals_free(struct arrival_process *a); /* NULL is nothing to free */

/* Arrivals begin afresh now: e->arrivals has been named anew. */
void arrivals_restart(struct entry *e);
/* Their rate has changed: what was drawn is drawn anew, from now on. */
void arrivals_resume(struct entry *e);
/* The time of the next arrival after `last`, or SIM_NEVER; sets
 * e->next_work. */
sim_time arrivals_next(struct entry *e, sim_time last);

/* Closed loops: their clients begin; a client's request has ended. */
void closed_begin(struct entry *e);
void closed_ended(struct entry *e, uint32_t client, bool instant);

#endif
