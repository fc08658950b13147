#include "models/kubelet_rules.h"

#include <assert.h>

/* reducedInitialCrashLoopBackOff, reducedMaxCrashLoopBackOff. */
static const sim_time reduced_base = SIM_S;
static const sim_time reduced_max = 60 * SIM_S;

/* --- probes --- */

void kubelet_probe_begins(struct probe_state *p, enum probe_purpose purpose)
{
    static const enum probe_result initial[PROBE_PURPOSES] = {
        [PROBE_STARTUP] = PROBE_UNKNOWN,
        [PROBE_READINESS] = PROBE_FAILURE,
        [PROBE_LIVENESS] = PROBE_SUCCESS};

    p->result = initial[purpose];
    p->on_hold = false;
}

bool kubelet_probe_runs(const struct probe_state *p, enum probe_purpose purpose,
                        bool started, sim_time age, sim_time initial_delay)
{
    if (p->on_hold || age < initial_delay)
        return false;
    return started != (purpose == PROBE_STARTUP);
}

bool kubelet_probe_outcome(struct probe_state *p, enum probe_purpose purpose,
                           bool ok, int success_threshold,
                           int failure_threshold)
{
    enum probe_result outcome = ok ? PROBE_SUCCESS : PROBE_FAILURE;

    assert(!p->on_hold);
    p->run = p->last == outcome ? p->run + 1 : 1;
    p->last = outcome;
    if (p->run < (ok ? success_threshold : failure_threshold))
        return false;
    p->result = outcome;
    if (purpose == PROBE_STARTUP || (purpose == PROBE_LIVENESS && !ok)) {
        p->on_hold = true;
        p->run = 0;
    }
    return true;
}

bool kubelet_started(const struct probe_state *startup)
{
    return !startup || startup->result == PROBE_SUCCESS;
}

bool kubelet_container_ready(bool running, bool started,
                             const struct probe_state *readiness)
{
    return running && started &&
           (!readiness || readiness->result == PROBE_SUCCESS);
}

/* --- back-off --- */

struct backoff_limits kubelet_crash_limits(struct backoff_limits usual,
                                           bool reduced,
                                           sim_time configured_max)
{
    struct backoff_limits limits = usual;

    if (reduced) {
        limits.base = reduced_base;
        limits.max = reduced_max;
    }
    if (configured_max >= 0) {
        limits.max = configured_max;
        if (limits.base > limits.max)
            limits.base = limits.max;
    }
    return limits;
}

/* The wait that was does not count any more, or there was none. */
static bool is_over(const struct backoff *b,
                    const struct backoff_limits *limits, sim_time event)
{
    return b->wait == 0 || event - b->updated > limits->reset;
}

sim_time kubelet_backoff_until(const struct backoff *b,
                               const struct backoff_limits *limits,
                               sim_time event)
{
    if (is_over(b, limits, event))
        return event;
    return event > 0 && b->wait > SIM_NEVER - event ? SIM_NEVER
                                                    : event + b->wait;
}

void kubelet_backoff_next(struct backoff *b,
                          const struct backoff_limits *limits, sim_time event,
                          sim_time now)
{
    if (is_over(b, limits, event))
        b->wait = limits->base;
    else if (b->wait > limits->max / 2)
        b->wait = limits->max;
    else
        b->wait *= 2;
    b->updated = now;
}

/* --- readiness --- */

const char *kubelet_unready_reason(const struct pod_readiness *pod)
{
    if (!pod->known)
        return "UnknownContainerStatuses";
    if (pod->phase == POD_SUCCEEDED && pod->unknown == 0)
        return "PodCompleted";
    if (pod->phase == POD_FAILED)
        return "PodFailed";
    if (pod->unknown + pod->unready > 0)
        return "ContainersNotReady";
    return pod->gates > 0 ? "ReadinessGatesNotReady" : NULL;
}
