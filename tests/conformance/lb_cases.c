/*
 * lb_cases - load-balancing: schedules by weights, choices by load.
 */
#include "tests/conformance/lb_cases.h"

#include "models/lb/edf.h"
#include "models/lb/envoy.h"
#include "models/lb/ipvs.h"
#include "models/lb/smooth.h"
#include "models/lb/stride.h"

enum { MOST = LB_CASE_MOST, MOST_PICKS = 1024 };

/* --- reading and comparing --- */

uint32_t lb_case_numbers(struct test_case *c, struct doc_node *map,
                         const char *key, double *out)
{
    struct doc_node *node;
    uint32_t count = 0;

    get_items(map, key, &node);
    for (; node && count < MOST; node = node->next)
        out[count++] = item_double(c, node);
    return count;
}

void lb_case_weights(struct test_case *c, struct doc_node *map, double *out,
                     uint32_t count)
{
    for (uint32_t i = 0; i < MOST; i++)
        out[i] = 1;
    if (doc_get(map, "weights"))
        expect_int(c, "weights", count,
                   lb_case_numbers(c, map, "weights", out));
}

static void check_sequence(struct test_case *c, struct doc_node *node,
                           const uint32_t *picked, uint32_t count)
{
    for (uint32_t i = 0; node && i < count; node = node->next, i++)
        if (item_int(c, node) != picked[i])
            case_fail(c, "pick %u: expected %s, got %u", i, node->text,
                      picked[i]);
}

void lb_case_sequence(struct test_case *c, const uint32_t *picked,
                      uint32_t count)
{
    struct doc_node *node;

    expect_int(c, "picks", (int64_t)get_items(c->expect, "sequence", &node),
               count);
    check_sequence(c, node, picked, count);
}

void lb_case_counts(struct test_case *c, const char *key,
                    const uint32_t *counts, uint32_t count, double tolerance)
{
    struct doc_node *node;
    uint32_t i = 0;

    get_items(c->expect, key, &node);
    for (; node && i < count; node = node->next, i++)
        expect_near(c, key, item_double(c, node), counts[i], tolerance);
}

static uint32_t picks_of(struct test_case *c)
{
    int64_t picks = get_int(c, c->in, "picks", 0);

    return (uint32_t)(picks < MOST_PICKS ? picks : MOST_PICKS);
}

/* --- earliest deadline first --- */

static uint32_t edf_pick(struct edf *e, const double *weights)
{
    uint32_t i = edf_next(e);

    edf_again(e, weights[i]);
    return i;
}

void case_edf_sequence(struct test_case *c)
{
    double weights[MOST];
    uint32_t picked[MOST_PICKS], picks = picks_of(c);
    uint32_t count = lb_case_numbers(c, c->in, "weights", weights);
    struct edf e = {.now = 0};

    for (uint32_t i = 0; i < count; i++)
        edf_add(&e, i, weights[i]);
    for (uint32_t k = 0; k < picks; k++)
        picked[k] = edf_pick(&e, weights);
    lb_case_sequence(c, picked, picks);
    edf_release(&e);
}

/* How often each is next, after 0, 1, 2... picks of a whole cycle. */
void case_edf_counts(struct test_case *c)
{
    double weights[MOST], cycle[MOST];
    uint32_t counts[MOST] = {0}, picks = 0;
    uint32_t count = lb_case_numbers(c, c->in, "weights", weights);
    struct edf e = {.now = 0};

    for (uint32_t i = lb_case_numbers(c, c->expect, "counts", cycle); i-- > 0;)
        picks += (uint32_t)cycle[i];
    for (uint32_t k = 0; k < picks; k++) {
        edf_start(&e, weights, count, k);
        counts[edf_next(&e)]++;
    }
    lb_case_counts(c, "counts", counts, count, 0);
    edf_release(&e);
}

void case_edf_first_pick_share(struct test_case *c)
{
    enum { DRAWS = 200000 };
    double weights[MOST];
    uint32_t counts[MOST] = {0}, i = 0;
    uint32_t count = lb_case_numbers(c, c->in, "weights", weights);
    double tolerance = get_double(c, c->expect, "tolerancePercent", 0);
    struct edf e = {.now = 0};
    struct doc_node *node;
    struct rng rng;

    rng_init(&rng, (struct rng_root){1, 0}, "conformance", c->id, 0);
    for (int k = 0; k < DRAWS; k++) {
        edf_start(&e, weights, count, rng_below(&rng, 429496729));
        counts[edf_next(&e)]++;
    }
    get_items(c->expect, "sharePercent", &node);
    for (; node && i < count; node = node->next, i++)
        expect_near(c, "share", item_double(c, node), counts[i] * 100.0 / DRAWS,
                    tolerance);
    edf_release(&e);
}

/* Of its policies the one by deadlines. */
void case_wrr_long_run_share(struct test_case *c)
{
    double weights[MOST];
    uint32_t counts[MOST] = {0}, i = 0;
    uint32_t count = lb_case_numbers(c, c->in, "weights", weights);
    int64_t picks = get_int(c, c->in, "picks", 1);
    double tolerance = get_double(c, c->expect, "relativeTolerance", 0);
    struct edf e = {.now = 0};
    struct doc_node *node;

    edf_start(&e, weights, count, 0);
    for (int64_t k = 0; k < picks; k++)
        counts[edf_pick(&e, weights)]++;
    get_items(c->expect, "share", &node);
    for (; node && i < count; node = node->next, i++)
        expect_near(c, "share", item_double(c, node), counts[i] / (double)picks,
                    item_double(c, node) * tolerance);
    edf_release(&e);
}

/* --- Envoy's least request --- */

void case_least_request_effective_weight(struct test_case *c)
{
    double got = envoy_weight(get_double(c, c->in, "weight", 1),
                              (uint32_t)get_int(c, c->in, "active", 0),
                              get_double(c, c->in, "bias", 1));

    expect_near(c, "weight", get_double(c, c->expect, "effectiveWeight", -1),
                got, 1e-6);
}

void case_least_request_choice(struct test_case *c)
{
    double active[MOST], samples[MOST];
    uint32_t counts[MOST], drawn[MOST];
    uint32_t hosts = lb_case_numbers(c, c->in, "active", active);
    uint32_t count = lb_case_numbers(c, c->in, "samples", samples);

    for (uint32_t i = 0; i < hosts; i++)
        counts[i] = (uint32_t)active[i];
    for (uint32_t i = 0; i < count; i++)
        drawn[i] = (uint32_t)samples[i] % hosts;
    expect_int(c, "chosen", get_int(c, c->expect, "chosen", -1),
               envoy_fewest(counts, drawn, count));
}

/* Weights, open requests and the bias of a case; slow start where given. */
struct schedule {
    struct edf edf;
    double weights[MOST], active[MOST], factor[MOST], bias;
    uint32_t count, counts[MOST];
};

static double schedule_weight(const struct schedule *s, uint32_t i)
{
    return s->factor[i] *
           envoy_weight(s->weights[i], (uint32_t)s->active[i], s->bias);
}

static void schedule_begin(struct test_case *c, struct schedule *s)
{
    s->count = lb_case_numbers(c, c->in, "weights", s->weights);
    lb_case_numbers(c, c->in, "active", s->active);
    s->bias = get_double(c, c->in, "bias", 1);
    for (uint32_t i = 0; i < s->count; i++)
        edf_add(&s->edf, i, schedule_weight(s, i));
}

static uint32_t schedule_pick(struct schedule *s)
{
    uint32_t i = edf_next(&s->edf);

    edf_again(&s->edf, schedule_weight(s, i));
    s->counts[i]++;
    return i;
}

static struct schedule *schedule_new(struct test_case *c)
{
    struct schedule *s = intern_alloc(c->intern, sizeof *s);

    for (uint32_t i = 0; i < MOST; i++)
        s->factor[i] = 1;
    return s;
}

/* A phase: open requests of each, and how many picks follow. */
void case_weighted_least_request(struct test_case *c)
{
    struct schedule *s = schedule_new(c);
    struct doc_node *phase, *wanted;

    schedule_begin(c, s);
    get_items(c->in, "phases", &phase);
    get_items(c->expect, "sequences", &wanted);
    for (; phase; phase = phase->next) {
        uint32_t picked[MOST_PICKS], i = 0;
        int64_t picks = item_int(c, phase->first->next);

        for (struct doc_node *a = phase->first->first; a && i < s->count;
             a = a->next)
            s->active[i++] = item_double(c, a);
        for (int64_t k = 0; k < picks && k < MOST_PICKS; k++)
            picked[k] = schedule_pick(s);
        if (wanted) {
            check_sequence(c, wanted->first, picked, (uint32_t)picks);
            wanted = wanted->next;
        }
    }
    lb_case_counts(c, "counts", s->counts, s->count, 0);
    lb_case_counts(c, "countsApprox", s->counts, s->count,
                   get_double(c, c->expect, "tolerance", 0));
    edf_release(&s->edf);
}

/* --- slow start --- */

static double factor_of(double age, double window, double aggression,
                        double least)
{
    struct slow_start s = {sim_seconds(window), aggression, least / 100};

    return slow_start_factor(&s, sim_seconds(age));
}

void case_slow_start_factor(struct test_case *c)
{
    double got = factor_of(get_double(c, c->in, "secondsSinceHealthy", 0),
                           get_double(c, c->in, "windowSeconds", 0),
                           get_double(c, c->in, "aggression", 1),
                           get_double(c, c->in, "minWeightPercent", 10));

    expect_near(c, "factor", get_double(c, c->expect, "factor", -1), got, 1e-6);
}

/* slowStart: [age, window, aggression] of each, or null. */
void case_slow_start_sequence(struct test_case *c)
{
    struct schedule *s = schedule_new(c);
    uint32_t picked[MOST_PICKS], picks = picks_of(c), i = 0;
    struct doc_node *node;

    get_items(c->in, "slowStart", &node);
    for (; node && i < MOST; node = node->next, i++) {
        const struct doc_node *age = node->first;

        if (node->kind == DOC_SEQUENCE && node->count >= 3)
            s->factor[i] =
                factor_of(item_double(c, age), item_double(c, age->next),
                          item_double(c, age->next->next), 10);
    }
    schedule_begin(c, s);
    for (uint32_t k = 0; k < picks; k++)
        picked[k] = schedule_pick(s);
    lb_case_counts(c, "counts", s->counts, s->count, 0);
    if (doc_get(c->expect, "sequence"))
        lb_case_sequence(c, picked, picks);
    edf_release(&s->edf);
}

/* --- in turn --- */

void case_smooth_wrr(struct test_case *c)
{
    const struct smooth_health none = {.max_fails = 0};
    struct smooth_item items[MOST];
    double weights[MOST];
    uint32_t picked[MOST_PICKS], picks = picks_of(c);
    uint32_t count = lb_case_numbers(c, c->in, "weights", weights);

    for (uint32_t i = 0; i < count; i++)
        items[i] = smooth_new(weights[i]);
    for (uint32_t k = 0; k < picks; k++)
        picked[k] = smooth_next(items, count, &none, 0);
    lb_case_sequence(c, picked, picks);
}

void case_grpc_static_stride(struct test_case *c)
{
    double weights[MOST];
    uint16_t scaled[MOST];
    uint32_t picked[MOST_PICKS], picks = picks_of(c), i = 0;
    uint32_t count = lb_case_numbers(c, c->in, "weights", weights);
    uint32_t sequence = (uint32_t)get_int(c, c->in, "startSequence", 0);
    bool strided = stride_scale(weights, count, scaled);
    struct doc_node *node;

    expect_bool(c, "weighted", get_items(c->expect, "scaledWeights", &node) > 0,
                strided);
    for (; strided && node && i < count; node = node->next, i++)
        expect_int(c, "scaled weight", item_int(c, node), scaled[i]);
    for (uint32_t k = 0; k < picks; k++)
        picked[k] = stride_next(strided ? scaled : NULL, count, &sequence);
    lb_case_sequence(c, picked, picks);
}

/* One report of [requests/s, utilization, errors/s], first made and last
 * made so many seconds ago. */
static double reported(struct test_case *c, const struct doc_node *node)
{
    const sim_time now = 1000000 * SIM_S;
    struct stride_told told = {.any = false};
    double last = get_double(c, c->in, "secondsSinceLastReport", 0);
    double first = get_double(c, c->in, "secondsSinceFirstReport", last);
    double expiry = get_double(c, c->in, "expirationSeconds", 180);
    double weight = stride_weight(item_double(c, node->first),
                                  item_double(c, node->first->next),
                                  item_double(c, node->first->next->next),
                                  get_double(c, c->in, "errorPenalty", 0));

    stride_tell(&told, weight, now - sim_seconds(first));
    stride_tell(&told, weight, now - sim_seconds(last));
    return stride_told_weight(
        &told, sim_seconds(get_double(c, c->in, "blackoutSeconds", 0)),
        sim_seconds(expiry), now);
}

void case_grpc_wrr_weights(struct test_case *c)
{
    double weights[MOST], ratio[MOST];
    uint16_t scaled[MOST];
    uint32_t count = 0;
    struct doc_node *node;
    bool strided;

    get_items(c->in, "qps_utilization_eps", &node);
    for (; node && count < MOST; node = node->next)
        weights[count++] = reported(c, node);
    strided = stride_scale(weights, count, scaled);
    expect_int(c, "ratios", lb_case_numbers(c, c->expect, "ratio", ratio),
               count);
    for (uint32_t i = 0; i < count; i++)
        expect_near(c, "ratio", ratio[i] / ratio[0],
                    strided ? (double)scaled[i] / scaled[0] : 1,
                    0.01 * ratio[i] / ratio[0]);
}

/* --- IPVS --- */

void case_ipvs_choice(struct test_case *c)
{
    static const char *const names[] = {"lc", "wlc", "sed", "nq"};
    struct ipvs_dest dests[MOST];
    struct doc_node *node;
    uint32_t count = 0;

    get_items(c->in, "servers", &node);
    for (; node && count < MOST; node = node->next)
        dests[count++] = (struct ipvs_dest){
            .weight = (uint32_t)get_int(c, node, "weight", 1),
            .active = (uint32_t)get_int(c, node, "active", 0),
            .inactive = (uint32_t)get_int(c, node, "inactive", 0),
            .overloaded = get_bool(node, "overloaded", false)};
    for (int rule = IPVS_LC; rule <= IPVS_NQ; rule++) {
        uint32_t got = ipvs_choose((enum ipvs_rule)rule, dests, count);

        expect_int(c, names[rule], get_int(c, c->expect, names[rule], -1),
                   got == UINT32_MAX ? -1 : (int64_t)got);
    }
}

void case_ipvs_wrr(struct test_case *c)
{
    double weights[MOST];
    uint32_t whole[MOST], picked[MOST_PICKS], picks = picks_of(c);
    uint32_t count = lb_case_numbers(c, c->in, "weights", weights);
    struct ipvs_turn turn;

    for (uint32_t i = 0; i < count; i++)
        whole[i] = ipvs_weight(weights[i]);
    turn = ipvs_turn_of(whole, count);
    for (uint32_t k = 0; k < picks; k++)
        picked[k] = ipvs_turn_next(&turn, whole, count);
    lb_case_sequence(c, picked, picks);
}
