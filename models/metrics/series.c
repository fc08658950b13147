#include <assert.h>
#include <stdlib.h>

#include "models/metrics/measure.h"

enum { MAX_ROWS = 1000000 };

/* The smallest of 1, 2, 5 x 10^k s that gives at most MAX_ROWS rows. */
static sim_time automatic_width(const struct metrics *m)
{
    double columns = (double)(m->row_count + m->traffic_count);
    double duration = sim_to_seconds(m->s->scenario->duration);
    static const int64_t steps[] = {1, 2, 5};
    int64_t power = 1;

    for (int i = 0;; i = (i + 1) % 3, power *= i == 0 ? 10 : 1) {
        double width = (double)(steps[i] * power);

        if (duration / width * columns <= MAX_ROWS)
            return steps[i] * power * SIM_S;
    }
}

void series_new(struct metrics *m)
{
    m->series_next = SIM_NEVER;
    if (!m->want_detail)
        return;
    m->series = mem_calloc(m->traffic_count + 1, sizeof *m->series);
    m->series_width = m->s->scenario->timeseries;
    if (m->series_width <= 0)
        m->series_width = automatic_width(m);
}

void series_free(struct metrics *m)
{
    for (size_t i = 0; m->series && i <= m->traffic_count; i++)
        sketch_release(&m->series[i].latency);
    free(m->series);
    VEC_FREE(m->series_rows);
}

static void set_next(struct metrics *m, sim_time start)
{
    sim_time end = scope_end(m->scopes);

    if (start >= end)
        m->series_next = SIM_NEVER;
    else if (m->series_width < end - start)
        m->series_next = start + m->series_width;
    else
        m->series_next = end;
}

void series_epoch(struct metrics *m, sim_time now)
{
    if (m->series)
        set_next(m, now);
}

static void set_quantiles(struct series_row *row, const struct sketch *latency)
{
    row->p50 = sketch_quantile(latency, 0.5) / 1e9;
    row->p99 = sketch_quantile(latency, 0.99) / 1e9;
}

/* One traffic entry's interval; adds it to its Service's. */
static void flush_traffic(struct metrics *m, uint32_t traffic,
                          struct series_row *sum)
{
    const struct traffic_sums *t = &m->scopes->traffic[traffic];
    struct series_entry *entry = &m->series[traffic];
    struct series_row row = *sum;

    row.traffic = traffic;
    row.requests = (uint32_t)(t->requests - entry->requests);
    row.succeeded = (uint32_t)(t->latency.count - entry->succeeded);
    row.failed = (uint32_t)(t->failed - entry->failed);
    row.in_flight = (uint32_t)(t->requests - sums_ended(t));
    set_quantiles(&row, &entry->latency);
    sum->requests += row.requests;
    sum->succeeded += row.succeeded;
    sum->failed += row.failed;
    sum->in_flight += row.in_flight;
    entry->requests = t->requests;
    entry->succeeded = t->latency.count;
    entry->failed = t->failed;
    VEC_PUSH(m->series_rows, row);
}

/* The sketch of a Service's sum: that of its only entry, or one made. */
static const struct sketch *sum_latency(struct metrics *m,
                                        const struct row *row)
{
    struct sketch *sum = &m->series[m->traffic_count].latency;

    if (row->traffic.count == 1)
        return &m->series[row->traffic.items[0]].latency;
    sketch_clear(sum);
    for (size_t i = 0; i < row->traffic.count; i++)
        sketch_merge(sum, &m->series[row->traffic.items[i]].latency);
    return sum;
}

static void flush_row(struct metrics *m, uint32_t i)
{
    struct row *row = &m->rows[i];
    size_t at = m->series_rows.count;
    struct series_row sum = {.interval = m->series_interval,
                             .row = i,
                             .traffic = NO_ID,
                             .desired = row->desired,
                             .ready = row->ready,
                             .listed = row->listed};

    VEC_PUSH(m->series_rows, sum); /* its place; the sums come below */
    for (size_t k = 0; k < row->traffic.count; k++)
        flush_traffic(m, row->traffic.items[k], &sum);
    set_quantiles(&sum, sum_latency(m, row));
    m->series_rows.items[at] = sum;
    for (size_t k = 0; k < row->traffic.count; k++)
        sketch_clear(&m->series[row->traffic.items[k]].latency);
}

void series_flush(struct metrics *m)
{
    assert(m->series_next != SIM_NEVER);
    for (size_t i = 0; i < m->row_count; i++)
        flush_row(m, (uint32_t)i);
    m->series_interval++;
    set_next(m, m->series_next);
}
