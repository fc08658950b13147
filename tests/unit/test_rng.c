#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "sim/engine/mem.h"
#include "sim/engine/rng.h"
#include "tests/unit/shared_rows.h"

static const struct rng_root root = {.master = 1, .replication = 0};

/* ------------------------------------------------------- known answers */

/* From the known answers that come with Random123 (kat_vectors): the block
 * of counter 0 and key 0. */
static void test_published_block(void **state)
{
    static const uint64_t zero[4] = {0, 0, 0, 0};
    static const uint64_t want[4] = {
        UINT64_C(0x16554d9eca36314c), UINT64_C(0xdb20fe9d672d0fdc),
        UINT64_C(0xd7e772cee186176b), UINT64_C(0x7e68b68aec7ba23b)};
    uint64_t out[4];

    (void)state;
    rng_philox4x64(zero, zero, 10, out);
    assert_memory_equal(out, want, sizeof want);
}

/* Hexadecimal words after "name=" up to ';', or the whole text. */
static void words(const char *text, const char *name, uint64_t *out,
                  size_t count)
{
    const char *p = name ? strstr(text, name) : text;

    assert_non_null(p);
    p += name ? strlen(name) : 0;
    for (size_t i = 0; i < count; i++) {
        char *end;

        out[i] = strtoull(p, &end, 16);
        p = end + (*end != 0);
    }
}

static bool check_vector(const struct shared_row *row)
{
    uint64_t counter[4], key[2], want[4], out[4];
    unsigned rounds;

    if (strcmp(row->cells[1], "random123 philox4x64") != 0)
        return false;
    rounds = (unsigned)shared_rows_number(row->cells[2], "rounds", 0);
    words(row->cells[2], "ctr=", counter, 4);
    words(row->cells[2], "key=", key, 2);
    words(row->cells[4], NULL, want, 4);
    rng_philox4x64(counter, key, rounds, out);
    if (memcmp(out, want, sizeof want) != 0)
        fail_msg("%s differs", row->cells[0]);
    return true;
}

static bool check_double(const struct shared_row *row)
{
    struct rng rng = {.next = RNG_BUFFER - 1};
    const char *x = strstr(row->cells[7], "x=");

    if (strcmp(row->cells[1], "u64_to_double") != 0)
        return false;
    assert_non_null(x);
    rng.buffer[RNG_BUFFER - 1] = strtoull(x + 2, NULL, 16);
    assert_true(rng_uniform(&rng) == strtod(row->cells[4], NULL));
    return true;
}

static void test_shared_vectors(void **state)
{
    FILE *file = shared_rows_open("rng_vectors.csv");
    struct shared_row row;
    int vectors = 0, doubles = 0;

    (void)state;
    if (!file)
        return;
    while (shared_rows_next(file, &row)) {
        assert_true(row.count >= 8);
        vectors += check_vector(&row);
        doubles += check_double(&row);
    }
    fclose(file);
    assert_true(vectors > 0 && doubles > 0);
}

/* ------------------------------------------------------------- streams */

/* A stream is the blocks of its key, counter rising from 0, in order. */
static void test_stream_is_blocks(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, root, "stream", NULL, 0);
    for (uint64_t block = 0; block < 20; block++) {
        uint64_t counter[4] = {block, 0, 0, 0}, out[4];

        rng_philox4x64(counter, rng.key, RNG_ROUNDS, out);
        for (int i = 0; i < 4; i++)
            assert_int_equal(rng_u64(&rng), out[i]);
    }
}

static int compare_u64(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* No two purposes share a key, nor is master 1 replication 5 master 2
 * replication 4. */
static void test_streams_differ(void **state)
{
    static const char *const names[] = {"a", "b", "ab", ""};
    static const char *const objects[] = {NULL, "", "a", "b"};
    uint64_t first[4 * 4 * 4 * 4 * 4];
    size_t n = 0;

    (void)state;
    for (uint64_t i = 0; i < 4 * 4 * 4 * 4 * 4; i++) {
        struct rng_root r = {.master = i & 3, .replication = i >> 2 & 3};
        struct rng rng;

        rng_init(&rng, r, names[i >> 4 & 3], objects[i >> 6 & 3], i >> 8);
        first[n++] = rng_u64(&rng);
    }
    qsort(first, n, sizeof *first, compare_u64);
    for (size_t i = 1; i < n; i++)
        assert_int_not_equal(first[i - 1], first[i]);
}

/* The same over versions: results published with a seed stay true. */
static void test_streams_are_stable(void **state)
{
    struct rng rng;

    (void)state;
    assert_true(rng_hash("") == UINT64_C(0xefd01f60ba992926));
    assert_true(rng_hash("failure.pod-crash") == UINT64_C(0x763eb1bfb1b3ed78));
    rng_init(&rng, (struct rng_root){7, 3}, "failure.pod-crash", "web", 2);
    assert_true(rng_u64(&rng) == UINT64_C(0x6662b1a56d37f97a));
}

static void test_seek(void **state)
{
    struct rng a, b, c;
    uint64_t drawn[9];

    (void)state;
    rng_init(&a, root, "requests", NULL, 0);
    b = a;
    c = a;
    for (int i = 0; i < 7; i++)
        rng_u64(&a);
    rng_seek(&a, 42, 1);
    for (int i = 0; i < 9; i++)
        drawn[i] = rng_u64(&a);
    rng_seek(&b, 41, 0);
    rng_exponential(&b);
    rng_seek(&b, 42, 1);
    for (int i = 0; i < 9; i++)
        assert_int_equal(rng_u64(&b), drawn[i]);
    rng_seek(&b, 42, 2);
    assert_int_not_equal(rng_u64(&b), drawn[0]);
    rng_seek(&b, 0, 0); /* is not where the stream begins */
    assert_int_not_equal(rng_u64(&b), rng_u64(&c));
}

/* ------------------------------------------------------------ variates */

enum { SAMPLES = 200000 };

static int compare_double(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Kolmogorov's distance of SAMPLES draws from a law, times sqrt(n); above
 * 1.95 once in a thousand times. */
static double distance(double (*draw)(struct rng *), double (*cdf)(double))
{
    double *x = mem_calloc(SAMPLES, sizeof *x), worst = 0.0;
    struct rng rng;

    rng_init(&rng, root, "distance", NULL, 0);
    for (int i = 0; i < SAMPLES; i++)
        x[i] = draw(&rng);
    qsort(x, SAMPLES, sizeof *x, compare_double);
    for (int i = 0; i < SAMPLES; i++) {
        double p = cdf(x[i]);

        worst = fmax(worst, fabs(p - (double)i / SAMPLES));
        worst = fmax(worst, fabs(p - (double)(i + 1) / SAMPLES));
    }
    free(x);
    return worst * sqrt(SAMPLES);
}

static double uniform_cdf(double x)
{
    return x;
}

static double exponential_cdf(double x)
{
    return -expm1(-x);
}

static double draw_uniform(struct rng *rng)
{
    return rng_uniform(rng);
}

static double draw_exponential(struct rng *rng)
{
    return rng_exponential(rng);
}

static double draw_normal(struct rng *rng)
{
    return rng_normal(rng);
}

/* Only what is drawn by the slow paths: wedges and tails. */
static double draw_exponential_edge(struct rng *rng)
{
    double x;

    do
        x = rng_exponential(rng);
    while (x < 7.0);
    return x - 7.0; /* again exponential */
}

static void test_distances(void **state)
{
    (void)state;
    assert_true(distance(draw_uniform, uniform_cdf) < 1.95);
    assert_true(distance(draw_exponential, exponential_cdf) < 1.95);
    assert_true(distance(draw_normal, gsl_cdf_ugaussian_P) < 1.95);
}

static void test_exponential_tail(void **state)
{
    const int n = 4000;
    double sum = 0.0, worst = 0.0;
    struct rng rng;

    (void)state;
    rng_init(&rng, root, "tail", NULL, 0);
    for (int i = 0; i < n; i++) {
        double x = draw_exponential_edge(&rng);

        sum += x;
        worst = fmax(worst, x);
    }
    assert_true(fabs(sum / n - 1.0) < 4.0 / sqrt(n));
    assert_true(worst > 5.0);
}

static void test_normal_moments(void **state)
{
    const int n = 4000000;
    double m1 = 0.0, m2 = 0.0, m4 = 0.0, beyond = 0.0;
    struct rng rng;

    (void)state;
    rng_init(&rng, root, "moments", NULL, 0);
    for (int i = 0; i < n; i++) {
        double x = rng_normal(&rng);

        m1 += x;
        m2 += x * x;
        m4 += x * x * x * x;
        beyond += fabs(x) > 3.6541528853610088;
    }
    assert_true(fabs(m1 / n) < 4.0 / sqrt(n));
    assert_true(fabs(m2 / n - 1.0) < 4.0 * sqrt(2.0 / n));
    assert_true(fabs(m4 / n - 3.0) < 4.0 * sqrt(96.0 / n));
    assert_true(fabs(beyond - n * 2.5803e-4) < 4.0 * sqrt(n * 2.5803e-4));
}

/* Each layer has the same area: (x[i] - x[i+1]'s rectangle) widths times
 * heights; x[256] is 0; `inside` is the ratio of neighbouring widths. */
static void check_layers(const struct rng_layer *layers, double (*f)(double),
                         double tail)
{
    double r = layers[1].width * 0x1p53, area = r * f(r) + tail;

    assert_true(fabs(layers[0].width * 0x1p53 * f(r) / area - 1.0) < 1e-12);
    for (int i = 1; i < 256; i++) {
        double x = layers[i].width * 0x1p53;
        double next = i < 255 ? layers[i + 1].width * 0x1p53 : 0.0;

        assert_true(fabs(x * (f(next) - f(x)) / area - 1.0) < 1e-9);
        assert_true(fabs((double)layers[i].inside * 0x1p-53 - next / x) <
                    1e-15);
    }
}

static double exponential_density(double x)
{
    return exp(-x);
}

static double normal_density(double x)
{
    return exp(-0.5 * x * x);
}

static void test_layers(void **state)
{
    double r = rng_exponential_layers[1].width * 0x1p53;
    double s = rng_normal_layers[1].width * 0x1p53;

    (void)state;
    check_layers(rng_exponential_layers, exponential_density, exp(-r));
    check_layers(rng_normal_layers, normal_density,
                 gsl_cdf_ugaussian_Q(s) / gsl_ran_ugaussian_pdf(0.0));
}

static void test_below(void **state)
{
    int seen[7] = {0};
    struct rng rng;

    (void)state;
    rng_init(&rng, root, "below", NULL, 0);
    for (int i = 0; i < 70000; i++)
        seen[rng_below(&rng, 7)]++;
    for (int i = 0; i < 7; i++)
        assert_true(abs(seen[i] - 10000) < 400);
    assert_int_equal(rng_below(&rng, 1), 0);
}

static void test_gsl(void **state)
{
    struct rng a, b;
    struct rng_gsl_view view;
    gsl_rng *gsl, *own = gsl_rng_alloc(rng_gsl_type);

    (void)state;
    rng_init(&a, root, "gsl", NULL, 0);
    b = a;
    gsl = rng_gsl(&a, &view);
    assert_string_equal(gsl_rng_name(gsl), "podchurn_philox4x64");
    for (int i = 0; i < 40; i++)
        assert_true(gsl_rng_get(gsl) == rng_u64(&b));
    assert_true(gsl_rng_uniform(gsl) == rng_uniform(&b));
    assert_true(gsl_ran_poisson(gsl, 1e6) > 900000);
    gsl_rng_set(own, 5);
    assert_true(gsl_rng_uniform_int(own, 10) < 10);
    gsl_rng_free(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_block),
        cmocka_unit_test(test_shared_vectors),
        cmocka_unit_test(test_stream_is_blocks),
        cmocka_unit_test(test_streams_differ),
        cmocka_unit_test(test_streams_are_stable),
        cmocka_unit_test(test_seek),
        cmocka_unit_test(test_distances),
        cmocka_unit_test(test_exponential_tail),
        cmocka_unit_test(test_normal_moments),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_below),
        cmocka_unit_test(test_gsl),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
