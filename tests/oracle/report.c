#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/oracle/oracle.h"

void report_begin(struct report *report, const struct recording *r)
{
    *report = (struct report){.recording = r->name, .worst_where = ""};
}

/* Fields have no quotes or line ends; one with a comma is quoted. */
static void field(const char *text)
{
    if (strchr(text, ','))
        printf("\"%s\",", text);
    else
        printf("%s,", text);
}

static void line(struct report *report, const char *aspect,
                 const char *expected, const char *got, const char *tolerance,
                 const char *verdict)
{
    field(report->recording);
    field(aspect);
    field(expected);
    field(got);
    field(tolerance);
    printf("%s\n", verdict);
}

void report_text(struct report *report, bool ok, const char *aspect,
                 const char *expected, const char *got, const char *tolerance)
{
    if (ok)
        report->passed++;
    else
        report->failed++;
    line(report, aspect, expected, got, tolerance, ok ? "passed" : "failed");
}

static void number(char buffer[32], double value)
{
    if (isnan(value))
        snprintf(buffer, 32, "never");
    else
        snprintf(buffer, 32, "%.6g", value);
}

void report_count(struct report *report, const char *aspect, double expected,
                  double got, double tolerance)
{
    char want[32], have[32], by[40] = "exact";
    bool ok = fabs(expected - got) <= tolerance + 1e-9;

    number(want, expected);
    number(have, got);
    if (tolerance > 0)
        snprintf(by, sizeof by, "+-%.6g", tolerance);
    report->worst_count = fmax(report->worst_count, fabs(expected - got));
    report_text(report, ok, aspect, want, have, by);
}

void report_time(struct report *report, const char *aspect, double expected,
                 double got, double tolerance)
{
    char want[32], have[32], by[40];
    double error = fabs(expected - got);
    bool ok = isnan(expected) ? isnan(got) : error <= tolerance;

    number(want, expected);
    number(have, got);
    snprintf(by, sizeof by, "+-%.3g s", tolerance);
    if (error > report->worst) {
        report->worst = error;
        snprintf(report->worst_where, sizeof report->worst_where, "%s", aspect);
    }
    report_text(report, ok, aspect, want, have, by);
}

void report_range(struct report *report, const char *aspect, double expected,
                  double got, double low, double high)
{
    char want[32], have[32], by[64];
    bool ok = isnan(expected) ? isnan(got) : got >= low && got <= high;

    number(want, expected);
    number(have, got);
    snprintf(by, sizeof by, "%.6g..%.6g", low, high);
    report_text(report, ok, aspect, want, have, by);
}

void report_skip(struct report *report, const char *aspect, const char *why)
{
    report->skipped++;
    line(report, aspect, "", "", why, "skipped");
}

void report_end(struct report *report)
{
    char worst[200];

    snprintf(worst, sizeof worst, "%.3f s%s%s", report->worst,
             report->worst > 0 ? " in " : "", report->worst_where);
    field(report->recording);
    printf("largest time error: %s; largest difference of a count: %.6g; "
           "%zu passed, %zu failed, %zu skipped\n",
           worst, report->worst_count, report->passed, report->failed,
           report->skipped);
}
