/*
 * scenario_cache - the scenarios of the variants that are being run: loaded
 * when first wanted, dropped when others are. Safe for threads.
 */
#ifndef SIM_CLI_SCENARIO_CACHE_H
#define SIM_CLI_SCENARIO_CACHE_H

#include "sim/cli/plan.h"

struct scenario_cache;

/* Holds at most `room` scenarios besides those in use. plan and base are
 * borrowed. */
struct scenario_cache *scenario_cache_new(const struct plan *plan,
                                          const struct scenario_options *base,
                                          size_t room);
/* One that holds a single scenario, for every variant; borrowed. */
struct scenario_cache *scenario_cache_of(const struct scenario *scenario);
void scenario_cache_free(struct scenario_cache *cache);

/* The variant's scenario, until it is put back. NULL: it cannot be loaded as
 * it was when the plan was made; a message went to standard error. */
const struct scenario *scenario_cache_get(struct scenario_cache *cache,
                                          size_t variant);
void scenario_cache_put(struct scenario_cache *cache,
                        const struct scenario *scenario);

/* Finds the warm-up where a scenario leaves it to MSER-5 (warm_up.h); the
 * cache does so with those it loads. Messages go to standard error. False:
 * interrupted. */
bool scenario_find_warm_up(struct scenario *scenario);

#endif
