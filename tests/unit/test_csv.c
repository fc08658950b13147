/* RFC 4180 out and in. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/io/csv.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void writes(void **state)
{
    char *text = NULL;
    size_t size = 0;
    struct csv out = {open_memstream(&text, &size), false};

    (void)state;
    csv_header(&out, "a,b");
    csv_text(&out, "plain");
    csv_text(&out, "a,b");
    csv_text(&out, "say \"x\"");
    csv_text(&out, "two\nlines");
    csv_text(&out, " blank ");
    csv_text(&out, "");
    csv_text(&out, NULL);
    csv_end(&out);
    csv_int(&out, -5);
    csv_int(&out, INT64_MIN);
    csv_double(&out, 0.1);
    csv_double(&out, 0.1 + 0.2);
    csv_double(&out, NAN);
    csv_double(&out, INFINITY);
    csv_time(&out, 1500000000);
    csv_time(&out, -250000000);
    csv_time(&out, SIM_HOUR);
    csv_time(&out, 0);
    csv_time(&out, SIM_NEVER);
    csv_end(&out);
    csv_text(&out, NULL);
    csv_end(&out);
    fclose(out.file);
    assert_string_equal(
        text, "a,b\r\n"
              "plain,\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",\" blank \",,\r\n"
              "-5,-9223372036854775808,0.1,0.30000000000000004,,inf,"
              "1.5,-0.25,3600,0,\r\n"
              "\r\n");
    free(text);
}

/* Gathers what it reads: fields between bars, rows with their lines. */
struct gathered {
    FILE *out;
    size_t rows, stop_after;
};

static bool gather(void *self, const struct csv_row *row)
{
    struct gathered *g = self;
    size_t i;

    fprintf(g->out, "%zu:", row->line);
    for (i = 0; i < row->count; i++)
        fprintf(g->out, "%s|", row->fields[i]);
    fputc(';', g->out);
    return ++g->rows != g->stop_after;
}

static void read_bytes(const char *bytes, size_t size, bool keep_going,
                       size_t stop_after, size_t *skipped, char *got,
                       size_t got_size)
{
    char path[] = "/tmp/test_csv_XXXXXX";
    struct diag *diag = diag_new();
    struct gathered g = {.stop_after = stop_after};
    char *text = NULL, *name;
    size_t length = 0;
    FILE *file = fdopen(mkstemp(path), "w");
    bool ok;

    fwrite(bytes, 1, size, file);
    fclose(file);
    g.out = open_memstream(&text, &length);
    ok = csv_read(path, gather, gather, &g, keep_going, skipped, diag);
    assert_int_equal(ok, diag_errors(diag) == 0);
    diag_print(diag, g.out);
    fclose(g.out);
    while ((name = strstr(text, path))) /* messages without the path */
        memmove(name, name + strlen(path), strlen(name + strlen(path)) + 1);
    snprintf(got, got_size, "%s", text);
    free(text);
    diag_free(diag);
    unlink(path);
}

static void reads(void **state)
{
    static const struct {
        const char *text, *want, *kept; /* kept: going on; NULL: as want */
        size_t skipped;
    } cases[] = {
        {"a,b\r\n1,2\r\n", "1:a|b|;2:1|2|;", NULL, 0},
        {"a,b\n1,2", "1:a|b|;2:1|2|;", NULL, 0},
        {"\xef\xbb\xbf"
         "a\n1\n",
         "1:a|;2:1|;", NULL, 0},
        {"a,b\n\n\r\n1,2\n", "1:a|b|;4:1|2|;", NULL, 0},
        {"a,b\n\"x,\"\"y\"\"\", z \n", "1:a|b|;2:x,\"y\"| z |;", NULL, 0},
        {"a,b\n\"x\r\ny\",z\n1,2\n", "1:a|b|;2:x\r\ny|z|;4:1|2|;", NULL, 0},
        {"a,b\n,\n", "1:a|b|;2:||;", NULL, 0},
        {"a,b\n\"\",\"\"\n", "1:a|b|;2:||;", NULL, 0},
        {"a,b\n1\n3,4\n", "1:a|b|;:2: error: 1 fields, but the header has 2\n",
         "1:a|b|;3:3|4|;", 1},
        {"a,b\n1,2,3\n3,4\n",
         "1:a|b|;:2: error: 3 fields, but the header has 2\n", "1:a|b|;3:3|4|;",
         1},
        {"a,b\n1,x\"y\n3,4\n", "1:a|b|;:2: error: a quote within a field\n",
         "1:a|b|;3:3|4|;", 1},
        {"a,b\n1,\"x\"y\n3,4\n", "1:a|b|;:2: error: a quote within a field\n",
         "1:a|b|;3:3|4|;", 1},
        {"a,b\n\"1\n,\"x\"y\n3,4\n",
         "1:a|b|;:2: error: a quote within a field\n", "1:a|b|;4:3|4|;", 1},
        {"a,b\n3,4\n1,\"x\n",
         "1:a|b|;2:3|4|;:3: error: a quote that is not closed\n",
         "1:a|b|;2:3|4|;", 1},
        {"", ": error: no header\n", NULL, 0},
        {"\n\n", ": error: no header\n", NULL, 0},
        {"a\"b\n", ":1: error: a quote within a field\n", NULL, 0},
    };
    char got[512];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const char *kept = cases[i].kept ? cases[i].kept : cases[i].want;
        size_t length = strlen(cases[i].text), skipped = 0;

        read_bytes(cases[i].text, length, false, 0, &skipped, got, sizeof got);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%zu: got %s, want %s", i, got, cases[i].want);
        read_bytes(cases[i].text, length, true, 0, &skipped, got, sizeof got);
        if (strcmp(got, kept) != 0 || skipped != cases[i].skipped)
            fail_msg("%zu: got %s, %zu; want %s", i, got, skipped, kept);
    }
    read_bytes("a\n1\n2\n3\n", 8, false, 2, NULL, got, sizeof got);
    assert_string_equal(got, "1:a|;2:1|;");
    read_bytes("a\n1\0002\n3\n", 8, false, 0, NULL, got, sizeof got);
    assert_string_equal(got, "1:a|;:2: error: a NUL character\n");
    read_bytes("a\n1\0002\n3\n", 8, true, 0, NULL, got, sizeof got);
    assert_string_equal(got, "1:a|;3:3|;");
}

static bool count_rows(void *self, const struct csv_row *row)
{
    (void)row;
    ++*(size_t *)self;
    return true;
}

static bool no_rows(void *self, const struct csv_row *row)
{
    (void)self;
    return row->count > 0;
}

/* Rows that lie across the blocks in which a file is read. */
static void reads_blocks(void **state)
{
    char path[] = "/tmp/test_csv_XXXXXX";
    struct diag *diag = diag_new();
    FILE *file = fdopen(mkstemp(path), "w");
    struct csv out = {file, false};
    size_t rows = 0;
    int i;

    (void)state;
    csv_header(&out, "number,text");
    for (i = 0; i < 50000; i++) {
        csv_int(&out, i);
        csv_text(&out, i % 3 ? "x,\r\ny" : "plain");
        csv_end(&out);
    }
    fclose(file);
    assert_true(csv_read(path, no_rows, count_rows, &rows, false, NULL, diag));
    assert_int_equal(rows, 50000);

    file = fopen(path, "w"); /* a quote that swallows the rest */
    fputs("a\n\"", file);
    for (i = 0; i < 3 << 20; i++)
        fputs("1234567\n", file);
    fclose(file);
    assert_false(csv_read(path, no_rows, count_rows, &rows, true, NULL, diag));
    assert_false(csv_read("/nonexistent", no_rows, count_rows, &rows, false,
                          NULL, diag));
    assert_false(
        csv_read("/tmp", no_rows, count_rows, &rows, false, NULL, diag));
    assert_int_equal(diag_errors(diag), 3);
    diag_free(diag);
    unlink(path);
}

/* Row by row: lines of several rows, a quoted one of two lines; the same
 * through gzip; then the end. */
static void check_rows(const char *path)
{
    struct diag *diag = diag_new();
    struct csv_file *file = csv_open(path, diag);
    struct csv_row row;

    assert_true(csv_next(file, &row));
    assert_string_equal(row.fields[1], "b");
    assert_true(csv_next(file, &row));
    assert_string_equal(row.fields[0], "1");
    assert_true(csv_next(file, &row));
    assert_string_equal(row.fields[0], "");
    assert_string_equal(row.fields[1], "3\n4");
    assert_int_equal(row.line, 3);
    assert_false(csv_next(file, &row));
    assert_false(csv_next(file, &row));
    assert_false(csv_failed(file));
    csv_close(file);
    csv_close(NULL);
    assert_int_equal(diag_errors(diag), 0);
    diag_free(diag);
}

static void reads_rows(void **state)
{
    char path[] = "/tmp/podchurn's-csv-XXXXXX", command[128], zipped[64];
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");

    (void)state;
    fputs("a,b\n1,2\n,\"3\n4\"\n", file);
    fclose(file);
    check_rows(path);
    snprintf(command, sizeof command, "gzip \"%s\"", path);
    if (system(command) == 0) {
        snprintf(zipped, sizeof zipped, "%s.gz", path);
        check_rows(zipped);
        unlink(zipped);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes),
        cmocka_unit_test(reads),
        cmocka_unit_test(reads_blocks),
        cmocka_unit_test(reads_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
