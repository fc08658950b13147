/*
 * kubelet_rules - what a kubelet decides, as functions of what it sees:
 * thresholds of probes, back-off before restarts, the condition Ready
 * (Kubernetes v1.36).
 */
#ifndef MODELS_KUBELET_RULES_H
#define MODELS_KUBELET_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/world.h"

/* --- probes: pkg/kubelet/prober/worker.go --- */

enum probe_purpose { PROBE_STARTUP, PROBE_READINESS, PROBE_LIVENESS };
enum { PROBE_PURPOSES = 3 };

enum probe_result { PROBE_UNKNOWN, PROBE_SUCCESS, PROBE_FAILURE };

/* What the worker of one probe of one container knows. Zeroed where the
 * worker begins; it outlasts restarts of the container. */
struct probe_state {
    enum probe_result result; /* what the kubelet takes to be so */
    enum probe_result last;   /* the last outcome */
    int run;                  /* so many of it in a row */
    bool on_hold;             /* no probes till the container's next run */
};

/* The container starts, for the first time or again: until the thresholds
 * say otherwise it is unready, alive, and not known to have started. The
 * outcomes before are still counted. */
void kubelet_probe_begins(struct probe_state *p, enum probe_purpose purpose);

/* Is a probe made at a tick, `age` after the running container's start?
 * started: see kubelet_started(). */
bool kubelet_probe_runs(const struct probe_state *p, enum probe_purpose purpose,
                        bool started, sim_time age, sim_time initial_delay);

/* Takes in the outcome of a probe. True: a threshold is reached, and
 * p->result says the outcome. Startup then rests, as does liveness that
 * failed. */
bool kubelet_probe_outcome(struct probe_state *p, enum probe_purpose purpose,
                           bool ok, int success_threshold,
                           int failure_threshold);

/* UpdatePodStatus of prober_manager.go; a container without that probe has
 * NULL for it. */
bool kubelet_started(const struct probe_state *startup);
bool kubelet_container_ready(bool running, bool started,
                             const struct probe_state *readiness);

/* --- back-off: staging/src/k8s.io/client-go/util/flowcontrol --- */

struct backoff_limits {
    sim_time base, max;
    sim_time reset; /* nothing happened for longer: anew. Twice max there */
};

struct backoff {
    sim_time wait;    /* 0: none yet */
    sim_time updated; /* when it was set */
};

/* The waits between a container's end and its restart, by
 * newCrashLoopBackOff() of pkg/kubelet/kubelet.go.
 * usual: where no feature changes them
 * reduced: the feature gate ReduceDefaultCrashLoopBackOffDecay
 * configured_max: maxContainerRestartPeriod of the kubelet's configuration
 *   (feature gate KubeletCrashLoopBackOffMax); negative: none */
struct backoff_limits kubelet_crash_limits(struct backoff_limits usual,
                                           bool reduced,
                                           sim_time configured_max);

/* Until when something that happened at `event` is to wait: until `event`
 * itself where nothing is to wait for. */
sim_time kubelet_backoff_until(const struct backoff *b,
                               const struct backoff_limits *limits,
                               sim_time event);

/* It is done again, now, after `event`: the next wait is twice as long, or
 * the base. */
void kubelet_backoff_next(struct backoff *b,
                          const struct backoff_limits *limits, sim_time event,
                          sim_time now);

/* --- the condition Ready: pkg/kubelet/status/generate.go --- */

struct pod_readiness {
    enum pod_phase phase;
    bool known;                /* there are statuses of containers */
    uint32_t unknown, unready; /* containers without status, and unready;
                                  sidecars too, but not init containers */
    uint32_t gates;            /* readiness gates that are not passed */
};

/* Why the pod is not ready, as the condition's reason has it; NULL: it is. */
const char *kubelet_unready_reason(const struct pod_readiness *pod);

#endif
