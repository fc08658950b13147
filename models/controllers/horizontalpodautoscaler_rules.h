/*
 * horizontalpodautoscaler_rules - what the HPA controller decides, as
 * functions of what it sees. Kubernetes v1.36, pkg/controller/podautoscaler:
 * replica_calculator.go, metrics/utilization.go, horizontal.go.
 *
 * Usage, requests and targets are in thousandths, as MilliValue gives them.
 */
#ifndef MODELS_CONTROLLERS_HORIZONTALPODAUTOSCALER_RULES_H
#define MODELS_CONTROLLERS_HORIZONTALPODAUTOSCALER_RULES_H

#include "models/objects.h"
#include "sim/engine/mem.h"

/* --- how many replicas a metric asks for --- */

/* A pod of the target, and its metric. */
struct hpa_pod {
    bool terminating, failed, pending;
    bool has_metric;
    int64_t usage;
    int64_t request;           /* < 0: a container has none */
    bool has_condition, ready; /* Ready */
    sim_time ready_since;      /* its last change */
    sim_time started;          /* status.startTime; SIM_NEVER: none */
    sim_time sampled, window;  /* of the metric */
    enum {
        HPA_READY,
        HPA_UNREADY,
        HPA_MISSING,
        HPA_IGNORED
    } group; /* set by
the functions below */
};

struct hpa_params {
    double tolerance_down, tolerance_up; /* ratios, 0.1 */
    sim_time cpu_initialization_period, initial_readiness_delay;
    sim_time now;
    bool cpu; /* the metric is CPU: unready pods' samples do not count */
};

struct hpa_proposal {
    bool ok; /* false: the metric says nothing */
    int replicas;
    int64_t utilization; /* percent; of hpa_by_utilization only */
    int64_t usage;       /* the average of the pods', or the metric's value */
};

/* GetResourceReplicas: the average usage as a percentage of the requests,
 * to be `target`. current: the scale's spec.replicas. */
struct hpa_proposal hpa_by_utilization(struct hpa_pod *pods, size_t count,
                                       int current, int64_t target,
                                       const struct hpa_params *params);
/* GetRawResourceReplicas, GetMetricReplicas: the average usage. */
struct hpa_proposal hpa_by_average(struct hpa_pod *pods, size_t count,
                                   int current, int64_t target,
                                   const struct hpa_params *params);
/* GetObjectMetricReplicas, GetExternalMetricReplicas: one value. */
struct hpa_proposal hpa_by_value(const struct hpa_pod *pods, size_t count,
                                 int current, int64_t value, int64_t target,
                                 const struct hpa_params *params);
/* GetObjectPerPodMetricReplicas, GetExternalPerPodMetricReplicas: one value
 * divided by the replicas there are (the scale's status). */
struct hpa_proposal hpa_by_value_per_pod(int current, int64_t value,
                                         int64_t target,
                                         const struct hpa_params *params);

/* --- how far and how fast it may go --- */

struct hpa_recommendation {
    int replicas;
    sim_time at;
};
struct hpa_event {
    int change; /* replicas added, or removed */
    sim_time at;
};
/* What the controller remembers of one HPA. */
struct hpa_memory {
    bool begun; /* the first pass recommends the size it finds */
    VEC_OF(struct hpa_recommendation) recommendations;
    VEC_OF(struct hpa_event) ups, downs;
};
void hpa_memory_release(struct hpa_memory *memory);

/* Without `behavior`: stabilizeRecommendation, the largest recommendation of
 * the window. Remembers the new one. */
int hpa_stabilize(struct hpa_memory *memory, int desired, sim_time window,
                  sim_time now);
/* With it: stabilizeRecommendationWithBehaviors. */
int hpa_stabilize_by(struct hpa_memory *memory, int current, int desired,
                     sim_time up_window, sim_time down_window, sim_time now);

/* A size within what is allowed, and the reason that `kubectl describe hpa`
 * shows: "DesiredWithinRange", "ScaleUpLimit" ... */
struct hpa_limited {
    int replicas;
    const char *reason;
};
/* Without `behavior` it grows to so many times what it is, or to so many
 * (podautoscaler/horizontal.go scaleUpLimitFactor, scaleUpLimitMinimum). */
enum { HPA_SCALE_UP_LIMIT_FACTOR = 2, HPA_SCALE_UP_LIMIT_MINIMUM = 4 };
/* convertDesiredReplicasWithRules */
struct hpa_limited hpa_limit(int current, int desired, int min, int max);
/* convertDesiredReplicasWithBehaviorRate */
struct hpa_limited hpa_limit_by(const struct hpa_memory *memory,
                                const struct hpa_behavior *behavior,
                                int current, int desired, int min, int max,
                                sim_time now);

/* The target was scaled: storeScaleEvent. */
void hpa_scaled(struct hpa_memory *memory, const struct hpa_behavior *behavior,
                int before, int after, sim_time now);

/* What the API server fills in where a `behavior` is given
 * (pkg/apis/autoscaling/v2/defaults.go): up by the larger of 4 pods and 100 %
 * each 15 s, at once; down by 100 % each 15 s, after the controller's own
 * window. `given` is left false. */
void hpa_default_behavior(struct hpa_behavior *out);

/* --- all of it --- */

/* What a pass finds: proposals are one of each metric. */
struct hpa_seen {
    int current; /* the scale's spec.replicas */
    const struct hpa_proposal *proposals;
    size_t proposal_count;
    sim_time downscale_stabilization; /* where the HPA says nothing */
    sim_time now;
};

/* reconcileAutoscaler: the size that the target is to have; `current` where
 * it stays, or no metric says anything. Remembers what it recommended, not
 * that it scaled: see hpa_scaled. */
int hpa_decide(struct hpa_memory *memory, const struct hpa_spec *spec,
               const struct hpa_seen *seen);

#endif
