#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/engine/sim.h"

/* What ran, as a text: "name@time ". */
struct journal {
    char text[400];
};

static void note(struct sim *sim, struct journal *j, const char *name)
{
    size_t length = strlen(j->text);

    snprintf(j->text + length, sizeof j->text - length, "%s@%lld ", name,
             (long long)sim_now(sim));
}

static const char *const names[] = {"A", "B", "C", "D", "E"};

static void log_it(struct sim *sim, void *self, struct event_args args)
{
    note(sim, self, names[args.detail]);
}

static const struct event_type plain = {"plain", 8, log_it};
static const struct event_type early = {"early", 2, log_it};

static struct event_args arg(uint32_t detail)
{
    return (struct event_args){.subject = UINT64_MAX, .detail = detail};
}

/* --------------------------------------------------------------- order */

static void test_order(void **state)
{
    static const struct {
        const char *label;
        struct {
            sim_time at;
            const struct event_type *type; /* NULL: no more */
        } push[4];
        const char *want;
    } cases[] = {
        {"earlier time first",
         {{3, &plain}, {1, &plain}, {2, &plain}},
         "B@1 C@2 A@3 "},
        {"tie: priority", {{5, &plain}, {5, &early}}, "B@5 A@5 "},
        {"tie: first in, first",
         {{5, &plain}, {5, &plain}, {5, &plain}},
         "A@5 B@5 C@5 "},
        {"time beats priority", {{2, &early}, {1, &plain}}, "B@1 A@2 "},
        {"before the origin", {{0, &plain}, {-4, &plain}}, "B@-4 A@0 "},
        {"never does not happen", {{SIM_NEVER, &plain}, {1, &plain}}, "B@1 "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct journal j = {""};
        struct sim *sim = sim_new(-10);

        for (uint32_t k = 0; k < 4 && cases[i].push[k].type; k++)
            sim_at(sim, cases[i].push[k].at, cases[i].push[k].type, &j, arg(k));
        sim_run(sim);
        if (strcmp(j.text, cases[i].want) != 0)
            fail_msg("%s: ran '%s', want '%s'", cases[i].label, j.text,
                     cases[i].want);
        sim_free(sim);
    }
}

/* ------------------------------------------------------------ handlers */

struct chain {
    struct journal j;
    event_id other;
};

/* B cancels C and schedules D ten later; D at the same time E. */
static void chain_it(struct sim *sim, void *self, struct event_args args);
static const struct event_type chained = {"chained", 8, chain_it};

static void chain_it(struct sim *sim, void *self, struct event_args args)
{
    struct chain *c = self;

    note(sim, &c->j, names[args.detail]);
    if (args.detail == 1) {
        assert_true(sim_cancel(sim, c->other));
        assert_false(sim_cancel(sim, c->other));
        sim_after(sim, 10, &chained, c, arg(3));
    } else if (args.detail == 3) {
        sim_after(sim, 0, &chained, c, arg(4));
    }
}

static void test_handlers_schedule_and_cancel(void **state)
{
    struct chain c = {.j.text = ""};
    struct sim *sim = sim_new(0);
    event_id a = sim_at(sim, 10, &chained, &c, arg(0));

    (void)state;
    sim_at(sim, 11, &chained, &c, arg(1));
    c.other = sim_at(sim, 12, &chained, &c, arg(2));
    sim_at(sim, 21, &chained, &c, arg(0)); /* before what comes at 21 */
    assert_true(sim_pending(sim, a));
    assert_true(sim_cancel(sim, a));
    assert_false(sim_pending(sim, a));
    assert_int_equal(sim_event_pending(sim), 3);
    sim_run(sim);
    assert_string_equal(c.j.text, "B@11 A@21 D@21 E@21 ");
    assert_int_equal(sim_event_count(sim), 4);
    assert_int_equal(sim_event_pending(sim), 0);
    assert_false(sim_step(sim));
    assert_false(sim_cancel(sim, 0));
    assert_false(sim_pending(sim, 0));
    sim_free(sim);
}

static void stop_it(struct sim *sim, void *self, struct event_args args)
{
    note(sim, self, names[args.detail]);
    sim_stop(sim);
}

static void test_run_until_and_stop(void **state)
{
    static const struct event_type stopper = {"stopper", 8, stop_it};
    struct journal j = {""};
    struct sim *sim = sim_new(-5);

    (void)state;
    sim_at(sim, 0, &plain, &j, arg(0));
    sim_at(sim, 10, &plain, &j, arg(1));
    sim_at(sim, 20, &stopper, &j, arg(2));
    sim_at(sim, 20, &plain, &j, arg(3));
    sim_run_until(sim, -1);
    assert_string_equal(j.text, "");
    assert_int_equal(sim_now(sim), -1);
    sim_run_until(sim, 10); /* inclusive */
    assert_string_equal(j.text, "A@0 B@10 ");
    sim_run_until(sim, 15);
    assert_int_equal(sim_now(sim), 15);
    sim_run_until(sim, 100);
    assert_int_equal(sim_now(sim), 20);
    assert_string_equal(j.text, "A@0 B@10 C@20 ");
    assert_true(sim_step(sim));
    assert_false(sim_step(sim));
    assert_string_equal(j.text, "A@0 B@10 C@20 D@20 ");
    sim_run_until(sim, 100);
    assert_int_equal(sim_now(sim), 100);
    sim_free(sim);
}

static void test_far_times(void **state)
{
    struct journal j = {""};
    struct sim *sim = sim_new(-7);
    sim_lane lane = sim_lane_new(sim);

    (void)state;
    assert_int_equal(sim_after(sim, SIM_NEVER, &plain, &j, arg(0)), 0);
    assert_int_equal(sim_at(sim, SIM_NEVER, &plain, &j, arg(0)), 0);
    assert_int_equal(sim_lane_at(sim, lane, SIM_NEVER, &plain, &j, arg(0)), 0);
    assert_int_not_equal(sim_at(sim, SIM_NEVER - 1, &plain, &j, arg(0)), 0);
    sim_run_until(sim, 100);
    assert_int_equal(sim_after(sim, SIM_NEVER - 50, &plain, &j, arg(0)), 0);
    assert_int_equal(sim_after(sim, SIM_NEVER - 100, &plain, &j, arg(0)), 0);
    assert_int_equal(sim_event_pending(sim), 1);
    sim_run(sim);
    assert_int_equal(sim_now(sim), SIM_NEVER - 1);
    sim_free(sim);
}

static void test_lanes_merge(void **state)
{
    struct journal j = {""};
    struct sim *sim = sim_new(0);
    sim_lane one = sim_lane_new(sim), two = sim_lane_new(sim);
    event_id id;

    (void)state;
    assert_int_not_equal(one, two);
    sim_lane_at(sim, one, 5, &plain, &j, arg(0));
    sim_at(sim, 5, &plain, &j, arg(1));
    sim_lane_at(sim, two, 3, &plain, &j, arg(2));
    id = sim_lane_at(sim, one, 6, &plain, &j, arg(3));
    sim_lane_at(sim, two, 6, &plain, &j, arg(4));
    assert_int_equal(sim_event_pending(sim), 5);
    assert_true(sim_cancel(sim, id));
    sim_run(sim);
    assert_string_equal(j.text, "C@3 A@5 B@5 E@6 ");
    sim_free(sim);
}

/* Two simulations, a step each by turns, do what each does alone. */
static void test_two_do_not_meet(void **state)
{
    struct journal j[2] = {{""}, {""}};
    struct sim *sim[2] = {sim_new(0), sim_new(100)};

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        sim_after(sim[0], 3 - i, &plain, &j[0], arg(i));
        sim_after(sim[1], i, &plain, &j[1], arg(i));
    }
    while (sim_step(sim[0]))
        sim_step(sim[1]);
    assert_string_equal(j[0].text, "C@1 B@2 A@3 ");
    assert_string_equal(j[1].text, "A@100 B@101 C@102 ");
    sim_free(sim[0]);
    sim_free(sim[1]);
}

static void test_memory_per_event(void **state)
{
    struct sim *sim = sim_new(0);

    (void)state;
    for (uint32_t i = 0; i < 100000; i++)
        sim_after(sim, i, &plain, NULL, arg(0));
    assert_true(sim_event_bytes(sim) <= 48 * sim_event_pending(sim));
    sim_free(sim);
    sim_free(NULL);
}

/* --------------------------------------------------- programming errors */

static void into_the_past(struct sim *sim)
{
    sim_at(sim, -1, &plain, NULL, arg(0));
}

static void negative_delay(struct sim *sim)
{
    sim_after(sim, -1, &plain, NULL, arg(0));
}

static void run_backwards(struct sim *sim)
{
    sim_run_until(sim, -3);
}

static void lane_backwards(struct sim *sim)
{
    sim_lane lane = sim_lane_new(sim);

    sim_lane_at(sim, lane, 5, &plain, NULL, arg(0));
    sim_lane_at(sim, lane, 4, &plain, NULL, arg(0));
}

static void priority_too_high(struct sim *sim)
{
    static const struct event_type wrong = {"wrong", 16, log_it};

    sim_at(sim, 1, &wrong, NULL, arg(0));
}

/* True where f aborts, in a process of its own. */
static bool aborts(void (*f)(struct sim *))
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit no_core = {0, 0};

        signal(SIGABRT, SIG_DFL);
        setrlimit(RLIMIT_CORE, &no_core);
        if (!freopen("/dev/null", "w", stderr))
            _exit(2);
        f(sim_new(0));
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void test_assertions(void **state)
{
    (void)state;
    assert_true(aborts(into_the_past));
    assert_true(aborts(negative_delay));
    assert_true(aborts(run_backwards));
    assert_true(aborts(lane_backwards));
    assert_true(aborts(priority_too_high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_handlers_schedule_and_cancel),
        cmocka_unit_test(test_run_until_and_stop),
        cmocka_unit_test(test_far_times),
        cmocka_unit_test(test_lanes_merge),
        cmocka_unit_test(test_two_do_not_meet),
        cmocka_unit_test(test_memory_per_event),
        cmocka_unit_test(test_assertions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
