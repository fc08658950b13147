/*
 * cases - reading and comparing, for all families.
 */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/io/units.h"
#include "tests/conformance/conformance.h"

const char *case_field(const struct test_case *c, const char *name)
{
    for (size_t i = 0; i < c->column_count; i++) {
        if (strcmp(c->names[i], name) == 0)
            return c->fields[i];
    }
    return "";
}

/* --- comparing --- */

void case_fail(struct test_case *c, const char *format, ...)
{
    va_list args;

    printf("%s: ", c->id);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    c->failed = true;
}

void case_skip(struct test_case *c, const char *why)
{
    c->skipped = why;
}

void expect_int(struct test_case *c, const char *what, int64_t expected,
                int64_t got)
{
    if (expected != got)
        case_fail(c, "%s: expected %" PRId64 ", got %" PRId64, what, expected,
                  got);
}

void expect_text(struct test_case *c, const char *what, const char *expected,
                 const char *got)
{
    if (strcmp(expected, got) != 0)
        case_fail(c, "%s: expected %s, got %s", what, expected, got);
}

void expect_bool(struct test_case *c, const char *what, bool expected, bool got)
{
    expect_text(c, what, expected ? "true" : "false", got ? "true" : "false");
}

void expect_near(struct test_case *c, const char *what, double expected,
                 double got, double tolerance)
{
    if (!(fabs(expected - got) <= tolerance))
        case_fail(c, "%s: expected %.12g, got %.12g", what, expected, got);
}

/* --- reading --- */

int64_t item_int(struct test_case *c, const struct doc_node *node)
{
    int64_t value = 0;
    double number;

    if (units_int(node->text, &value))
        return value;
    if (units_double(node->text, &number) && floor(number) == number)
        return (int64_t)number;
    case_fail(c, "bad integer '%s'", node->text);
    return 0;
}

double item_double(struct test_case *c, const struct doc_node *node)
{
    double value = 0;

    if (!units_double(node->text, &value))
        case_fail(c, "bad number '%s'", node->text);
    return value;
}

int64_t get_int(struct test_case *c, struct doc_node *map, const char *key,
                int64_t otherwise)
{
    const struct doc_node *node = doc_get(map, key);

    return node ? item_int(c, node) : otherwise;
}

double get_double(struct test_case *c, struct doc_node *map, const char *key,
                  double otherwise)
{
    const struct doc_node *node = doc_get(map, key);

    return node ? item_double(c, node) : otherwise;
}

bool get_bool(struct doc_node *map, const char *key, bool otherwise)
{
    const char *text = doc_text(map, key);
    bool value = otherwise;

    return text && units_bool(text, &value) ? value : otherwise;
}

const char *get_text(struct test_case *c, struct doc_node *map, const char *key)
{
    return intern(c->intern, doc_text(map, key));
}

size_t get_items(struct doc_node *map, const char *key, struct doc_node **first)
{
    struct doc_node *node = doc_get(map, key);

    *first = node && node->kind != DOC_SCALAR ? node->first : NULL;
    return *first ? node->count : 0;
}
