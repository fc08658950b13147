#include "sim/cli/coarse.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"
#include "sim/io/csv.h"

enum { INTERVALS = 480, COLUMNS = 10 };

/* Columns wanted, in the order of `columns` below. */
enum {
    VARIANT,
    REPLICATION,
    TIME,
    SERVICE,
    TRAFFIC,
    DESIRED,
    READY,
    REQUESTS,
    SUCCEEDED,
    FAILED
};
static const char *const columns[COLUMNS] = {
    "variant", "replication", "time",     "service",   "traffic",
    "desired", "ready",       "requests", "succeeded", "failed"};

struct bin {
    double desired, ready, requests, succeeded, failed;
};

/* One Service or traffic entry. */
struct group {
    char *service, *traffic;
    size_t order; /* of its Service, among Services */
    struct bin bins[INTERVALS];
};

struct coarse {
    size_t at[COLUMNS];          /* place of each column */
    bool adding;                 /* second pass */
    double end, step;            /* of the series: last start, shortest step */
    double width;                /* of an interval of the picture */
    char *variant, *replication; /* the first row's */
    VEC_OF(struct group *) groups;
    size_t last; /* the group of the row before: rows come in turn */
};

static bool on_header(void *self, const struct csv_row *row)
{
    struct coarse *c = self;

    for (size_t k = 0; k < COLUMNS; k++) {
        size_t i = 0;

        while (i < row->count && strcmp(row->fields[i], columns[k]) != 0)
            i++;
        if (i == row->count)
            return false;
        c->at[k] = i;
    }
    return true;
}

static const char *field(const struct coarse *c, const struct csv_row *row,
                         size_t column)
{
    return row->fields[c->at[column]];
}

static double number(const struct coarse *c, const struct csv_row *row,
                     size_t column)
{
    const char *text = field(c, row, column);

    return *text ? strtod(text, NULL) : NAN;
}

/* Rows of another variant or replication than the first are passed over. */
static bool first(struct coarse *c, const struct csv_row *row)
{
    if (!c->variant) {
        c->variant = mem_strdup(field(c, row, VARIANT));
        c->replication = mem_strdup(field(c, row, REPLICATION));
    }
    return strcmp(c->variant, field(c, row, VARIANT)) == 0 &&
           strcmp(c->replication, field(c, row, REPLICATION)) == 0;
}

static bool is_group(const struct group *g, const char *service,
                     const char *traffic)
{
    return strcmp(g->service, service) == 0 && strcmp(g->traffic, traffic) == 0;
}

static void group_free(struct group *g)
{
    free(g->service);
    free(g->traffic);
    free(g);
}

static struct group *group_new(const char *service, const char *traffic)
{
    struct group *g = mem_zalloc(sizeof *g);

    g->service = mem_strdup(service);
    g->traffic = mem_strdup(traffic);
    for (size_t i = 0; i < INTERVALS; i++)
        g->bins[i].desired = g->bins[i].ready = g->bins[i].requests = NAN;
    return g;
}

/* The row's group: most often the one after that of the row before. */
static struct group *find_group(struct coarse *c, const struct csv_row *row)
{
    const char *service = field(c, row, SERVICE);
    const char *traffic = field(c, row, TRAFFIC);
    size_t n = c->groups.count;

    for (size_t k = 1; k <= n; k++) {
        size_t i = (c->last + k) % n;

        if (is_group(c->groups.items[i], service, traffic)) {
            c->last = i;
            return c->groups.items[i];
        }
    }
    VEC_PUSH(c->groups, group_new(service, traffic));
    c->last = n;
    return c->groups.items[n];
}

static void add(struct coarse *c, const struct csv_row *row)
{
    struct group *g = find_group(c, row);
    double requests = number(c, row, REQUESTS);
    size_t i = (size_t)(number(c, row, TIME) / c->width + 1e-9);
    struct bin *bin = &g->bins[i < INTERVALS ? i : INTERVALS - 1];

    bin->desired = fmax(bin->desired, number(c, row, DESIRED));
    bin->ready = fmin(bin->ready, number(c, row, READY));
    if (isnan(requests))
        return;
    bin->requests = isnan(bin->requests) ? requests : bin->requests + requests;
    bin->succeeded += number(c, row, SUCCEEDED);
    bin->failed += number(c, row, FAILED);
}

static bool on_row(void *self, const struct csv_row *row)
{
    struct coarse *c = self;
    double time;

    if (!first(c, row))
        return false; /* they come in order: the rest are others' */
    time = number(c, row, TIME);
    if (c->adding) {
        add(c, row);
        return true;
    }
    if (time > c->end && (c->step <= 0 || time - c->end < c->step))
        c->step = time - c->end;
    c->end = fmax(c->end, time);
    return true;
}

/* --- which Services are shown --- */

struct trouble {
    const char *service;
    double asked, missed; /* pods and requests, each as a sum over time */
    size_t order;
};

static double share(const struct trouble *t)
{
    return t->asked > 0 ? t->missed / t->asked : 0;
}

/* The most trouble first; among equals the one that comes first. */
static int by_trouble(const void *a, const void *b)
{
    const struct trouble *x = a, *y = b;

    if (share(x) != share(y))
        return share(x) < share(y) ? 1 : -1;
    return (x->order > y->order) - (x->order < y->order);
}

static void add_trouble(struct trouble *t, const struct group *g)
{
    for (size_t i = 0; i < INTERVALS; i++) {
        const struct bin *bin = &g->bins[i];

        if (!isnan(bin->desired) && !isnan(bin->ready)) {
            t->asked += bin->desired;
            t->missed += fmax(bin->desired - bin->ready, 0);
        }
        if (!isnan(bin->requests)) {
            t->asked += bin->requests;
            t->missed += bin->failed;
        }
    }
}

/* Leaves out the groups of the Services with the least. */
static void choose(struct coarse *c)
{
    VEC_OF(struct trouble) all = {0};
    bool *shown;
    size_t kept = 0;

    for (size_t i = 0; i < c->groups.count; i++) {
        struct group *g = c->groups.items[i];
        struct trouble new = {.service = g->service, .order = all.count};
        size_t k = 0;

        while (k < all.count && strcmp(all.items[k].service, g->service) != 0)
            k++;
        if (k == all.count)
            VEC_PUSH(all, new);
        g->order = k;
        add_trouble(&all.items[k], g);
    }
    shown = mem_calloc(all.count ? all.count : 1, sizeof *shown);
    if (all.count > 0)
        qsort(all.items, all.count, sizeof *all.items, by_trouble);
    for (size_t i = 0; i < all.count && i < COARSE_SERVICES; i++)
        shown[all.items[i].order] = true;
    for (size_t i = 0; i < c->groups.count; i++) {
        struct group *g = c->groups.items[i];

        if (shown[g->order])
            c->groups.items[kept++] = g;
        else
            group_free(g);
    }
    c->groups.count = kept;
    VEC_FREE(all);
    free(shown);
}

/* --- writing --- */

static void write_group(const struct coarse *c, const struct group *g,
                        struct csv *out)
{
    size_t count = (size_t)ceil((c->end + c->step) / c->width - 1e-9);

    for (size_t i = 0; i < count && i < INTERVALS; i++) {
        const struct bin *bin = &g->bins[i];

        csv_double(out, (double)i * c->width);
        csv_text(out, g->service);
        csv_text(out, g->traffic);
        csv_double(out, bin->desired);
        csv_double(out, bin->ready);
        csv_double(out, bin->requests);
        csv_double(out, bin->succeeded);
        csv_double(out, bin->failed);
        csv_end(out);
    }
}

static bool write_all(const struct coarse *c, const char *path)
{
    FILE *file = fopen(path, "w");
    struct csv out = {file, false};
    bool ok;

    if (file) {
        csv_header(&out, "time,service,traffic,desired,ready,requests,"
                         "succeeded,failed");
        for (size_t i = 0; i < c->groups.count; i++)
            write_group(c, c->groups.items[i], &out);
    }
    ok = file && !ferror(file);
    if (!file || fclose(file) != 0 || !ok) {
        fprintf(stderr, "podchurn: error: %s: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}

static bool read_passes(struct coarse *c, const char *path)
{
    struct diag *diag = diag_new();
    bool ok = csv_read(path, on_header, on_row, c, false, NULL, diag);

    c->adding = true;
    if (c->step <= 0)
        c->step = 1;
    /* Whole steps, so that no interval has one more than another. */
    c->width = c->step * fmax(1, ceil((c->end / c->step + 1) / INTERVALS));
    ok = ok && csv_read(path, on_header, on_row, c, false, NULL, diag);
    diag_print(diag, stderr);
    diag_free(diag);
    return ok;
}

bool coarse_write(const char *dir)
{
    char *from = mem_printf("%s/timeseries.csv", dir);
    char *to = mem_printf("%s/plots/timeseries.csv", dir);
    struct coarse c = {0};
    bool ok = read_passes(&c, from);

    choose(&c);
    ok = ok && write_all(&c, to);
    for (size_t i = 0; i < c.groups.count; i++)
        group_free(c.groups.items[i]);
    VEC_FREE(c.groups);
    free(c.variant);
    free(c.replication);
    free(from);
    free(to);
    return ok;
}
