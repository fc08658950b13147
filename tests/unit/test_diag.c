/* Messages: their order, their number, their hints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/io/diag.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void assert_printed(const struct diag *diag, const char *want)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    diag_print(diag, out);
    fclose(out);
    assert_string_equal(text, want);
    free(text);
}

static struct place at(const char *file, int line, int column)
{
    struct place place = {file, line, column};

    return place;
}

static void sorts(void **state)
{
    struct diag *diag = diag_new();

    (void)state;
    assert_printed(diag, "");
    diag_error(diag, at("b.yaml", 7, 3), "seven %d", 7);
    diag_hint(diag, "mend it");
    diag_hint(diag, "or not");
    diag_warning(diag, at("a.yaml", 1, 1), "first");
    diag_error(diag, at("b.yaml", 2, 9), "two");
    diag_error(diag, at("b.yaml", 2, 4), "before two");
    diag_note(diag, at("b.yaml", 0, 0), "whole file");
    diag_note(diag, at(NULL, 0, 0), "from the program");
    diag_error(diag, at("b.yaml", 9, 0), "no column");
    assert_int_equal(diag_errors(diag), 4);
    assert_int_equal(diag_warnings(diag), 1);
    assert_printed(diag, "b.yaml: note: whole file\n"
                         "b.yaml:2:4: error: before two\n"
                         "b.yaml:2:9: error: two\n"
                         "b.yaml:7:3: error: seven 7\n"
                         "  mend it\n"
                         "  or not\n"
                         "b.yaml:9: error: no column\n"
                         "a.yaml:1:1: warning: first\n"
                         "podchurn: note: from the program\n");
    diag_free(diag);
    diag_free(NULL);
}

static void counts(void **state)
{
    struct diag *diag = diag_new();
    char *text = NULL;
    size_t size = 0;
    FILE *out;
    int i;

    (void)state;
    for (i = 0; i < 3; i++) {
        diag_error(diag, at("f", 1, 1), "same");
        diag_hint(diag, "once");
    }
    assert_int_equal(diag_errors(diag), 1);
    assert_printed(diag, "f:1:1: error: same\n  once\n");
    for (i = 0; i < 60; i++) {
        diag_error(diag, at("f", i + 2, 1), "another");
        diag_hint(diag, "hint %d", i);
    }
    assert_int_equal(diag_errors(diag), 61);
    out = open_memstream(&text, &size);
    diag_print(diag, out);
    fclose(out);
    assert_non_null(strstr(text, "f:50:1: error: another\n  hint 48\n"
                                 "podchurn: 11 more errors\n"));
    assert_null(strstr(text, "f:51:1"));
    free(text);
    diag_free(diag);
}

static void cleans(void **state)
{
    struct diag *diag = diag_new();
    char *big = malloc(100000);

    (void)state;
    diag_error(diag, at("f", 1, 1), "a\033[31m\nb\tc\x7f '%.5s' \xff",
               "tsch\xc3\xbc\xc3\xbc");
    diag_error(diag, at("f", 2, 1),
               "gr\xc3\xbc\xc3\x9f"
               "e");
    assert_printed(diag, "f:1:1: error: a?[31m b c? 'tsch?' ?\n"
                         "f:2:1: error: gr\xc3\xbc\xc3\x9f"
                         "e\n");
    memset(big, 'x', 99999);
    big[99999] = '\0';
    diag_error(diag, at("f", 3, 1), "%s", big);
    diag_hint(diag, "%s", big);
    diag_suggest(diag, big, (const char *const[]){"a", big, NULL});
    free(big);
    assert_int_equal(diag_errors(diag), 3);
    diag_free(diag);
}

static void suggests(void **state)
{
    static const char *const words[] = {"replicas", "serviceTime", "cpu",
                                        "on",       "probability", NULL};
    static const struct {
        const char *wrong, *want;
    } cases[] = {
        {"replica", "replicas"},
        {"relpicas", "replicas"},
        {"REPLICAS", "replicas"},
        {"repl", NULL},
        {"servicetime", "serviceTime"},
        {"service-time", "serviceTime"},
        {"time", NULL},
        {"cpus", "cpu"},
        {"gpu", "cpu"},
        {"pcu", "cpu"},
        {"no", NULL},
        {"ON", "on"},
        {"", NULL},
        {"probabilty", "probability"},
        {"propabilitty", "probability"},
        {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
         NULL},
    };
    static const char *const many[] = {"a1",  "a2",  "a3",  "a4", "a5",
                                       "a6",  "a7",  "a8",  "a9", "a10",
                                       "a11", "a12", "a13", NULL};
    struct diag *diag = diag_new();
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const char *got = diag_nearest(cases[i].wrong, words);

        if ((got != NULL) != (cases[i].want != NULL) ||
            (got && strcmp(got, cases[i].want) != 0))
            fail_msg("'%s' is near '%s', want '%s'", cases[i].wrong,
                     got ? got : "none",
                     cases[i].want ? cases[i].want : "none");
    }
    diag_error(diag, at("f", 1, 1), "one");
    diag_suggest(diag, "replica", words);
    diag_error(diag, at("f", 2, 1), "two");
    diag_suggest(diag, "nothing", words);
    diag_error(diag, at("f", 3, 1), "three");
    diag_suggest(diag, "nothing", many);
    diag_suggest(diag, "nothing", many + 13);
    assert_printed(diag,
                   "f:1:1: error: one\n  did you mean 'replicas'?\n"
                   "f:2:1: error: two\n"
                   "  known: replicas, serviceTime, cpu, on, probability\n"
                   "f:3:1: error: three\n");
    diag_free(diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts),
        cmocka_unit_test(counts),
        cmocka_unit_test(cleans),
        cmocka_unit_test(suggests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
