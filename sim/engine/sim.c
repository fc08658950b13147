#include "sim/engine/sim.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/engine/calendar.h"
#include "sim/engine/mem.h"

struct sim {
    struct sim_clock clock; /* first: see sim_now */
    bool stop;
    uint64_t event_count;
    struct calendar calendar;
};

struct sim *sim_new(sim_time start)
{
    struct sim *sim = mem_zalloc(sizeof *sim);

    assert(start < SIM_NEVER);
    sim->clock.now = start;
    calendar_init(&sim->calendar);
    return sim;
}

void sim_free(struct sim *sim)
{
    if (!sim)
        return;
    calendar_release(&sim->calendar);
    free(sim);
}

event_id sim_at(struct sim *sim, sim_time at, const struct event_type *type,
                void *self, struct event_args args)
{
    assert(at >= sim->clock.now);
    if (at == SIM_NEVER)
        return 0;
    return calendar_push(&sim->calendar, at, type, self, args);
}

event_id sim_after(struct sim *sim, sim_time delay,
                   const struct event_type *type, void *self,
                   struct event_args args)
{
    sim_time at;

    assert(delay >= 0);
    if (__builtin_add_overflow(sim->clock.now, delay, &at) ||
        delay == SIM_NEVER || at == SIM_NEVER)
        return 0;
    return calendar_push(&sim->calendar, at, type, self, args);
}

sim_lane sim_lane_new(struct sim *sim)
{
    return calendar_lane_new(&sim->calendar);
}

event_id sim_lane_at(struct sim *sim, sim_lane lane, sim_time at,
                     const struct event_type *type, void *self,
                     struct event_args args)
{
    assert(at >= sim->clock.now);
    if (at == SIM_NEVER)
        return 0;
    return calendar_lane_push(&sim->calendar, lane, at, type, self, args);
}

bool sim_cancel(struct sim *sim, event_id id)
{
    return calendar_cancel(&sim->calendar, id);
}

bool sim_pending(const struct sim *sim, event_id id)
{
    return calendar_pending(&sim->calendar, id);
}

/* Runs events due by `until`, until one stops it. False: none is left. */
static bool run(struct sim *sim, sim_time until)
{
    struct calendar_event ev;
    sim_time at;

    while (calendar_pop(&sim->calendar, until, &ev, &at)) {
        assert(at >= sim->clock.now);
        sim->clock.now = at;
        sim->event_count++;
        ev.type->handle(
            sim, ev.self,
            (struct event_args){.subject = ev.subject, .detail = ev.detail});
        if (sim->stop)
            return true;
    }
    return false;
}

bool sim_step(struct sim *sim)
{
    sim->stop = true; /* after the first */
    return run(sim, SIM_NEVER - 1);
}

void sim_run_until(struct sim *sim, sim_time until)
{
    assert(until >= sim->clock.now && until < SIM_NEVER);
    sim->stop = false;
    if (!run(sim, until))
        sim->clock.now = until;
}

void sim_run(struct sim *sim)
{
    sim->stop = false;
    run(sim, SIM_NEVER - 1);
}

void sim_stop(struct sim *sim)
{
    sim->stop = true;
}

uint64_t sim_event_count(const struct sim *sim)
{
    return sim->event_count;
}

size_t sim_event_pending(const struct sim *sim)
{
    return calendar_live(&sim->calendar);
}

size_t sim_event_bytes(const struct sim *sim)
{
    return calendar_bytes(&sim->calendar);
}
