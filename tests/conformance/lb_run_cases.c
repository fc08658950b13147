/*
 * lb_run_cases - load-balancing: strategies at work, end to end.
 */
#include <stdlib.h>
#include <string.h>

#include "models/lb/lb.h"
#include "sim/engine/mem.h"
#include "tests/conformance/lb_cases.h"

enum { MOST = LB_CASE_MOST };

/* A balancer and its endpoints: pod i in slot i. */
struct bench {
    struct lb_balancer balancer;
    struct endpoint_set *set;
    void *config;
    struct rng rng;
    sim_time now;
};

static void list(struct bench *b, uint32_t servers, uint32_t without)
{
    uint64_t sequence = b->set ? b->set->sequence + 1 : 1;
    uint32_t count = 0;

    free(b->set);
    b->set = mem_zalloc(sizeof *b->set +
                        (servers + 1) * sizeof b->set->endpoints[0]);
    for (uint32_t i = 0; i < servers; i++)
        if (i != without)
            b->set->endpoints[count++] = (struct endpoint){
                .pod = i, .slot = i, .ip = UINT32_C(0x0a000001) + i};
    b->set->count = b->set->usable = count;
    b->set->slots = servers;
    b->set->sequence = sequence;
}

/* params: of the strategy, as YAML; "" for none. */
static void begin(struct test_case *c, struct bench *b, const char *name,
                  const char *params, uint32_t servers)
{
    const struct lb_strategy *s = lb_find(name);
    struct doc_set *docs = doc_set_new();
    struct diag *diag = diag_new();

    memset(b, 0, sizeof *b);
    if (*params) {
        b->config = mem_zalloc(s->config_size);
        param_defaults(s->params, b->config, 0);
        if (!doc_read_text(docs, "case", params, diag) ||
            !param_read(s->params, b->config, doc_root(docs, 0), 0, diag))
            case_fail(c, "bad parameters: %s", params);
    }
    diag_free(diag);
    doc_set_free(docs);
    lb_balancer_init(&b->balancer, s, b->config);
    rng_init(&b->rng, (struct rng_root){1, 0}, "conformance", c->id, 0);
    list(b, servers, UINT32_MAX);
}

static void finish(struct bench *b)
{
    if (b->config)
        param_release(b->balancer.strategy->params, b->config);
    free(b->config);
    lb_balancer_release(&b->balancer);
    free(b->set);
}

static uint32_t pick(struct bench *b, uint64_t client)
{
    return lb_balancer_pick(&b->balancer, b->set, &b->rng, client, b->now)->pod;
}

static void done(struct bench *b, uint32_t server, enum lb_result result,
                 sim_time latency)
{
    lb_balancer_done(&b->balancer,
                     &(struct lb_end){server, server, result, b->now, latency});
}

/* --- nginx --- */

/* Requests one by one; a failed one goes to the next server, once. */
static void run_round_robin(struct test_case *c, uint32_t servers)
{
    char *params =
        mem_printf("{maxFails: %lld, failTimeout: %llds}",
                   (long long)get_int(c, c->in, "maxFails", 1),
                   (long long)get_int(c, c->in, "failTimeoutSeconds", 10));
    int64_t nth = get_int(c, c->in, "server0FailsEveryNthRequestToIt", 0);
    int64_t requests = get_int(c, c->in, "requests", 0), at_0 = 0;
    bool retry = get_bool(c->in, "retryOnNextServer", true);
    uint32_t counts[MOST] = {0}, successes[MOST] = {0};
    struct bench b;

    begin(c, &b, "weighted-round-robin", params, servers);
    for (int64_t i = 0; i < requests; i++) {
        bool failed = true;

        for (int try = 0; failed && try < (retry ? 2 : 1); try++) {
            uint32_t server = pick(&b, 0);

            failed = server == 0 && nth > 0 && ++at_0 % nth == 0;
            counts[server]++;
            successes[server] += !failed;
            done(&b, server, failed ? LB_ERROR : LB_OK, SIM_MS);
        }
    }
    lb_case_counts(c, "counts", counts, servers, 0);
    lb_case_counts(c, "successes", successes, servers, 0);
    finish(&b);
    free(params);
}

static void run_least_conn(struct test_case *c, uint32_t servers)
{
    int64_t requests = get_int(c, c->in, "requests", 0);
    int64_t held = get_int(c, c->in, "requestsHeldOnServer0", 0);
    uint32_t counts[MOST] = {0};
    struct bench b;

    begin(c, &b, "least-connections", "", servers);
    while (held > 0) {
        uint32_t server = pick(&b, 0);

        if (server == 0)
            held--;
        else
            done(&b, server, LB_OK, SIM_MS);
    }
    for (int64_t i = 0; i < requests; i++) {
        uint32_t server = pick(&b, 0);

        counts[server]++;
        done(&b, server, LB_OK, SIM_MS);
    }
    lb_case_counts(c, "counts", counts, servers, 0);
    finish(&b);
}

/* Which keys move when a server leaves. */
static void run_hash(struct test_case *c, const char *strategy,
                     const char *params, uint32_t servers)
{
    uint32_t gone = (uint32_t)get_int(c, c->in, "remove", 1) % servers;
    uint32_t keys = (uint32_t)get_int(c, c->in, "keys", 20);
    uint32_t *before = mem_calloc(keys, sizeof *before);
    bool only = true;
    struct bench b;

    begin(c, &b, strategy, params, servers);
    for (uint32_t k = 0; k < keys; k++)
        done(&b, before[k] = pick(&b, k), LB_OK, SIM_MS);
    list(&b, servers, gone);
    for (uint32_t k = 0; k < keys; k++)
        only &= pick(&b, k) == before[k] || before[k] == gone;
    expect_bool(c, "only keys of the removed server move",
                get_bool(c->expect, "onlyKeysOfRemovedServerMove", false),
                only);
    finish(&b);
    free(before);
}

void case_nginx_behaviour(struct test_case *c)
{
    const char *policy = doc_text(c->in, "policy");
    uint32_t servers = (uint32_t)get_int(c, c->in, "servers", 3);

    if (servers < 2 || servers > MOST)
        case_skip(c, "so many servers");
    else if (strcmp(policy, "round_robin") == 0)
        run_round_robin(c, servers);
    else if (strcmp(policy, "least_conn") == 0)
        run_least_conn(c, servers);
    else if (strcmp(policy, "consistent_hash") == 0)
        run_hash(c, "ring-hash", "{pointsPerEndpoint: 160}", servers);
    else if (strcmp(policy, "modulo_hash") == 0)
        run_hash(c, "source-hash", "", servers);
    else
        case_skip(c, "a policy that is not there");
}

/* --- Finagle --- */

/* Ten servers of equal latency, a request a tick. */
void case_peak_ewma(struct test_case *c)
{
    enum { SERVERS = 10, TICKS = 20000, LATENCY = 5 };
    int64_t decay = get_int(c, c->in, "decayTimeTicks", 150);
    char *params = mem_printf("{decay: %lldms}", (long long)decay);
    uint32_t counts[SERVERS] = {0}, open[LATENCY];
    struct bench b;
    bool even = true;

    begin(c, &b, "peak-ewma", params, SERVERS);
    for (int tick = 0; tick < TICKS; tick++, b.now += SIM_MS) {
        if (tick >= LATENCY)
            done(&b, open[tick % LATENCY], LB_OK, LATENCY * SIM_MS);
        open[tick % LATENCY] = pick(&b, 0);
        counts[open[tick % LATENCY]]++;
    }
    for (int i = 0; i < SERVERS; i++)
        even &= counts[i] > 0.9 * TICKS / SERVERS &&
                counts[i] < 1.1 * TICKS / SERVERS;
    expect_bool(c, "even", get_bool(c->expect, "loadEven", true), even);
    finish(&b);
    free(params);
}
