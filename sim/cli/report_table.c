#include "sim/cli/report_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/cli/compare_text.h"
#include "sim/io/csv.h"

enum { MOST_COLUMNS = 16, MOST_METRIC_ROWS = 400 };

void report_text(const char *text, FILE *out)
{
    for (; *text; text++) {
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc(*text, out);
        }
    }
}

/* The column of a name, of so many bytes; count: none. */
static size_t column_of(const struct csv_row *header, const char *name,
                        size_t length)
{
    size_t i = 0;

    while (i < header->count && (strlen(header->fields[i]) != length ||
                                 strncmp(header->fields[i], name, length) != 0))
        i++;
    return i;
}

static size_t column(const struct csv_row *header, const char *name)
{
    return column_of(header, name, strlen(name));
}

static double number(const char *text)
{
    return *text ? strtod(text, NULL) : NAN;
}

/* "99.95 % +-0.02" of a mean and its interval. */
static void put_mean(const char *unit, double mean, double low, double high,
                     FILE *out)
{
    const struct output_summary s = {
        .count = isnan(mean) ? 0u : 1u, .mean = mean, .ci = {low, high}};
    char text[64];

    compare_mean(unit, &s, text, sizeof text);
    fputs("<td class=n>", out);
    report_text(text, out);
    fputs("</td>", out);
}

/* ---- a table of a file ---- */

struct reading {
    const struct report_table *table;
    FILE *out;
    size_t shown[MOST_COLUMNS], count;
    size_t first, mean, low, high, unit, metric; /* the row's size: none */
    char *value;                                 /* of `first` */
    size_t rows, left;
    bool open;
};

static bool on_header(void *self, const struct csv_row *row)
{
    struct reading *r = self;
    const char *at = r->table->columns;

    while (*at && r->count < MOST_COLUMNS) {
        size_t length = strcspn(at, ",");
        size_t i = column_of(row, at, length);

        if (i < row->count)
            r->shown[r->count++] = i;
        at += length + (at[length] == ',');
    }
    r->first = r->table->first ? column(row, r->table->first) : row->count;
    r->mean = column(row, "mean");
    r->low = column(row, "ci_low");
    r->high = column(row, "ci_high");
    r->unit = column(row, "unit");
    r->metric = column(row, "metric");
    fprintf(r->out, "<h2>%s</h2>\n<table><tr>", r->table->title);
    for (size_t k = 0; k < r->count; k++) {
        fputs("<th>", r->out);
        report_text(row->fields[r->shown[k]], r->out);
        fputs("</th>", r->out);
    }
    fputs("</tr>\n", r->out);
    return true;
}

/* The unit of a row's mean: its metric's, for `unit` may be another's. */
static const char *unit_of(const struct reading *r, const struct csv_row *row)
{
    size_t metric = r->metric < row->count ? metric_find(row->fields[r->metric])
                                           : metric_count();

    if (metric < metric_count())
        return metric_infos[metric].unit;
    return r->unit < row->count ? row->fields[r->unit] : "";
}

static bool passes(struct reading *r, const struct csv_row *row)
{
    if (r->first >= row->count)
        return true;
    if (!r->value)
        r->value = mem_strdup(row->fields[r->first]);
    return strcmp(r->value, row->fields[r->first]) == 0;
}

static bool on_row(void *self, const struct csv_row *row)
{
    struct reading *r = self;

    if (!passes(r, row))
        return true;
    if (r->rows == r->table->most) {
        r->left++;
        return true;
    }
    r->rows++;
    fputs("<tr>", r->out);
    for (size_t k = 0; k < r->count; k++) {
        const char *text = row->fields[r->shown[k]];
        bool with_interval = r->shown[k] == r->mean && r->high < row->count;

        if (with_interval) {
            put_mean(unit_of(r, row), number(text), number(row->fields[r->low]),
                     number(row->fields[r->high]), r->out);
            continue;
        }
        fputs("<td>", r->out);
        report_text(text, r->out);
        fputs("</td>", r->out);
    }
    fputs("</tr>\n", r->out);
    return true;
}

/* Read into memory first: a table without rows is not shown. */
bool report_table(const char *dir, const struct report_table *table, FILE *out)
{
    char *path = mem_printf("%s/%s", dir, table->file);
    struct reading r = {.table = table};
    struct diag *diag = diag_new();
    char *text = NULL;
    size_t size;
    bool ok = true;

    if (access(path, R_OK) == 0) {
        r.out = open_memstream(&text, &size);
        ok = csv_read(path, on_header, on_row, &r, false, NULL, diag);
        fclose(r.out);
        if (r.rows > 0) {
            fputs(text, out);
            fputs("</table>\n", out);
        }
        if (r.left > 0)
            fprintf(out, "<p>and %zu more: %s</p>\n", r.left, table->file);
    }
    diag_print(diag, stderr);
    diag_free(diag);
    free(r.value);
    free(text);
    free(path);
    return ok;
}

/* ---- metrics, a row for a Service ---- */

static const char *const headline[] = {
    "requests",    "requests_failed", "request_availability", "latency_p50",
    "latency_p99", "ip_churn",        "recovery_time_max"};
enum { HEADLINE = sizeof headline / sizeof headline[0] };

struct pivot {
    FILE *out;
    size_t variant, service, traffic, metric, unit, mean, low, high;
    char *key_variant, *key_service;
    struct {
        const char *unit;
        double mean, low, high;
    } cells[HEADLINE];
    size_t rows, left;
};

static void flush(struct pivot *p)
{
    if (!p->key_variant)
        return;
    if (p->rows == MOST_METRIC_ROWS) {
        p->left++;
        return;
    }
    if (p->rows++ == 0) {
        fputs("<h2>Services: means with 95 % intervals</h2>\n<table><tr>"
              "<th>variant</th><th>service</th>",
              p->out);
        for (size_t k = 0; k < HEADLINE; k++)
            fprintf(p->out, "<th>%s</th>", headline[k]);
        fputs("</tr>\n", p->out);
    }
    fputs("<tr><td>", p->out);
    report_text(p->key_variant, p->out);
    fputs("</td><td>", p->out);
    report_text(p->key_service, p->out);
    fputs("</td>", p->out);
    for (size_t k = 0; k < HEADLINE; k++)
        put_mean(p->cells[k].unit ? p->cells[k].unit : "", p->cells[k].mean,
                 p->cells[k].low, p->cells[k].high, p->out);
    fputs("</tr>\n", p->out);
}

static bool on_pivot_header(void *self, const struct csv_row *row)
{
    struct pivot *p = self;

    p->variant = column(row, "variant");
    p->service = column(row, "service");
    p->traffic = column(row, "traffic");
    p->metric = column(row, "metric");
    p->unit = column(row, "unit");
    p->mean = column(row, "mean");
    p->low = column(row, "ci_low");
    p->high = column(row, "ci_high");
    return p->variant < row->count && p->service < row->count &&
           p->traffic < row->count && p->metric < row->count &&
           p->mean < row->count && p->high < row->count;
}

static void begin_row(struct pivot *p, const char *variant, const char *service)
{
    flush(p);
    free(p->key_variant);
    free(p->key_service);
    p->key_variant = mem_strdup(variant);
    p->key_service = mem_strdup(service);
    for (size_t k = 0; k < HEADLINE; k++)
        p->cells[k].mean = p->cells[k].low = p->cells[k].high = NAN;
}

static bool on_pivot_row(void *self, const struct csv_row *row)
{
    struct pivot *p = self;
    const char *variant = row->fields[p->variant];
    const char *service = row->fields[p->service];
    size_t k = 0, metric;

    while (k < HEADLINE && strcmp(headline[k], row->fields[p->metric]) != 0)
        k++;
    if (k == HEADLINE || !*service || *row->fields[p->traffic])
        return true;
    if (!p->key_variant || strcmp(p->key_variant, variant) != 0 ||
        strcmp(p->key_service, service) != 0)
        begin_row(p, variant, service);
    metric = metric_find(headline[k]);
    p->cells[k].unit = metric < metric_count() ? metric_infos[metric].unit : "";
    p->cells[k].mean = number(row->fields[p->mean]);
    p->cells[k].low = number(row->fields[p->low]);
    p->cells[k].high = number(row->fields[p->high]);
    return true;
}

bool report_metrics(const char *dir, FILE *out)
{
    char *path = mem_printf("%s/metrics.csv", dir);
    struct pivot p = {.out = out};
    struct diag *diag = diag_new();
    bool ok =
        csv_read(path, on_pivot_header, on_pivot_row, &p, false, NULL, diag);

    flush(&p);
    if (p.rows > 0)
        fputs("</table>\n", out);
    if (p.left > 0)
        fprintf(out, "<p>and %zu more: metrics.csv</p>\n", p.left);
    diag_print(diag, stderr);
    diag_free(diag);
    free(p.key_variant);
    free(p.key_service);
    free(path);
    return ok;
}
