/* Distributions in documents: read, and printed as a user would write. */
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

#include "sim/io/param.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static char *printed(const struct dist *d)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    param_print_dist(d, out);
    fclose(out);
    return text;
}

/* What is printed makes the same distribution, to the last bit. */
static void assert_reads_back(const char *text, const struct dist *d)
{
    struct diag *diag = diag_new();
    struct doc_set *set = doc_set_new();
    struct dist back;

    assert_true(doc_read_text(set, "t", text, diag));
    assert_true(param_read_dist(doc_root(set, 0), &back, diag));
    assert_ptr_equal(back.kind, d->kind);
    assert_memory_equal(back.p, d->p, sizeof d->p);
    dist_release(&back);
    doc_set_free(set);
    diag_free(diag);
}

static void distributions(void **state)
{
    static const struct {
        const char *text;
        double mean;
        const char *printed; /* NULL: as it is */
    } cases[] = {
        {"5ms", 0.005, NULL},
        {"2", 2, "2s"},
        {"0", 0, "0s"},
        {"never", INFINITY, NULL},
        {"{constant: 5ms}", 0.005, "5ms"},
        {"{constant: {value: 5ms}}", 0.005, "5ms"},
        {"{exponential: 20ms}", 0.02, "{exponential: {mean: 20ms}}"},
        {"{exponential: {rate: 50/s}}", 0.02, "{exponential: {mean: 20ms}}"},
        {"{uniform: {min: 1s, max: 3s}}", 2, NULL},
        {"{weibull: {shape: 0.8, scale: 12h}}", NAN, NULL},
        {"{weibull: {shape: 0.8, mean: 12h}}", 43200, NULL},
        {"{lognormal: {median: 4s, p99: 30s}}", NAN, NULL},
        {"{lognormal: {mean: 4s, cv: 2}}", 4, NULL},
        {"{lognormal: {mu: 0.5, sigma: 1.25}}", NAN, NULL},
        {"{gamma: {shape: 2, scale: 3s}}", 6, NULL},
        {"{gamma: {shape: 2, mean: 7s}}", 7,
         "{gamma: {shape: 2, scale: 3.5s}}"},
        {"{erlang: {k: 3, mean: 1s}}", 1, NULL},
        {"{pareto: {shape: 2.5, scale: 1s}}", NAN, NULL},
        {"{normal: {mean: 10s, stddev: 1s}}", 10, NULL},
        {"{normal: {mean: -1s, stddev: 1s}}", NAN, NULL},
        {"{triangular: {min: 1s, mode: 2s, max: 3s}}", 2, NULL},
        {"{hyperexponential: {probabilities: [0.25, 0.75], "
         "means: [4s, 1s]}}",
         1.75, NULL},
        {"{hyperexponential: {probabilities: [25%, 0.75], means: [4, 1]}}",
         1.75,
         "{hyperexponential: {probabilities: [0.25, 0.75], "
         "means: [4s, 1s]}}"},
        {"{empirical: {values: [1s, 2s, 6]}}", 3,
         "{empirical: {values: [1s, 2s, 6s]}}"},
        {"{never: {}}", INFINITY, "never"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const char *want = cases[i].printed;
        struct diag *diag = diag_new();
        struct doc_set *set = doc_set_new();
        struct dist d;
        char *text;

        assert_true(doc_read_text(set, "t", cases[i].text, diag));
        if (!param_read_dist(doc_root(set, 0), &d, diag)) {
            diag_print(diag, stderr);
            fail_msg("%s: refused", cases[i].text);
        }
        if (isfinite(cases[i].mean))
            assert_true(fabs(dist_mean(&d) - cases[i].mean) <=
                        1e-9 * cases[i].mean);
        text = printed(&d);
        assert_string_equal(text, want ? want : cases[i].text);
        assert_reads_back(text, &d);
        free(text);
        dist_release(&d);
        doc_set_free(set);
        diag_free(diag);
    }
}

/* Observations come from a file beside the document. */
static void empirical_file(void **state)
{
    char folder[] = "/tmp/test_param_XXXXXX";
    struct diag *diag = diag_new();
    struct doc_set *set = doc_set_new();
    struct dist d;
    char path[64];
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/x.csv", folder);
    file = fopen(path, "w");
    fputs("id,took\r\na,1\r\nb,500ms\r\nc,\"4.5\"\r\n", file);
    fclose(file);
    snprintf(path, sizeof path, "%s/doc.yaml", folder);
    file = fopen(path, "w");
    fputs("{empirical: {file: x.csv, column: took}}\n---\n"
          "{empirical: {file: x.csv, column: tok}}\n---\n"
          "{empirical: {file: x.csv, column: id}}\n",
          file);
    fclose(file);
    assert_true(doc_read_path(set, path, diag));
    assert_true(param_read_dist(doc_root(set, 0), &d, diag));
    assert_true(dist_mean(&d) == 2);
    dist_release(&d);
    assert_false(param_read_dist(doc_root(set, 1), &d, diag));
    assert_int_equal(diag_errors(diag), 1);
    assert_false(param_read_dist(doc_root(set, 2), &d, diag));
    assert_int_equal(diag_errors(diag), 2);
    doc_set_free(set);
    diag_free(diag);
    unlink(path);
    snprintf(path, sizeof path, "%s/x.csv", folder);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distributions),
        cmocka_unit_test(empirical_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
