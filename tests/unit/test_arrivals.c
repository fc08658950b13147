/*
 * test_arrivals - when requests come: rates that change, modulated processes,
 * traces, closed loops.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include <math.h>

#include "models/trace.h"
#include "models/traffic/replay.h"
#include "tests/unit/traffic_fixture.h"

/* Measurement begins now. */
static void begin(struct fixture *f)
{
    fixture_make(f, 1);
    fixture_pods(f, 4);
    run_to(f, 0);
    world_begin_measure(f->s.world);
}

/* Requests that begin from now until then. */
static double begun_until(struct fixture *f, sim_time at)
{
    uint64_t before = f->metrics.begun;

    run_to(f, at);
    return (double)(f->metrics.begun - before);
}

/* |got - want| within 4.5 standard deviations of a Poisson count. */
static void check_count(double got, double want)
{
    if (fabs(got - want) > 4.5 * sqrt(want) + 1)
        fail_msg("%g requests, not about %g", got, want);
}

/* ------------------------------------------------------------- profiles */

static const struct rate_piece steps[] = {
    {0, 100}, {10 * SIM_S, 1000}, {20 * SIM_S, 0}};

static void profile(struct fixture *f, sim_time period)
{
    fixture_defaults(f);
    f->workload.service_time = dist_constant(1e-6);
    f->traffic[0].arrivals = ARRIVALS_PROFILE;
    f->traffic[0].rate = 1;
    f->traffic[0].demand = (struct arrivals_spec){
        .piece_count = 3, .pieces = steps, .period = period};
    begin(f);
}

static void test_profile(void **state)
{
    struct fixture f;

    (void)state;
    profile(&f, SIM_NEVER);
    check_count(begun_until(&f, 10 * SIM_S), 1000);
    check_count(begun_until(&f, 20 * SIM_S), 10000);
    assert_true(begun_until(&f, 1000 * SIM_S) <= 1);
    check_conservation(&f);
    fixture_release(&f);
}

static void test_periodic_profile(void **state)
{
    struct fixture f;

    (void)state;
    profile(&f, 30 * SIM_S);
    run_to(&f, 30 * SIM_S);
    check_count(begun_until(&f, 40 * SIM_S), 1000);
    check_count(begun_until(&f, 50 * SIM_S), 10000);
    run_to(&f, 70 * SIM_S);
    traffic_set_rate(f.s.traffic, 0, 0.5);
    check_count(begun_until(&f, 80 * SIM_S), 5000);
    fixture_release(&f);
}

/* Rates of nothing must not be looked for for ever. */
static void test_empty_profile(void **state)
{
    static const struct rate_piece none[] = {{0, 0}, {SIM_S, 0}};
    struct fixture f;

    (void)state;
    fixture_defaults(&f);
    f.traffic[0].arrivals = ARRIVALS_PROFILE;
    f.traffic[0].demand = (struct arrivals_spec){
        .piece_count = 2, .pieces = none, .period = 2 * SIM_S};
    begin(&f);
    assert_true(begun_until(&f, SIM_HOUR) < 1);
    fixture_release(&f);
}

/* ----------------------------------------------------------------- mmpp */

/* The mean rate, and counts that vary more than a Poisson process's: in
 * windows much shorter than the sojourns the index of dispersion is about
 * 1 + variance of the rate / mean rate x window. */
static void test_mmpp(void **state)
{
    static const struct rate_piece states[] = {{20 * SIM_S, 10},
                                               {10 * SIM_S, 100}};
    const double mean = 40, variance = 2.0 / 3 * 900 + 1.0 / 3 * 3600;
    enum { WINDOWS = 200000 };
    double sum = 0, squares = 0, dispersion;
    struct fixture f;

    (void)state;
    fixture_defaults(&f);
    f.workload.service_time = dist_constant(1e-6);
    f.traffic[0].arrivals = ARRIVALS_MMPP;
    f.traffic[0].rate = 1;
    f.traffic[0].demand = (struct arrivals_spec){
        .piece_count = 2, .pieces = states, .period = SIM_NEVER};
    begin(&f);
    for (int i = 1; i <= WINDOWS; i++) {
        double n = begun_until(&f, i * SIM_S / 2);

        sum += n;
        squares += n * n;
    }
    assert_true(fabs(sum / WINDOWS / (mean / 2) - 1) < 0.05);
    dispersion = (squares - sum * sum / WINDOWS) / sum;
    assert_true(fabs(dispersion / (1 + variance / mean * 0.5) - 1) < 0.1);
    fixture_release(&f);
}

/* ---------------------------------------------------------------- traces */

static const char *write_file(const char *text)
{
    static char path[64];
    FILE *file;
    int fd;

    snprintf(path, sizeof path, "/tmp/podchurn-trace-XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    file = fdopen(fd, "w");
    fputs(text, file);
    fclose(file);
    return path;
}

static void replay_text(struct fixture *f, struct trace_spec *spec,
                        struct trace_column *columns, const char *text)
{
    fixture_defaults(f);
    for (int i = 0; replay_fields[i].name; i++)
        columns[i] = (struct trace_column){.header = replay_fields[i].name,
                                           .unit = i == 3 ? 1 : 1e9};
    *spec = (struct trace_spec){
        .path = write_file(text), .fields = replay_fields, .columns = columns};
    f->traffic[0].arrivals = ARRIVALS_TRACE;
    f->traffic[0].rate = 1;
    f->traffic[0].demand =
        (struct arrivals_spec){.trace = spec, .interval = SIM_NEVER};
}

static void test_trace(void **state)
{
    struct trace_spec spec;
    struct trace_column columns[4];
    struct fixture f;

    (void)state;
    replay_text(&f, &spec, columns,
                "service,service_time,time\nweb,0.5,-1\nweb,0.25,1.5\n"
                "other,9,1.75\ndefault/web,0.125,2\nother/web,9,2\nweb,,2.5\n");
    f.workload.service_time = dist_constant(1);
    begin(&f);
    assert_true(begun_until(&f, SIM_S) < 1);
    assert_true(fabs(begun_until(&f, 2 * SIM_S) - 2) < 0.5);
    assert_true(fabs(begun_until(&f, 3 * SIM_S) - 1) < 0.5);
    run_to(&f, 10 * SIM_S);
    assert_true(fabs(f.metrics.sojourn - (0.25 + 0.125 + 1)) < 1e-9);
    assert_int_equal(f.metrics.succeeded, 3);
    unlink(spec.path);
    fixture_release(&f);
}

/* A row's count comes within its interval; the last row's as the one's
 * before it. */
static void test_counts(void **state)
{
    struct trace_spec spec;
    struct trace_column columns[4];
    struct fixture f;

    (void)state;
    replay_text(&f, &spec, columns, "time,count\n0,1000\n10,4\n20,0\n30,100\n");
    begin(&f);
    check_count(begun_until(&f, 5 * SIM_S), 500);
    run_to(&f, 10 * SIM_S - 1);
    assert_int_equal(f.metrics.begun, 1000);
    run_to(&f, 30 * SIM_S - 1);
    assert_int_equal(f.metrics.begun, 1004);
    run_to(&f, 50 * SIM_S);
    assert_int_equal(f.metrics.begun, 1104);
    unlink(spec.path);
    fixture_release(&f);
}

static const struct {
    const char *text, *format;
    bool ok;
    sim_time want;
} dates[] = {
    {"1970-01-01 00:00:00", "%F %T", true, 0},
    {"2023-11-16 18:15:46.6805900", "%F %T%z", true,
     1700158546 * SIM_S + 680590000},
    {"2024-02-29T23:59:59Z", "%FT%T%z", true, 1709251199 * SIM_S},
    {"2024-03-01T00:59:59+01:00", "%FT%T%z", true, 1709251199 * SIM_S},
    {"17/May/2015:10:05:03 +0000", "%d/%b/%Y:%T %z", true, 1431857103 * SIM_S},
    {"1969-12-31", "%F", true, -86400 * SIM_S},
    {"1700000000.25", "%s", true, 1700000000 * SIM_S + 250 * SIM_MS},
    {"2023-13-01", "%F", false, 0},
    {"2023-11-16x", "%F", false, 0},
    {"", "%F", false, 0},
};

static void test_dates(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        sim_time got = 0;

        if (trace_date(dates[i].text, dates[i].format, &got) != dates[i].ok ||
            got != dates[i].want)
            fail_msg("%s: %lld", dates[i].text, (long long)got);
    }
}

/* ---------------------------------------------------------------- closed */

/* One client, one server: a turn is a thought and a service. */
static void test_closed(void **state)
{
    struct fixture f;

    (void)state;
    fixture_defaults(&f);
    f.workload.service_time = dist_constant(1);
    f.workload.concurrency = 3;
    f.traffic[0].arrivals = ARRIVALS_CLOSED;
    f.traffic[0].clients = 3;
    f.traffic[0].rate = 1;
    f.traffic[0].demand.think = dist_constant(4);
    begin(&f);
    run_to(&f, 5000 * SIM_S - 1);
    assert_int_equal(f.metrics.begun, 3000);
    assert_true(traffic_in_flight(f.s.traffic, 0) <= 3);
    traffic_set_rate(f.s.traffic, 0, 0);
    run_to(&f, 5100 * SIM_S);
    assert_true(begun_until(&f, 5200 * SIM_S) < 1);
    traffic_set_rate(f.s.traffic, 0, 1);
    assert_true(fabs(begun_until(&f, 5300 * SIM_S - 1) - 60) < 0.5);
    check_conservation(&f);
    fixture_release(&f);
}

/* Time passes where neither thinking nor failing takes any. */
static void test_closed_instant(void **state)
{
    struct fixture f;

    (void)state;
    fixture_defaults(&f);
    f.traffic[0].arrivals = ARRIVALS_CLOSED;
    f.traffic[0].clients = 1;
    f.traffic[0].rate = 1;
    f.traffic[0].demand.think = dist_constant(0);
    fixture_make(&f, 1);
    run_to(&f, SIM_S);
    assert_true(f.metrics.failed >= 999 && f.metrics.failed <= 1001);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profile),
        cmocka_unit_test(test_periodic_profile),
        cmocka_unit_test(test_empty_profile),
        cmocka_unit_test(test_mmpp),
        cmocka_unit_test(test_trace),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_closed),
        cmocka_unit_test(test_closed_instant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
