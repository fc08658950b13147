/*
 * Every form is checked by hand before any number is made: strtod and its
 * kin take hexadecimal, "nan", leading blanks and trailing rubbish.
 */
#include "sim/io/units.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NUMBER_MAX = 400 }; /* bytes of a number's text */

__extension__ typedef unsigned __int128 wide;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static unsigned digit_value(char c)
{
    return (unsigned)(unsigned char)c - '0';
}

/* Passes digits with at most one point; false where there is no digit. */
static bool skip_decimal(const char **text)
{
    const char *p = *text;
    bool digits = false;

    for (; is_digit(*p); p++)
        digits = true;
    if (*p == '.')
        for (p++; is_digit(*p); p++)
            digits = true;
    *text = p;
    return digits;
}

/* Passes "e-3" where it is there and whole. */
static void skip_exponent(const char **text)
{
    const char *p = *text;

    if (*p != 'e' && *p != 'E')
        return;
    p++;
    if (*p == '+' || *p == '-')
        p++;
    if (!is_digit(*p))
        return;
    while (is_digit(*p))
        p++;
    *text = p;
}

static const char *skip_sign(const char *text)
{
    return *text == '+' || *text == '-' ? text + 1 : text;
}

/* ---- durations ---- */

static const struct {
    const char *name;
    uint64_t ns;
} duration_units[] = {
    {"ns", 1},
    {"us", SIM_US},
    {"\xc2\xb5s", SIM_US}, /* micro sign */
    {"\xce\xbcs", SIM_US}, /* Greek mu: Go takes both */
    {"ms", SIM_MS},
    {"s", SIM_S},
    {"m", SIM_MIN},
    {"h", SIM_HOUR},
    {"d", SIM_DAY},
    {"w", 7 * SIM_DAY},
    {"y", 365 * SIM_DAY},
};

/* The unit that ends where a digit, a point or the text's end follows. */
static uint64_t duration_unit(const char **text)
{
    size_t length = strcspn(*text, "0123456789.");
    size_t i;

    for (i = 0; i < sizeof duration_units / sizeof *duration_units; i++) {
        if (strlen(duration_units[i].name) == length &&
            memcmp(duration_units[i].name, *text, length) == 0) {
            *text += length;
            return duration_units[i].ns;
        }
    }
    return 0;
}

/* One "1.5h"; exact, cut off below a nanosecond as Go does. */
static bool duration_part(const char **text, wide *sum)
{
    const char *p = *text, *digits = p;
    wide whole = 0, fraction = 0, divisor = 1;
    uint64_t unit;

    if (!skip_decimal(text))
        return false;
    for (; is_digit(*digits); digits++) {
        whole = whole * 10 + digit_value(*digits);
        if (whole > INT64_MAX)
            return false;
    }
    if (*digits == '.')
        for (digits++; is_digit(*digits) && divisor < SIM_S * (wide)SIM_S;
             digits++) {
            fraction = fraction * 10 + digit_value(*digits);
            divisor *= 10;
        }
    unit = duration_unit(text);
    if (unit == 0)
        return false;
    *sum += whole * unit + fraction * unit / divisor;
    return *sum < INT64_MAX;
}

bool units_duration(const char *text, sim_time *out)
{
    const char *p = skip_sign(text);
    wide sum = 0;

    if (strcmp(p, "0") == 0) {
        *out = 0;
        return true;
    }
    if (!*p)
        return false;
    while (*p)
        if (!duration_part(&p, &sum))
            return false;
    *out = *text == '-' ? -(sim_time)sum : (sim_time)sum;
    return true;
}

/* ---- quantities ---- */

/* mantissa * 10^ten * 2^two, plus something below the last digit if more. */
struct quantity {
    wide mantissa;
    int fraction; /* digits of the mantissa behind the point */
    int ten, two;
    bool more;
};

/* Suffixes of Kubernetes' resource.Quantity
 * (k8s.io/apimachinery/pkg/api/resource/suffix.go). */
static const struct {
    const char *name;
    int ten, two;
} quantity_suffixes[] = {
    {"", 0, 0},    {"n", -9, 0},  {"u", -6, 0},  {"m", -3, 0},
    {"k", 3, 0},   {"M", 6, 0},   {"G", 9, 0},   {"T", 12, 0},
    {"P", 15, 0},  {"E", 18, 0},  {"Ki", 0, 10}, {"Mi", 0, 20},
    {"Gi", 0, 30}, {"Ti", 0, 40}, {"Pi", 0, 50}, {"Ei", 0, 60},
};

static bool quantity_digits(const char **text, struct quantity *q)
{
    const wide full = (wide)1 << 87; /* room for three more digits and 1000 */
    const char *p = *text;
    bool point = false;

    if (!skip_decimal(text))
        return false;
    for (; p < *text; p++) {
        if (*p == '.') {
            point = true;
        } else if (q->mantissa < full) {
            q->mantissa = q->mantissa * 10 + digit_value(*p);
            q->fraction += point;
        } else if (point) {
            q->more |= *p != '0';
        } else {
            return false; /* beyond any range */
        }
    }
    return true;
}

static bool quantity_suffix(const char *text, struct quantity *q)
{
    const char *end = text;
    size_t i;

    skip_exponent(&end);
    if (end != text && !*end) {
        if (end - text > 8)
            return false;
        q->ten = (int)strtol(text + 1, NULL, 10);
        return true;
    }
    for (i = 0; i < sizeof quantity_suffixes / sizeof *quantity_suffixes; i++)
        if (strcmp(quantity_suffixes[i].name, text) == 0) {
            q->ten = quantity_suffixes[i].ten;
            q->two = quantity_suffixes[i].two;
            return true;
        }
    return false;
}

static void quantity_drop_digit(struct quantity *q)
{
    q->more |= q->mantissa % 10 != 0;
    q->mantissa /= 10;
}

/* The value times scale, rounded away from zero. */
static bool quantity_scale(struct quantity *q, int64_t scale, int64_t *out)
{
    const wide most = ~(wide)0 >> 1;
    int ten;

    while (q->mantissa > most / ((wide)scale << q->two)) {
        if (q->fraction == 0)
            return false;
        quantity_drop_digit(q);
        q->fraction--;
    }
    q->mantissa *= (wide)scale << q->two;
    ten = q->ten - q->fraction;
    for (; ten > 0 && q->mantissa > 0; ten--) {
        if (q->mantissa > INT64_MAX)
            return false;
        q->mantissa *= 10;
    }
    for (; ten < 0 && q->mantissa > 0; ten++)
        quantity_drop_digit(q);
    if (q->mantissa + q->more > INT64_MAX)
        return false;
    *out = (int64_t)(q->mantissa + q->more);
    return true;
}

bool units_quantity(const char *text, int64_t scale, int64_t *out)
{
    struct quantity q = {0};
    const char *p = skip_sign(text);
    int64_t value;

    assert(scale > 0 && scale <= SIM_S);
    if (!quantity_digits(&p, &q) || !quantity_suffix(p, &q) ||
        !quantity_scale(&q, scale, &value))
        return false;
    *out = *text == '-' ? -value : value;
    return true;
}

/* ---- plain numbers ---- */

/* The number in front, correctly rounded, times 10^ten; *rest follows it. */
static bool number(const char *text, int ten, double *out, const char **rest)
{
    char buffer[NUMBER_MAX];
    const char *p = skip_sign(text), *mantissa_end;
    double value;

    if (!skip_decimal(&p))
        return false;
    mantissa_end = p;
    skip_exponent(&p);
    if (p - text > NUMBER_MAX - 16)
        return false;
    memcpy(buffer, text, (size_t)(p - text));
    buffer[p - text] = '\0';
    if (ten != 0 && p == mantissa_end) {
        snprintf(buffer + (p - text), 16, "e%d", ten);
        ten = 0;
    }
    value = strtod(buffer, NULL);
    if (ten != 0)
        value *= pow(10, ten);
    if (!isfinite(value))
        return false;
    *out = value;
    *rest = p;
    return true;
}

bool units_double(const char *text, double *out)
{
    const char *rest;
    double value;

    if (!number(text, 0, &value, &rest) || *rest)
        return false;
    *out = value;
    return true;
}

bool units_ratio(const char *text, double *out)
{
    size_t length = strlen(text);
    const char *rest;
    double value;

    if (length == 0 || text[length - 1] != '%')
        return units_double(text, out);
    if (!number(text, -2, &value, &rest) || strcmp(rest, "%") != 0)
        return false;
    *out = value;
    return true;
}

/* "Mi" of "1Mi/s": by how much; *rest moves on behind it. "m" is none. */
static double rate_suffix(const char **rest)
{
    size_t length = strcspn(*rest, "/"), i;

    for (i = 4; i < sizeof quantity_suffixes / sizeof *quantity_suffixes; i++) {
        const char *name = quantity_suffixes[i].name;

        if (strlen(name) != length || strncmp(name, *rest, length) != 0)
            continue;
        *rest += length;
        return pow(10, quantity_suffixes[i].ten) *
               pow(2, quantity_suffixes[i].two);
    }
    return 1;
}

bool units_rate(const char *text, double *out)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"", 1},      {"/s", 1},    {"/sec", 1},  {"/m", 60},
                 {"/min", 60}, {"/h", 3600}, {"/d", 86400}};
    const char *rest;
    double value;
    size_t i;

    if (!number(text, 0, &value, &rest))
        return false;
    value *= rate_suffix(&rest);
    for (i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(rest, units[i].name) == 0) {
            *out = value / units[i].seconds;
            return true;
        }
    return false;
}

bool units_int(const char *text, int64_t *out)
{
    const char *p = skip_sign(text);
    bool negative = *text == '-';
    uint64_t most = (uint64_t)INT64_MAX + negative;
    uint64_t value = 0;

    if (!*p)
        return false;
    for (; *p; p++) {
        uint64_t digit = digit_value(*p);

        if (!is_digit(*p) || value > (most - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (negative)
        *out = value == 0 ? 0 : -(int64_t)(value - 1) - 1;
    else
        *out = (int64_t)value;
    return true;
}

bool units_bool(const char *text, bool *out)
{
    static const char *const words[] = {"false", "true", "no",
                                        "yes",   "off",  "on"};
    size_t i;

    for (i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0) {
            *out = i % 2 == 1;
            return true;
        }
    return false;
}

/* ---- back to text ---- */

char *units_format_double(double x, char *buffer, size_t size)
{
    int digits;

    assert(size >= 32);
    if (isnan(x) || isinf(x)) {
        snprintf(buffer, size, "%s", isnan(x) ? "" : x > 0 ? "inf" : "-inf");
        return buffer;
    }
    for (digits = 15; digits <= 17; digits++) {
        snprintf(buffer, size, "%.*g", digits, x);
        if (strtod(buffer, NULL) == x)
            break;
    }
    return buffer;
}

/* "1.5ms": a count of units of 10^digits ns; zeros at the end are left out. */
static char *put_decimal(char *end, uint64_t value, int digits,
                         const char *unit)
{
    uint64_t power = 1, rest;
    int i;

    for (i = 0; i < digits; i++)
        power *= 10;
    end += sprintf(end, "%" PRIu64, value / power);
    rest = value % power;
    if (rest > 0)
        *end++ = '.';
    for (; rest > 0; rest %= power) {
        power /= 10;
        *end++ = (char)('0' + rest / power);
    }
    strcpy(end, unit);
    return end + strlen(unit);
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? (uint64_t)(-(value + 1)) + 1 : (uint64_t)value;
}

char *units_format_duration(sim_time t, char *buffer, size_t size)
{
    uint64_t rest = magnitude(t);
    char *end = buffer;

    assert(size >= 32);
    if (t == SIM_NEVER)
        return strcpy(buffer, "never");
    if (t < 0)
        *end++ = '-';
    if (rest > 0 && rest < (uint64_t)SIM_S) {
        if (rest >= (uint64_t)SIM_MS)
            put_decimal(end, rest, 6, "ms");
        else if (rest >= (uint64_t)SIM_US)
            put_decimal(end, rest, 3, "us");
        else
            put_decimal(end, rest, 0, "ns");
        return buffer;
    }
    if (rest >= (uint64_t)SIM_HOUR)
        end = put_decimal(end, rest / (uint64_t)SIM_HOUR, 0, "h");
    rest %= (uint64_t)SIM_HOUR;
    if (rest >= (uint64_t)SIM_MIN)
        end = put_decimal(end, rest / (uint64_t)SIM_MIN, 0, "m");
    rest %= (uint64_t)SIM_MIN;
    if (rest > 0 || t == 0)
        put_decimal(end, rest, 9, "s");
    return buffer;
}

char *units_format_seconds(sim_time t, char *buffer, size_t size)
{
    char *end = buffer;

    assert(size >= 32);
    if (t < 0)
        *end++ = '-';
    put_decimal(end, magnitude(t), 9, "");
    return buffer;
}

char *units_format_count(double x, char *buffer, size_t size)
{
    static const char *const prefixes[] = {"", " k", " M", " G", " T", " P"};
    size_t i = 0;
    double least = 999.5; /* rounds to 1000 */
    int decimals;

    assert(size >= 32);
    if (isnan(x) || isinf(x))
        return units_format_double(x, buffer, size);
    while (fabs(x) >= least && i + 1 < sizeof prefixes / sizeof *prefixes) {
        x /= 1000;
        i++;
    }
    decimals = fabs(x) < 9.995 ? 2 : fabs(x) < 99.95 ? 1 : 0;
    if (i == 0 && (x == floor(x) || fabs(x) < 1))
        snprintf(buffer, size, "%.3g", x);
    else if (fabs(x) >= 1e6)
        snprintf(buffer, size, "%.3g%s", x, prefixes[i]);
    else
        snprintf(buffer, size, "%.*f%s", decimals, x, prefixes[i]);
    return buffer;
}
