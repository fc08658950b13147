#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/engine/mem.h"

static void test_sizes_of_zero(void **state)
{
    void *blocks[] = {mem_alloc(0), mem_zalloc(0), mem_calloc(0, 8),
                      mem_realloc(NULL, 0, 8), mem_regrow(NULL, 0, 0)};

    (void)state;
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        assert_non_null(blocks[i]);
        free(blocks[i]);
    }
}

static void test_zeroed(void **state)
{
    unsigned char *p = mem_zalloc(1000);

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(p[i], 0);
    free(p);
}

static void test_texts(void **state)
{
    static const struct {
        const char *text;
        size_t length;
        const char *want;
    } cases[] = {
        {"abc", 2, "ab"}, {"abc", 9, "abc"}, {"", 3, ""}, {"abc", 0, ""}};
    char *text = mem_printf("%d-%s", 42, "x");

    (void)state;
    assert_string_equal(text, "42-x");
    free(text);
    text = mem_strdup("pod");
    assert_string_equal(text, "pod");
    free(text);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        text = mem_strndup(cases[i].text, cases[i].length);
        assert_string_equal(text, cases[i].want);
        free(text);
    }
}

static void test_vec(void **state)
{
    VEC_OF(size_t) v = {0};

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        VEC_PUSH(v, i * i);
    assert_int_equal(v.count, 1000);
    assert_true(v.room >= v.count);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(v.items[i], i * i);
    VEC_FREE(v);
    assert_null(v.items);
    assert_int_equal(v.count, 0);
}

static void test_regrow(void **state)
{
    const size_t big = 8 * 1024 * 1024;
    char *p = mem_regrow(NULL, 0, 10);

    (void)state;
    assert_int_equal((uintptr_t)p % 128, 0);
    memcpy(p, "012345678", 10);
    p = mem_regrow(p, 10, big);
    assert_int_equal((uintptr_t)p % 128, 0);
    assert_string_equal(p, "012345678");
    p[big - 1] = 1;
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes_of_zero), cmocka_unit_test(test_zeroed),
        cmocka_unit_test(test_texts),         cmocka_unit_test(test_vec),
        cmocka_unit_test(test_regrow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
