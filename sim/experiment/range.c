#include "sim/experiment/range.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"
#include "sim/io/units.h"

/* Decimals that a number may have: sums of such stay below 2^63. */
enum { MOST_DECIMALS = 9 };
static const int64_t mebi = 1048576;

/* LOW, HIGH and STEP, which may be empty. */
struct parts {
    char *text[3];
};

static bool split(const char *text, struct parts *parts)
{
    const char *dots = strstr(text, ".."), *colon = strchr(text, ':');

    *parts = (struct parts){{NULL}};
    if (!dots || (colon && colon < dots))
        return false;
    parts->text[0] = mem_strndup(text, (size_t)(dots - text));
    parts->text[1] = colon ? mem_strndup(dots + 2, (size_t)(colon - dots - 2))
                           : mem_strdup(dots + 2);
    parts->text[2] = mem_strdup(colon ? colon + 1 : "");
    return *parts->text[0] && *parts->text[1] && (!colon || colon[1]);
}

static void release(struct parts *parts)
{
    for (int i = 0; i < 3; i++)
        free(parts->text[i]);
}

/* --------------------------------------------------------------- numbers */

struct number {
    int64_t digits; /* x 10^-decimals */
    int decimals;
    const char *unit; /* the rest of the text */
};

/* -12.50Mi: digits -1250, decimals 2. False: no such number. */
static bool read_number(const char *text, struct number *out)
{
    bool negative = *text == '-';
    const char *at = text + negative;
    int seen = 0, decimals = -1;
    int64_t digits = 0;

    for (; isdigit((unsigned char)*at) || (*at == '.' && decimals < 0); at++) {
        if (*at == '.') {
            decimals = 0;
            continue;
        }
        digits = digits * 10 + (*at - '0');
        decimals += decimals >= 0;
        if (++seen > 15 || decimals > MOST_DECIMALS)
            return false;
    }
    *out = (struct number){negative ? -digits : digits,
                           decimals < 0 ? 0 : decimals, at};
    return seen > 0 && strlen(at) < 16 && !strpbrk(at, ".,:[]{} ");
}

static int64_t scaled(const struct number *n, int decimals)
{
    int64_t x = n->digits;

    for (int i = n->decimals; i < decimals; i++)
        x *= 10;
    return x;
}

/* All of one unit; a 0 may go without. False: they are not. */
static bool read_numbers(struct range *range, const struct parts *parts,
                         int64_t *high)
{
    int count = *parts->text[2] ? 3 : 2;
    struct number n[3];
    const char *unit = "";

    for (int i = 0; i < count; i++) {
        if (!read_number(parts->text[i], &n[i]))
            return false;
        if (*n[i].unit)
            unit = n[i].unit;
        if (n[i].decimals > range->decimals)
            range->decimals = n[i].decimals;
    }
    for (int i = 0; i < count; i++) {
        if (strcmp(n[i].unit, unit) != 0 &&
            (*n[i].unit || (n[i].digits != 0 && i < 2)))
            return false;
        if (llabs(n[i].digits) > INT64_C(1000000000))
            return false; /* quantities in bytes are */
    }
    snprintf(range->unit, sizeof range->unit, "%s", unit);
    range->low = scaled(&n[0], range->decimals);
    *high = scaled(&n[1], range->decimals);
    range->step = count == 3 ? scaled(&n[2], range->decimals) : 1;
    return true;
}

/* ------------------------------------------------- durations, quantities */

/* The largest of 1 s, 100 ms, 10 ms .. that both are whole ones of. */
static int64_t duration_step(int64_t low, int64_t high)
{
    int64_t step = SIM_S;

    while (step > 1 && (low % step != 0 || high % step != 0))
        step /= 10;
    return step;
}

static bool read_durations(struct range *range, const struct parts *parts,
                           int64_t *high)
{
    if (!units_duration(parts->text[0], &range->low) ||
        !units_duration(parts->text[1], high))
        return false;
    range->duration = true;
    range->step = duration_step(range->low, *high);
    return !*parts->text[2] || units_duration(parts->text[2], &range->step);
}

/* Quantities in different units: in Mi where all are whole ones, else m. */
static bool read_quantities(struct range *range, const struct parts *parts,
                            int64_t *high)
{
    int count = *parts->text[2] ? 3 : 2;
    int64_t x[3] = {0, 0, 1}, unit = 1000 * mebi;

    for (int i = 0; i < count; i++) {
        if (!units_quantity(parts->text[i], 1000, &x[i]))
            return false;
        if (x[i] % (1000 * mebi) != 0)
            unit = 1;
    }
    snprintf(range->unit, sizeof range->unit, "%s", unit == 1 ? "m" : "Mi");
    range->decimals = 0;
    range->low = x[0] / unit;
    *high = x[1] / unit;
    range->step = count == 3 ? x[2] / unit : 1;
    return true;
}

/* --------------------------------------------------------------- reading */

static bool read(struct range *range, const struct parts *parts, int64_t *high)
{
    if (read_numbers(range, parts, high))
        return true;
    *range = (struct range){0};
    if (read_durations(range, parts, high))
        return true;
    *range = (struct range){0};
    return read_quantities(range, parts, high);
}

/* "30s" and the like: numbers of one unit that is a duration's. */
static void see_duration(struct range *range, const struct parts *parts,
                         int64_t *high)
{
    struct range d = {0};
    int64_t top;

    if (range->duration || !*range->unit || strcmp(range->unit, "m") == 0 ||
        !read_durations(&d, parts, &top))
        return;
    *range = d;
    *high = top;
}

static bool check(const struct range *range, int64_t high, const char *name,
                  struct place place, struct diag *diag)
{
    if (range->low > high)
        diag_error(diag, place,
                   "the range of '%.200s' is empty: LOW is above "
                   "HIGH",
                   name);
    else if (range->step <= 0)
        diag_error(diag, place, "the step of '%.200s' is not above 0", name);
    else if ((high - range->low) / range->step >= RANGE_MOST)
        diag_error(diag, place,
                   "the range of '%.200s' has more than %d values; give a "
                   "larger :STEP",
                   name, RANGE_MOST);
    else
        return true;
    return false;
}

bool range_parse(struct range *range, const char *text, const char *name,
                 struct place place, struct diag *diag)
{
    struct parts parts;
    bool ok = split(text, &parts);
    int64_t high = 0;

    *range = (struct range){0};
    ok = ok && read(range, &parts, &high);
    if (ok) {
        see_duration(range, &parts, &high);
        ok = check(range, high, name, place, diag);
    } else {
        diag_error(diag, place, "bad range '%.200s' for '%.200s'", text, name);
        diag_hint(diag, "expected LOW..HIGH or LOW..HIGH:STEP, such as 1..20, "
                        "0s..30s:500ms, 10%%..90%% or 256Mi..2Gi");
    }
    release(&parts);
    if (ok)
        range->count = (size_t)((high - range->low) / range->step) + 1;
    return ok;
}

/* --------------------------------------------------------------- writing */

static int64_t at(const struct range *range, size_t index)
{
    assert(index < range->count);
    return range->low + range->step * (int64_t)index;
}

char *range_text(const struct range *range, size_t index)
{
    char text[64];

    if (range->duration)
        units_format_duration(at(range, index), text, sizeof text);
    else
        snprintf(text, sizeof text, "%.*f%s", range->decimals,
                 range_number(range, index), range->unit);
    return mem_strdup(text);
}

double range_number(const struct range *range, size_t index)
{
    double x = (double)at(range, index);

    return range->duration ? x / (double)SIM_S : x / pow(10, range->decimals);
}

const char *range_unit(const struct range *range)
{
    return range->duration ? "s" : range->unit;
}
