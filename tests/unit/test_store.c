#define _DEFAULT_SOURCE /* mkdtemp */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/engine/mem.h"
#include "sim/experiment/store.h"

enum { VARIANTS = 3, REPLICATIONS = 7, ROWS = 2 };

static const struct store_shape whole = {VARIANTS, REPLICATIONS, ROWS, 0, 0};

static double value_of(size_t v, size_t r, size_t row)
{
    return (double)(v * 100 + r * 10 + row);
}

static void put(struct store *s, size_t v, size_t r)
{
    double values[ROWS];

    for (size_t row = 0; row < ROWS; row++)
        values[row] = value_of(v, r, row);
    assert_true(store_put(s, v, r, values, NULL));
}

static void put_own(struct store *s)
{
    for (size_t v = 0; v < VARIANTS; v++)
        for (size_t r = 0; r < REPLICATIONS; r++)
            if (store_owns(s, v, r))
                put(s, v, r);
}

static void expect_all(const struct store *s)
{
    double values[REPLICATIONS * ROWS];

    for (size_t v = 0; v < VARIANTS; v++) {
        assert_true(store_read(s, v, 0, REPLICATIONS, 0, ROWS, values));
        for (size_t i = 0; i < REPLICATIONS * ROWS; i++)
            assert_true(values[i] == value_of(v, i / ROWS, i % ROWS));
    }
}

static int make_folder(void **state)
{
    char *folder = mem_strdup("/tmp/podchurn-store-XXXXXX");

    *state = mkdtemp(folder);
    return *state ? 0 : -1;
}

static int remove_folder(void **state)
{
    char *folder = *state, *command = mem_printf("rm -rf '%s'", folder);
    int status = system(command);

    free(command);
    free(folder);
    return status;
}

static void what_is_put_is_there(void **state)
{
    struct store *memory = store_new(&whole);
    struct store *files = store_open(*state, &whole);

    assert_non_null(files);
    put_own(memory);
    put_own(files);
    expect_all(memory);
    expect_all(files);
    assert_int_equal(store_sync(files), VARIANTS * REPLICATIONS);
    store_free(memory);
    store_free(files);
}

static void what_was_whole_is_found_again(void **state)
{
    struct store *s = store_open(*state, &whole);
    char *path = mem_printf("%s/values", (char *)*state);
    FILE *file;

    put(s, 0, 0);
    put(s, 1, 3);
    put(s, 2, 6);
    store_free(s);
    /* The last one's checksum does not hold: it was written by half. */
    file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, -1, SEEK_END), 0);
    fputc('x', file);
    fclose(file);
    s = store_open(*state, &whole);
    assert_int_equal(store_count(s), 2);
    assert_true(store_has(s, 0, 0));
    assert_true(store_has(s, 1, 3));
    assert_false(store_has(s, 2, 6));
    put(s, 2, 6);
    assert_true(store_has(s, 2, 6));
    store_free(s);
    free(path);
}

static void parts_belong_to_their_units(void **state)
{
    struct store *s = store_open(*state, &whole);
    double values[ROWS] = {0};
    FILE *part = store_part(s, 1, 2);
    char *path = mem_printf("%s/parts/1-2", (char *)*state);
    char text[8] = "";

    fputs("detail", part);
    assert_true(store_put(s, 1, 2, values, part));
    put(s, 1, 3);
    store_free(s);
    s = store_open(*state, &whole);
    assert_true(store_has(s, 1, 2));
    part = store_open_part(s, 1, 2);
    assert_non_null(fgets(text, sizeof text, part));
    assert_string_equal(text, "detail");
    fclose(part);
    assert_null(store_open_part(s, 1, 3));
    store_free(s);
    /* A part that is cut off: the unit is not there. */
    assert_int_equal(truncate(path, 3), 0);
    s = store_open(*state, &whole);
    assert_false(store_has(s, 1, 2));
    assert_true(store_has(s, 1, 3));
    store_free(s);
    free(path);
}

static void shards_join(void **state)
{
    enum { SHARDS = 4 };
    struct store *shards[SHARDS], *joined;
    size_t units = 0;

    for (size_t k = 0; k < SHARDS; k++) {
        struct store_shape shape = whole;
        char *folder = mem_printf("%s/%zu", (char *)*state, k);

        shape.shard = k + 1;
        shape.shards = SHARDS;
        shards[k] = store_open(folder, &shape);
        assert_non_null(shards[k]);
        put_own(shards[k]);
        assert_int_equal(store_count(shards[k]), store_units(shards[k]));
        units += store_units(shards[k]);
        free(folder);
    }
    assert_int_equal(units, VARIANTS * REPLICATIONS);
    joined = store_join(shards, SHARDS);
    expect_all(joined);
    store_free(joined);
}

static void another_shape_is_refused(void **state)
{
    struct store_shape other = whole;
    struct store *s = store_open(*state, &whole);

    store_free(s);
    other.rows++;
    assert_null(store_open(*state, &other));
}

#define TEST(test)                                                             \
    cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_put_is_there),        TEST(what_was_whole_is_found_again),
        TEST(parts_belong_to_their_units), TEST(shards_join),
        TEST(another_shape_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
