#include "models/warm_up.h"
#include "sim/engine/sim.h"
#include "tests/unit/scenario_fixture.h"

/* A queue with a server for everyone fills with the time constant of a
 * minute: after 4.6 of these 1 % is missing. */
#define FILLING(duration, warm_up)                                             \
    SCENARIO("  preset: ideal\n  duration: " duration "\n  warmUp: " warm_up   \
             "\n  workloads:\n"                                                \
             "  - {serviceTime: {exponential: {mean: 60s}}, concurrency: "     \
             "unlimited}\n  traffic:\n  - {name: t, service: s, arrivals: "    \
             "{poisson: {rate: 20/s}}, timeout: never}\n  timeline:\n"         \
             "  - kubectl: create deployment s --image=s\n"                    \
             "  - kubectl: expose deployment s --port=80\n")

static bool stop(void *self, double fraction)
{
    (void)self;
    (void)fraction;
    return false;
}

static void a_start_is_found_and_said(void **state)
{
    struct diag *diag = diag_new();
    struct fixture f;
    sim_time first;

    (void)state;
    loads(&f, FILLING("30m", "mser"));
    assert_true(f.s->warm_up_mser && f.s->warm_up_auto);
    assert_true(warm_up_detect(f.s, NULL, NULL, diag));
    first = f.s->warm_up_more;
    assert_true(first >= 2 * SIM_MIN && first <= 8 * SIM_MIN);
    assert_int_equal(diag_warnings(diag), 0);
    assert_non_null(strstr(f.s->assumptions[0], "MSER-5"));
    end(&f);
    loads(&f, FILLING("30m", "mser")); /* the same again */
    assert_true(warm_up_detect(f.s, NULL, NULL, diag));
    assert_true(f.s->warm_up_more == first);
    end(&f);
    diag_free(diag);
}

static void too_short_to_tell(void **state)
{
    struct diag *diag = diag_new();
    struct fixture f;

    (void)state;
    loads(&f, FILLING("1m", "mser"));
    assert_true(warm_up_detect(f.s, NULL, NULL, diag));
    assert_int_equal(f.s->warm_up_more, 30 * SIM_S);
    assert_int_equal(diag_warnings(diag), 1);
    end(&f);
    diag_free(diag);
}

static void only_where_it_is_asked_for(void **state)
{
    struct diag *diag = diag_new();
    struct fixture f;
    size_t assumptions;

    (void)state;
    loads(&f, FILLING("1m", "auto"));
    assumptions = f.s->assumption_count;
    assert_true(warm_up_detect(f.s, stop, NULL, diag)); /* runs nothing */
    assert_true(f.s->warm_up_more == 0);
    assert_int_equal(f.s->assumption_count, assumptions);
    end(&f);
    loads(&f, FILLING("1m", "mser"));
    assert_false(warm_up_detect(f.s, stop, NULL, diag));
    end(&f);
    diag_free(diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_is_found_and_said),
        cmocka_unit_test(too_short_to_tell),
        cmocka_unit_test(only_where_it_is_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
