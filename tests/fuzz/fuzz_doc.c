/*
 * fuzz_doc - any bytes as a document, and what it holds as values.
 *
 *   fuzz_doc            changes built-in documents at random, always the same
 *   fuzz_doc FILE...    feeds files, for instance those that a fuzzer found
 *
 * With libFuzzer, which has its own main:
 *   clang -DFUZZER -fsanitize=fuzzer,address -I. -D_POSIX_C_SOURCE=200809L \
 *     tests/fuzz/fuzz_doc.c sim/io/?*.c sim/engine/?*.c \
 *     sim/engine/dist/?*.c -lyaml -lcsv -lgsl -lgslcblas -lm
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"
#include "sim/io/doc.h"
#include "sim/io/param.h"
#include "sim/io/units.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What prints must read back to the same. */
static void try_units(const char *text)
{
    char buffer[32];
    double number, number_back;
    sim_time t, t_back;
    int64_t value;

    if (units_duration(text, &t)) {
        units_format_duration(t, buffer, sizeof buffer);
        assert(units_duration(buffer, &t_back) && t == t_back);
    }
    if (units_double(text, &number)) {
        units_format_double(number, buffer, sizeof buffer);
        assert(units_double(buffer, &number_back));
        assert(memcmp(&number, &number_back, sizeof number) == 0);
    }
    units_quantity(text, 1000, &value);
    units_ratio(text, &number);
    units_rate(text, &number);
    units_int(text, &value);
}

static void try_dist(struct doc_node *node, struct diag *diag, FILE *out)
{
    struct dist d;

    if (node->kind == DOC_MAPPING &&
        (node->count != 1 || strcmp(node->first->key, "empirical") == 0))
        return; /* it names a file, and that might be any */
    if (!param_read_dist(node, &d, diag))
        return;
    assert(d.kind);
    param_print_dist(&d, out);
    dist_release(&d);
}

static void try_node(struct doc_node *node, int depth, struct diag *diag,
                     FILE *out)
{
    struct doc_node *child;
    size_t count = 0;

    assert(depth <= 101 && node->place.line >= 1 && node->place.column >= 1);
    assert(node->text && (node->kind == DOC_SCALAR || !*node->text));
    try_dist(node, diag, out);
    if (node->kind == DOC_SCALAR)
        try_units(node->text);
    for (child = node->first; child; child = child->next) {
        assert(child->parent == node);
        assert((child->key != NULL) == (node->kind == DOC_MAPPING));
        try_node(child, depth + 1, diag, out);
        count++;
    }
    assert(count == node->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct place place = {"--set", 0, 0};
    char *text = mem_strndup((const char *)data, size);
    struct doc_set *set = doc_set_new();
    struct diag *diag = diag_new();
    FILE *out = fopen("/dev/null", "w");
    size_t i, count;
    bool ok = doc_read_text(set, "fuzz", text, diag);

    assert(out && ok == (diag_errors(diag) == 0));
    count = doc_count(set);
    for (i = 0; i < count; i++) {
        struct doc_node *copy = doc_copy(set, doc_root(set, i));

        try_node(copy, 1, diag, out);
        doc_unused(doc_root(set, i), diag);
        doc_set_path(set, copy, text, "{a: 1}", place, diag);
        doc_set_path(set, copy, "a.b[0]", text, place, diag);
    }
    assert(doc_count(set) == count);
    diag_print(diag, out);
    fclose(out);
    diag_free(diag);
    doc_set_free(set);
    free(text);
    return 0;
}

#ifndef FUZZER

enum { ROUNDS = 20000, CHANGES_MAX = 8, ROOM = 4096 };

static const char *const seeds[] = {
    "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {x: 'y'}}\n"
    "spec:\n  containers:\n  - name: c\n    image: \"i:1\"\n"
    "    resources: {requests: {cpu: 100m, memory: 128Mi}}\n",
    "{\n\t\"a\": [1, 2.5e3, true, null, \"\\ud83d\\ude00\\n\"],\n"
    "\t\"b\": {\"c\": {}}\n}\n",
    "a: &a {x: 1, y: 5ms}\nb: {<<: *a, z: 1h30m}\nc: [*a, *a]\n---\nd: |\n"
    "  text\n  more\ne: >-\n  folded\n",
    "after: {weibull: {shape: 0.8, mean: 12h}}\n"
    "repair: {lognormal: {median: 5m, p99: 1h}}\n"
    "x: {hyperexponential: {probabilities: [0.5, 50%], means: [1s, 2s]}}\n"
    "y: never\nz: {exponential: {rate: 5/s}}\n",
    "a.b[0]\n",
};

static const char *const pieces[] = {
    "---\n",
    "...\n",
    ": ",
    "- ",
    "? ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "'",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "|\n",
    ">-\n",
    "#",
    "\t",
    "\r\n",
    "%",
    "@",
    "\\u",
    "\\x00",
    "{{",
    "}}",
    "~",
    "null",
    "1e",
    "9223372036854775807",
    "Ei",
    "-",
    "\xff",
    "\x01",
    "\xc3\xbc",
    "\xef\xbb\xbf",
};

/* xorshift64; from the same state, always the same. */
static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Puts a piece in, takes bytes out, doubles bytes, or changes one. */
static size_t change(char *text, size_t size, uint64_t *state)
{
    const char *piece = pieces[next(state) % (sizeof pieces / sizeof *pieces)];
    size_t at = size > 0 ? next(state) % size : 0;
    size_t length = next(state) % 40;

    switch (next(state) % 4) {
    case 0:
        length = strlen(piece);
        memmove(text + at + length, text + at, size - at);
        memcpy(text + at, piece, length);
        return size + length;
    case 1:
        length = length < size - at ? length : size - at;
        memmove(text + at, text + at + length, size - at - length);
        return size - length;
    case 2:
        length = length < size - at ? length : size - at;
        memmove(text + at + length, text + at, size - at);
        return size + length;
    default:
        if (size > 0)
            text[at] = (char)(next(state) % 128);
        return size;
    }
}

static void feed_changes(void)
{
    uint64_t state = UINT64_C(88172645463325252);
    char text[ROOM];
    int round;

    for (round = 0; round < ROUNDS; round++) {
        const char *seed =
            seeds[(size_t)round % (sizeof seeds / sizeof *seeds)];
        size_t size = strlen(seed);
        uint64_t changes = next(&state) % CHANGES_MAX;

        memcpy(text, seed, size);
        for (; changes > 0; changes--)
            size = change(text, size, &state);
        LLVMFuzzerTestOneInput((const uint8_t *)text, size);
    }
    printf("%d documents\n", ROUNDS);
}

static int feed_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *bytes = mem_alloc(1 << 24);
    size_t size;

    if (!file) {
        perror(path);
        free(bytes);
        return 1;
    }
    size = fread(bytes, 1, 1 << 24, file);
    fclose(file);
    LLVMFuzzerTestOneInput((const uint8_t *)bytes, size);
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    int failed = 0, i;

    if (argc == 1)
        feed_changes();
    for (i = 1; i < argc; i++)
        failed |= feed_file(argv[i]);
    return failed;
}

#endif
