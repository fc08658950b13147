#include "sim/cli/chart.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

#include "sim/io/units.h"

enum { WIDTH = 62 };

/* One row: what an address was in each of WIDTH parts of the time. */
struct row {
    uint32_t ip;
    enum address_state at[WIDTH];
};

struct chart {
    const struct address_span *spans;
    size_t span_count;
    VEC_OF(struct row) rows;
    enum address_state whole[WIDTH]; /* of the virtual IP */
};

static bool unicode(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static const char *symbol(enum address_state state)
{
    static const char *const plain[] = {" ", ".", "#", "x"};
    static const char *const nice[] = {" ", "·", "█", "×"};

    return unicode() ? nice[state] : plain[state];
}

/* Of two states in one part of the time the one worth seeing is shown: dead
 * before not ready before ready. */
static enum address_state worse(enum address_state a, enum address_state b)
{
    static const int weight[] = {0, 2, 1, 3};

    return weight[a] >= weight[b] ? a : b;
}

static struct row *row_of(struct chart *c, uint32_t ip)
{
    for (size_t i = 0; i < c->rows.count; i++) {
        if (c->rows.items[i].ip == ip)
            return &c->rows.items[i];
    }
    VEC_PUSH(c->rows, (struct row){.ip = ip});
    return &c->rows.items[c->rows.count - 1];
}

static void add_span(struct chart *c, const struct address_span *span,
                     sim_time duration)
{
    struct row *row = row_of(c, span->ip);
    double part = (double)duration / WIDTH;
    sim_time from = span->from < 0 ? 0 : span->from;
    sim_time to = span->to > duration ? duration : span->to;

    if (to <= from)
        return;
    for (int i = (int)((double)from / part); i < WIDTH; i++) {
        if ((double)i * part >= (double)to)
            break;
        row->at[i] = worse(row->at[i], span->state);
        if (span->state == ADDRESS_READY)
            c->whole[i] = ADDRESS_READY;
    }
}

static void print_row(const char *name, const enum address_state *at, FILE *out)
{
    fprintf(out, "%-16s", name);
    for (int i = 0; i < WIDTH; i++)
        fputs(symbol(at[i]), out);
    fputc('\n', out);
}

static void legend(const struct study *study, const struct service *s,
                   FILE *out)
{
    char text[32];

    units_format_duration(study->scenario->duration, text, sizeof text);
    fprintf(out, "%s/%s, 0 to %s:  %s ready  %s listed, dead  %s not ready\n",
            s->spec->meta.space, s->spec->meta.name, text,
            symbol(ADDRESS_READY), symbol(ADDRESS_DEAD),
            symbol(ADDRESS_UNREADY));
}

size_t chart_draw(const struct study *study, service_id service, size_t rows,
                  FILE *out)
{
    const struct service *s = world_service(study->first->world, service);
    struct chart c = {0};
    char ip[16];
    size_t lines = 2, shown;

    c.spans = metrics_addresses(study->first->metrics, &c.span_count);
    for (size_t i = 0; i < c.span_count; i++) {
        if (c.spans[i].service == service)
            add_span(&c, &c.spans[i], study->scenario->duration);
    }
    legend(study, s, out);
    if (s->cluster_ip)
        print_row(world_format_ip(s->cluster_ip, ip), c.whole, out);
    else
        print_row("(headless)", c.whole, out);
    shown = c.rows.count + lines > rows ? rows - lines - 1 : c.rows.count;
    for (size_t i = 0; i < shown; i++, lines++)
        print_row(world_format_ip(c.rows.items[i].ip, ip), c.rows.items[i].at,
                  out);
    if (shown < c.rows.count) {
        fprintf(out, "... and %zu more addresses\n", c.rows.count - shown);
        lines++;
    }
    VEC_FREE(c.rows);
    return lines;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static size_t distinct(uint32_t *items, size_t count)
{
    size_t n = 0;

    qsort(items, count, sizeof *items, by_number);
    for (size_t i = 0; i < count; i++)
        n += i == 0 || items[i] != items[i - 1];
    return n;
}

void chart_count(const struct study *study, service_id service, size_t *ips,
                 size_t *pods)
{
    size_t count, n = 0;
    const struct address_span *spans =
        metrics_addresses(study->first->metrics, &count);
    uint32_t *a = mem_calloc(count + 1, sizeof *a);
    uint32_t *b = mem_calloc(count + 1, sizeof *b);

    for (size_t i = 0; i < count; i++) {
        if (spans[i].service != service || spans[i].to <= 0)
            continue;
        a[n] = spans[i].ip;
        b[n++] = spans[i].pod;
    }
    *ips = distinct(a, n);
    *pods = distinct(b, n);
    free(a);
    free(b);
}
