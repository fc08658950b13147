/* The rules of EndpointSlices, by tables: packing, conditions. */
#include "models/controllers/endpointslice_rules.h"
#include "tests/unit/control_fixture.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* --- rules; most numbers are of Kubernetes' own tests --- */

static void test_packing(void **state)
{
    static const struct {
        const char *label;
        size_t count;
        struct {
            size_t length, kept;
            bool changed;
        } slices[10];
        size_t more, max;
        const char *then; /* lengths: changed in brackets, new after + */
    } cases[] = {
        {"worse allocation",
         2,
         {{74, 74, false}, {74, 74, false}},
         152,
         100,
         "74 74 +100 +52"},
        {"recycling: nothing to do",
         3,
         {{30, 30, false}, {30, 30, false}, {30, 30, false}},
         0,
         100,
         "30 30 30"},
        {"the fuller of those to be written",
         2,
         {{80, 80, true}, {20, 20, true}},
         15,
         100,
         "[95] [20]"},
        {"five new ones of 50",
         0,
         {{0, 0, false}},
         250,
         50,
         "+50 +50 +50 +50 +50"},
        {"150 and 100", 0, {{0, 0, false}}, 250, 150, "+150 +100"},
        {"one of 250", 0, {{0, 0, false}}, 250, 250, "+250"},
        {"the unchanged one that fits best",
         3,
         {{50, 50, false}, {90, 90, false}, {95, 95, false}},
         8,
         100,
         "50 [98] 95"},
        {"none fits: a new one",
         2,
         {{95, 95, false}, {96, 96, false}},
         6,
         100,
         "95 96 +6"},
        {"filled up, the rest into an unchanged one",
         2,
         {{100, 99, false}, {60, 60, false}},
         21,
         100,
         "[100] [80]"},
        {"an empty one goes",
         2,
         {{5, 0, false}, {60, 60, false}},
         0,
         100,
         "x 60"},
        {"never merged", 2, {{5, 4, false}, {60, 60, false}}, 0, 100, "[4] 60"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct slice_fill fills[10];
        size_t sizes[10], made, used = 0;
        char text[200] = "";

        for (size_t k = 0; k < cases[i].count; k++)
            fills[k] =
                (struct slice_fill){.length = cases[i].slices[k].length,
                                    .kept = cases[i].slices[k].kept,
                                    .changed = cases[i].slices[k].changed};
        made = endpointslice_pack(fills, cases[i].count, cases[i].more,
                                  cases[i].max, sizes);
        for (size_t k = 0; k < cases[i].count; k++) {
            size_t length = fills[k].kept + fills[k].added;
            const char *const formats[] = {"%zu ", "[%zu] ", "x "};

            used += (size_t)snprintf(text + used, sizeof text - used,
                                     formats[fills[k].action], length);
        }
        for (size_t k = 0; k < made; k++)
            used += (size_t)snprintf(text + used, sizeof text - used, "+%zu ",
                                     sizes[k]);
        if (used)
            text[used - 1] = '\0';
        if (strcmp(text, cases[i].then) != 0)
            fail_msg("%s: %s", cases[i].label, text);
    }
}

static void test_listed(void **state)
{
    static const struct {
        bool ended, has_ip, terminating, include, listed;
    } cases[] = {
        {true, true, false, true, false},   {false, true, true, false, false},
        {false, true, true, true, true},    {false, true, false, false, true},
        {false, false, false, true, false}, {true, true, true, true, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (endpointslice_lists(cases[i].ended, cases[i].has_ip,
                                cases[i].terminating,
                                cases[i].include) != cases[i].listed)
            fail_msg("case %zu", i);
    }
}

static void test_conditions(void **state)
{
    enum { R = ENDPOINT_READY, S = ENDPOINT_SERVING, T = ENDPOINT_TERMINATING };
    static const struct {
        bool ready, terminating, publish;
        unsigned flags;
    } cases[] = {
        {true, false, false, R | S}, {true, false, true, R | S},
        {false, false, false, 0},    {false, false, true, R},
        {true, true, false, S | T},  {true, true, true, R | S | T},
        {false, true, false, T},     {false, true, true, R | T},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (endpointslice_flags(cases[i].ready, cases[i].terminating,
                                cases[i].publish) != cases[i].flags)
            fail_msg("case %zu", i);
    }
}

static void test_pod_changed(void **state)
{
    const struct slice_pod before = {.ips = 1, .ready = true, .node = 1};
    struct slice_pod now[] = {before, before, before, before, before, before};
    bool labels;

    (void)state;
    assert_false(endpointslice_pod_changed(&before, &now[0], &labels));
    assert_false(labels);
    now[1].ips = 2;
    now[2].ready = false;
    now[3].terminating = true;
    now[4].node = 2;
    for (size_t i = 1; i <= 4; i++) {
        assert_true(endpointslice_pod_changed(&before, &now[i], &labels));
        assert_false(labels);
    }
    now[5].labels = 9;
    assert_false(endpointslice_pod_changed(&before, &now[5], &labels));
    assert_true(labels);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packing),
        cmocka_unit_test(test_listed),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_pod_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
