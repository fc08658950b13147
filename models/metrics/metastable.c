/*
 * metastable - whether a Service stays down when nothing is wrong any more.
 *
 * A metastable failure outlives its trigger: goodput stays low at a load that
 * was borne before, since the failure itself makes the work that feeds it,
 * retries for one (Bronson, Aghayev, Charapko and Zhu, "Metastable Failures
 * in Distributed Systems", HotOS 2021, section 2). As measured here, of each
 * traffic entry, in intervals of 10 s of the measured time:
 *
 *   borne   the most requests per ready pod, averaged over a minute in each
 *           interval of which 90 % as many succeeded
 *   bad     fewer than half as many requests succeed as come; most attempts
 *           that fail are overload's: no fault, lost pod, node or rollout is
 *           to blame (traffic/blame.c); and no more requests come per ready
 *           pod than were borne, but for three standard deviations
 *
 * Three minutes of nothing but bad intervals and more are a metastable
 * failure, from their beginning on; what is over sooner is recovery: queues
 * that drain. The thresholds are our choice. What was never borne is plain
 * overload, however long it lasts.
 */
#include <math.h>
#include <stdlib.h>

#include "models/metrics/measure.h"

static const sim_time width = 10 * SIM_S;
enum { BORNE_INTERVALS = 6, BAD_INTERVALS = 18 };

struct calm {
    uint64_t requests, succeeded, attempts, overload; /* until now */
    double good[BORNE_INTERVALS]; /* requests per pod, the last at good_count */
    unsigned good_count;          /* in a row */
    double borne;                 /* requests per pod and interval */
    unsigned bad_count;           /* in a row */
};

void metastable_new(struct metrics *m)
{
    m->calm_next = SIM_NEVER;
    m->calm = mem_calloc(m->traffic_count, sizeof *m->calm);
}

void metastable_free(struct metrics *m)
{
    free(m->calm);
}

static void next_interval(struct metrics *m, sim_time now)
{
    sim_time end = scope_end(m->scopes);

    m->calm_next = now < end && width <= end - now ? now + width : SIM_NEVER;
}

void metastable_epoch(struct metrics *m, sim_time now)
{
    if (m->traffic_count > 0)
        next_interval(m, now);
}

static void add_good(struct calm *c, double load)
{
    double sum = 0;

    c->good[c->good_count++ % BORNE_INTERVALS] = load;
    if (c->good_count < BORNE_INTERVALS)
        return;
    for (int i = 0; i < BORNE_INTERVALS; i++)
        sum += c->good[i];
    c->borne = fmax(c->borne, sum / BORNE_INTERVALS);
}

/* Bad intervals count once there are enough of them, from the first on. */
static void add_bad(struct metrics *m, uint32_t traffic, struct calm *c)
{
    sim_time end = m->calm_next, time = width;

    c->bad_count++;
    if (c->bad_count < BAD_INTERVALS)
        return;
    if (c->bad_count == BAD_INTERVALS)
        time *= BAD_INTERVALS;
    FOR_SCOPES(m, scope, end - 1)
    scope->traffic[traffic].metastable +=
        time < end - scope->start ? time : end - scope->start;
}

static void look(struct metrics *m, uint32_t traffic, int ready)
{
    const struct traffic_sums *t = &m->scopes->traffic[traffic];
    struct calm *c = &m->calm[traffic], last = *c;
    double come, good, expected;
    uint64_t failed;

    c->requests = t->requests;
    c->succeeded = t->latency.count;
    c->overload = t->overload;
    c->attempts = 0;
    for (int i = 0; i < CAUSE_COUNT; i++)
        c->attempts += t->failed_by[i];
    come = (double)(c->requests - last.requests);
    good = (double)(c->succeeded - last.succeeded);
    failed = c->attempts - last.attempts;
    expected = c->borne * ready;
    if (come > 0 && ready > 0 && good >= 0.9 * come)
        add_good(c, come / ready);
    else
        c->good_count = 0;
    if (good < 0.5 * come && 2 * (c->overload - last.overload) > failed &&
        come <= expected + 3 * sqrt(expected))
        add_bad(m, traffic, c);
    else
        c->bad_count = 0;
}

void metastable_look(struct metrics *m)
{
    sim_time now = m->calm_next;

    for (uint32_t i = 0; i < m->traffic_count; i++) {
        uint32_t row = m->traffic_row[i];

        if (row != NO_ROW)
            look(m, i, m->rows[row].ready);
    }
    next_interval(m, now);
}
