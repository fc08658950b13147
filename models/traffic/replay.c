#include "models/traffic/replay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"
#include "sim/io/units.h"

enum { TIME, SERVICE, SERVICE_TIME, COUNT };
const struct trace_field replay_fields[] = {
    [TIME] = {"time", TRACE_TIME, true},
    [SERVICE] = {"service", TRACE_TEXT, false},
    [SERVICE_TIME] = {"service_time", TRACE_SPAN, false},
    [COUNT] = {"count", TRACE_NUMBER, false},
    {NULL, TRACE_TEXT, false}};

/* A row: so many requests from `at` on. */
struct batch {
    sim_time at, work;
    double left;
    bool counted; /* spread over time */
};

struct replay {
    const struct traffic_spec *spec;
    struct diag *diag;
    struct trace *trace;
    struct batch now, next; /* next: left 0, at SIM_NEVER: there is none */
    sim_time clock, end;    /* of what is left of `now` */
    sim_time gap, last;     /* between the last two rows; the last one */
    bool failed;
};

/* ---- rows ---- */

/* Times that go back would be times that have passed. */
static bool check_order(struct trace *trace, sim_time *last, sim_time at,
                        struct diag *diag)
{
    char then[32], now[32];

    if (at >= *last) {
        *last = at;
        return true;
    }
    diag_error(diag, trace_place(trace),
               "the trace goes backwards in time: %s s after %s s",
               units_format_seconds(at, now, sizeof now),
               units_format_seconds(*last, then, sizeof then));
    diag_hint(diag, "sort its rows by time");
    return false;
}

static bool is_ours(const struct traffic_spec *spec, const char *service)
{
    size_t length = strlen(spec->space);

    return !*service || strcmp(service, spec->service) == 0 ||
           (strncmp(service, spec->space, length) == 0 &&
            service[length] == '/' &&
            strcmp(service + length + 1, spec->service) == 0);
}

/* Takes the next row that is ours into r->next. */
static void read_ahead(struct replay *r)
{
    struct trace_value v[COUNT + 1];

    r->next = (struct batch){.at = SIM_NEVER};
    while (!r->failed && trace_next(r->trace, v)) {
        if (!check_order(r->trace, &r->last, v[TIME].time, r->diag)) {
            r->failed = true;
            return;
        }
        if (!is_ours(r->spec, v[SERVICE].text) || v[COUNT].number < 0.5)
            continue;
        r->next = (struct batch){
            .at = v[TIME].time, .work = v[SERVICE_TIME].time, .left = 1};
        r->next.counted = !isnan(v[COUNT].number);
        if (r->next.counted)
            r->next.left = floor(v[COUNT].number + 0.5);
        return;
    }
    r->failed |= trace_failed(r->trace);
}

struct replay *replay_open(const struct traffic_spec *spec, struct diag *diag)
{
    struct trace *trace = trace_open(spec->demand.trace, diag);
    struct replay *r;

    if (!trace)
        return NULL;
    r = mem_zalloc(sizeof *r);
    r->spec = spec;
    r->diag = diag;
    r->trace = trace;
    r->last = INT64_MIN;
    read_ahead(r);
    return r;
}

/* The next row's turn; false: there is none. */
static bool turn(struct replay *r)
{
    sim_time interval = r->spec->demand.interval;

    if (r->next.at == SIM_NEVER)
        return false;
    r->now = r->next;
    read_ahead(r);
    if (r->next.at != SIM_NEVER)
        r->gap = r->next.at - r->now.at;
    r->clock = r->now.at;
    r->end = r->now.at + (interval == SIM_NEVER ? r->gap : interval);
    return true;
}

/* Of n uniform times that are left, the first: its share of the way is
 * 1 - U^(1/n). */
static sim_time spread(struct replay *r, struct rng *rng)
{
    double u = rng_uniform(rng), way = (double)(r->end - r->clock);

    r->clock += (sim_time)(way * (1 - pow(u, 1 / r->now.left)));
    return r->clock;
}

bool replay_next(struct replay *r, struct rng *rng, sim_time *at,
                 sim_time *work)
{
    do {
        while (r->now.left < 1)
            if (!turn(r))
                return false;
        *at = r->now.counted ? spread(r, rng) : r->now.at;
        *work = r->now.work;
        r->now.left--;
    } while (*at < 0);
    return true;
}

bool replay_failed(const struct replay *r)
{
    return r->failed;
}

void replay_close(struct replay *r)
{
    if (!r)
        return;
    trace_close(r->trace);
    free(r);
}

/* Row by row: how many requests a row is does not matter. */
bool replay_check(const struct traffic_spec *spec, sim_time until,
                  uint64_t *requests, struct diag *diag)
{
    struct replay *r = replay_open(spec, diag);
    bool ok;

    *requests = 0;
    if (!r)
        return false;
    while (turn(r) && r->now.at < until)
        if (r->now.at >= 0)
            *requests += (uint64_t)r->now.left;
    ok = !r->failed;
    replay_close(r);
    return ok;
}

/* ---- profiles ---- */

enum { PROFILE_TIME, PROFILE_RATE, PROFILE_COUNT };
const struct trace_field replay_profile_fields[] = {
    [PROFILE_TIME] = {"time", TRACE_TIME, true},
    [PROFILE_RATE] = {"rate", TRACE_NUMBER, false},
    [PROFILE_COUNT] = {"count", TRACE_NUMBER, false},
    {NULL, TRACE_TEXT, false}};

struct replay_profile {
    struct trace *trace;
    struct diag *diag;
    sim_time interval, last, gap;
    struct rate_piece next; /* a count until its gap is known */
    bool has_next, counted, failed;
    sim_time zero_at; /* after a counted interval; SIM_NEVER: none */
};

static bool profile_row(struct replay_profile *p, struct rate_piece *out)
{
    struct trace_value v[PROFILE_COUNT + 1];

    if (p->failed || !trace_next(p->trace, v))
        return false;
    if (!check_order(p->trace, &p->last, v[PROFILE_TIME].time, p->diag)) {
        p->failed = true;
        return false;
    }
    p->counted = isnan(v[PROFILE_RATE].number);
    out->at = v[PROFILE_TIME].time;
    out->rate = v[p->counted ? PROFILE_COUNT : PROFILE_RATE].number;
    if (!isnan(out->rate))
        return true;
    diag_error(p->diag, trace_place(p->trace),
               "a profile's row needs a 'rate' or a 'count'");
    p->failed = true;
    return false;
}

struct replay_profile *replay_profile_open(const struct trace_spec *spec,
                                           sim_time interval, struct diag *diag)
{
    struct replay_profile *p = mem_zalloc(sizeof *p);

    p->diag = diag;
    p->interval = interval;
    p->last = INT64_MIN;
    p->zero_at = SIM_NEVER;
    p->trace = trace_open(spec, diag);
    p->failed = !p->trace;
    if (p->trace)
        p->has_next = profile_row(p, &p->next);
    return p;
}

bool replay_profile_next(struct replay_profile *p, struct rate_piece *out)
{
    struct rate_piece now = p->next;
    bool counted = p->counted;

    if (p->zero_at < (p->has_next ? now.at : SIM_NEVER)) {
        *out = (struct rate_piece){p->zero_at, 0};
        p->zero_at = SIM_NEVER;
        return true;
    }
    if (!p->has_next)
        return false;
    p->has_next = profile_row(p, &p->next);
    if (p->has_next)
        p->gap = p->next.at - now.at;
    if (counted) {
        sim_time span = p->interval == SIM_NEVER ? p->gap : p->interval;

        if (span <= 0)
            return false;
        now.rate /= (double)span / 1e9;
        p->zero_at = p->interval == SIM_NEVER ? SIM_NEVER : now.at + span;
    }
    *out = now;
    return true;
}

bool replay_profile_close(struct replay_profile *p)
{
    bool ok = !p->failed && !(p->trace && trace_failed(p->trace));

    trace_close(p->trace);
    free(p);
    return ok;
}
