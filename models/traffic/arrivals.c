#include "models/traffic/arrivals.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/traffic/replay.h"

/* After a turn of a closed loop that took no time: see arrivals.h. */
static const sim_time breath = SIM_MS;

/* A client of a closed loop. */
struct turn {
    uint64_t number; /* turns begun */
    bool parked;     /* the rate is 0: it does nothing */
};

/* Where a walk over the pieces is. */
struct walk {
    size_t piece;
    sim_time until;    /* of the clock; that piece holds so long */
    uint64_t sojourns; /* begun: places in `states` */
};

struct arrival_process {
    /* mmpp, profile: at the next arrival, and at the one before it */
    struct walk at, before;
    struct rng states;
    /* trace */
    struct replay *replay;
    struct diag *diag;
    /* closed */
    struct rng thinking;
    struct turn *turns; /* by client */
};

static void on_think(struct sim *sim, void *self, struct event_args args);
static const struct event_type think_event = {"traffic.think", 0, on_think};

struct arrival_process *arrivals_new(struct entry *e)
{
    if (e->spec->arrivals <= ARRIVALS_CONSTANT)
        return NULL;
    return mem_zalloc(sizeof(struct arrival_process));
}

static void close_replay(struct arrival_process *a)
{
    replay_close(a->replay);
    if (a->diag)
        diag_free(a->diag);
    a->replay = NULL;
    a->diag = NULL;
}

void arrivals_free(struct arrival_process *a)
{
    if (!a)
        return;
    close_replay(a);
    free(a->turns);
    free(a);
}

static bool is_measured(const struct entry *e)
{
    return e->traffic->s->world->epoch != SIM_NEVER;
}

/* ------------------------------------------------------------------ mmpp */

static void begin_sojourn(struct entry *e, sim_time from)
{
    struct arrival_process *a = e->more_arrivals;
    double mean = (double)e->spec->demand.pieces[a->at.piece].at, time;

    rng_seek(&a->states, ++a->at.sojourns, 0);
    time = mean * rng_exponential(&a->states);
    a->at.until =
        time < (double)(SIM_NEVER - from) ? from + (sim_time)time : SIM_NEVER;
}

/* In proportion to the states' mean sojourns. */
static void draw_state(struct entry *e)
{
    const struct arrivals_spec *spec = &e->spec->demand;
    struct arrival_process *a = e->more_arrivals;
    double all = 0, left;

    for (size_t i = 0; i < spec->piece_count; i++)
        all += (double)spec->pieces[i].at;
    rng_seek(&a->states, 0, 0);
    left = rng_uniform(&a->states) * all;
    for (a->at.piece = 0; a->at.piece + 1 < spec->piece_count; a->at.piece++) {
        left -= (double)spec->pieces[a->at.piece].at;
        if (left < 0)
            break;
    }
}

/* --------------------------------------------------------------- profile */

/* The piece that holds at `at`, of the clock, and until when. */
static void find_piece(struct entry *e, sim_time at)
{
    const struct arrivals_spec *spec = &e->spec->demand;
    struct arrival_process *a = e->more_arrivals;
    sim_time epoch = e->traffic->s->world->epoch, round = 0, since;

    a->at.piece = 0;
    a->at.until = SIM_NEVER; /* the warm-up's end restarts all arrivals */
    if (epoch == SIM_NEVER)
        return;
    since = at - epoch;
    if (spec->period != SIM_NEVER) {
        round = since - since % spec->period;
        since %= spec->period;
    }
    while (a->at.piece + 1 < spec->piece_count &&
           spec->pieces[a->at.piece + 1].at <= since)
        a->at.piece++;
    if (a->at.piece + 1 < spec->piece_count)
        a->at.until = epoch + round + spec->pieces[a->at.piece + 1].at;
    else if (spec->period != SIM_NEVER)
        a->at.until = epoch + round + spec->period;
}

/* ---------------------------------------------------- integrated rates */

static void next_piece(struct entry *e, sim_time from)
{
    struct arrival_process *a = e->more_arrivals;

    if (e->spec->arrivals == ARRIVALS_PROFILE) {
        find_piece(e, from);
    } else {
        a->at.piece = (a->at.piece + 1) % e->spec->demand.piece_count;
        begin_sojourn(e, from);
    }
}

/* Where the integral of the rate from `last` on has grown by Exp(1). */
static sim_time modulated(struct entry *e, sim_time last)
{
    struct arrival_process *a = e->more_arrivals;
    double need = rng_exponential(&e->arrivals);
    size_t idle = 0; /* pieces without arrivals */

    a->before = a->at;
    for (;;) {
        double rate =
            e->spec->demand.pieces[a->at.piece].rate * e->rate / 1e9; /* 1/ns */
        double room = (double)(a->at.until - last) * rate;

        if (rate > 0 && (need < room || a->at.until == SIM_NEVER)) {
            double gap = need / rate;

            return gap < 0x1p62 ? last + (sim_time)(gap + 0.5) : SIM_NEVER;
        }
        idle = rate > 0 ? 0 : idle + 1;
        if (a->at.until == SIM_NEVER || idle > e->spec->demand.piece_count)
            return SIM_NEVER;
        need -= room;
        last = a->at.until;
        next_piece(e, last);
    }
}

/* ----------------------------------------------------------------- trace */

/* It was good when the scenario was loaded. */
static void trace_broke(struct entry *e)
{
    struct simulation *s = e->traffic->s;
    struct arrival_process *a = e->more_arrivals;

    if (sim_now(s->sim) < s->world->epoch + s->scenario->duration) {
        diag_print(a->diag, stderr);
        simulation_fail(s, "trace '%s' has changed while it was read",
                        e->spec->demand.trace->path);
    }
    close_replay(a);
}

static sim_time recorded(struct entry *e)
{
    struct arrival_process *a = e->more_arrivals;
    sim_time at;

    if (!a->replay)
        return SIM_NEVER;
    if (replay_next(a->replay, &e->arrivals, &at, &e->next_work))
        return at < SIM_NEVER - e->traffic->s->world->epoch
                   ? e->traffic->s->world->epoch + at
                   : SIM_NEVER;
    if (replay_failed(a->replay))
        trace_broke(e);
    else
        close_replay(a);
    return SIM_NEVER;
}

static void rewind_trace(struct entry *e)
{
    struct arrival_process *a = e->more_arrivals;

    close_replay(a);
    a->diag = diag_new();
    a->replay = replay_open(e->spec, a->diag);
    if (!a->replay)
        trace_broke(e);
}

/* ---------------------------------------------------------------- any */

void arrivals_resume(struct entry *e)
{
    struct arrival_process *a = e->more_arrivals;
    sim_time now = sim_now(e->traffic->s->sim);

    a->at = a->before;
    while (e->spec->arrivals <= ARRIVALS_PROFILE && a->at.until <= now)
        next_piece(e, a->at.until);
}

void arrivals_restart(struct entry *e)
{
    struct arrival_process *a = e->more_arrivals;
    sim_time now = sim_now(e->traffic->s->sim);

    switch (e->spec->arrivals) {
    case ARRIVALS_MMPP:
        rng_init(&a->states, e->traffic->s->root,
                 is_measured(e) ? "traffic.states" : "traffic.states.warm_up",
                 e->spec->name, rng_hash(e->spec->service));
        a->at.sojourns = 0;
        draw_state(e);
        begin_sojourn(e, now);
        a->before = a->at;
        break;
    case ARRIVALS_PROFILE:
        find_piece(e, now);
        a->before = a->at;
        break;
    case ARRIVALS_TRACE:
        if (is_measured(e))
            rewind_trace(e);
        break;
    default:
        break;
    }
}

sim_time arrivals_next(struct entry *e, sim_time last)
{
    e->next_work = SIM_NEVER;
    switch (e->spec->arrivals) {
    case ARRIVALS_MMPP:
    case ARRIVALS_PROFILE:
        return modulated(e, last);
    case ARRIVALS_TRACE:
        return recorded(e);
    default:
        return SIM_NEVER; /* closed loops wake by themselves */
    }
}

/* ---------------------------------------------------------------- closed */

/* Places of a client's turns, far from each other: see request numbers. */
enum { TURN_BITS = 39 };

static void think(struct entry *e, uint32_t client, sim_time least)
{
    struct arrival_process *a = e->more_arrivals;
    sim_time time;

    rng_seek(&a->thinking, client, a->turns[client].number);
    time = dist_sample_time(&e->spec->demand.think, &a->thinking);
    if (time != SIM_NEVER)
        sim_after(e->traffic->s->sim, time > least ? time : least, &think_event,
                  e, (struct event_args){.subject = client});
}

void closed_begin(struct entry *e)
{
    struct arrival_process *a = e->more_arrivals;
    bool fresh = !a->turns;

    if (fresh) {
        rng_init(&a->thinking, e->traffic->s->root, "traffic.think",
                 e->spec->name, rng_hash(e->spec->service));
        a->turns = mem_calloc(e->client_count, sizeof *a->turns);
    }
    for (uint32_t i = 0; i < e->client_count; i++) {
        if (!fresh && !a->turns[i].parked)
            continue;
        a->turns[i].parked = false;
        think(e, i, 0);
    }
}

static void on_think(struct sim *sim, void *self, struct event_args args)
{
    struct entry *e = self;
    uint32_t client = (uint32_t)args.subject;
    struct turn *turn = &e->more_arrivals->turns[client];

    (void)sim;
    if (e->rate <= 0) {
        turn->parked = true;
        return;
    }
    turn->number++;
    if (client_offers(e, client))
        request_begin_of(e, (uint64_t)client << TURN_BITS | turn->number,
                         client);
    else
        think(e, client, SIM_S); /* its pod or node may come back */
}

void closed_ended(struct entry *e, uint32_t client, bool instant)
{
    think(e, client, instant ? breath : 0);
}
