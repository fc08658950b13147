/*
 * podmetrics - the resource metrics API: what metrics-server last made of
 * what it scraped, so what an autoscaler sees, as late as it sees it.
 *
 * The kubelet's cAdvisor reads each container's CPU counter on a clock of its
 * own (housekeepingInterval); metrics-server takes the newest reading of all
 * at once (metricsResolution) and gives the rate between the last two; of a
 * container younger than its resolution, from the start.
 * kubernetes-sigs/metrics-server v0.7, pkg/storage/pod.go.
 *
 * Only pods that an autoscaler's target owns are followed.
 */
#ifndef MODELS_PODMETRICS_H
#define MODELS_PODMETRICS_H

#include "models/simulation.h"

struct pod_usage {
    int64_t cpu;     /* milli-cores, over the window before `at` */
    sim_time at;     /* of the newest reading */
    sim_time window; /* between the two readings */
};

struct pod_metrics *pod_metrics_new(struct simulation *s);
void pod_metrics_free(struct pod_metrics *m);

/* What the API says of a pod. False: it has no metrics (yet). */
bool pod_metrics_get(const struct pod_metrics *m, pod_id id,
                     struct pod_usage *out);
/* Puts it there by hand: recordings that bring their own metrics. */
void pod_metrics_put(struct pod_metrics *m, pod_id id, struct pod_usage usage);

#endif
