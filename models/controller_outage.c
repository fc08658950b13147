#include <assert.h>

#include "models/controller_private.h"

static bool is_of(const struct controller_run *run, enum controllers_of which)
{
    return which == CONTROLLERS_ALL || !run->kind->apart;
}

void controllers_hold(struct controllers *c, enum controllers_of which)
{
    for (size_t i = 0; i < c->count; i++) {
        struct controller_run *run = &c->runs[i];

        if (is_of(run, which) && run->holds++ == 0)
            controller_set_stopped(run, true);
    }
}

void controllers_release(struct controllers *c, enum controllers_of which,
                         bool anew)
{
    for (size_t i = 0; i < c->count; i++) {
        struct controller_run *run = &c->runs[i];

        if (!is_of(run, which))
            continue;
        assert(run->holds > 0);
        run->anew |= anew;
        if (--run->holds == 0) {
            controller_resume(run, run->anew);
            run->anew = false;
        }
    }
}

void controllers_set_slowness(struct controllers *c, double factor)
{
    assert(factor > 0);
    c->slowness = factor;
}

sim_time controller_time(const struct controller_run *run, sim_time t)
{
    const struct controllers *c = run->all;

    if (__builtin_expect(c->slowness != 1, 0) && !run->kind->apart &&
        t < SIM_NEVER / 2)
        t = sim_seconds(sim_to_seconds(t) * c->slowness);
    return world_api_time(c->simulation->world, t);
}
