/*
 * test_server - the queue discipline by hand-made traces and by queueing
 * theory; the pod as a server: drain, reset, vanish, probes, cold start.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include <math.h>

#include "models/traffic/queue.h"
#include "tests/unit/traffic_fixture.h"

/* ------------------------------------------------------------- queues */

enum { JOBS = 4 };

struct trace {
    struct sim *sim;
    struct queues queues;
    struct queue queue;
    double start[JOBS], end[JOBS];
    sim_time work[JOBS];
    bool refused[JOBS];
};

static void trace_left(void *self, struct queue *queue,
                       const struct queue_job *job)
{
    struct trace *t = self;

    (void)queue;
    t->start[job->user] = sim_to_seconds(job->start);
    t->end[job->user] = sim_to_seconds(sim_now(t->sim));
}

static void on_trace(struct sim *sim, void *self, struct event_args args)
{
    struct trace *t = self;

    (void)sim;
    t->refused[args.subject] =
        !queue_enter(&t->queue, t->work[args.subject], args.subject, 0, 0);
}
static const struct event_type trace_event = {"trace", 1, on_trace};

static const struct {
    const char *label;
    int64_t servers, sharers, limit;
    struct {
        double arrival, work, start, end; /* end 0: refused */
    } jobs[JOBS];
} traces[] = {
    {"one server",
     1,
     1,
     QUEUE_UNLIMITED,
     {{0, 3, 0, 3}, {1, 3, 3, 6}, {2, 1, 6, 7}, {2, 4, 7, 11}}},
    {"three servers",
     3,
     3,
     QUEUE_UNLIMITED,
     {{0, 1, 0, 1}, {0, 1, 0, 1}, {0, 1, 0, 1}, {0, 1, 1, 2}}},
    {"two places and a limit of one",
     2,
     2,
     1,
     {{0, 4, 0, 4}, {0, 5, 0, 5}, {1, 1, 4, 5}, {1, 1, 0, 0}}},
    {"sharing",
     1,
     QUEUE_UNLIMITED,
     QUEUE_UNLIMITED,
     {{0.5, 1, 0.5, 2.45}, {0.7, 1, 0.7, 2.85}, {2, 1, 2, 3.5}, {9, 1, 9, 10}}},
    {"sharing, together",
     1,
     QUEUE_UNLIMITED,
     QUEUE_UNLIMITED,
     {{0, 10, 0, 12}, {9, 1, 9, 12}, {9, 1, 9, 12}, {20, 2, 20, 22}}},
    {"sharing by two servers",
     2,
     QUEUE_UNLIMITED,
     QUEUE_UNLIMITED,
     {{0, 1, 0, 1.5}, {0, 2, 0, 2.5}, {0, 2, 0, 2.5}, {0.5, 0, 0.5, 0.5}}},
    {"sharing among three, the others wait",
     1,
     3,
     QUEUE_UNLIMITED,
     {{0, 2, 0, 3.5}, {1, 2, 1, 6.5}, {2, 2, 2, 7.5}, {3, 2, 3.5, 8}}},
    {"sharing with a limit: beyond the servers",
     1,
     QUEUE_UNLIMITED,
     2,
     {{0, 1, 0, 3}, {0, 1, 0, 3}, {0, 1, 0, 3}, {0, 1, 0, 0}}},
};

static void check_trace(size_t i, const struct trace *t)
{
    for (size_t j = 0; j < JOBS; j++) {
        double start = traces[i].jobs[j].start, end = traces[i].jobs[j].end;
        bool good = t->refused[j] == (end == 0);

        if (end > 0)
            good = good && fabs(t->start[j] - start) < 1e-8 &&
                   fabs(t->end[j] - end) < 1e-8;
        if (!good)
            fail_msg("%s: job %zu: %.9g..%.9g, want %.9g..%.9g",
                     traces[i].label, j, t->start[j], t->end[j], start, end);
    }
}

static void test_traces(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof traces / sizeof traces[0]; i++) {
        struct trace t = {.sim = sim_new(0)};

        queues_init(&t.queues, t.sim, trace_left, &t);
        queue_init(&t.queue, &t.queues, traces[i].servers, traces[i].sharers,
                   traces[i].limit);
        for (uint64_t j = 0; j < JOBS; j++) {
            t.work[j] = sim_seconds(traces[i].jobs[j].work);
            sim_at(t.sim, sim_seconds(traces[i].jobs[j].arrival), &trace_event,
                   &t, (struct event_args){.subject = j});
        }
        sim_run(t.sim);
        check_trace(i, &t);
        queue_release(&t.queue);
        queues_release(&t.queues);
        sim_free(t.sim);
    }
}

/* ------------------------------------------------- queueing theory */

struct station {
    struct sim *sim;
    struct rng arrivals, work;
    struct queues queues;
    struct queue queue;
    double rate;
    uint64_t left, waited;
    double sojourn, waiting;
};

static void station_left(void *self, struct queue *queue,
                         const struct queue_job *job)
{
    struct station *st = self;

    (void)queue;
    st->left++;
    st->waited += job->start > job->arrival;
    st->waiting += sim_to_seconds(job->start - job->arrival);
    st->sojourn += sim_to_seconds(sim_now(st->sim) - job->arrival);
}

static void on_customer(struct sim *sim, void *self, struct event_args args);
static const struct event_type customer = {"customer", 0, on_customer};

static void on_customer(struct sim *sim, void *self, struct event_args args)
{
    struct station *st = self;

    sim_after(sim, sim_seconds(rng_exponential(&st->arrivals) / st->rate),
              &customer, st, args);
    queue_enter(&st->queue, sim_seconds(rng_exponential(&st->work)), 0, 0, 0);
}

static const struct {
    const char *label;
    int64_t servers;
    bool shared;
    double rate; /* mean work 1 s */
    double sojourn, waiting, waits;
} stations[] = {
    {"M/M/1, 0.5", 1, false, 0.5, 2, 1, 0.5},
    {"M/M/1, 0.8", 1, false, 0.8, 5, 4, 0.8},
    {"M/M/3, 0.8", 3, false, 2.4, 2.07865168539, 1.07865168539, 0.647191},
    {"M/M/10, 0.8", 10, false, 8, 1.2045900754, 0.2045900754, 0.409180150796},
    {"M/M/1 PS, 0.8", 1, true, 0.8, 5, 0, 0},
    {"M/M/3 PS, 0.8", 3, true, 2.4, 2.07865168539, 0, 0},
};

static void test_theory(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stations / sizeof stations[0]; i++) {
        struct station st = {.sim = sim_new(0), .rate = stations[i].rate};
        double n;

        rng_init(&st.arrivals, (struct rng_root){1, i}, "arrivals", NULL, 0);
        rng_init(&st.work, (struct rng_root){1, i}, "work", NULL, 0);
        queues_init(&st.queues, st.sim, station_left, &st);
        queue_init(&st.queue, &st.queues, stations[i].servers,
                   stations[i].shared ? QUEUE_UNLIMITED : stations[i].servers,
                   QUEUE_UNLIMITED);
        sim_after(st.sim, 0, &customer, &st, (struct event_args){0});
        sim_run_until(st.sim, sim_seconds(1e6 / st.rate));
        n = (double)st.left;
        if (fabs(st.sojourn / n / stations[i].sojourn - 1) > 0.03 ||
            fabs(st.waiting / n - stations[i].waiting) > 0.15 ||
            fabs((double)st.waited / n - stations[i].waits) > 0.01)
            fail_msg("%s: sojourn %g, waiting %g, waits %g", stations[i].label,
                     st.sojourn / n, st.waiting / n, (double)st.waited / n);
        queue_clear(&st.queue, NULL, NULL);
        queue_release(&st.queue);
        queues_release(&st.queues);
        sim_free(st.sim);
    }
}

/* ------------------------------------------------------------- servers */

struct seen {
    struct sim *sim;
    uint64_t answers, lost, by_cause[CAUSE_COUNT];
    sim_time last;
    uint64_t probes_ok, probes_failed;
    sim_time last_probe;
};

static void on_answered(void *self, uint64_t client, enum cause cause)
{
    struct seen *seen = self;

    (void)client;
    seen->answers++;
    seen->by_cause[cause]++;
    seen->last = sim_now(seen->sim);
}

static void on_lost(void *self, uint64_t client)
{
    struct seen *seen = self;

    (void)client;
    seen->lost++;
}

static void on_probed(void *self, struct event_args args, bool ok)
{
    struct seen *seen = self;

    (void)args;
    *(ok ? &seen->probes_ok : &seen->probes_failed) += 1;
    seen->last_probe = sim_now(seen->sim);
}

/* One pod, service of 1 s, concurrency 2, at most 1 in line; clients are
 * the test itself. */
static struct pod *one_pod(struct fixture *f, struct seen *seen)
{
    fixture_make(f, 1);
    f->pods[f->pod_count++] = fixture_pod(f, 0, &f->template);
    *seen = (struct seen){.sim = f->s.sim};
    servers_set_client(f->s.servers,
                       (struct server_client){.answered = on_answered,
                                              .lost = on_lost,
                                              .self = seen});
    return world_pod(f->s.world, f->pods[0]);
}

static void small_workload(struct fixture *f)
{
    fixture_defaults(f);
    f->scenario.traffic_count = 0;
    f->workload.service_time = dist_constant(1);
    f->workload.concurrency = 2;
    f->workload.queue_limit = 1;
}

static enum cause submit(struct fixture *f, struct pod *pod)
{
    struct rng rng;

    rng_init(&rng, (struct rng_root){1, 1}, "test", NULL, 0);
    return server_submit(f->s.servers, pod, 0, 7, SIM_NEVER, &rng);
}

static void run_s(struct fixture *f, double seconds)
{
    sim_run_until(f->s.sim, sim_seconds(seconds));
}

static void test_served(void **state)
{
    struct fixture f;
    struct seen seen;
    struct pod *pod;

    (void)state;
    small_workload(&f);
    pod = one_pod(&f, &seen);
    assert_true(pod->serving);
    assert_true(server_listens(pod));
    for (int i = 0; i < 3; i++)
        assert_int_equal(submit(&f, pod), CAUSE_NONE);
    assert_int_equal(submit(&f, pod), CAUSE_OVERLOADED);
    assert_int_equal(server_present(pod), 3);
    run_s(&f, 1);
    assert_int_equal(seen.answers, 2);
    run_s(&f, 10);
    assert_int_equal(seen.by_cause[CAUSE_NONE], 3);
    assert_int_equal(seen.last, 2 * SIM_S);
    assert_int_equal(f.metrics.served, 3);
    assert_true(fabs(f.metrics.waiting - 1) < 1e-9);
    fixture_release(&f);
}

static void test_cold_and_errors(void **state)
{
    struct fixture f;
    struct seen seen;
    struct pod *pod;

    (void)state;
    small_workload(&f);
    f.workload.error_rate = 1;
    f.workload.cold_factor = 3;
    f.workload.cold_for = SIM_MIN;
    pod = one_pod(&f, &seen);
    submit(&f, pod);
    run_s(&f, 60);
    assert_int_equal(seen.last, 3 * SIM_S);
    assert_int_equal(seen.by_cause[CAUSE_APP_ERROR], 1);
    submit(&f, pod);
    run_s(&f, 100);
    assert_int_equal(seen.last, 61 * SIM_S);
    fixture_release(&f);
}

static void test_drain(void **state)
{
    struct fixture f;
    struct seen seen;
    struct pod *pod;

    (void)state;
    small_workload(&f);
    pod = one_pod(&f, &seen);
    f.idle = NO_ID;
    submit(&f, pod);
    server_drain(f.s.servers, pod);
    assert_false(server_listens(pod));
    assert_false(pod->serving);
    assert_int_equal(submit(&f, pod), CAUSE_CONNECT_REFUSED);
    run_s(&f, 0.5);
    assert_int_equal(f.idle, NO_ID);
    run_s(&f, 1);
    assert_int_equal(seen.by_cause[CAUSE_NONE], 1);
    assert_int_equal(f.idle, pod->id);
    /* Idle from the start: told from an event. */
    server_open(f.s.servers, pod);
    f.idle = NO_ID;
    server_drain(f.s.servers, pod);
    assert_int_equal(f.idle, NO_ID);
    run_s(&f, 1);
    assert_int_equal(f.idle, pod->id);
    fixture_release(&f);
}

static void test_reset_and_vanish(void **state)
{
    struct fixture f;
    struct seen seen;
    struct pod *pod;

    (void)state;
    small_workload(&f);
    pod = one_pod(&f, &seen);
    for (int i = 0; i < 3; i++)
        submit(&f, pod);
    run_s(&f, 0.25);
    server_reset(f.s.servers, pod);
    assert_int_equal(seen.by_cause[CAUSE_RESET], 3);
    assert_int_equal(submit(&f, pod), CAUSE_CONNECT_REFUSED);
    run_s(&f, 5);
    assert_int_equal(seen.answers, 3);
    server_open(f.s.servers, pod);
    for (int i = 0; i < 3; i++)
        submit(&f, pod);
    server_vanish(f.s.servers, pod);
    assert_int_equal(seen.lost, 3);
    assert_int_equal(seen.answers, 3);
    server_open(f.s.servers, pod);
    submit(&f, pod);
    server_free(f.s.servers, pod);
    assert_null(pod->server);
    assert_int_equal(seen.by_cause[CAUSE_RESET], 4);
    assert_int_equal(f.metrics.served, 7);
    assert_int_equal(submit(&f, pod), CAUSE_CONNECT_REFUSED);
    fixture_release(&f);
}

/* Two share one server: what each has used when the process ends. */
static void test_shared_work(void **state)
{
    struct fixture f;
    struct seen seen;
    struct pod *pod;

    (void)state;
    small_workload(&f);
    f.workload.discipline = DISCIPLINE_PS;
    f.workload.concurrency = 1;
    pod = one_pod(&f, &seen);
    submit(&f, pod);
    submit(&f, pod);
    assert_int_equal(submit(&f, pod), CAUSE_OVERLOADED);
    run_s(&f, 0.5);
    server_reset(f.s.servers, pod);
    assert_true(fabs(f.metrics.worked - 0.5) < 1e-8);
    server_open(f.s.servers, pod);
    submit(&f, pod);
    run_s(&f, 10);
    assert_true(fabs(f.metrics.worked - 1.5) < 1e-8);
    assert_int_equal(f.metrics.served, 3);
    fixture_release(&f);
}

static void probe(struct fixture *f, struct pod *pod, struct seen *seen)
{
    server_probe(f->s.servers, pod, SIM_S, on_probed, seen,
                 (struct event_args){0});
}

static void test_probes(void **state)
{
    struct fixture f;
    struct seen seen;
    struct pod *pod;

    (void)state;
    small_workload(&f);
    pod = one_pod(&f, &seen);
    probe(&f, pod, &seen);
    run_s(&f, 0.5);
    assert_int_equal(seen.probes_ok, 1);
    assert_int_equal(seen.last_probe, SIM_MS);
    /* Behind requests it comes too late, and is served all the same. */
    submit(&f, pod);
    submit(&f, pod);
    probe(&f, pod, &seen);
    run_s(&f, 1.4999);
    assert_int_equal(server_present(pod), 3);
    run_s(&f, 1.4999999);
    assert_int_equal(seen.probes_ok, 1);
    run_s(&f, 2);
    assert_int_equal(seen.probes_failed, 1);
    assert_int_equal(seen.last_probe, 3 * SIM_S / 2);
    assert_int_equal(server_present(pod), 0);
    /* Full: at once. */
    for (int i = 0; i < 3; i++)
        submit(&f, pod);
    probe(&f, pod, &seen);
    assert_int_equal(seen.probes_failed, 2);
    run_s(&f, 10);
    /* The process ends: told in an event; sandbox or node gone: never. */
    probe(&f, pod, &seen);
    server_reset(f.s.servers, pod);
    assert_int_equal(seen.probes_failed, 2);
    run_s(&f, 10);
    assert_int_equal(seen.probes_failed, 3);
    server_open(f.s.servers, pod);
    probe(&f, pod, &seen);
    server_vanish(f.s.servers, pod);
    server_open(f.s.servers, pod);
    probe(&f, pod, &seen);
    server_free(f.s.servers, pod);
    run_s(&f, 100);
    assert_int_equal(seen.probes_failed, 3);
    assert_int_equal(seen.probes_ok, 1);
    assert_int_equal(f.metrics.served, 5);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_traces),
        cmocka_unit_test(test_theory),
        cmocka_unit_test(test_served),
        cmocka_unit_test(test_cold_and_errors),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_reset_and_vanish),
        cmocka_unit_test(test_shared_work),
        cmocka_unit_test(test_probes),
    };

    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
