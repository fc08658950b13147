#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/experiment/factor.h"

static const struct place nowhere = {.file = "--vary"};

static void values_are_split_outside_brackets(void **state)
{
    static const struct {
        const char *text;
        const char *path, *values[4];
    } cases[] = {
        {"replicas=3,5", "replicas", {"3", "5"}},
        {"a.b= x , y ", "a.b", {"x", "y"}},
        {"s={p2c: {choices: 2, x: 3}},random",
         "s",
         {"{p2c: {choices: 2, x: 3}}", "random"}},
        {"t[a=b,c].x='1,2',[3,4]", "t[a=b,c].x", {"'1,2'", "[3,4]"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct factors factors = {0};
        struct diag *diag = diag_new();
        const struct factor *factor;
        size_t n = 0;

        assert_true(factors_parse(&factors, cases[i].text, nowhere, diag));
        factor = &factors.list.items[0];
        assert_string_equal(factor->path, cases[i].path);
        for (; n < 4 && cases[i].values[n]; n++)
            assert_string_equal(factor->values.items[n].text,
                                cases[i].values[n]);
        assert_int_equal(factor->values.count, n);
        factors_release(&factors);
        diag_free(diag);
    }
}

static void what_is_wrong_is_said(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"replicas", "expected PATH=VALUE,VALUE.."},
        {"=3", "expected PATH=VALUE,VALUE.."},
        {"replicas=", "an empty value for 'replicas'"},
        {"replicas=3,,4", "an empty value for 'replicas'"},
        {"replicas=3,3", "value '3' is given twice"},
        {"a=1", "'a' is varied twice"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct factors factors = {0};
        struct diag *diag = diag_new();

        assert_true(factors_parse(&factors, "a=0", nowhere, diag));
        assert_false(factors_parse(&factors, cases[i].text, nowhere, diag));
        assert_string_equal(diag_first_error(diag), cases[i].says);
        factors_release(&factors);
        diag_free(diag);
    }
}

static void expect_name(const struct variants *v, size_t variant,
                        const char *expected)
{
    char *name = variant_name(v, variant);

    assert_string_equal(name, expected);
    free(name);
}

static void a_factorial_names_its_variants(void **state)
{
    struct factors factors = {0};
    struct diag *diag = diag_new();
    size_t *lengths, wanted[] = {1, 0};
    struct design design;
    struct variants v;

    (void)state;
    assert_true(factors_parse(&factors, "s=a,b", nowhere, diag));
    assert_true(factors_parse(&factors, "r=3,5,9", nowhere, diag));
    lengths = factors_lengths(&factors);
    design = design_factorial(lengths, 2);
    v = variants_of(&factors, &design, NULL, NULL);
    assert_int_equal(v.count, 6);
    expect_name(&v, 0, "s=a;r=3");
    expect_name(&v, 1, "s=a;r=5");
    expect_name(&v, 5, "s=b;r=9");
    assert_int_equal(variants_find(&v, wanted), 3);
    variants_keep(&v, (bool[]){true, false, true, false, true, true});
    assert_int_equal(v.count, 4);
    assert_int_equal(v.of_point[2], 1);
    assert_true(v.of_point[3] == SIZE_MAX);
    assert_int_equal(variants_find(&v, wanted), 4);
    variants_release(&v);
    design_release(&design);
    free(lengths);
    factors_release(&factors);
    diag_free(diag);
}

static char *whole(void *self, size_t factor, double x)
{
    (void)self;
    (void)factor;
    return mem_printf("%.0f", x);
}

/* Points that come to the same values are one variant. */
static void samples_become_values(void **state)
{
    struct factors factors = {0};
    struct factor *factor = factors_add(&factors, "r", nowhere);
    size_t lengths[] = {0};
    struct design design;
    struct variants v;

    (void)state;
    factor->sampled = true;
    factor->dist = dist_uniform(0, 10);
    design = design_latin_hypercube(lengths, 1, 50, 1);
    v = variants_of(&factors, &design, whole, NULL);
    assert_int_equal(v.points, 50);
    assert_int_equal(v.count, 11);
    for (size_t p = 0; p < 50; p++) {
        double x = 10 * design_at(&design, p, 0)->u;
        char text[32];
        size_t variant = v.of_point[p];

        snprintf(text, sizeof text, "r=%.0f", x);
        expect_name(&v, variant, text);
    }
    variants_release(&v);
    design_release(&design);
    factors_release(&factors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_split_outside_brackets),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_factorial_names_its_variants),
        cmocka_unit_test(samples_become_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
