#include "models/trace.h"

#include <ctype.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"
#include "sim/io/csv.h"
#include "sim/io/units.h"

#define NO_COLUMN SIZE_MAX

struct trace {
    const struct trace_spec *spec;
    struct diag *diag;
    struct csv_file *file;
    size_t field_count;
    size_t *columns; /* by field; NO_COLUMN */
    size_t *filters; /* by filter */
    bool failed, origin_known;
    sim_time origin;
    size_t line;
};

/* ---- dates ---- */

/* Digits, at most so many. */
static bool digits(const char **text, int most, int64_t *out)
{
    int64_t value = 0;
    int n = 0;

    for (; n < most && isdigit((unsigned char)**text); n++, ++*text)
        value = 10 * value + (**text - '0');
    *out = value;
    return n > 0;
}

/* Days since 1970-01-01 of the Gregorian calendar (Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms"). */
static int64_t days_from(int64_t year, int64_t month, int64_t day)
{
    int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
           719468;
}

struct date {
    int64_t year, month, day, hour, minute, second, ns, zone, epoch;
};

static void fraction(const char **text, int64_t *ns)
{
    int64_t scale = 100000000;

    if (**text != '.' && **text != ',')
        return;
    for (++*text; isdigit((unsigned char)**text); ++*text, scale /= 10)
        *ns += (**text - '0') * scale;
}

static bool month_name(const char **text, int64_t *month)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12; i++) {
        if (strncmp(*text, names + 3 * (ptrdiff_t)i, 3) == 0) {
            *month = i + 1;
            *text += 3;
            return true;
        }
    }
    return false;
}

/* Z, +01:00, +0100 or nothing. */
static bool zone(const char **text, int64_t *out)
{
    int64_t hours, minutes = 0;
    int sign;

    while (**text == ' ')
        ++*text;
    if (**text == 'Z') {
        ++*text;
        return true;
    }
    if (**text != '+' && **text != '-')
        return true;
    sign = *(*text)++ == '-' ? -1 : 1;
    if (!digits(text, 2, &hours))
        return false;
    if (**text == ':')
        ++*text;
    digits(text, 2, &minutes);
    *out = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool directive(char c, const char **text, struct date *d)
{
    switch (c) {
    case 'Y':
        return digits(text, 4, &d->year);
    case 'm':
        return digits(text, 2, &d->month);
    case 'd':
        return digits(text, 2, &d->day);
    case 'b':
        return month_name(text, &d->month);
    case 'H':
        return digits(text, 2, &d->hour);
    case 'M':
        return digits(text, 2, &d->minute);
    case 'S':
        if (!digits(text, 2, &d->second))
            return false;
        fraction(text, &d->ns);
        return true;
    case 's':
        if (!digits(text, 12, &d->epoch))
            return false;
        fraction(text, &d->ns);
        return true;
    case 'z':
        return zone(text, &d->zone);
    default:
        return c == *(*text)++;
    }
}

static bool follow(const char *format, const char **text, struct date *d)
{
    for (; *format; format++) {
        if (*format != '%') {
            if (*(*text)++ != *format)
                return false;
        } else if (format[1] == 'F' || format[1] == 'T') {
            const char *whole = format[1] == 'F' ? "%Y-%m-%d" : "%H:%M:%S";

            if (!follow(whole, text, d))
                return false;
            format++;
        } else if (!*++format || !directive(*format, text, d)) {
            return false;
        }
    }
    return true;
}

bool trace_date(const char *text, const char *format, sim_time *out)
{
    struct date d = {.year = 1970, .month = 1, .day = 1, .epoch = -1};
    int64_t seconds;

    if (!follow(format, &text, &d) || *text || d.month < 1 || d.month > 12 ||
        d.day < 1 || d.day > 31 || d.hour > 24 || d.minute > 59 ||
        d.second > 60)
        return false;
    seconds = days_from(d.year, d.month, d.day) * 86400 + d.hour * 3600 +
              d.minute * 60 + d.second - d.zone;
    if (d.epoch >= 0)
        seconds = d.epoch;
    if (llabs(seconds) > SIM_NEVER / SIM_S - 1)
        return false;
    *out = seconds * SIM_S + d.ns;
    return true;
}

/* ---- values ---- */

/* A decimal number of units, exact to the ns where it has no exponent. */
static bool decimal(const char *text, double unit, sim_time *out)
{
    const char *c = text + (*text == '-');
    int64_t whole = 0;
    double rest = 0, scale = 0.1, all;

    if (units_double(text, &all) && fabs(all * unit) < 9e18 &&
        !text[strspn(text, "-.0123456789")]) {
        for (; isdigit((unsigned char)*c); c++)
            whole = 10 * whole + (*c - '0');
        if (*c == '.')
            for (c++; *c; c++, scale /= 10)
                rest += (*c - '0') * scale;
        *out = (sim_time)(whole * (int64_t)unit) +
               (sim_time)llround((double)whole * (unit - floor(unit)) +
                                 rest * unit);
        *out = *text == '-' ? -*out : *out;
        return true;
    }
    if (!units_double(text, &all) || fabs(all * unit) >= 9e18)
        return false;
    *out = (sim_time)llround(all * unit);
    return true;
}

static bool parse_time(const char *text, const struct trace_column *column,
                       sim_time *out, bool *dated)
{
    static const char *const formats[] = {"%F %T%z", "%FT%T%z", "%F", NULL};

    *dated = true;
    if (column->format)
        return trace_date(text, column->format, out);
    for (int i = 0; formats[i]; i++)
        if (trace_date(text, formats[i], out))
            return true;
    *dated = false;
    return decimal(text, column->unit, out);
}

static bool bad(struct trace *t, size_t field, const char *text,
                const char *expected)
{
    diag_error(t->diag, trace_place(t),
               "expected %s in column '%.60s', "
               "got '%.60s'",
               expected, t->spec->columns[field].header, text);
    t->failed = true;
    return false;
}

/* What the trace's times are counted from. */
static bool find_origin(struct trace *t, size_t field, sim_time time,
                        bool dated)
{
    const struct trace_spec *spec = t->spec;

    t->origin_known = true;
    if (spec->origin == ORIGIN_FIRST || (spec->origin == ORIGIN_AUTO && dated))
        t->origin = time;
    if (spec->origin != ORIGIN_VALUE ||
        parse_time(spec->origin_text, &spec->columns[field], &t->origin,
                   &dated))
        return true;
    diag_error(t->diag, trace_place(t),
               "the origin '%.60s' is no time as in "
               "column '%.60s'",
               spec->origin_text, spec->columns[field].header);
    t->failed = true;
    return false;
}

static bool read_time(struct trace *t, size_t i, struct trace_value *v)
{
    bool dated;

    if (!parse_time(v->text, &t->spec->columns[i], &v->time, &dated))
        return bad(t, i, v->text, "a time");
    if (!t->origin_known && !find_origin(t, i, v->time, dated))
        return false;
    v->time -= t->origin;
    return true;
}

static bool read_value(struct trace *t, size_t i, struct trace_value *v)
{
    const struct trace_column *column = &t->spec->columns[i];

    v->number = NAN;
    v->time = SIM_NEVER;
    if (!*v->text)
        return !t->spec->fields[i].required || bad(t, i, "", "a value");
    switch (t->spec->fields[i].type) {
    case TRACE_TEXT:
        return true;
    case TRACE_NUMBER:
        if (!units_double(v->text, &v->number) || v->number < 0)
            return bad(t, i, v->text, "a number of at least 0");
        v->number *= column->unit;
        return true;
    case TRACE_SPAN:
        if (!decimal(v->text, column->unit, &v->time) || v->time < 0)
            return bad(t, i, v->text, "a time of at least 0");
        return true;
    case TRACE_TIME:
        return read_time(t, i, v);
    }
    return false;
}

/* ---- columns ---- */

static size_t find_header(const struct csv_row *row, const char *name)
{
    for (size_t i = 0; i < row->count; i++)
        if (strcmp(row->fields[i], name) == 0)
            return i;
    return NO_COLUMN;
}

static void report_header(struct trace *t, const struct csv_row *row,
                          const char *name)
{
    const char **names = mem_calloc(row->count + 1, sizeof *names);

    for (size_t i = 0; i < row->count; i++)
        names[i] = row->fields[i];
    diag_error(t->diag, trace_place(t), "no column '%.60s'", name);
    diag_suggest(t->diag, name, names);
    free(names);
    t->failed = true;
}

static void find_columns(struct trace *t, const struct csv_row *row)
{
    for (size_t i = 0; i < t->field_count; i++) {
        const struct trace_column *c = &t->spec->columns[i];

        t->columns[i] = c->header ? find_header(row, c->header) : NO_COLUMN;
        if (t->columns[i] == NO_COLUMN &&
            (c->asked || t->spec->fields[i].required)) {
            report_header(t, row, c->header);
            if (!c->asked)
                diag_hint(t->diag, "say which column it is: columns: {%s: ...}",
                          t->spec->fields[i].name);
        }
    }
    for (size_t i = 0; i < t->spec->filter_count; i++) {
        t->filters[i] = find_header(row, t->spec->filters[i].header);
        if (t->filters[i] == NO_COLUMN)
            report_header(t, row, t->spec->filters[i].header);
    }
}

struct trace *trace_open(const struct trace_spec *spec, struct diag *diag)
{
    struct trace *t = mem_zalloc(sizeof *t);
    struct csv_row row;

    t->spec = spec;
    t->diag = diag;
    while (spec->fields[t->field_count].name)
        t->field_count++;
    t->columns = mem_calloc(t->field_count, sizeof *t->columns);
    t->filters = mem_calloc(spec->filter_count, sizeof *t->filters);
    t->file = csv_open(spec->path, diag);
    if (csv_next(t->file, &row)) {
        t->line = row.line;
        find_columns(t, &row);
    }
    if (!trace_failed(t))
        return t;
    trace_close(t);
    return NULL;
}

static bool passes(const struct trace *t, const struct csv_row *row)
{
    for (size_t i = 0; i < t->spec->filter_count; i++)
        if (fnmatch(t->spec->filters[i].glob, row->fields[t->filters[i]], 0) !=
            0)
            return false;
    return true;
}

bool trace_next(struct trace *t, struct trace_value *values)
{
    struct csv_row row;

    do {
        if (t->failed || !csv_next(t->file, &row))
            return false;
        t->line = row.line;
    } while (!passes(t, &row));
    for (size_t i = 0; i < t->field_count; i++) {
        values[i].text =
            t->columns[i] == NO_COLUMN ? "" : row.fields[t->columns[i]];
        if (!read_value(t, i, &values[i]))
            return false;
    }
    return true;
}

struct place trace_place(const struct trace *t)
{
    return (struct place){.file = t->spec->path, .line = (int)t->line};
}

bool trace_failed(const struct trace *t)
{
    return t->failed || csv_failed(t->file);
}

void trace_close(struct trace *t)
{
    if (!t)
        return;
    csv_close(t->file);
    free(t->columns);
    free(t->filters);
    free(t);
}
