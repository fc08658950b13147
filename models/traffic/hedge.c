#include "models/traffic/hedge.h"

#include "models/traffic/request_private.h"

static void on_next(struct sim *sim, void *self, struct event_args args);
static const struct event_type next_event = {"traffic.hedge", 0, on_next};

/* Attempts of the k-th hedge are numbered from k times this on: the places of
 * their draws are their own, even where a gateway tries again (at most a
 * million times). */
enum { HEDGE_NUMBERS = 1 << 20 };

static struct request *at(const struct traffic *t, uint32_t slot)
{
    return &t->requests[slot];
}

static uint32_t slot_of(const struct traffic *t, const struct request *r)
{
    return (uint32_t)(r - t->requests);
}

static void await_next(struct entry *e, struct request *lead, sim_time delay)
{
    struct sim *sim = e->traffic->s->sim;

    sim_cancel(sim, lead->next_at);
    lead->next_at =
        sim_after(sim, delay, &next_event, e,
                  (struct event_args){.detail = slot_of(e->traffic, lead)});
}

void hedge_begin(struct entry *e, struct request *r)
{
    r->lead = slot_of(e->traffic, r);
    r->next_hedge = NO_REQUEST;
    r->in_flight = r->begun = 1;
    r->others = 0;
    r->next_at = 0;
    await_next(e, r, e->spec->hedge_after);
}

/* ------------------------------------------------------------------ ends */

/* The hedge is closed: its slot is free. */
static void drop(struct entry *e, struct request *lead, struct request *r)
{
    struct traffic *t = e->traffic;
    uint32_t *link = &lead->next_hedge;

    while (*link != slot_of(t, r))
        link = &at(t, *link)->next_hedge;
    *link = r->next_hedge;
    lead->others += r->attempts % HEDGE_NUMBERS;
    request_free(t, r);
}

/* An attempt is over, and closed. */
static struct request *leave(struct entry *e, struct request *r)
{
    struct request *lead = at(e->traffic, r->lead);

    lead->in_flight--;
    if (r == lead)
        r->state = REQUEST_WAITS;
    else
        drop(e, lead, r);
    return lead;
}

/* Nobody wants its answer any more. A stream of several on a connection ends
 * alone (RST_STREAM), else the connection does. */
static void cancel(struct entry *e, struct request *r)
{
    if (r->connection != NO_CONNECTION && e->spec->pool.streams > 1)
        pool_release(e, r, LB_OK);
    request_close(e, r, LB_GONE);
    leave(e, r);
}

static void end(struct entry *e, struct request *lead, enum outcome outcome,
                enum cause cause, incident_id origin)
{
    struct traffic *t = e->traffic;

    uint64_t cancelled = lead->in_flight;

    if (outcome == REQUEST_ABANDONED && cancelled > 0)
        cancelled--; /* one is abandoned with the request */
    if (cancelled > 0)
        metrics_attempts_cancelled(t->s->metrics, e->index, lead->arrival,
                                   cancelled, sim_now(t->s->sim));
    sim_cancel(t->s->sim, lead->next_at);
    while (lead->next_hedge != NO_REQUEST)
        cancel(e, at(t, lead->next_hedge));
    if (lead->state != REQUEST_WAITS)
        cancel(e, lead);
    lead->attempts += lead->others;
    request_end_as(e, lead, outcome, cause, origin);
}

void hedge_won(struct entry *e, struct request *r)
{
    uint8_t path = r->path;
    struct request *lead = leave(e, r);

    lead->path = path;
    end(e, lead, REQUEST_SUCCEEDED, CAUSE_NONE, INCIDENT_NONE);
}

static void note_failure(struct request *lead, enum cause cause,
                         incident_id origin)
{
    lead->failed_cause = (uint8_t)cause;
    lead->failed_origin = origin;
}

static void fail(struct entry *e, struct request *lead)
{
    end(e, lead, REQUEST_FAILED, (enum cause)lead->failed_cause,
        lead->failed_origin);
}

void hedge_failed(struct entry *e, struct request *r, enum cause cause,
                  incident_id origin)
{
    struct request *lead = leave(e, r);

    note_failure(lead, cause, origin);
    if (!(e->spec->retry_on >> cause & 1))
        fail(e, lead);
    else if (lead->begun < e->spec->hedge_max)
        await_next(e, lead, 0);
    else if (lead->in_flight == 0)
        fail(e, lead);
}

static void cut(struct entry *e, struct request *r)
{
    incident_id origin;
    enum cause cause = request_cut(e, r, &origin);

    note_failure(leave(e, r), cause, origin);
}

/* The one that was sent last comes last: its cause is the request's. */
void hedge_deadline(struct entry *e, struct request *lead)
{
    struct traffic *t = e->traffic;

    if (lead->state != REQUEST_WAITS)
        cut(e, lead);
    while (lead->next_hedge != NO_REQUEST) {
        uint32_t slot = lead->next_hedge;

        while (at(t, slot)->next_hedge != NO_REQUEST)
            slot = at(t, slot)->next_hedge;
        cut(e, at(t, slot));
    }
    fail(e, lead);
}

void hedge_abandon(struct entry *e, struct request *lead)
{
    end(e, lead, REQUEST_ABANDONED, CAUSE_NONE, INCIDENT_NONE);
}

/* ---------------------------------------------------------------- the next */

/* The budget is exhausted: no hedges any more. */
static void freeze(struct entry *e, struct request *lead)
{
    lead->begun = (uint32_t)e->spec->hedge_max;
    if (lead->in_flight > 0)
        return;
    lead->others++;
    note_failure(lead, CAUSE_CIRCUIT_OPEN, lead->failed_origin);
    request_attempt_failed_by(e, lead, CAUSE_CIRCUIT_OPEN, lead->failed_origin,
                              NO_ID);
    fail(e, lead);
}

/* The lead's slot may have moved: it is found anew. */
static struct request *add(struct entry *e, uint32_t lead_slot)
{
    struct traffic *t = e->traffic;
    struct request *r = request_take(t), *lead = at(t, lead_slot);

    r->number = lead->number;
    r->arrival = lead->arrival;
    r->work = lead->work;
    r->entry = lead->entry;
    r->client = lead->client;
    r->attempts = lead->begun * HEDGE_NUMBERS;
    r->more_attempts = 0;
    r->connection = NO_CONNECTION;
    r->retry = true;
    r->lead = lead_slot;
    r->next_hedge = lead->next_hedge;
    lead->next_hedge = slot_of(t, r);
    lead->in_flight++;
    lead->begun++;
    e->retrying++;
    return r;
}

static void on_next(struct sim *sim, void *self, struct event_args args)
{
    struct entry *e = self;
    struct request *lead = at(e->traffic, args.detail), *r;

    (void)sim;
    lead->next_at = 0;
    if (!request_within_budget(e)) {
        freeze(e, lead);
        return;
    }
    r = add(e, args.detail);
    lead = at(e->traffic, args.detail);
    if (lead->begun < e->spec->hedge_max)
        await_next(e, lead, e->spec->hedge_after);
    rng_seek(&e->rng, r->number, r->attempts);
    r->bits = rng_u64(&e->rng);
    request_attempt(e, r);
}

/* ------------------------------------------------------------------- audit */

bool hedges_audit(const struct traffic *t)
{
    uint64_t there = 0, listed = 0;

    for (uint32_t i = 0; i < t->count; i++) {
        const struct request *r = &t->requests[i];

        if (r->state == REQUEST_FREE || !t->entries[r->entry].hedged)
            continue;
        if (r->lead != i) {
            there++;
            continue;
        }
        listed += r->in_flight - (r->state != REQUEST_WAITS);
        for (uint32_t k = r->next_hedge; k != NO_REQUEST;
             k = at(t, k)->next_hedge)
            if (at(t, k)->lead != i || at(t, k)->number != r->number)
                return false;
    }
    return there == listed;
}
