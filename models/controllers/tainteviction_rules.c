#include "models/controllers/tainteviction_rules.h"

#include "models/select.h"

sim_time tainteviction_min_toleration(const sim_time *seconds, size_t count)
{
    sim_time least = SIM_NEVER;

    if (count == 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (seconds[i] <= 0)
            return 0;
        if (seconds[i] < least)
            least = seconds[i];
    }
    return least;
}

/* How long one taint is tolerated. */
static sim_time tolerated(const struct taint *taint,
                          const struct toleration *tolerations, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (toleration_matches(&tolerations[i], taint))
            return tolerations[i].seconds;
    }
    return 0;
}

sim_time tainteviction_delay(const struct taint *taints, size_t taint_count,
                             const struct toleration *tolerations,
                             size_t toleration_count)
{
    sim_time least = SIM_NEVER;

    for (size_t i = 0; i < taint_count; i++) {
        sim_time t;

        if (taints[i].effect != TAINT_NO_EXECUTE)
            continue;
        t = tolerated(&taints[i], tolerations, toleration_count);
        t = tainteviction_min_toleration(&t, 1);
        if (t < least)
            least = t;
    }
    return least;
}
