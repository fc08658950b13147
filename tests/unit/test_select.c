/*
 * Labels, selectors, taints: cases of apimachinery's and component-helpers'
 * rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "models/intern.h"
#include "models/select.h"

static const struct label items[] = {
    {"app", "web"}, {"env", "prod"}, {"generation", "7"}, {"word", "x"}};
static const struct labels labels = {4, items};

static void test_labels(void **state)
{
    const struct labels none = {0, NULL};
    const struct labels two = {2, items};

    (void)state;
    assert_string_equal(labels_get(&labels, "app"), "web");
    assert_string_equal(labels_get(&labels, "word"), "x");
    assert_null(labels_get(&labels, "apple"));
    assert_null(labels_get(&labels, ""));
    assert_null(labels_get(&none, "app"));
    assert_true(labels_contain(&labels, &two));
    assert_false(labels_contain(&two, &labels));
    assert_true(labels_contain(&none, &none));
}

/* A StatefulSet's pod: name and index take the place of the template's. */
static void test_stateful(void **state)
{
    static const struct label given[] = {
        {"apps.kubernetes.io/pod-index", "9"}, {"app", "db"}, {"zz", "1"}};
    const struct label sorted[] = {given[1], given[0], given[2]};
    const struct labels own = {3, sorted}, plain = {1, sorted};
    const struct requirement asks = {.key =
                                         "statefulset.kubernetes.io/pod-name",
                                     .operator= SELECTOR_EXISTS };
    const struct selector s = {.count = 1, .items = &asks}, none = {0};
    struct label out[5];
    struct labels l = {.items = out};

    (void)state;
    l.count = labels_of_stateful(&own, "db-2", "2", out);
    assert_int_equal(l.count, 4);
    assert_string_equal(labels_get(&l, "app"), "db");
    assert_string_equal(labels_get(&l, "apps.kubernetes.io/pod-index"), "2");
    assert_string_equal(labels_get(&l, "statefulset.kubernetes.io/pod-name"),
                        "db-2");
    assert_string_equal(labels_get(&l, "zz"), "1");
    assert_true(selector_matches(&s, &l));
    assert_true(selector_names_pod(&s));
    assert_false(selector_names_pod(&none));
    l.count = labels_of_stateful(&plain, "db-2", NULL, out);
    assert_int_equal(l.count, 2);
    assert_null(labels_get(&l, "apps.kubernetes.io/pod-index"));
}

static void test_requirements(void **state)
{
    static const struct {
        const char *key;
        enum selector_operator relation;
        const char *values[2];
        bool matches;
    } cases[] = {
        {"app", SELECTOR_IN, {"db", "web"}, true},
        {"app", SELECTOR_IN, {"db", NULL}, false},
        {"none", SELECTOR_IN, {"db", NULL}, false},
        {"app", SELECTOR_NOT_IN, {"db", NULL}, true},
        {"app", SELECTOR_NOT_IN, {"web", NULL}, false},
        {"none", SELECTOR_NOT_IN, {"web", NULL}, true},
        {"app", SELECTOR_EXISTS, {NULL, NULL}, true},
        {"none", SELECTOR_EXISTS, {NULL, NULL}, false},
        {"app", SELECTOR_DOES_NOT_EXIST, {NULL, NULL}, false},
        {"none", SELECTOR_DOES_NOT_EXIST, {NULL, NULL}, true},
        {"generation", SELECTOR_GT, {"6", NULL}, true},
        {"generation", SELECTOR_GT, {"7", NULL}, false},
        {"generation", SELECTOR_LT, {"10", NULL}, true},
        {"word", SELECTOR_GT, {"1", NULL}, false},
        {"none", SELECTOR_LT, {"1", NULL}, false},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct requirement r = {.key = cases[i].key, .values = cases[i].values};

        r.operator= cases[i].relation;
        while (r.count < 2 && cases[i].values[r.count])
            r.count++;
        if (requirement_matches(&r, &labels) != cases[i].matches)
            fail_msg("case %zu: %s", i, cases[i].key);
    }
}

static void test_selectors(void **state)
{
    const char *web = "web", *test = "test";
    struct requirement two[2] = {{.key = "app", .count = 1, .values = &web},
                                 {.key = "env", .count = 1, .values = &test}};
    struct selector all = {0}, nothing = {.nothing = true};
    struct selector one = {.count = 1, .items = two};
    struct selector both = {.count = 2, .items = two};

    (void)state;
    assert_true(selector_matches(&all, &labels));
    assert_false(selector_matches(&nothing, &labels));
    assert_true(selector_matches(&one, &labels));
    assert_false(selector_matches(&both, &labels));
}

static void test_tolerations(void **state)
{
    static const struct taint taint = {"key", "value", TAINT_NO_EXECUTE};
    static const struct {
        const char *label;
        struct toleration t;
        bool matches;
    } cases[] = {
        {"equal", {"key", false, "value", TAINT_NO_EXECUTE, 0, 0}, true},
        {"other value", {"key", false, "x", TAINT_NO_EXECUTE, 0, 0}, false},
        {"exists", {"key", true, "", TAINT_NO_EXECUTE, 0, 0}, true},
        {"every effect", {"key", true, "", -1, 0, 0}, true},
        {"other effect", {"key", true, "", TAINT_NO_SCHEDULE, 0, 0}, false},
        {"every key", {NULL, true, "", -1, 0, 0}, true},
        {"every key, one effect",
         {NULL, true, "", TAINT_NO_SCHEDULE, 0, 0},
         false},
        {"other key", {"k", true, "", -1, 0, 0}, false},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (toleration_matches(&cases[i].t, &taint) != cases[i].matches)
            fail_msg("%s", cases[i].label);
}

static void test_untolerated(void **state)
{
    static const struct taint taints[] = {
        {"a", "", TAINT_PREFER_NO_SCHEDULE},
        {"b", "", TAINT_NO_SCHEDULE},
        {"c", "", TAINT_NO_EXECUTE},
    };
    static const struct toleration b = {"b", true, "", -1, 0, 0};
    unsigned hard = 1U << TAINT_NO_SCHEDULE | 1U << TAINT_NO_EXECUTE;

    (void)state;
    assert_ptr_equal(taints_untolerated(taints, 3, NULL, 0, hard), &taints[1]);
    assert_ptr_equal(taints_untolerated(taints, 3, &b, 1, hard), &taints[2]);
    assert_null(taints_untolerated(taints, 2, &b, 1, hard));
    assert_null(taints_untolerated(NULL, 0, NULL, 0, hard));
}

static void test_scaled(void **state)
{
    static const struct {
        struct int_or_percent v;
        int total;
        bool up;
        int want;
    } cases[] = {
        {{true, 25}, 10, true, 3},
        {{true, 25}, 10, false, 2},
        {{true, 25}, 4, true, 1},
        {{true, 25}, 1, false, 0},
        {{true, 0}, 10, true, 0},
        {{true, 100}, 7, false, 7},
        {{false, 3}, 10, true, 3},
        {{true, 30}, 1, true, 1},
        {{true, 25}, 2000000000, false, 500000000},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(
            int_or_percent_scaled(cases[i].v, cases[i].total, cases[i].up),
            cases[i].want);
}

static void test_intern(void **state)
{
    struct intern *in = intern_new();
    char text[] = "hello";
    const char *first = intern(in, text);
    int numbers[] = {1, 2, 3};
    const int *copy = intern_copy(in, numbers, 3, sizeof(int));
    const char *big, *all[5000];
    char pad[20000];
    int i;

    (void)state;
    assert_null(intern(in, NULL));
    assert_string_equal(first, "hello");
    text[0] = 'j';
    assert_string_equal(first, "hello");
    assert_ptr_equal(intern_printf(in, "%s%d", "hel", 0), intern(in, "hel0"));
    assert_ptr_equal(intern(in, "hello"), first);
    assert_int_equal(copy[2], 3);
    assert_null(intern_copy(in, numbers, 0, sizeof(int)));
    memset(pad, 'x', sizeof pad);
    pad[sizeof pad - 1] = '\0';
    big = intern_printf(in, "%s!", pad);
    assert_int_equal(strlen(big), sizeof pad);
    for (i = 0; i < 5000; i++)
        all[i] = intern_printf(in, "name-%d", i);
    for (i = 0; i < 5000; i++)
        assert_ptr_equal(intern_printf(in, "name-%d", i), all[i]);
    intern_free(in);
    intern_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels),       cmocka_unit_test(test_stateful),
        cmocka_unit_test(test_requirements), cmocka_unit_test(test_selectors),
        cmocka_unit_test(test_tolerations),  cmocka_unit_test(test_untolerated),
        cmocka_unit_test(test_scaled),       cmocka_unit_test(test_intern),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
