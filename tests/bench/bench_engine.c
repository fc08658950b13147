/*
 * bench_engine - what an event, a pending event and a variate cost.
 *
 * hold: N events pending; each reschedules itself after Exp(1): one pop and
 * one push (Jones, CACM 29(4), 1986). mm1: M/M/1 at load 0.9, two events a
 * customer. Targets: see the row; ns of one thread.
 */
#include <stdint.h>
#include <string.h>

#include "sim/engine/rng.h"
#include "sim/engine/sim.h"
#include "sim/engine/stat.h"
#include "tests/bench/bench.h"

/* ---------------------------------------------------------------- hold */

struct hold {
    const char *label;
    const char *target; /* ns per hold; "": none */
    uint64_t holds;     /* per round */
    uint32_t pending;
    bool cancel; /* each event also re-arms a far timer */
    struct rng rng;
    event_id *timers;
    double bytes; /* per pending event */
};

static void on_hold(struct sim *sim, void *self, struct event_args args);
static void on_timer(struct sim *sim, void *self, struct event_args args);
static const struct event_type hold_event = {"hold", 1, on_hold};
static const struct event_type hold_cancel_event = {"hold", 1, on_timer};

static sim_time draw(struct rng *rng)
{
    return (sim_time)(rng_exponential(rng) * 1e9);
}

static void on_hold(struct sim *sim, void *self, struct event_args args)
{
    struct hold *h = self;

    sim_after(sim, draw(&h->rng), &hold_event, h, args);
}

/* The timer lies 100 mean times ahead, so that it hardly ever fires. */
static void on_timer(struct sim *sim, void *self, struct event_args args)
{
    struct hold *h = self;

    if (args.detail) {
        h->timers[args.subject] = 0;
        return;
    }
    sim_cancel(sim, h->timers[args.subject]);
    args.detail = 1;
    h->timers[args.subject] =
        sim_after(sim, 100 * SIM_S, &hold_cancel_event, h, args);
    args.detail = 0;
    sim_after(sim, draw(&h->rng), &hold_cancel_event, h, args);
}

static void run_steps(struct sim *sim, uint64_t steps)
{
    while (steps-- > 0)
        sim_step(sim);
}

static double hold_round(void *self)
{
    struct hold *h = self;
    struct sim *sim = sim_new(0);
    double start, ns;

    rng_init(&h->rng, (struct rng_root){1, 0}, "hold", NULL, 0);
    h->timers = calloc(h->pending, sizeof *h->timers);
    for (uint32_t i = 0; i < h->pending; i++)
        sim_after(sim, draw(&h->rng),
                  h->cancel ? &hold_cancel_event : &hold_event, h,
                  (struct event_args){.subject = i});
    run_steps(sim, 2 * h->pending + 1000);
    start = bench_now();
    run_steps(sim, h->holds);
    ns = (bench_now() - start) / (double)h->holds;
    h->bytes = (double)sim_event_bytes(sim) / (double)sim_event_pending(sim);
    free(h->timers);
    sim_free(sim);
    return ns;
}

static void bench_hold(void)
{
    struct hold holds[] = {
        {"1e2", "45", 4000000, 100, .cancel = false},
        {"1e4", "75", 4000000, 10000, .cancel = false},
        {"1e6", "300", 3000000, 1000000, .cancel = false},
        {"1e2", "", 3000000, 100, .cancel = true},
        {"1e4", "", 3000000, 10000, .cancel = true},
    };

    for (size_t i = 0; i < sizeof holds / sizeof *holds; i++) {
        struct hold *h = &holds[i];
        double ns = bench_rounds(hold_round, h);
        const char *name = h->cancel ? "hold_cancel" : "hold";

        bench_row(name, h->label, "time_per_hold", ns, "ns", h->target);
        bench_row(name, h->label, "memory_per_event", h->bytes, "bytes",
                  h->cancel ? "" : "48");
    }
}

/* ---------------------------------------------------------------- lanes */

/* Constant delays: 100 events in each of 8 lanes. */
enum { LANES = 8, IN_LANE = 100 };

struct lanes {
    sim_lane lane[LANES];
};

static void on_lane(struct sim *sim, void *self, struct event_args args);
static const struct event_type lane_event = {"lane", 1, on_lane};

static void on_lane(struct sim *sim, void *self, struct event_args args)
{
    struct lanes *l = self;
    sim_time delay = SIM_S * (1 + args.detail);

    sim_lane_at(sim, l->lane[args.detail], sim_now(sim) + delay, &lane_event, l,
                args);
}

static double lanes_round(void *self)
{
    const uint64_t steps = 4000000;
    struct lanes *l = self;
    struct sim *sim = sim_new(0);
    double start;

    for (uint32_t i = 0; i < LANES; i++)
        l->lane[i] = sim_lane_new(sim);
    for (uint32_t i = 0; i < LANES; i++)
        for (uint32_t j = 0; j < IN_LANE; j++)
            sim_lane_at(sim, l->lane[i], j * SIM_MS, &lane_event, l,
                        (struct event_args){.detail = i});
    start = bench_now();
    run_steps(sim, steps);
    start = (bench_now() - start) / (double)steps;
    sim_free(sim);
    return start;
}

/* ------------------------------------------------------------------ mm1 */

struct mm1 {
    struct rng arrivals, services;
    uint64_t in_system, arrived;
    sim_time arrival_mean, service_mean;
};

static void on_arrival(struct sim *sim, void *self, struct event_args args);
static void on_departure(struct sim *sim, void *self, struct event_args args);
static const struct event_type arrival = {"arrival", 1, on_arrival};
static const struct event_type departure = {"departure", 1, on_departure};
static const uint64_t customers = 5000000;

static void on_arrival(struct sim *sim, void *self, struct event_args args)
{
    struct mm1 *m = self;

    if (++m->arrived < customers)
        sim_after(sim, (sim_time)(rng_exponential(&m->arrivals) * 1e9),
                  &arrival, m, args);
    if (m->in_system++ == 0)
        sim_after(sim, (sim_time)(rng_exponential(&m->services) * 0.9e9),
                  &departure, m, args);
}

static void on_departure(struct sim *sim, void *self, struct event_args args)
{
    struct mm1 *m = self;

    if (--m->in_system > 0)
        sim_after(sim, (sim_time)(rng_exponential(&m->services) * 0.9e9),
                  &departure, m, args);
}

static double mm1_round(void *self)
{
    struct mm1 *m = self;
    struct sim *sim = sim_new(0);
    double start = bench_now(), ns;

    memset(m, 0, sizeof *m);
    rng_init(&m->arrivals, (struct rng_root){1, 0}, "arrivals", NULL, 0);
    rng_init(&m->services, (struct rng_root){1, 0}, "services", NULL, 0);
    sim_after(sim, 0, &arrival, m, (struct event_args){0});
    sim_run(sim);
    ns = (bench_now() - start) / (double)sim_event_count(sim);
    sim_free(sim);
    return ns;
}

/* -------------------------------------------------- draws, statistics */

struct draws {
    struct rng rng;
    volatile double sink;
};

static const int draw_count = 20000000;

static double exponential_round(void *self)
{
    struct draws *d = self;
    double start = bench_now(), sum = 0.0;

    for (int i = 0; i < draw_count; i++)
        sum += rng_exponential(&d->rng);
    d->sink = sum;
    return (bench_now() - start) / draw_count;
}

static double normal_round(void *self)
{
    struct draws *d = self;
    double start = bench_now(), sum = 0.0;

    for (int i = 0; i < draw_count; i++)
        sum += rng_normal(&d->rng);
    d->sink = sum;
    return (bench_now() - start) / draw_count;
}

static double u64_round(void *self)
{
    struct draws *d = self;
    double start = bench_now();
    uint64_t sum = 0;

    for (int i = 0; i < draw_count; i++)
        sum += rng_u64(&d->rng);
    d->sink = (double)sum;
    return (bench_now() - start) / draw_count;
}

static double seek_round(void *self)
{
    struct draws *d = self;
    double start = bench_now();
    uint64_t sum = 0;

    for (int i = 0; i < draw_count / 10; i++) {
        rng_seek(&d->rng, (uint64_t)i, 0);
        sum += rng_u64(&d->rng);
    }
    d->sink = (double)sum;
    return (bench_now() - start) / (draw_count / 10.0);
}

static double sketch_round(void *self)
{
    struct draws *d = self;
    struct sketch s = {0};
    double start = bench_now();

    for (int i = 0; i < draw_count; i++)
        sketch_add(&s, (int64_t)i * i);
    start = (bench_now() - start) / draw_count;
    d->sink = sketch_quantile(&s, 0.5);
    sketch_release(&s);
    return start;
}

static void bench_draws(void)
{
    struct draws d = {.sink = 0.0};

    rng_init(&d.rng, (struct rng_root){1, 0}, "draws", NULL, 0);
    bench_row("rng", "u64", "time_per_draw", bench_rounds(u64_round, &d), "ns",
              "");
    bench_row("rng", "exponential", "time_per_draw",
              bench_rounds(exponential_round, &d), "ns", "");
    bench_row("rng", "normal", "time_per_draw", bench_rounds(normal_round, &d),
              "ns", "");
    bench_row("sketch", "", "time_per_add", bench_rounds(sketch_round, &d),
              "ns", "");
    bench_row("rng", "seek", "time_per_draw", bench_rounds(seek_round, &d),
              "ns", "");
}

int main(void)
{
    struct mm1 mm1;
    struct lanes lanes;

    printf("bench,parameter,metric,value,unit,target\n");
    bench_hold();
    bench_row("lanes", "8x100", "time_per_event",
              bench_rounds(lanes_round, &lanes), "ns", "");
    bench_row("mm1", "rho=0.9", "time_per_event", bench_rounds(mm1_round, &mm1),
              "ns", "16");
    bench_draws();
    return 0;
}
