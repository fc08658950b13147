#include "sim/cli/variant_data.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/cli/variant_tails.h"
#include "sim/io/csv.h"

enum { FAILED, LATENCY, MEASURES };

/* More variants that have no place in a grid are no picture. */
enum { MOST_ALONE = 200 };

struct measure {
    double mean, low, high;
};

struct factor_column {
    char *name;
    VEC_OF(char *) values; /* distinct, in order */
};

struct data {
    struct variant_table table;
    VEC_OF(struct factor_column) factors;
    VEC_OF(size_t) levels; /* [variant][factor]: number of the value */
    VEC_OF(struct measure) measures; /* [variant][MEASURES] */
    char *service;
    bool alone; /* a sampled design: each variant is a row of its own */
    size_t row_factor, row_count;
    size_t *place;         /* [level of the row factor, or variant]: row - 1 */
    VEC_OF(char *) groups; /* [series] */
    size_t columns[6];     /* of metrics.csv */
};

/* ---------------------------------------------------------- variants.csv */

/* The number of a text; count: it is none of these. */
static size_t find_text(char *const *items, size_t count, const char *text)
{
    size_t i = 0;

    while (i < count && strcmp(items[i], text) != 0)
        i++;
    return i;
}

static bool on_factors(void *self, const struct csv_row *row)
{
    struct data *d = self;

    for (size_t i = 1; i < row->count; i++) {
        struct factor_column factor = {.name = mem_strdup(row->fields[i])};

        VEC_PUSH(d->factors, factor);
    }
    return true;
}

static bool on_variant(void *self, const struct csv_row *row)
{
    struct data *d = self;
    struct variant_entry entry = {.name = mem_strdup(row->fields[0])};

    VEC_PUSH(d->table.variants, entry);
    for (size_t f = 0; f < d->factors.count; f++) {
        struct factor_column *factor = &d->factors.items[f];
        size_t level = find_text(factor->values.items, factor->values.count,
                                 row->fields[f + 1]);

        if (level == factor->values.count)
            VEC_PUSH(factor->values, mem_strdup(row->fields[f + 1]));
        VEC_PUSH(d->levels, level);
    }
    return true;
}

static size_t level_of(const struct data *d, size_t variant, size_t factor)
{
    return d->levels.items[variant * d->factors.count + factor];
}

/* ----------------------------------------------------------- metrics.csv */

enum { C_VARIANT, C_SERVICE, C_TRAFFIC, C_METRIC, C_MEAN, C_LOW };

static bool on_metrics_header(void *self, const struct csv_row *row)
{
    static const char *const names[] = {"variant", "service", "traffic",
                                        "metric",  "mean",    "ci_low"};
    struct data *d = self;

    for (size_t k = 0; k < 6; k++) {
        size_t i = 0;

        while (i < row->count && strcmp(row->fields[i], names[k]) != 0)
            i++;
        if (i == row->count)
            return false;
        d->columns[k] = i;
    }
    return true;
}

static double number(const char *text)
{
    return *text ? strtod(text, NULL) : NAN;
}

static bool on_metric(void *self, const struct csv_row *row)
{
    struct data *d = self;
    const char *metric = row->fields[d->columns[C_METRIC]];
    const char *service = row->fields[d->columns[C_SERVICE]];
    bool failed = strcmp(metric, "request_availability") == 0;
    struct measure m = {number(row->fields[d->columns[C_MEAN]]),
                        number(row->fields[d->columns[C_LOW]]),
                        number(row->fields[d->columns[C_LOW] + 1])};
    size_t v = variant_find(&d->table, row->fields[d->columns[C_VARIANT]]);

    if ((!failed && strcmp(metric, "latency_p99") != 0) ||
        *row->fields[d->columns[C_TRAFFIC]] || isnan(m.mean) ||
        v == d->table.variants.count)
        return true;
    if (!d->service)
        d->service = mem_strdup(service);
    if (strcmp(d->service, service) != 0)
        return true;
    if (failed)
        m = (struct measure){1 - m.mean, 1 - m.high, 1 - m.low};
    d->measures.items[v * MEASURES + (failed ? FAILED : LATENCY)] = m;
    return true;
}

static void no_measures(struct data *d)
{
    for (size_t i = 0; i < d->table.variants.count * MEASURES; i++) {
        struct measure none = {NAN, NAN, NAN};

        VEC_PUSH(d->measures, none);
    }
}

/* ------------------------------------------------------------ the layout */

/* The last key of a path: "replicas" of "deployment/web:spec.replicas". */
static const char *short_name(const char *path)
{
    const char *name = path;
    int depth = 0;

    for (const char *c = path; *c; c++) {
        depth += (*c == '[') - (*c == ']');
        if (depth == 0 && (*c == '.' || *c == ':'))
            name = c + 1;
    }
    return name;
}

/* " / timeout 0.875s"; of words the value alone, of numbers four digits: a
 * label is no input. The caller frees it. */
static char *label_of(const struct factor_column *factor, const char *value)
{
    char *end;
    double x = strtod(value, &end);

    if (isalpha((unsigned char)*value) || end == value)
        return mem_printf(" / %s", value);
    return mem_printf(" / %s %.4g%s", short_name(factor->name), x, end);
}

/* What all factors but one have in a variant; the caller frees it. */
static char *values_but(const struct data *d, size_t variant, size_t but)
{
    char *text = mem_strdup(""), *trimmed;

    for (size_t f = 0; f < d->factors.count; f++) {
        const struct factor_column *factor = &d->factors.items[f];
        char *label, *longer;

        if (f == but)
            continue;
        label = label_of(factor, factor->values.items[level_of(d, variant, f)]);
        longer = mem_printf("%s%s", text, label);
        free(label);
        free(text);
        text = longer;
    }
    trimmed = mem_strdup(*text ? text + 3 : "");
    free(text);
    return trimmed;
}

/* What decides a variant's row. */
static size_t row_level(const struct data *d, size_t variant)
{
    return d->alone ? variant : level_of(d, variant, d->row_factor);
}

static bool all_numbers(const struct factor_column *factor)
{
    for (size_t i = 0; i < factor->values.count; i++) {
        const char *value = factor->values.items[i];

        if (!isdigit((unsigned char)*value) && *value != '-')
            return false;
    }
    return true;
}

static int by_score(const void *left, const void *right)
{
    const double *a = left, *b = right; /* score, level */

    if (a[0] != b[0])
        return a[0] < b[0] ? -1 : 1;
    return a[1] < b[1] ? -1 : a[1] > b[1];
}

/* Failures in the series' order of size, on average, latency between equals:
 * a series with many failures does not outweigh the others. */
static double score_of(const struct data *d, size_t level)
{
    const struct variant_table *t = &d->table;
    double sum = 0;

    for (size_t v = 0; v < t->variants.count; v++) {
        const struct measure *mine = &d->measures.items[v * MEASURES];

        if (row_level(d, v) != level)
            continue;
        for (size_t w = 0; w < t->variants.count; w++) {
            const struct measure *other = &d->measures.items[w * MEASURES];

            if (t->variants.items[w].series != t->variants.items[v].series)
                continue;
            if (other[FAILED].mean < mine[FAILED].mean ||
                isnan(mine[FAILED].mean))
                sum += 1;
            if (other[LATENCY].mean < mine[LATENCY].mean)
                sum += 1e-6;
        }
    }
    return sum;
}

static void order_rows(struct data *d)
{
    const struct factor_column *factor = &d->factors.items[d->row_factor];
    bool numbers = !d->alone && all_numbers(factor);
    double(*scores)[2];

    d->row_count = d->alone ? d->table.variants.count : factor->values.count;
    d->place = mem_calloc(d->row_count, sizeof *d->place);
    scores = mem_calloc(d->row_count, sizeof *scores);
    for (size_t level = 0; level < d->row_count; level++) {
        scores[level][0] = numbers ? 0 : score_of(d, level);
        scores[level][1] = (double)level;
    }
    qsort(scores, d->row_count, sizeof *scores, by_score);
    for (size_t i = 0; i < d->row_count; i++)
        d->place[(size_t)scores[i][1]] = i;
    free(scores);
}

/* The series of each variant: the others' values. */
static void find_series(struct data *d)
{
    for (size_t v = 0; v < d->table.variants.count; v++) {
        char *group = values_but(d, v, d->row_factor);
        size_t series = find_text(d->groups.items, d->groups.count, group);

        if (series == d->groups.count)
            VEC_PUSH(d->groups, group);
        else
            free(group);
        d->table.variants.items[v].series = series;
    }
}

/* Few of the grid's places are taken: samples, or one factor at a time. */
static void leave_grid(struct data *d)
{
    size_t places =
        d->groups.count * d->factors.items[d->row_factor].values.count;

    d->alone = d->table.variants.count * 2 < places;
    if (!d->alone)
        return;
    for (size_t i = 0; i < d->groups.count; i++)
        free(d->groups.items[i]);
    VEC_FREE(d->groups);
    VEC_PUSH(d->groups, mem_strdup(""));
    for (size_t v = 0; v < d->table.variants.count; v++)
        d->table.variants.items[v].series = 0;
}

static void arrange(struct data *d)
{
    for (size_t f = 1; f < d->factors.count; f++)
        if (d->factors.items[f].values.count >
            d->factors.items[d->row_factor].values.count)
            d->row_factor = f;
    find_series(d);
    leave_grid(d);
    order_rows(d);
    for (size_t v = 0; v < d->table.variants.count; v++)
        d->table.variants.items[v].row = d->place[row_level(d, v)];
    d->table.rows = d->row_count;
    d->table.series = d->groups.count;
}

/* ----------------------------------------------------------------- output */

/* Less for sure, or by means where there are no intervals; and not more for
 * sure. */
static bool less(const struct measure *a, const struct measure *b)
{
    return isnan(a->high) || isnan(b->low) ? a->mean < b->mean
                                           : a->high < b->low;
}

static bool beaten(const struct measure *mine, const struct measure *other)
{
    return (less(&other[FAILED], &mine[FAILED]) &&
            !less(&mine[LATENCY], &other[LATENCY])) ||
           (less(&other[LATENCY], &mine[LATENCY]) &&
            !less(&mine[FAILED], &other[FAILED]));
}

static bool on_front(const struct data *d, size_t v)
{
    const struct variant_entry *entries = d->table.variants.items;
    const struct measure *mine = &d->measures.items[v * MEASURES];

    if (isnan(mine[FAILED].mean) || isnan(mine[LATENCY].mean))
        return false;
    for (size_t w = 0; w < d->table.variants.count; w++) {
        if (entries[w].series == entries[v].series &&
            beaten(mine, &d->measures.items[w * MEASURES]))
            return false;
    }
    return true;
}

static void write_row(const struct data *d, size_t v, struct csv *out)
{
    const struct variant_entry *entry = &d->table.variants.items[v];
    const struct factor_column *factor = &d->factors.items[d->row_factor];
    char *all = values_but(d, v, SIZE_MAX);

    csv_text(out, entry->name);
    csv_text(out, d->alone ? "variant" : short_name(factor->name));
    csv_int(out, (int64_t)entry->row + 1);
    csv_text(out, d->alone
                      ? all
                      : factor->values.items[level_of(d, v, d->row_factor)]);
    free(all);
    csv_int(out, (int64_t)entry->series + 1);
    csv_text(out, d->groups.items[entry->series]);
    csv_text(out, d->service);
    for (size_t k = 0; k < MEASURES; k++) {
        const struct measure *m = &d->measures.items[v * MEASURES + k];

        csv_double(out, m->mean);
        csv_double(out, m->low);
        csv_double(out, m->high);
    }
    csv_int(out, on_front(d, v));
    csv_end(out);
}

static bool write_variants(const struct data *d, const char *path)
{
    FILE *file = fopen(path, "w");
    struct csv out = {file, false};
    bool drawn = d->service && !(d->alone && d->row_count > MOST_ALONE), ok;

    if (file) {
        csv_header(&out, "variant,factor,row,label,series,group,service,failed,"
                         "failed_low,failed_high,latency_p99,latency_p99_low,"
                         "latency_p99_high,front");
        for (size_t v = 0; drawn && v < d->table.variants.count; v++)
            write_row(d, v, &out);
    }
    ok = file && !ferror(file);
    if (file && fclose(file) == 0 && ok)
        return true;
    fprintf(stderr, "podchurn: error: %s: %s\n", path, strerror(errno));
    return false;
}

static bool read_all(struct data *d, const char *dir)
{
    char *variants = mem_printf("%s/variants.csv", dir);
    char *metrics = mem_printf("%s/metrics.csv", dir);
    struct diag *diag = diag_new();
    bool ok = true;

    if (access(variants, F_OK) == 0)
        ok = csv_read(variants, on_factors, on_variant, d, false, NULL, diag);
    no_measures(d);
    if (ok && d->table.variants.count > 1)
        ok = csv_read(metrics, on_metrics_header, on_metric, d, false, NULL,
                      diag);
    diag_print(diag, stderr);
    diag_free(diag);
    free(variants);
    free(metrics);
    return ok;
}

static void release(struct data *d)
{
    for (size_t f = 0; f < d->factors.count; f++) {
        struct factor_column *factor = &d->factors.items[f];

        for (size_t i = 0; i < factor->values.count; i++)
            free(factor->values.items[i]);
        VEC_FREE(factor->values);
        free(factor->name);
    }
    for (size_t i = 0; i < d->groups.count; i++)
        free(d->groups.items[i]);
    for (size_t v = 0; v < d->table.variants.count; v++)
        free(d->table.variants.items[v].name);
    VEC_FREE(d->table.variants);
    VEC_FREE(d->factors);
    VEC_FREE(d->levels);
    VEC_FREE(d->measures);
    VEC_FREE(d->groups);
    free(d->service);
    free(d->place);
}

bool variant_data_write(const char *dir, struct variant_list *list)
{
    char *to = mem_printf("%s/plots/variants.csv", dir);
    struct data d = {0};
    bool ok = read_all(&d, dir);
    size_t count = d.table.variants.count;

    *list = (struct variant_list){
        count > 0 ? count : 1,
        mem_strdup(count > 0 ? d.table.variants.items[0].name : "")};
    if (ok && count > 1) {
        arrange(&d);
        ok = write_variants(&d, to) &&
             variant_tails_write(dir, &d.table, d.service);
    }
    release(&d);
    free(to);
    return ok;
}

void variant_list_release(struct variant_list *list)
{
    free(list->first);
    list->first = NULL;
}
