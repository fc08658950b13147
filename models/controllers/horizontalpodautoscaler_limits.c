/* How far and how fast an HPA may go: windows, rates, bounds. */
#include <math.h>
#include <stdlib.h>

#include "models/controllers/horizontalpodautoscaler_rules.h"

void hpa_memory_release(struct hpa_memory *m)
{
    VEC_FREE(m->recommendations);
    VEC_FREE(m->ups);
    VEC_FREE(m->downs);
}

/* --- windows --- */

/* The new one takes the last place of those that are too old, else a place
 * of its own. */
static void remember(struct hpa_memory *m, size_t old, int desired,
                     sim_time now)
{
    struct hpa_recommendation new = {desired, now};

    if (old < m->recommendations.count)
        m->recommendations.items[old] = new;
    else
        VEC_PUSH(m->recommendations, new);
}

int hpa_stabilize(struct hpa_memory *m, int desired, sim_time window,
                  sim_time now)
{
    size_t old = SIZE_MAX;
    int most = desired;

    for (size_t i = 0; i < m->recommendations.count; i++) {
        const struct hpa_recommendation *r = &m->recommendations.items[i];

        if (r->at < now - window)
            old = i;
        else if (r->replicas > most)
            most = r->replicas;
    }
    remember(m, old, desired, now);
    return most;
}

int hpa_stabilize_by(struct hpa_memory *m, int current, int desired,
                     sim_time up_window, sim_time down_window, sim_time now)
{
    size_t old = SIZE_MAX;
    int up = desired, down = desired;

    for (size_t i = 0; i < m->recommendations.count; i++) {
        const struct hpa_recommendation *r = &m->recommendations.items[i];

        if (r->at > now - up_window && r->replicas < up)
            up = r->replicas;
        if (r->at > now - down_window && r->replicas > down)
            down = r->replicas;
        if (r->at < now - up_window && r->at < now - down_window)
            old = i;
    }
    remember(m, old, desired, now);
    if (current < up)
        current = up;
    return current > down ? down : current;
}

/* --- rates --- */

struct hpa_limited hpa_limit(int current, int desired, int min, int max)
{
    int64_t limit = (int64_t)HPA_SCALE_UP_LIMIT_FACTOR * current;
    const char *reason = "TooManyReplicas";

    if (limit < HPA_SCALE_UP_LIMIT_MINIMUM)
        limit = HPA_SCALE_UP_LIMIT_MINIMUM;
    if (max > limit) {
        max = (int)limit;
        reason = "ScaleUpLimit";
    }
    if (desired < min)
        return (struct hpa_limited){min, "TooFewReplicas"};
    if (desired > max)
        return (struct hpa_limited){max, reason};
    return (struct hpa_limited){desired, "DesiredWithinRange"};
}

/* getReplicasChangePerPeriod */
static int changed(const struct hpa_event *events, size_t count,
                   sim_time period, sim_time now)
{
    int sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += events[i].at > now - period ? events[i].change : 0;
    return sum;
}

/* What one policy allows. */
static int policy_limit(const struct hpa_policy *policy, int start, bool up)
{
    double factor = (double)policy->value / 100;
    int64_t result;

    if (!policy->percent)
        result = up ? (int64_t)start + policy->value
                    : (int64_t)start - policy->value;
    else if (up)
        result = (int64_t)ceil(start * (1 + factor));
    else
        result = (int64_t)(start * (1 - factor));
    return result > INT32_MAX ? INT32_MAX : (int)result;
}

/* calculateScaleUpLimitWithScalingRules and its sister: the policy that
 * changes most, or least. */
static int rate_limit(const struct hpa_memory *m, const struct hpa_rules *rules,
                      int current, bool up, sim_time now)
{
    bool largest = (rules->select == HPA_SELECT_MAX) == up;
    int result = largest ? INT32_MIN : INT32_MAX;

    if (rules->select == HPA_SELECT_DISABLED)
        return current;
    for (size_t i = 0; i < rules->policy_count; i++) {
        const struct hpa_policy *policy = &rules->policies[i];
        int start =
            current - changed(m->ups.items, m->ups.count, policy->period, now) +
            changed(m->downs.items, m->downs.count, policy->period, now);
        int limit = policy_limit(policy, start, up);

        if (largest ? limit > result : limit < result)
            result = limit;
    }
    return result;
}

struct hpa_limited hpa_limit_by(const struct hpa_memory *m,
                                const struct hpa_behavior *behavior,
                                int current, int desired, int min, int max,
                                sim_time now)
{
    const char *reason = "DesiredWithinRange";
    int limit;

    if (desired > current) {
        limit = rate_limit(m, &behavior->up, current, true, now);
        limit = limit < current ? current : limit;
        reason = max > limit ? "ScaleUpLimit" : "TooManyReplicas";
        limit = max > limit ? limit : max;
        if (desired > limit)
            return (struct hpa_limited){limit, reason};
    } else if (desired < current) {
        limit = rate_limit(m, &behavior->down, current, false, now);
        limit = limit > current ? current : limit;
        reason = min < limit ? "ScaleDownLimit" : "TooFewReplicas";
        limit = min < limit ? limit : min;
        if (desired < limit)
            return (struct hpa_limited){limit, reason};
    }
    return (struct hpa_limited){desired, "DesiredWithinRange"};
}

static sim_time longest_period(const struct hpa_rules *rules)
{
    sim_time longest = 0;

    for (size_t i = 0; i < rules->policy_count; i++) {
        if (rules->policies[i].period > longest)
            longest = rules->policies[i].period;
    }
    return longest;
}

void hpa_scaled(struct hpa_memory *m, const struct hpa_behavior *behavior,
                int before, int after, sim_time now)
{
    bool up = after > before;
    struct hpa_event new = {abs(after - before), now};
    struct hpa_event *events = up ? m->ups.items : m->downs.items;
    size_t count = up ? m->ups.count : m->downs.count, old = count;
    sim_time period;

    if (!behavior->given)
        return; /* nobody will ask */
    period = longest_period(up ? &behavior->up : &behavior->down);
    for (size_t i = 0; i < count; i++) {
        if (events[i].at < now - period)
            old = i;
    }
    if (old < count)
        events[old] = new;
    else if (up)
        VEC_PUSH(m->ups, new);
    else
        VEC_PUSH(m->downs, new);
}

void hpa_default_behavior(struct hpa_behavior *out)
{
    static const struct hpa_policy up[] = {{false, 4, 15 * SIM_S},
                                           {true, 100, 15 * SIM_S}};
    static const struct hpa_policy down[] = {{true, 100, 15 * SIM_S}};

    *out = (struct hpa_behavior){
        .up = {.tolerance = -1, .policy_count = 2, .policies = up},
        .down = {.window = SIM_NEVER,
                 .tolerance = -1,
                 .policy_count = 1,
                 .policies = down}};
}

/* --- all of it --- */

/* computeReplicasForMetrics: the largest; -1: none says anything, or one
 * says nothing and the others would shrink the target. */
static int largest(const struct hpa_seen *seen)
{
    size_t invalid = 0;
    int replicas = 0;

    for (size_t i = 0; i < seen->proposal_count; i++) {
        const struct hpa_proposal *p = &seen->proposals[i];

        invalid += !p->ok;
        if (p->ok && p->replicas > replicas)
            replicas = p->replicas;
    }
    if (invalid >= seen->proposal_count ||
        (invalid > 0 && replicas < seen->current))
        return -1;
    return replicas;
}

int hpa_decide(struct hpa_memory *m, const struct hpa_spec *spec,
               const struct hpa_seen *seen)
{
    const struct hpa_behavior *b = &spec->behavior;
    int current = seen->current, desired;
    sim_time down = b->down.window == SIM_NEVER ? seen->downscale_stabilization
                                                : b->down.window;

    if (!m->begun)
        remember(m, SIZE_MAX, current, seen->now);
    m->begun = true;
    if (current == 0)
        return 0; /* scaling is disabled */
    if (current > spec->max)
        return spec->max;
    if (current < spec->min)
        return spec->min;
    desired = largest(seen);
    if (desired < 0)
        return current;
    if (!b->given) {
        desired =
            hpa_stabilize(m, desired, seen->downscale_stabilization, seen->now);
        return hpa_limit(current, desired, spec->min, spec->max).replicas;
    }
    desired =
        hpa_stabilize_by(m, current, desired, b->up.window, down, seen->now);
    return hpa_limit_by(m, b, current, desired, spec->min, spec->max, seen->now)
        .replicas;
}
