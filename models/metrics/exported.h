/*
 * exported - network programming latency as Kubernetes' scalability tests
 * report it: kube-proxy's network_programming_duration_seconds in its buckets
 * (pkg/proxy/metrics/metrics.go), of which Prometheus finds quantiles over
 * the last five minutes, every half minute; the figure is the 99th percentile
 * of those, so nearly the worst five minutes (kubernetes/perf-tests
 * clusterloader2/pkg/measurement/common/slos/network_programming.go).
 */
#ifndef MODELS_METRICS_EXPORTED_H
#define MODELS_METRICS_EXPORTED_H

#include "sim/engine/sim.h"
#include "sim/engine/stat.h"

enum {
    EXPORTED_BOUNDS = 80, /* 0.25, 0.5, 1, 2 .. 60, 65 .. 120, 150 .. 300 s */
    EXPORTED_BINS = 10    /* of half a minute */
};

enum exported_rank { EXPORTED_P50, EXPORTED_P90, EXPORTED_P99, EXPORTED_RANKS };

/* Zeroed: empty. */
struct exported {
    uint64_t (*bins)[EXPORTED_BOUNDS + 1]; /* the last: above all; NULL: none */
    int64_t newest;                        /* half minute since time 0 */
    struct sketch steps[EXPORTED_RANKS];   /* of each quantile, in ns */
};

void exported_release(struct exported *e);
/* now: not before that of the last one. latency: ns, >= 0. */
void exported_add(struct exported *e, sim_time now, sim_time latency);
/* Seconds, interpolated between two bounds; NaN: nothing was added. */
double exported_quantile(const struct exported *e, enum exported_rank rank);

#endif
