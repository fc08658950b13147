/* Documents that must not hang, crash or eat memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/io/doc.h"

/* A text of `count` times `part`, between two others. */
static char *repeat(const char *begin, const char *part, size_t count,
                    const char *end)
{
    size_t length = strlen(part), at = strlen(begin), i;
    char *text = malloc(at + count * length + strlen(end) + 1);

    memcpy(text, begin, at);
    for (i = 0; i < count; i++, at += length)
        memcpy(text + at, part, length);
    strcpy(text + at, end);
    return text;
}

/* The text (freed here) is read, or refused with a message that has `want`
 * in it. */
static void assert_message(char *text, const char *want)
{
    struct doc_set *set = doc_set_new();
    struct diag *diag = diag_new();
    char *got = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&got, &size);

    doc_read_text(set, "t", text, diag);
    diag_print(diag, out);
    fclose(out);
    if (want && !strstr(got, want))
        fail_msg("%.20s: got %s, want %s", text, got, want);
    free(got);
    doc_set_free(set);
    diag_free(diag);
    free(text);
}

static void bears_nonsense(void **state)
{
    enum { MUCH = 9000000 };

    (void)state;
    assert_message(repeat("", "[", MUCH, ""), "more than 100 levels deep");
    assert_message(repeat("", "{", MUCH, ""), "a key is a text");
    assert_message(repeat("", "- ", MUCH, ""), "more than 100 levels deep");
    assert_message(repeat("", "a", MUCH, ""), "a text of more than 4 MiB");
    assert_message(repeat("'", "a", MUCH, "'"), "a text of more than 4 MiB");
    assert_message(repeat("a: |\n", " x\n", MUCH / 2, ""),
                   "a text of more than 4 MiB");
    assert_message(repeat("#", "a", MUCH, "\n[1"), "error");
    assert_message(repeat("&", "a", MUCH, " x"), "error");
    assert_message(repeat("!", "a", MUCH, " x"), "error");
    assert_message(repeat("", "\n", MUCH, ""), "file is empty");
    assert_message(repeat("[", "\n", MUCH, ""), "error");
    assert_message(repeat("", "? ", MUCH, ""), "a key is a text");
    assert_message(repeat("", "&a ", MUCH, ""), "error");
    assert_message(repeat("", "\"", MUCH, ""), "error");
    assert_message(repeat("", ":", MUCH, ""), "error");
    assert_message(repeat("", "}", MUCH, ""), "error");
    assert_message(repeat("", "%", MUCH, ""), "error");
    assert_message(repeat("[", ",", MUCH, "]"), "error");
    assert_message(repeat("", "---\n", MUCH / 10, "["), "error");
    assert_message(repeat("[a", ", a", 1000000, "]"), NULL);
}

/* Ten levels of nine aliases each would be 3.5e9 nodes. */
static void bears_bombs(void **state)
{
    char text[4096] = "a0: &a0 [x]\n";
    char *keys = malloc(16000000);
    size_t length = 0;
    int i, j;

    (void)state;
    for (i = 1; i <= 10; i++) {
        snprintf(text + strlen(text), 64, "a%d: &a%d [", i, i);
        for (j = 0; j < 9; j++)
            snprintf(text + strlen(text), 32, "*a%d,", i - 1);
        strcat(text, "]\n");
    }
    assert_message(strdup(text), "aliases expand to more than a million");

    strcpy(text, "a0: &a0 [x]\n"); /* deep: each level within the last */
    for (i = 1; i <= 150; i++)
        snprintf(text + strlen(text), 64, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    assert_message(strdup(text), "or 100 levels");

    for (i = 0; i < 1000000; i++)
        length += (size_t)sprintf(keys + length, "k%d:\n", i);
    strcpy(keys + length, "k5:\n");
    assert_message(keys, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bears_nonsense),
        cmocka_unit_test(bears_bombs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
