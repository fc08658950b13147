/*
 * replay - requests as they were recorded: a CSV of
 *   time,service,service_time   a row is a request; the time that its server
 *                               takes is the recorded one, where there is one
 *   time,service,count          a row is so many requests: they come at times
 *                               drawn uniformly from `interval`, or until the
 *                               next row (as a Poisson process of which that
 *                               number is known)
 * `service` may be missing: then all rows are the traffic entry's; else those
 * whose service is its own, as "name" or "namespace/name". Rows before time 0
 * are passed over.
 *
 * The file is read row by row, in each replication anew; when the scenario is
 * loaded it is read through once, so that what is wrong with it is found then.
 */
#ifndef MODELS_TRAFFIC_REPLAY_H
#define MODELS_TRAFFIC_REPLAY_H

#include "models/scenario.h"
#include "models/trace.h"
#include "sim/engine/rng.h"

extern const struct trace_field replay_fields[];

struct replay;

/* The entry's trace, from its start. NULL after an error in diag, which must
 * outlive it. The caller closes it. */
struct replay *replay_open(const struct traffic_spec *spec, struct diag *diag);
/* The next request: when, since time 0, and its service time (SIM_NEVER: not
 * recorded). Draws from rng where a row is a count. False: there is none. */
bool replay_next(struct replay *replay, struct rng *rng, sim_time *at,
                 sim_time *work);
bool replay_failed(const struct replay *replay);
void replay_close(struct replay *replay); /* NULL is nothing to close */

/* Reads the trace up to that time. *requests: how many there are. */
bool replay_check(const struct traffic_spec *spec, sim_time until,
                  uint64_t *requests, struct diag *diag);

/* A profile from a file of time and rate, or of time and count: then the
 * rate is the count over `interval` (SIM_NEVER: over the time to the next row;
 * the last row's as the one's before it). */
extern const struct trace_field replay_profile_fields[];
struct replay_profile;
struct replay_profile *replay_profile_open(const struct trace_spec *spec,
                                           sim_time interval,
                                           struct diag *diag);
/* False: there is none. */
bool replay_profile_next(struct replay_profile *profile,
                         struct rate_piece *out);
/* False where there was an error. */
bool replay_profile_close(struct replay_profile *profile);

#endif
