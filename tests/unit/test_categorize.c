/* Which endpoints a node's proxy uses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "models/network/categorize.h"
#include "models/world.h"

enum {
    R = ENDPOINT_READY | ENDPOINT_SERVING,
    T = ENDPOINT_SERVING | ENDPOINT_TERMINATING, /* serves to the end */
    D = ENDPOINT_TERMINATING,
    BOTH = USE_CLUSTER | USE_LOCAL,
    A = HINT_ZONES | HINT_ZONE,
    B = HINT_ZONES,
    N = HINT_NODES | HINT_NODE,
    M = HINT_NODES
};

static void policies(void **state)
{
    static const struct {
        bool internal, external, accessible, cluster, local;
    } rows[] = {
        {false, false, false, true, false}, {false, false, true, true, false},
        {false, true, false, true, false},  {false, true, true, true, true},
        {true, false, false, false, true},  {true, false, true, true, true},
        {true, true, false, false, true},   {true, true, true, true, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct proxy_service s = categorize_service(
            rows[i].internal, rows[i].external, rows[i].accessible);

        assert_int_equal(s.cluster, rows[i].cluster);
        assert_int_equal(s.local, rows[i].local);
    }
}

/* Two endpoints here, two elsewhere. */
static void uses(void **state)
{
    static const struct {
        struct proxy_service service;
        uint8_t flags[4], hints[4], use[4];
        bool any;
    } rows[] = {
        /* The ready ones; without, those that end but serve. */
        {{.cluster = true}, {R, 0, R, T}, {0}, {1, 0, 1, 0}, true},
        {{.cluster = true}, {T, 0, D, T}, {0}, {1, 0, 0, 1}, true},
        {{.cluster = true}, {D, 0, D, 0}, {0}, {0}, false},
        {{.cluster = true, .only_ready = true}, {T, 0, D, T}, {0}, {0}, false},
        {{.cluster = true, .only_ready = true},
         {T, R, D, T},
         {0},
         {0, 1, 0, 0},
         true},
        /* Local: those that end here are used though others are ready. */
        {{.local = true}, {T, D, R, R}, {0}, {2, 0, 0, 0}, true},
        {{.local = true}, {T, R, R, R}, {0}, {0, 2, 0, 0}, true},
        {{.local = true}, {D, 0, R, T}, {0}, {0}, true},
        {{.local = true}, {D, 0, D, 0}, {0}, {0}, false},
        {{.cluster = true, .local = true},
         {T, 0, R, T},
         {0},
         {2, 0, 1, 0},
         true},
        /* Hints count where all that are ready have them. */
        {{.cluster = true}, {R, R, R, T}, {A, B, A, 0}, {1, 0, 1, 0}, true},
        {{.cluster = true}, {R, R, R, R}, {A, B, A, 0}, {1, 1, 1, 1}, true},
        {{.cluster = true}, {R, R, R, R}, {B, B, B, B}, {1, 1, 1, 1}, true},
        {{.cluster = true}, {T, T, 0, 0}, {A, B, A, 0}, {1, 1, 0, 0}, true},
        {{.cluster = true, .local = true},
         {R, R, R, R},
         {A, B, A, B},
         {BOTH, USE_LOCAL, USE_CLUSTER, 0},
         true},
        {{.cluster = true},
         {R, R, R, R},
         {A | N, A | M, B | M, B | M},
         {1, 1, 0, 0},
         true},
        {{.cluster = true, .prefer_node = true},
         {R, R, R, R},
         {A | N, A | M, B | M, B | M},
         {1, 0, 0, 0},
         true},
        {{.cluster = true, .prefer_node = true},
         {R, R, R, R},
         {A | M, A | M, B | M, B | M},
         {1, 1, 0, 0},
         true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct proxy_endpoint e[4];

        for (size_t j = 0; j < 4; j++)
            e[j] = (struct proxy_endpoint){.flags = rows[i].flags[j],
                                           .hints = rows[i].hints[j],
                                           .local = j < 2,
                                           .use = 0xff};
        assert_int_equal(categorize_endpoints(&rows[i].service, e, 4),
                         rows[i].any);
        for (size_t j = 0; j < 4; j++)
            assert_int_equal(e[j].use, rows[i].use[j]);
    }
    assert_false(categorize_endpoints(&rows[0].service, NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies),
        cmocka_unit_test(uses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
