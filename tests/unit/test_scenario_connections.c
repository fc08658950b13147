/*
 * test_scenario_connections - spec.traffic[].connections: what is read, and
 * that the completed scenario says the same.
 */
#include "tests/unit/scenario_fixture.h"

static const struct {
    const char *text;
    struct pool_spec pool;
} readings[] = {
    {"perRequest", {false, 2, 1, INT64_MAX, 90 * SIM_S, SIM_NEVER}},
    {"pool", {true, 2, 1, INT64_MAX, 90 * SIM_S, SIM_NEVER}},
    {"{pool: {}}", {true, 2, 1, INT64_MAX, 90 * SIM_S, SIM_NEVER}},
    {"{pool: {size: 5, idleTimeout: never, maxAge: 10m}}",
     {true, 5, 1, INT64_MAX, SIM_NEVER, 600 * SIM_S}},
    {"{pool: {size: 1, streams: unlimited, maxRequests: 1000}}",
     {true, 1, INT64_MAX, 1000, 90 * SIM_S, SIM_NEVER}},
};

static void check(const struct fixture *f, const struct pool_spec *expected)
{
    const struct pool_spec *pool = &f->s->traffic[0].pool;

    assert_int_equal(pool->on, expected->on);
    assert_int_equal(pool->size, expected->size);
    assert_int_equal(pool->streams, expected->streams);
    assert_int_equal(pool->max_requests, expected->max_requests);
    assert_int_equal(pool->idle_timeout, expected->idle_timeout);
    assert_int_equal(pool->max_age, expected->max_age);
}

static void test_readings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof readings / sizeof readings[0]; i++) {
        struct fixture f, again;
        char text[2048];
        char *printed = NULL;
        size_t size;
        FILE *out;

        snprintf(text, sizeof text,
                 SCENARIO("  traffic: [{service: web, connections: %s}]\n") WEB,
                 readings[i].text);
        loads(&f, text);
        check(&f, &readings[i].pool);
        out = open_memstream(&printed, &size);
        scenario_print(f.s, out);
        fclose(out);
        loads(&again, printed);
        check(&again, &readings[i].pool);
        free(printed);
        end(&again);
        end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_readings)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
