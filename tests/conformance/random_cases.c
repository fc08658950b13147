/*
 * random_cases - known answers of the generator.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/rng.h"
#include "sim/io/units.h"
#include "tests/conformance/conformance.h"

/* "a_b_c" in hexadecimal, after `key` in text. Returns how many. */
static size_t read_words(const char *text, const char *key, uint64_t *words,
                         size_t most)
{
    const char *at = strstr(text, key);
    size_t count = 0;

    if (!at)
        return 0;
    at += strlen(key);
    while (count < most) {
        char *rest;

        words[count++] = strtoull(at, &rest, 16);
        if (*rest != '_')
            break;
        at = rest + 1;
    }
    return count;
}

static void case_philox(struct test_case *c)
{
    const char *seed = case_field(c, "seed");
    const char *rounds = strstr(seed, "rounds=");
    uint64_t counter[4] = {0}, key[2] = {0}, out[4];
    char text[128];

    if (!rounds || read_words(seed, "ctr=", counter, 4) != 4 ||
        read_words(seed, "key=", key, 2) != 2) {
        case_fail(c, "bad seed '%s'", seed);
        return;
    }
    rng_philox4x64(counter, key,
                   (unsigned)strtoul(rounds + strlen("rounds="), NULL, 10),
                   out);
    snprintf(text, sizeof text, "0x%016llx 0x%016llx 0x%016llx 0x%016llx",
             (unsigned long long)out[0], (unsigned long long)out[1],
             (unsigned long long)out[2], (unsigned long long)out[3]);
    expect_text(c, "block", case_field(c, "value_hex"), text);
}

/* The next output of the stream is the row's x. */
static void case_to_double(struct test_case *c)
{
    const char *x = strstr(case_field(c, "note"), "x=");
    const char *decimal = case_field(c, "value_dec");
    const char *wanted = *decimal ? decimal : case_field(c, "value_hex");
    struct rng rng = {.next = 0};
    double value;

    if (!x || !units_double(wanted, &value)) {
        case_fail(c, "no x, or bad value '%s'", wanted);
        return;
    }
    rng.buffer[0] = strtoull(x + 2, NULL, 16);
    expect_near(c, "double", value, rng_uniform(&rng), 0);
}

void case_random(struct test_case *c)
{
    if (strcmp(c->group, "u64_to_double") == 0)
        case_to_double(c);
    else
        case_philox(c);
}
