/* Texts to numbers and back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/io/units.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void durations(void **state)
{
    static const struct {
        const char *text;
        sim_time want;
    } good[] = {
        {"0", 0},
        {"+0", 0},
        {"-0", 0},
        {"0s", 0},
        {"0h0m", 0},
        {"5s", 5 * SIM_S},
        {"+5s", 5 * SIM_S},
        {"-5s", -5 * SIM_S},
        {"30s", 30 * SIM_S},
        {"1478s", 1478 * SIM_S},
        {"5.0s", 5 * SIM_S},
        {"5.6s", 5600 * SIM_MS},
        {"5.s", 5 * SIM_S},
        {".5s", 500 * SIM_MS},
        {"1.0s", SIM_S},
        {"1.004s", 1004 * SIM_MS},
        {"100.00100s", 100001 * SIM_MS},
        {"10ns", 10},
        {"11us", 11 * SIM_US},
        {"12\xc2\xb5s", 12 * SIM_US},
        {"12\xce\xbcs", 12 * SIM_US},
        {"13ms", 13 * SIM_MS},
        {"14s", 14 * SIM_S},
        {"15m", 15 * SIM_MIN},
        {"16h", 16 * SIM_HOUR},
        {"3h30m", 210 * SIM_MIN},
        {"10.5s4m", 250500 * SIM_MS},
        {"-2m3.4s", -123400 * SIM_MS},
        {"1h2m3s4ms5us6ns",
         SIM_HOUR + 2 * SIM_MIN + 3 * SIM_S + 4 * SIM_MS + 5 * SIM_US + 6},
        {"39h9m14.425s", 140954425 * SIM_MS},
        {"52763797000ns", INT64_C(52763797000)},
        {"0.3333333333333333333h", 20 * SIM_MIN - 1},
        {"0.1ns", 0},
        {"0.9ns", 0},
        {"9007199254740993ns", INT64_C(9007199254740993)},
        {"9223372036854775806ns", INT64_MAX - 1},
        {"9223372036.854775806s", INT64_MAX - 1},
        {"0.100000000000000000000h", 6 * SIM_MIN},
        {"0.830103483285477580700h", INT64_C(2988372539827)},
        {"1d", 24 * SIM_HOUR},
        {"1w", 7 * SIM_DAY},
        {"1y", 365 * SIM_DAY},
        {"1.5d", 36 * SIM_HOUR},
        {"1y2d", 367 * SIM_DAY},
        {"292y", 292 * 365 * SIM_DAY},
        {"0.000000001s", 1},
    };
    static const char *const bad[] = {
        "",
        "3",
        "-",
        "+",
        "s",
        ".",
        "-.",
        ".s",
        "+.s",
        "10 minutes",
        "ten",
        "1h 30m",
        " 1s",
        "1s ",
        "1S",
        "1M",
        "1,5s",
        "1e3s",
        "--5s",
        "+-5s",
        "5s-3s",
        "1.2.3s",
        "0x10s",
        "nan",
        "inf",
        "infs",
        "1sec",
        "1min",
        "1mo",
        "1ms1",
        "1\xb5s",
        "never",
        "00",
        "5s5",
        "1hs",
        "293y",
        "1e400s",
        "\x85\x85",
        "\xff",
        "9223372036854775807ns",
        "106752d",
        "9223372036854775808ns",
        "-9223372036854775808ns",
        "99999999999999999999999999999999999s",
        "9223372036s854775807ns",
        "9223372036.854775807s",
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(good); i++) {
        sim_time got = -77;

        if (!units_duration(good[i].text, &got) || got != good[i].want)
            fail_msg("'%s' is %lld, want %lld", good[i].text, (long long)got,
                     (long long)good[i].want);
    }
    for (i = 0; i < COUNT(bad); i++) {
        sim_time got = -77;

        if (units_duration(bad[i], &got) || got != -77)
            fail_msg("'%s' is taken as %lld", bad[i], (long long)got);
    }
}

static void quantities(void **state)
{
    static const struct {
        const char *text;
        int64_t scale, want;
    } good[] = {
        {"0", 1, 0},
        {"0", 1000, 0},
        {"1", 1, 1},
        {"1", 1000, 1000},
        {"100m", 1000, 100},
        {"100m", 1, 1},
        {"-100m", 1, -1},
        {"0.1", 1000, 100},
        {"1.5", 1000, 1500},
        {"1.5", 1, 2},
        {"-1.5", 1, -2},
        {"2.", 1, 2},
        {".5", 1000, 500},
        {"+5", 1, 5},
        {"128Mi", 1, 128 << 20},
        {"1Ki", 1, 1024},
        {"1k", 1, 1000},
        {"1M", 1, 1000000},
        {"1G", 1, 1000000000},
        {"1T", 1, INT64_C(1000000000000)},
        {"1P", 1, INT64_C(1000000000000000)},
        {"1E", 1, INT64_C(1000000000000000000)},
        {"9E", 1, INT64_C(9000000000000000000)},
        {"7Ei", 1, INT64_C(7) << 60},
        {"1.5Gi", 1, INT64_C(3) << 29},
        {"0.5Ei", 1, INT64_C(1) << 59},
        {"1Pi", 1, INT64_C(1) << 50},
        {"1Ti", 1, INT64_C(1) << 40},
        {"1e3", 1, 1000},
        {"1E3", 1, 1000},
        {"1.5e3", 1, 1500},
        {"12e-1", 1000, 1200},
        {"1e-3", 1000, 1},
        {"1e-4", 1000, 1},
        {"1e+3", 1, 1000},
        {"1n", 1, 1},
        {"1n", 1000, 1},
        {"1u", 1000000, 1},
        {"1000001n", 1000, 2},
        {"250000u", 1000, 250},
        {"0.0000000001", 1, 1},
        {"0.0000000000000000000000000000000000000000000001", 1, 1},
        {"0.0000000000000000000000000000000000000000000000", 1, 0},
        {"1.00000000000000000000000000000000000000000000000", 1, 1},
        {"1.00000000000000000000000000000000000000000000001", 1, 2},
        {"9223372036854775807", 1, INT64_MAX},
        {"-9223372036854775807", 1, -INT64_MAX},
        {"9223372036854775", 1000, INT64_C(9223372036854775000)},
        {"000000000000000000000000000000000000000001", 1, 1},
        {"0e999999", 1, 0},
        {"1.1Mi", 1, 1153434},
        {"123.456Ki", 1, 126419},
        {"4e-1000", 1, 1},
    };
    static const char *const bad[] = {
        "",
        "m",
        "Mi",
        "-",
        "+",
        ".",
        "1 Gi",
        " 1",
        "1 ",
        "1mi",
        "1K",
        "1g",
        "1t",
        "1ki",
        "1KI",
        "1B",
        "1KB",
        "1MiB",
        "ten",
        "1e",
        "1e+",
        "1e3m",
        "1em",
        "1.1.1",
        "--1",
        "+-1",
        "0x1",
        "1,5",
        "nan",
        "inf",
        "1Mi1",
        "1_000",
        "10E1E",
        "1mm",
        "\xc2\xb5",
        "8Ei",
        "10E",
        "1e19",
        "1e400",
        "9223372036854775808",
        "99999999999999999999999999999999999999999999999999",
        "1e999999999999999999999",
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(good); i++) {
        int64_t got = -77;

        if (!units_quantity(good[i].text, good[i].scale, &got) ||
            got != good[i].want)
            fail_msg("'%s' is %lld, want %lld", good[i].text, (long long)got,
                     (long long)good[i].want);
    }
    for (i = 0; i < COUNT(bad); i++) {
        int64_t got = -77;

        if (units_quantity(bad[i], 1, &got) || got != -77)
            fail_msg("'%s' is taken as %lld", bad[i], (long long)got);
    }
}

static void numbers(void **state)
{
    static const struct {
        bool (*read)(const char *, double *);
        const char *text;
        double want; /* NAN: refused */
    } cases[] = {
        {units_ratio, "25%", 0.25},       {units_ratio, "0.25", 0.25},
        {units_ratio, "99.95%", 0.9995},  {units_ratio, "100%", 1},
        {units_ratio, "0%", 0},           {units_ratio, "-5%", -0.05},
        {units_ratio, "1e1%", 0.1},       {units_ratio, "0.1%", 0.001},
        {units_ratio, "%", NAN},          {units_ratio, "25 %", NAN},
        {units_ratio, "25%%", NAN},       {units_ratio, "25%x", NAN},
        {units_ratio, "", NAN},           {units_ratio, "half", NAN},
        {units_rate, "200/s", 200},       {units_rate, "12000/m", 200},
        {units_rate, "5/h", 5.0 / 3600},  {units_rate, "0.5", 0.5},
        {units_rate, "1e3/s", 1000},      {units_rate, "86400/d", 1},
        {units_rate, "1Mi/s", 1048576},   {units_rate, "2k/m", 2000.0 / 60},
        {units_rate, "1Mi", 1048576},     {units_rate, "1m/s", NAN},
        {units_rate, "200 /s", NAN},      {units_rate, "200/", NAN},
        {units_rate, "/s", NAN},          {units_rate, "200/ms", NAN},
        {units_rate, "200/s/s", NAN},     {units_rate, "200rps", NAN},
        {units_double, "1", 1},           {units_double, "-1.5", -1.5},
        {units_double, "+.5e-3", 0.0005}, {units_double, "1e308", 1e308},
        {units_double, "1.", 1},          {units_double, "1e-400", 0},
        {units_double, "1e309", NAN},     {units_double, "inf", NAN},
        {units_double, "nan", NAN},       {units_double, "0x10", NAN},
        {units_double, " 1", NAN},        {units_double, "1 ", NAN},
        {units_double, "1e", NAN},        {units_double, "e5", NAN},
        {units_double, "", NAN},          {units_double, ".", NAN},
        {units_double, "-", NAN},         {units_double, "1,5", NAN},
        {units_double, "1_000", NAN},
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        double got = NAN;
        bool ok = cases[i].read(cases[i].text, &got);

        if (ok == (bool)isnan(cases[i].want) || (ok && got != cases[i].want))
            fail_msg("'%s' is %.17g, want %.17g", cases[i].text, got,
                     cases[i].want);
    }
}

static void integers(void **state)
{
    static const struct {
        const char *text;
        int64_t want;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"+7", 7},
        {"-7", -7},
        {"007", 7},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775807", -INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };
    static const char *const bad[] = {
        "",
        "-",
        "+",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "0x1",
        "one",
        "1_0",
        "--1",
        "1-",
        "９",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999999",
    };
    static const char *const words[] = {"false", "true", "no",  "yes",
                                        "off",   "on",   "OFF", "True"};
    static const char *const no_words[] = {"",  "0",   "1",     "y",
                                           "n", "tru", "true ", "truee"};
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(good); i++) {
        int64_t got = -77;

        if (!units_int(good[i].text, &got) || got != good[i].want)
            fail_msg("'%s' is %lld", good[i].text, (long long)got);
    }
    for (i = 0; i < COUNT(bad); i++) {
        int64_t got = -77;

        if (units_int(bad[i], &got) || got != -77)
            fail_msg("'%s' is taken as %lld", bad[i], (long long)got);
    }
    for (i = 0; i < COUNT(words); i++) {
        bool got = i % 2 == 0;

        assert_true(units_bool(words[i], &got));
        assert_int_equal(got, i % 2);
    }
    for (i = 0; i < COUNT(no_words); i++) {
        bool got;

        assert_false(units_bool(no_words[i], &got));
    }
}

static void formats(void **state)
{
    static const struct {
        sim_time t;
        const char *duration, *seconds;
    } times[] = {
        {0, "0s", "0"},
        {1, "1ns", "0.000000001"},
        {1500, "1.5us", "0.0000015"},
        {250 * SIM_MS, "250ms", "0.25"},
        {1234567, "1.234567ms", "0.001234567"},
        {999999999, "999.999999ms", "0.999999999"},
        {SIM_S, "1s", "1"},
        {1500 * SIM_MS, "1.5s", "1.5"},
        {-250 * SIM_MS, "-250ms", "-0.25"},
        {-5 * SIM_S, "-5s", "-5"},
        {SIM_MIN, "1m", "60"},
        {90 * SIM_MIN, "1h30m", "5400"},
        {SIM_HOUR, "1h", "3600"},
        {SIM_HOUR + 1, "1h0.000000001s", "3600.000000001"},
        {SIM_HOUR + SIM_S, "1h1s", "3601"},
        {30 * SIM_DAY, "720h", "2592000"},
        {INT64_MAX - 1, "2562047h47m16.854775806s", "9223372036.854775806"},
        {INT64_MIN, "-2562047h47m16.854775808s", "-9223372036.854775808"},
        {SIM_NEVER, "never", "9223372036.854775807"},
    };
    static const struct {
        double x;
        const char *text, *count;
    } doubles[] = {
        {0, "0", "0"},
        {1, "1", "1"},
        {0.1, "0.1", "0.1"},
        {-2.5, "-2.5", "-2.50"},
        {1.0 / 3, "0.3333333333333333", "0.333"},
        {2.0 / 3, "0.6666666666666666", "0.667"},
        {0.1 + 0.2, "0.30000000000000004", "0.3"},
        {1e300, "1e+300", "1e+285 P"},
        {5e-324, "4.94065645841247e-324", "4.94e-324"},
        {123, "123", "123"},
        {999, "999", "999"},
        {999.7, "999.7", "1.00 k"},
        {4560, "4560", "4.56 k"},
        {12.34, "12.34", "12.3"},
        {12345678, "12345678", "12.3 M"},
        {123456789, "123456789", "123 M"},
        {-1234, "-1234", "-1.23 k"},
        {9999, "9999", "10.0 k"},
        {INFINITY, "inf", "inf"},
        {-INFINITY, "-inf", "-inf"},
        {NAN, "", ""},
    };
    char buffer[32];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(times); i++) {
        sim_time back;

        assert_string_equal(
            units_format_duration(times[i].t, buffer, sizeof buffer),
            times[i].duration);
        if (units_duration(buffer, &back))
            assert_true(back == times[i].t);
        assert_string_equal(
            units_format_seconds(times[i].t, buffer, sizeof buffer),
            times[i].seconds);
    }
    for (i = 0; i < COUNT(doubles); i++) {
        double back;

        units_format_double(doubles[i].x, buffer, sizeof buffer);
        if (units_double(buffer, &back))
            assert_true(back == doubles[i].x);
        assert_string_equal(buffer, doubles[i].text);
        assert_string_equal(
            units_format_count(doubles[i].x, buffer, sizeof buffer),
            doubles[i].count);
    }
}

/* Every duration that can be printed reads back to itself. */
static void durations_read_back(void **state)
{
    uint64_t x = 88172645463325252U; /* xorshift64 */
    int i;

    (void)state;
    for (i = 0; i < 20000; i++) {
        char buffer[32];
        sim_time t, back;

        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        t = (sim_time)(x >> (1 + i % 60));
        if (i % 2)
            t = -t;
        units_format_duration(t, buffer, sizeof buffer);
        assert_true(units_duration(buffer, &back));
        assert_true(back == t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations), cmocka_unit_test(quantities),
        cmocka_unit_test(numbers),   cmocka_unit_test(integers),
        cmocka_unit_test(formats),   cmocka_unit_test(durations_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
