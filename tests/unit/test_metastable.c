/*
 * test_metastable - what counts as a metastable failure, and what does not.
 */
#include "tests/unit/metrics_fixture.h"

/* Two requests a second until 200 s all well, then so until `end`. */
static const struct {
    const char *label;
    enum cause cause;
    incident_id origin;
    double rate, end, good; /* good: share that succeeds */
    double want;
} cases[] = {
    {"stays down", CAUSE_TIMEOUT, INCIDENT_OVERLOAD, 2, 800, 0, 600},
    {"a third gets through", CAUSE_TIMEOUT, INCIDENT_OVERLOAD, 2, 800, 0.33,
     600},
    {"most get through", CAUSE_TIMEOUT, INCIDENT_OVERLOAD, 2, 800, 0.67, 0},
    {"less load than was borne", CAUSE_OVERLOADED, INCIDENT_OVERLOAD, 1, 800, 0,
     600},
    {"more load than was borne", CAUSE_TIMEOUT, INCIDENT_OVERLOAD, 5, 800, 0,
     0},
    {"recovers in time", CAUSE_TIMEOUT, INCIDENT_OVERLOAD, 2, 370, 0, 0},
    {"recovers too late", CAUSE_TIMEOUT, INCIDENT_OVERLOAD, 2, 380, 0, 180},
    {"a fault lasts", CAUSE_TIMEOUT, INCIDENT_STARTUP, 2, 800, 0, 0},
    {"errors", CAUSE_APP_ERROR, INCIDENT_NONE, 2, 800, 0, 0},
};

/* Whether the n-th request is among the good ones, evenly spread. */
static bool is_good(double good, int n)
{
    return floor(good * (n + 1)) > floor(good * n);
}

static double run(size_t i)
{
    struct rig r;
    double t = 0, value;

    make_scenario(&r);
    start(&r);
    pod_up(&r, INCIDENT_STARTUP);
    pod_up(&r, INCIDENT_STARTUP);
    publish(&r, INCIDENT_STARTUP, 0, 1, -1);
    begin(&r);
    for (int n = 0; t < DURATION - 1; n++) {
        bool bad = t >= 200 && t < cases[i].end && !is_good(cases[i].good, n);

        at(&r, t);
        request(&r, 0, bad ? cases[i].cause : CAUSE_NONE, cases[i].origin, 0);
        t += t >= 200 && t < cases[i].end ? 1 / cases[i].rate : 0.5;
    }
    end(&r);
    value = web(&r, "metastable_seconds");
    finish(&r);
    return value;
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double got = run(i);

        if (fabs(got - cases[i].want) > 1e-9)
            fail_msg("%s: %g s, not %g s", cases[i].label, got, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
