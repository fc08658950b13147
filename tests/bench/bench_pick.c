/*
 * bench_pick - what one pick costs, with its end 32 picks later, among 10 to
 * 10,000 endpoints: for strategies of constant cost it should not grow but
 * for what memory costs. What is asked of the number of Services stands in
 * bench_requests.
 */
#include "models/lb/lb.h"
#include "sim/engine/mem.h"
#include "tests/bench/bench.h"

enum { OPEN = 32, PICKS = 1000000 };

static const char *const strategies[] = {
    "random",      "round-robin", "p2c",       "least-request",
    "source-hash", "maglev",      "ring-hash", "least-connections"};

struct open {
    struct lb_balancer balancer;
    struct endpoint_set *set;
    const struct lb_strategy *strategy;
    void *config;
    uint32_t count;
};

static struct endpoint_set *set_of(uint32_t count)
{
    struct endpoint_set *set =
        mem_zalloc(sizeof *set + count * sizeof set->endpoints[0]);

    set->sequence = 1;
    set->count = set->usable = set->slots = count;
    for (uint32_t i = 0; i < count; i++) {
        set->endpoints[i].pod = i;
        set->endpoints[i].slot = i;
        set->endpoints[i].ip = UINT32_C(0x0a000001) + i;
    }
    return set;
}

/* ns a pick. */
static double run(void *self)
{
    struct open *o = self;
    const struct endpoint *open[OPEN] = {NULL};
    struct rng rng;
    double start;

    rng_init(&rng, (struct rng_root){1, 0}, "bench", "pick", 0);
    start = bench_now();
    for (int i = 0; i < PICKS; i++) {
        const struct endpoint **e = &open[i % OPEN];

        if (*e)
            lb_balancer_done(&o->balancer,
                             &(struct lb_end){(*e)->slot, (*e)->pod, LB_OK,
                                              i * SIM_US, SIM_MS});
        *e = lb_balancer_pick(&o->balancer, o->set, &rng, rng_u64(&rng),
                              i * SIM_US);
    }
    start = bench_now() - start;
    for (int i = 0; i < OPEN; i++)
        lb_balancer_done(&o->balancer,
                         &(struct lb_end){open[i]->slot, open[i]->pod, LB_OK,
                                          PICKS * SIM_US, SIM_MS});
    return start / PICKS;
}

static void measure(const char *name, uint32_t count)
{
    struct open o = {.strategy = lb_find(name), .count = count};
    char parameter[64];

    o.config =
        mem_zalloc(o.strategy->config_size ? o.strategy->config_size : 1);
    if (o.strategy->params)
        param_defaults(o.strategy->params, o.config, 0);
    o.set = set_of(count);
    lb_balancer_init(&o.balancer, o.strategy, o.config);
    run(&o); /* tables are made, counters are there */
    snprintf(parameter, sizeof parameter, "%s; %u endpoints", name, count);
    bench_row("pick", parameter, "time", bench_rounds(run, &o), "ns", "");
    lb_balancer_release(&o.balancer);
    if (o.strategy->params)
        param_release(o.strategy->params, o.config);
    free(o.config);
    free(o.set);
}

int main(void)
{
    for (size_t i = 0; i < sizeof strategies / sizeof strategies[0]; i++)
        for (uint32_t count = 10; count <= 10000; count *= 10)
            measure(strategies[i], count);
    return EXIT_SUCCESS;
}
