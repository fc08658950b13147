/*
 * spec.traffic[].arrivals: a rate, or one of {KIND: ...}.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "models/scenario_internal.h"
#include "models/trace.h"
#include "models/traffic/replay.h"
#include "sim/io/units.h"

/* By enum arrivals. */
static const char *const kinds[] = {"poisson", "constant", "mmpp", "profile",
                                    "trace",   "closed",   NULL};

/* ---- as it is written ---- */

static bool read_rate(struct doc_node *node, double *out, struct diag *diag)
{
    double rate;

    if (node->kind != DOC_SCALAR || !units_rate(node->text, &rate))
        return reader_wrong(node, "a rate such as 200/s", diag);
    if (rate < 0 || !isfinite(rate)) {
        diag_error(diag, node->place, "a rate must not be negative: '%.60s'",
                   node->text);
        return false;
    }
    *out = rate;
    return true;
}

/* {thinkTime: DISTRIBUTION} */
static bool read_closed(struct doc_node *node, struct dist *think,
                        struct diag *diag)
{
    struct doc_node *time = doc_get(node, "thinkTime");

    if (!time || node->count != 1)
        return reader_wrong(node, "{thinkTime: DISTRIBUTION}", diag);
    return param_read_dist(time, think, diag);
}

void custom_release_arrivals(void *field)
{
    struct raw_arrivals *arrivals = field;

    if (arrivals->think.kind)
        dist_release(&arrivals->think);
}

bool custom_arrivals(const struct param *param, void *field,
                     struct doc_node *node, struct diag *diag)
{
    struct raw_arrivals *out = field;
    struct doc_node *kind = node->first, *rate;
    int i;

    (void)param;
    *out = (struct raw_arrivals){.kind = ARRIVALS_POISSON};
    if (node->kind == DOC_SCALAR)
        return read_rate(node, &out->rate, diag);
    doc_use_all(node);
    if (node->kind != DOC_MAPPING || node->count != 1)
        return reader_wrong(node,
                            "a rate or one of {poisson: {rate: R}}, "
                            "{constant: {rate: R}}, {mmpp: ...}, "
                            "{profile: ...}, {trace: ...}, {closed: ...}",
                            diag);
    for (i = 0; kinds[i] && strcmp(kind->key, kinds[i]) != 0; i++)
        ;
    if (!kinds[i]) {
        diag_error(diag, kind->key_place, "unknown arrivals '%.60s'",
                   kind->key);
        diag_suggest(diag, kind->key, kinds);
        return false;
    }
    out->kind = i;
    if (i > ARRIVALS_CONSTANT) {
        out->node = kind;
        out->rate = 1;
        return i != ARRIVALS_CLOSED || read_closed(kind, &out->think, diag);
    }
    if (kind->kind == DOC_SCALAR)
        return read_rate(kind, &out->rate, diag);
    rate = doc_get(kind, "rate");
    if (!rate || kind->count != 1) {
        diag_error(diag, kind->place, "expected {rate: R} for '%s'", kind->key);
        return false;
    }
    return read_rate(rate, &out->rate, diag);
}

void custom_print_arrivals(const struct param *param, const void *field,
                           FILE *out, int indent)
{
    const struct raw_arrivals *arrivals = field;
    char buffer[32];

    (void)param;
    (void)indent;
    fprintf(out, "{%s: ", kinds[arrivals->kind]);
    if (arrivals->node)
        doc_print_flow(arrivals->node, out);
    else
        fprintf(out, "{rate: %s/s}",
                units_format_double(arrivals->rate, buffer, sizeof buffer));
    fputs("}\n", out);
}

/* ---- mmpp ---- */

struct raw_state {
    double rate;
    sim_time time; /* `at`, or the mean sojourn */
};

struct raw_pieces {
    struct param_list list;
    sim_time period;
};

/* No row's default depends on the version. */
enum { ANY_MINOR = 0 };

static const struct param state_table[] = {
    {.name = "rate",
     .type = PARAM_RATE,
     .offset = offsetof(struct raw_state, rate),
     .required = true,
     .help = "while in this state"},
    {.name = "sojourn",
     .type = PARAM_DURATION,
     .offset = offsetof(struct raw_state, time),
     .min = 1e-9,
     .max = 0,
     .required = true,
     .help = "mean time in it, exponential"},
    {0}};

static const struct param mmpp_table[] = {
    {.name = "states",
     .type = PARAM_LIST,
     .offset = offsetof(struct raw_pieces, list),
     .table = state_table,
     .item_size = sizeof(struct raw_state),
     .required = true,
     .help = "one after the other, in a circle"},
    {0}};

static void keep_pieces(struct scenario_reader *r, const struct raw_pieces *raw,
                        struct arrivals_spec *out)
{
    const struct raw_state *items = raw->list.items;
    struct rate_piece *pieces =
        intern_alloc(r->l.intern, raw->list.count * sizeof *pieces);

    for (size_t i = 0; i < raw->list.count; i++)
        pieces[i] = (struct rate_piece){items[i].time, items[i].rate};
    out->pieces = pieces;
    out->piece_count = raw->list.count;
}

static bool read_mmpp(struct scenario_reader *r, struct doc_node *node,
                      struct arrivals_spec *out)
{
    struct raw_pieces raw = {{NULL, 0}, SIM_NEVER};
    bool ok = param_read(mmpp_table, &raw, node, ANY_MINOR, r->diag);

    if (ok && raw.list.count < 2) {
        diag_error(r->diag, node->place,
                   "'mmpp' needs two states at least; with one it is poisson");
        ok = false;
    }
    if (ok)
        keep_pieces(r, &raw, out);
    param_release(mmpp_table, &raw);
    return ok;
}

/* ---- profile ---- */

static const struct param point_table[] = {
    {.name = "at",
     .type = PARAM_DURATION,
     .offset = offsetof(struct raw_state, time),
     .required = true,
     .help = "since time 0"},
    {.name = "rate",
     .type = PARAM_RATE,
     .offset = offsetof(struct raw_state, rate),
     .required = true,
     .help = "from then on"},
    {0}};

static const struct param profile_table[] = {
    {.name = "points",
     .type = PARAM_LIST,
     .offset = offsetof(struct raw_pieces, list),
     .table = point_table,
     .item_size = sizeof(struct raw_state),
     .help = "rising times"},
    {.name = "period",
     .type = PARAM_DURATION,
     .offset = offsetof(struct raw_pieces, period),
     .text = "never",
     .min = 1e-9,
     .max = 0,
     .help = "it begins anew after so long"},
    {0}};

static bool check_pieces(struct scenario_reader *r, const struct doc_node *node,
                         const struct arrivals_spec *a)
{
    for (size_t i = 1; i < a->piece_count; i++) {
        if (a->pieces[i].at > a->pieces[i - 1].at)
            continue;
        diag_error(r->diag, node->place,
                   "the times of a profile must rise: see point %zu", i + 1);
        return false;
    }
    if (a->piece_count == 0) {
        diag_error(r->diag, node->place, "a profile needs points");
        return false;
    }
    if (a->period > a->pieces[a->piece_count - 1].at)
        return true;
    diag_error(r->diag, node->place,
               "'period' must be after the last point's time");
    return false;
}

/* Rates of a file: given, or counts over the time to the next row. */
static bool read_file(struct scenario_reader *r, struct doc_node *node,
                      struct arrivals_spec *out)
{
    static const char *const more[] = {"period", "interval", NULL};
    const struct trace_spec *spec =
        scenario_trace(r, node, more, replay_profile_fields);
    VEC_OF(struct rate_piece) pieces = {0};
    struct replay_profile *p;
    struct rate_piece piece;
    bool ok = spec != NULL;

    p = ok ? replay_profile_open(spec, out->interval, r->diag) : NULL;
    ok = p != NULL;
    while (p && replay_profile_next(p, &piece))
        VEC_PUSH(pieces, piece);
    if (p)
        ok = replay_profile_close(p);
    if (ok)
        out->pieces = intern_copy(r->l.intern, pieces.items, pieces.count,
                                  sizeof *pieces.items);
    out->piece_count = ok ? pieces.count : 0;
    VEC_FREE(pieces);
    return ok;
}

static bool read_time(struct scenario_reader *r, struct doc_node *node,
                      const char *key, sim_time *out)
{
    struct doc_node *child = doc_get(node, key);

    *out = SIM_NEVER;
    if (!child || (child->kind == DOC_SCALAR &&
                   units_duration(child->text, out) && *out > 0))
        return true;
    return reader_wrong(child, "a duration above 0", r->diag);
}

static bool read_profile(struct scenario_reader *r, struct doc_node *node,
                         struct arrivals_spec *out)
{
    struct raw_pieces raw = {{NULL, 0}, SIM_NEVER};
    struct doc_node *map = node;
    bool ok;

    if (doc_get(node, "file") || node->kind == DOC_SCALAR)
        return read_time(r, node, "period", &out->period) &&
               read_time(r, node, "interval", &out->interval) &&
               read_file(r, node, out) && check_pieces(r, node, out);
    if (node->kind == DOC_SEQUENCE) { /* the points alone */
        map = doc_new_mapping(r->l.docs, node->place);
        doc_put(r->l.docs, map, "points", doc_copy(r->l.docs, node));
    }
    ok = param_read(profile_table, &raw, map, ANY_MINOR, r->diag);
    if (ok)
        keep_pieces(r, &raw, out);
    out->period = raw.period;
    ok = ok && check_pieces(r, node, out);
    param_release(profile_table, &raw);
    return ok;
}

/* ---- trace ---- */

static bool read_trace(struct scenario_reader *r, struct doc_node *node,
                       struct traffic_spec *out)
{
    static const char *const more[] = {"interval", NULL};
    struct arrivals_spec *a = &out->demand;
    uint64_t requests;

    if (!read_time(r, node, "interval", &a->interval))
        return false;
    a->trace = scenario_trace(r, node, more, replay_fields);
    if (!a->trace || !replay_check(out, r->s->duration, &requests, r->diag))
        return false;
    if (requests == 0)
        diag_warning(r->diag, node->place,
                     "the trace has no request to '%s' within 'duration'",
                     out->service);
    return true;
}

bool scenario_arrivals(struct scenario_reader *r,
                       const struct raw_arrivals *raw, struct traffic_spec *out)
{
    out->arrivals = raw->kind;
    out->rate = raw->rate;
    out->demand = (struct arrivals_spec){
        .period = SIM_NEVER, .interval = SIM_NEVER, .think = raw->think};
    switch (raw->kind) {
    case ARRIVALS_MMPP:
        return read_mmpp(r, raw->node, &out->demand);
    case ARRIVALS_PROFILE:
        return read_profile(r, raw->node, &out->demand);
    case ARRIVALS_TRACE:
        return read_trace(r, raw->node, out);
    default:
        return true;
    }
}
