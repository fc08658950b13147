#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/experiment/range.h"

static const struct place here = {.file = "--vary"};

static const struct {
    const char *text;
    size_t count; /* 0: wrong */
    const char *first, *second, *last;
} cases[] = {
    {"1..20", 20, "1", "2", "20"},
    {"1..20:5", 4, "1", "6", "16"},
    {"3..3", 1, "3", NULL, "3"},
    {"-5..5", 11, "-5", "-4", "5"},
    {"0.5..2", 16, "0.5", "0.6", "2.0"},
    {"0..1:0.25", 5, "0.00", "0.25", "1.00"},
    {"10%..90%", 81, "10%", "11%", "90%"},
    {"0..100%:25%", 5, "0%", "25%", "100%"},
    {"100/s..500/s:100", 5, "100/s", "200/s", "500/s"},
    {"100m..250m:50m", 4, "100m", "150m", "250m"},
    {"500m..2:500m", 4, "500m", "1000m", "2000m"},
    {"128Mi..1Gi:128Mi", 8, "128Mi", "256Mi", "1024Mi"},
    {"1Gi..4Gi", 4, "1Gi", "2Gi", "4Gi"},
    {"0s..30s", 31, "0s", "1s", "30s"},
    {"0..30s", 31, "0s", "1s", "30s"},
    {"0s..30s:500ms", 61, "0s", "500ms", "30s"},
    {"0s..500ms", 6, "0s", "100ms", "500ms"},
    {"1m..2m:30s", 3, "1m", "1m30s", "2m"},
    {"90s..3m", 91, "1m30s", "1m31s", "3m"},
    {"20..1", 0, NULL, NULL, NULL},
    {"30s..1s", 0, NULL, NULL, NULL},
    {"1..x", 0, NULL, NULL, NULL},
    {"1..", 0, NULL, NULL, NULL},
    {"..5", 0, NULL, NULL, NULL},
    {"5", 0, NULL, NULL, NULL},
    {"1,2,3", 0, NULL, NULL, NULL},
    {"1..5:", 0, NULL, NULL, NULL},
    {"1..5:0", 0, NULL, NULL, NULL},
    {"1..5:-1", 0, NULL, NULL, NULL},
    {"1s..5", 0, NULL, NULL, NULL},
    {"1%..5s", 0, NULL, NULL, NULL},
    {"1..9000000", 0, NULL, NULL, NULL},
    {"0ns..1h:1ns", 0, NULL, NULL, NULL},
    {"99999999999999999999..1", 0, NULL, NULL, NULL},
};

static void check_text(const struct range *r, size_t index, const char *want)
{
    char *text = range_text(r, index);

    assert_string_equal(text, want);
    free(text);
}

static void table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct diag *diag = diag_new();
        struct range r;
        bool ok = range_parse(&r, cases[i].text, "x", here, diag);

        if (ok != (cases[i].count > 0))
            fail_msg("%s: %s", cases[i].text, ok ? "taken" : "refused");
        assert_int_equal(diag_errors(diag), !ok);
        if (ok) {
            if (r.count != cases[i].count)
                fail_msg("%s: %zu values", cases[i].text, r.count);
            check_text(&r, 0, cases[i].first);
            if (cases[i].second)
                check_text(&r, 1, cases[i].second);
            check_text(&r, r.count - 1, cases[i].last);
        }
        diag_free(diag);
    }
}

static void numbers(void **state)
{
    struct diag *diag = diag_new();
    struct range r;

    (void)state;
    assert_true(range_parse(&r, "0s..1m:250ms", "x", here, diag));
    assert_true(range_number(&r, 5) == 1.25);
    assert_string_equal(range_unit(&r), "s");
    assert_true(range_parse(&r, "0.5..2", "x", here, diag));
    assert_true(range_number(&r, 1) == 0.6);
    assert_string_equal(range_unit(&r), "");
    assert_true(range_parse(&r, "10%..90%", "x", here, diag));
    assert_true(range_number(&r, 1) == 11);
    assert_string_equal(range_unit(&r), "%");
    diag_free(diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
