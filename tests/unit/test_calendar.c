#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/engine/calendar.h"
#include "sim/engine/mem.h"
#include "sim/engine/rng.h"

static void nothing(struct sim *sim, void *self, struct event_args args)
{
    (void)sim;
    (void)self;
    (void)args;
}

static const struct event_type types[4] = {{"first", 0, nothing},
                                           {"early", 3, nothing},
                                           {"late", 8, nothing},
                                           {"last", 15, nothing}};

/* ------------------------------------------ against a naive reference */

struct entry {
    sim_time at;
    int priority;
    event_id id;
    bool pending;
};

/* Entries in the order of scheduling. */
struct naive {
    VEC_OF(struct entry) all;
    size_t first; /* none before it is pending */
    size_t pending;
};

static size_t naive_next(struct naive *n)
{
    size_t best = SIZE_MAX;

    while (n->first < n->all.count && !n->all.items[n->first].pending)
        n->first++;
    for (size_t i = n->first; i < n->all.count; i++) {
        const struct entry *e = &n->all.items[i], *b;

        if (!e->pending)
            continue;
        b = best == SIZE_MAX ? NULL : &n->all.items[best];
        if (!b || e->at < b->at ||
            (e->at == b->at && e->priority < b->priority))
            best = i;
    }
    return best;
}

enum { LANES = 20 };

struct world {
    struct calendar cal;
    struct naive naive;
    struct rng rng;
    sim_time now;
    sim_time spread; /* delays are below this */
    sim_time lane_last[LANES];
};

static void push(struct world *w, bool in_lane)
{
    const struct event_type *type = &types[rng_below(&w->rng, 4)];
    sim_time at = w->now + (sim_time)rng_below(&w->rng, (uint64_t)w->spread);
    struct event_args args = {.subject = w->naive.all.count, .detail = 7};
    struct entry e = {.at = at, .priority = type->priority, .pending = true};

    if (in_lane) {
        uint32_t lane = (uint32_t)rng_below(&w->rng, LANES);

        if (e.at < w->lane_last[lane])
            e.at = w->lane_last[lane];
        w->lane_last[lane] = e.at;
        e.id = calendar_lane_push(&w->cal, lane, e.at, type, w, args);
    } else {
        e.id = calendar_push(&w->cal, e.at, type, w, args);
    }
    assert_int_not_equal(e.id, 0);
    assert_true(calendar_pending(&w->cal, e.id));
    VEC_PUSH(w->naive.all, e);
    w->naive.pending++;
}

/* Cancels any event, pending or not. */
static void cancel(struct world *w)
{
    size_t count = w->naive.all.count, i;
    struct entry *e;

    if (count == 0)
        return;
    i = rng_below(&w->rng, count < 400 ? count : 400);
    e = &w->naive.all.items[count - 1 - i];
    assert_int_equal(calendar_pending(&w->cal, e->id), e->pending);
    assert_int_equal(calendar_cancel(&w->cal, e->id), e->pending);
    assert_false(calendar_pending(&w->cal, e->id));
    w->naive.pending -= e->pending;
    e->pending = false;
}

static void pop(struct world *w, sim_time until)
{
    size_t i = naive_next(&w->naive);
    struct calendar_event ev = {.type = &types[0]};
    sim_time at = 0;
    bool popped = calendar_pop(&w->cal, until, &ev, &at);
    struct entry *e;

    if (i == SIZE_MAX || w->naive.all.items[i].at > until) {
        assert_false(popped);
        return;
    }
    e = &w->naive.all.items[i];
    assert_true(popped);
    assert_int_equal(ev.subject, i);
    assert_int_equal(at, e->at);
    assert_int_equal(ev.type->priority, e->priority);
    assert_ptr_equal(ev.self, w);
    assert_int_equal(ev.detail, 7);
    assert_false(calendar_pending(&w->cal, e->id));
    e->pending = false;
    w->naive.pending--;
    w->now = e->at;
}

static void world_init(struct world *w, uint64_t seed, sim_time spread)
{
    memset(w, 0, sizeof *w);
    rng_init(&w->rng, (struct rng_root){seed, 0}, "calendar", NULL, 0);
    w->now = -1000000;
    w->spread = spread;
    calendar_init(&w->cal);
    for (uint32_t i = 0; i < LANES; i++) {
        assert_int_equal(calendar_lane_new(&w->cal), i);
        w->lane_last[i] = w->now;
    }
}

static void world_release(struct world *w)
{
    VEC_FREE(w->naive.all);
    calendar_release(&w->cal);
}

static void test_random(void **state)
{
    static const struct {
        unsigned push, lane, cancel, pop; /* shares of 100 operations */
        sim_time spread;
    } mixes[] = {
        {40, 0, 10, 50, 5},      /* hardly any pending, all ties */
        {55, 0, 0, 45, 1000000}, /* the plain heap, growing */
        {30, 30, 10, 30, 50},    {20, 30, 40, 10, 100}, {10, 45, 5, 40, 1000},
        {45, 5, 45, 5, 100000},  {0, 50, 25, 25, 3},
    };
    const size_t rounds = 12000;

    (void)state;
    for (size_t m = 0; m < sizeof mixes / sizeof *mixes; m++) {
        struct world w;

        world_init(&w, m, mixes[m].spread);
        for (size_t i = 0; i < rounds; i++) {
            unsigned dice = (unsigned)rng_below(&w.rng, 100);

            if (i == rounds / 2) /* the sequence overflows on the way */
                w.cal.sequence = (UINT64_C(1) << CALENDAR_SEQUENCE_BITS) - 500;
            if (dice < mixes[m].push)
                push(&w, false);
            else if (dice < mixes[m].push + mixes[m].lane)
                push(&w, true);
            else if (dice < 100 - mixes[m].pop)
                cancel(&w);
            else
                pop(&w, dice == 99 ? w.now + w.spread / 2 : SIM_NEVER - 1);
            assert_int_equal(calendar_live(&w.cal), w.naive.pending);
        }
        while (w.naive.pending > 0)
            pop(&w, SIM_NEVER - 1);
        pop(&w, SIM_NEVER - 1);
        world_release(&w);
    }
}

/* ----------------------------------------------------------- corners */

static const struct event_args none;

static void test_dead_are_swept(void **state)
{
    enum { EVENTS = 100000 };
    event_id *ids = mem_calloc(EVENTS, sizeof *ids);
    struct calendar cal;
    size_t bytes;

    (void)state;
    calendar_init(&cal);
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < EVENTS; i++)
            ids[i] = calendar_push(&cal, 5, &types[0], NULL, none);
        for (size_t i = 0; i < EVENTS; i++) {
            assert_true(calendar_cancel(&cal, ids[i]));
            assert_true(cal.dead <= calendar_live(&cal) || cal.dead < 16);
        }
    }
    bytes = calendar_bytes(&cal);
    assert_true(bytes <= (EVENTS + 100) * 48);
    assert_int_equal(calendar_live(&cal), 0);
    calendar_release(&cal);
    free(ids);
}

/* A worn-out slot is left alone: an id is never given twice. */
static void test_generations_end(void **state)
{
    struct calendar cal;
    struct calendar_event ev;
    sim_time at;
    event_id a, b;

    (void)state;
    calendar_init(&cal);
    a = calendar_push(&cal, 1, &types[0], NULL, none);
    assert_int_equal(a, (UINT64_C(1) << CALENDAR_SLOT_BITS));
    cal.slab[0].generation = UINT32_MAX;
    assert_true(calendar_pop(&cal, 10, &ev, &at));
    b = calendar_push(&cal, 1, &types[0], NULL, none);
    assert_int_equal(b & (CALENDAR_SLOTS - 1), 1);
    assert_false(calendar_pending(&cal, 0));
    assert_false(calendar_cancel(&cal, a));
    assert_true(calendar_cancel(&cal, b));
    assert_false(calendar_pop(&cal, SIM_NEVER - 1, &ev, &at));
    calendar_release(&cal);
}

static void test_lane_priority_overtakes(void **state)
{
    struct calendar cal;
    struct calendar_event ev;
    sim_time at;
    uint32_t lane;

    (void)state;
    calendar_init(&cal);
    lane = calendar_lane_new(&cal);
    for (uint64_t i = 0; i < 4; i++)
        calendar_lane_push(&cal, lane, 5, &types[3 - i], NULL,
                           (struct event_args){.subject = i});
    for (uint64_t i = 0; i < 4; i++) {
        assert_true(calendar_pop(&cal, 5, &ev, &at));
        assert_int_equal(ev.subject, 3 - i);
    }
    calendar_release(&cal);
}

static void test_layout(void **state)
{
    struct calendar cal;

    (void)state;
    assert_int_equal(sizeof(struct calendar_key), 16);
    assert_int_equal(sizeof(struct calendar_event), 32);
    calendar_init(&cal);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal((uintptr_t)(cal.heap.keys + 1) % 64, 0);
        calendar_push(&cal, i, &types[0], NULL, none);
    }
    calendar_release(&cal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_dead_are_swept),
        cmocka_unit_test(test_generations_end),
        cmocka_unit_test(test_lane_priority_overtakes),
        cmocka_unit_test(test_layout),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
