#include "models/controllers/horizontalpodautoscaler_rules.h"

#include <math.h>
#include <stdlib.h>

static bool is_within(const struct hpa_params *p, double ratio)
{
    return 1.0 - p->tolerance_down <= ratio && ratio <= 1.0 + p->tolerance_up;
}

static int ceil_to_int(double x)
{
    return x >= INT32_MAX ? INT32_MAX : (int)ceil(x);
}

/* --- pods --- */

/* Whether a CPU sample tells nothing of a pod at work. */
static bool is_unready(const struct hpa_pod *pod, const struct hpa_params *p)
{
    if (!pod->has_condition || pod->started == SIM_NEVER)
        return true;
    if (pod->started + p->cpu_initialization_period > p->now)
        return !pod->ready || pod->sampled < pod->ready_since + pod->window;
    return !pod->ready &&
           pod->started + p->initial_readiness_delay > pod->ready_since;
}

struct groups {
    int ready, unready, missing;
};

/* groupPods. A metric counts only of those that are ready, at first. */
static struct groups group_pods(struct hpa_pod *pods, size_t count,
                                const struct hpa_params *p)
{
    struct groups groups = {0};

    for (size_t i = 0; i < count; i++) {
        struct hpa_pod *pod = &pods[i];

        if (pod->terminating || pod->failed)
            pod->group = HPA_IGNORED;
        else if (pod->pending)
            pod->group = HPA_UNREADY;
        else if (!pod->has_metric)
            pod->group = HPA_MISSING;
        else if (p->cpu && is_unready(pod, p))
            pod->group = HPA_UNREADY;
        else
            pod->group = HPA_READY;
        groups.ready += pod->group == HPA_READY;
        groups.unready += pod->group == HPA_UNREADY;
        groups.missing += pod->group == HPA_MISSING;
    }
    return groups;
}

/* Which pods count, and what is taken for those without a sample. */
struct filling {
    bool missing, unready;
    bool full;        /* the missing ones use all, else nothing */
    int64_t fallback; /* all: percent of the request, or the amount */
};

/* A target by percentage of requests, or by amount. */
struct goal {
    bool percent;
    int64_t target;
};

struct measured {
    double ratio;
    int count;
    int64_t utilization, usage;
};

static int64_t usage_of(const struct hpa_pod *pod, const struct goal *goal,
                        const struct filling *fill)
{
    if (pod->group == HPA_READY)
        return pod->usage;
    if (pod->group == HPA_UNREADY || !fill->full)
        return 0;
    return goal->percent ? pod->request * fill->fallback / 100 : fill->fallback;
}

/* GetResourceUtilizationRatio, GetMetricUsageRatio: whole percents, whole
 * units. False: there is nothing to measure. */
static bool measure(const struct hpa_pod *pods, size_t count,
                    const struct goal *goal, const struct filling *fill,
                    struct measured *out)
{
    int64_t usage = 0, requests = 0;

    *out = (struct measured){0};
    for (size_t i = 0; i < count; i++) {
        const struct hpa_pod *pod = &pods[i];

        if (pod->group == HPA_READY ||
            (pod->group == HPA_MISSING && fill->missing) ||
            (pod->group == HPA_UNREADY && fill->unready)) {
            usage += usage_of(pod, goal, fill);
            requests += pod->request;
            out->count++;
        }
    }
    if (out->count == 0 || (goal->percent && requests == 0))
        return false;
    out->usage = usage / out->count;
    if (goal->percent)
        out->utilization = usage * 100 / requests;
    out->ratio = (double)(goal->percent ? out->utilization : out->usage) /
                 (double)goal->target;
    return true;
}

/* Once more with the pods that have no sample: on the way down they use all
 * of it, on the way up nothing, and what would turn the way stays. */
static int with_others(const struct hpa_pod *pods, size_t count, int current,
                       const struct goal *goal, double ratio, bool unready,
                       const struct hpa_params *p)
{
    struct filling fill = {.missing = ratio != 1.0, .unready = unready};
    struct measured again;
    int replicas;

    fill.full = ratio < 1.0;
    fill.fallback = goal->target;
    if (goal->percent && fill.fallback < 100)
        fill.fallback = 100;
    if (!measure(pods, count, goal, &fill, &again) ||
        is_within(p, again.ratio) || (ratio < 1.0 && again.ratio > 1.0) ||
        (ratio > 1.0 && again.ratio < 1.0))
        return current;
    replicas = ceil_to_int(again.ratio * again.count);
    if ((again.ratio < 1.0 && replicas > current) ||
        (again.ratio > 1.0 && replicas < current))
        return current;
    return replicas;
}

static struct hpa_proposal propose(struct hpa_pod *pods, size_t count,
                                   int current, const struct goal *goal,
                                   const struct hpa_params *p)
{
    static const struct filling none = {0};
    struct hpa_proposal result = {0};
    struct groups groups = group_pods(pods, count, p);
    struct measured first;
    bool unready;

    if (!measure(pods, count, goal, &none, &first))
        return result;
    result.ok = true;
    result.utilization = first.utilization;
    result.usage = first.usage;
    unready = groups.unready > 0 && first.ratio > 1.0;
    if (unready || groups.missing > 0)
        result.replicas =
            with_others(pods, count, current, goal, first.ratio, unready, p);
    else if (is_within(p, first.ratio))
        result.replicas = current;
    else
        result.replicas = ceil_to_int(first.ratio * groups.ready);
    return result;
}

struct hpa_proposal hpa_by_utilization(struct hpa_pod *pods, size_t count,
                                       int current, int64_t target,
                                       const struct hpa_params *params)
{
    struct goal goal = {true, target};

    for (size_t i = 0; i < count; i++) {
        if (pods[i].request < 0)
            return (struct hpa_proposal){0};
    }
    return propose(pods, count, current, &goal, params);
}

struct hpa_proposal hpa_by_average(struct hpa_pod *pods, size_t count,
                                   int current, int64_t target,
                                   const struct hpa_params *params)
{
    struct goal goal = {false, target};

    return propose(pods, count, current, &goal, params);
}

/* --- one value --- */

struct hpa_proposal hpa_by_value(const struct hpa_pod *pods, size_t count,
                                 int current, int64_t value, int64_t target,
                                 const struct hpa_params *params)
{
    struct hpa_proposal result = {.ok = true, .usage = value};
    double ratio = (double)value / (double)target;
    int ready = 0;

    for (size_t i = 0; i < count; i++)
        ready += !pods[i].pending && !pods[i].failed && pods[i].ready;
    if (current == 0)
        result.replicas = ceil_to_int(ratio);
    else if (is_within(params, ratio))
        result.replicas = current;
    else if (count == 0)
        result.ok = false;
    else
        result.replicas = ceil_to_int(ratio * ready);
    return result;
}

struct hpa_proposal hpa_by_value_per_pod(int current, int64_t value,
                                         int64_t target,
                                         const struct hpa_params *params)
{
    struct hpa_proposal result = {.ok = true, .replicas = current};
    double each = (double)value / current;

    if (!is_within(params, (double)value / ((double)target * current)))
        result.replicas = ceil_to_int((double)value / (double)target);
    result.usage = each >= (double)INT64_MAX ? INT64_MAX : (int64_t)ceil(each);
    return result;
}
