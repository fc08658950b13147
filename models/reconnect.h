/*
 * reconnect - when a watch of the API server that was lost is there again:
 * tries at waits of 0.8 s doubling to 30 s, each up to twice as long
 * (client-go tools/cache/reflector.go: defaultBackoffInit, Max, Jitter).
 *
 * Where packets are dropped nobody notices for 45 s: HTTP/2 sends a ping after
 * 30 s of silence and waits 15 s (apimachinery pkg/util/net/http.go). Till
 * then the connection is as it was, and goes on after the partition.
 */
#ifndef MODELS_RECONNECT_H
#define MODELS_RECONNECT_H

#include <stdbool.h>

#include "sim/engine/rng.h"
#include "sim/engine/sim.h"

/* The first try at or after `back`, of a watch that broke at `lost`; refused:
 * at once noticed, dropped packets otherwise. Draws from rng. */
sim_time reconnect_time(sim_time lost, sim_time back, bool refused,
                        struct rng *rng);

#endif
