#include "sim/cli/variant_tails.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/io/csv.h"

/* Lines of a panel: the first row, the best, the worst; points of each: as
 * many as an axis has room for. */
enum { BEST = 5, WORST = 2 };
#define POINTS_PER_DECADE 40.0

enum { VARIANT, REPLICATION, SERVICE, TRAFFIC, HIGH, COUNT, COLUMNS };
static const char *const columns[COLUMNS] = {
    "variant", "replication", "service", "traffic", "high", "count"};

/* A bucket of latencies: how many are not above `high` and above the one
 * before. */
struct bucket {
    double high, count;
};

struct tails {
    struct variant_table *table;
    const char *service;
    size_t at[COLUMNS];
    struct buckets {
        VEC_OF(struct bucket) list;
    } * buckets; /* [variant] */
};

size_t variant_find(struct variant_table *table, const char *name)
{
    size_t n = table->variants.count;

    for (size_t k = 0; k < n; k++) { /* mostly the same again, or the next */
        size_t i = (table->last + k) % n;

        if (strcmp(table->variants.items[i].name, name) == 0) {
            table->last = i;
            return i;
        }
    }
    return n;
}

static bool on_header(void *self, const struct csv_row *row)
{
    struct tails *t = self;

    for (size_t k = 0; k < COLUMNS; k++) {
        size_t i = 0;

        while (i < row->count && strcmp(row->fields[i], columns[k]) != 0)
            i++;
        if (i == row->count)
            return false;
        t->at[k] = i;
    }
    return true;
}

static bool shown(const struct tails *t, const struct variant_entry *entry)
{
    const struct variant_entry *first = t->table->variants.items;

    return entry->row < BEST || entry->row + WORST >= t->table->rows ||
           entry->row == first->row;
}

static bool on_row(void *self, const struct csv_row *row)
{
    struct tails *t = self;
    size_t v;

    if (strcmp(row->fields[t->at[SERVICE]], t->service) != 0 ||
        *row->fields[t->at[TRAFFIC]] ||
        strcmp(row->fields[t->at[REPLICATION]], "0") != 0)
        return true;
    v = variant_find(t->table, row->fields[t->at[VARIANT]]);
    if (v < t->table->variants.count &&
        shown(t, &t->table->variants.items[v])) {
        struct bucket b = {strtod(row->fields[t->at[HIGH]], NULL),
                           strtod(row->fields[t->at[COUNT]], NULL)};

        VEC_PUSH(t->buckets[v].list, b);
    }
    return true;
}

static int by_high(const void *left, const void *right)
{
    const struct bucket *a = left, *b = right;

    return (a->high > b->high) - (a->high < b->high);
}

static void write_tail(const struct tails *t, size_t v, struct csv *out)
{
    const struct variant_entry *entry = &t->table->variants.items[v];
    struct buckets *b = &t->buckets[v];
    double total = 0, left, next = 0;

    qsort(b->list.items, b->list.count, sizeof *b->list.items, by_high);
    for (size_t i = 0; i < b->list.count; i++)
        total += b->list.items[i].count;
    left = total;
    for (size_t i = 0; i < b->list.count; i++) {
        left -= b->list.items[i].count;
        if (b->list.items[i].high < next || left <= 0)
            continue;
        next = b->list.items[i].high * pow(10, 1 / POINTS_PER_DECADE);
        csv_int(out, (int64_t)entry->series + 1);
        csv_int(out, (int64_t)entry->row + 1);
        csv_double(out, b->list.items[i].high);
        csv_double(out, left / total);
        csv_end(out);
    }
}

static bool write_all(const struct tails *t, const char *path)
{
    FILE *file = fopen(path, "w");
    struct csv out = {file, false};
    bool ok;

    if (file) {
        csv_header(&out, "series,row,seconds,longer");
        for (size_t v = 0; t->service && v < t->table->variants.count; v++)
            write_tail(t, v, &out);
    }
    ok = file && !ferror(file);
    if (file && fclose(file) == 0 && ok)
        return true;
    fprintf(stderr, "podchurn: error: %s: %s\n", path, strerror(errno));
    return false;
}

bool variant_tails_write(const char *dir, struct variant_table *table,
                         const char *service)
{
    char *from = mem_printf("%s/latency.csv", dir);
    char *to = mem_printf("%s/plots/tails.csv", dir);
    struct tails t = {.table = table, .service = service};
    struct diag *diag = diag_new();
    bool ok = true;

    t.buckets = mem_calloc(table->variants.count + 1, sizeof *t.buckets);
    if (service)
        ok = csv_read(from, on_header, on_row, &t, false, NULL, diag);
    ok = ok && write_all(&t, to);
    diag_print(diag, stderr);
    diag_free(diag);
    for (size_t v = 0; v < table->variants.count; v++)
        VEC_FREE(t.buckets[v].list);
    free(t.buckets);
    free(from);
    free(to);
    return ok;
}
