/*
 * sim - the clock and what may be done with it.
 *
 * One struct sim is one replication; it is used by one thread. Two of them
 * in one program never disturb each other: there are no globals.
 */
#ifndef SIM_ENGINE_SIM_H
#define SIM_ENGINE_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nanoseconds. The origin is the user's (podchurn: start of measurement,
 * so times during the warm-up are negative). */
typedef int64_t sim_time;

#define SIM_US    INT64_C(1000)
#define SIM_MS    INT64_C(1000000)
#define SIM_S     INT64_C(1000000000)
#define SIM_MIN   (60 * SIM_S)
#define SIM_HOUR  (60 * SIM_MIN)
#define SIM_DAY   (24 * SIM_HOUR)
#define SIM_NEVER INT64_MAX

struct sim;

/* What an event is about: ids, never pointers to what may die. */
struct event_args {
    uint64_t subject;
    uint32_t detail;
};

/* A kind of event: a file-scope constant. */
struct event_type {
    const char *name; /* as printed in logs: "kubelet.started" */
    int priority;     /* 0..15; at equal times the lower runs first */
    void (*handle)(struct sim *sim, void *self, struct event_args args);
};

/* Names one scheduled event; never reused within a run; 0 names none. */
typedef uint64_t event_id;

/* A FIFO lane: events whose times never decrease in order of scheduling
 * (a constant delay gives that). Costs O(1) in place of O(log n). */
typedef uint32_t sim_lane;

/* Returns a simulation whose clock stands at `start`; the caller owns it. */
struct sim *sim_new(sim_time start);
void sim_free(struct sim *sim);

/* What every struct sim begins with; only for sim_now. */
struct sim_clock {
    sim_time now;
};

static inline sim_time sim_now(const struct sim *sim)
{
    return ((const struct sim_clock *)sim)->now;
}

/* Schedules an event at the absolute time `at` >= now (asserted) or after
 * `delay` >= 0. SIM_NEVER, or a sum that overflows, schedules nothing and
 * returns 0. `type` and `self` are borrowed and outlive the run. O(log n). */
event_id sim_at(struct sim *sim, sim_time at, const struct event_type *type,
                void *self, struct event_args args);
event_id sim_after(struct sim *sim, sim_time delay,
                   const struct event_type *type, void *self,
                   struct event_args args);

/* Creates a lane; it lives as long as the simulation. Any number of lanes;
 * cheap ones are the first 16. */
sim_lane sim_lane_new(struct sim *sim);

/* As sim_at, in a lane: `at` >= the lane's last time (asserted). */
event_id sim_lane_at(struct sim *sim, sim_lane lane, sim_time at,
                     const struct event_type *type, void *self,
                     struct event_args args);

/* Cancels. True: it was pending and will not run. False: it has run, was
 * cancelled before, or is 0: harmless. O(1); its memory is reclaimed no
 * later than when as many events (from 16 on) are dead as alive. */
bool sim_cancel(struct sim *sim, event_id id);

/* True while the event is scheduled and has not run. */
bool sim_pending(const struct sim *sim, event_id id);

/* Runs the next event. False: there is none. */
bool sim_step(struct sim *sim);

/* Runs every event with time <= `until`, then sets the clock to `until`
 * (>= now, asserted). Returns early, the clock where it is, after
 * sim_stop. */
void sim_run_until(struct sim *sim, sim_time until);

/* Runs until no event is left or sim_stop was called. */
void sim_run(struct sim *sim);

/* Makes the running sim_run or sim_run_until return after this event. */
void sim_stop(struct sim *sim);

/* Events run since sim_new; live events now held; bytes held for them. */
uint64_t sim_event_count(const struct sim *sim);
size_t sim_event_pending(const struct sim *sim);
size_t sim_event_bytes(const struct sim *sim);

#endif
