#include "models/reconnect.h"

#include <assert.h>

static const sim_time first_wait = 800 * SIM_MS, longest_wait = 30 * SIM_S;
static const sim_time ping_after = 30 * SIM_S, ping_timeout = 15 * SIM_S;

sim_time reconnect_time(sim_time lost, sim_time back, bool refused,
                        struct rng *rng)
{
    sim_time wait = first_wait, at = lost;

    assert(lost <= back);
    if (!refused)
        at += ping_after + ping_timeout;
    if (at > back)
        return back;
    while (at < back) {
        at += wait + (sim_time)(rng_uniform(rng) * (double)wait);
        wait = 2 * wait < longest_wait ? 2 * wait : longest_wait;
    }
    return at;
}
