/*
 * lb_fixture - a balancer with a set of endpoints: pod 10 + i in slot 2 i,
 * address 10.0.0.(1 + i), on node i.
 */
#ifndef TESTS_UNIT_LB_FIXTURE_H
#define TESTS_UNIT_LB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/lb/lb.h"
#include "sim/engine/mem.h"

struct bench {
    struct lb_balancer balancer;
    struct rng rng;
    struct endpoint_set *set;
    sim_time now;
    uint64_t key; /* the client's */
};

static inline void bench_set(struct bench *b, const uint32_t *which,
                             uint32_t count)
{
    uint64_t sequence = b->set ? b->set->sequence + 1 : 1;

    free(b->set);
    b->set =
        mem_zalloc(sizeof *b->set + (count + 1) * sizeof b->set->endpoints[0]);
    b->set->sequence = sequence;
    b->set->count = b->set->usable = count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t n = which ? which[i] : i;

        b->set->endpoints[i].pod = 10 + n;
        b->set->endpoints[i].slot = 2 * n;
        b->set->endpoints[i].node = n;
        b->set->endpoints[i].ip = UINT32_C(0x0a000001) + n;
        if (2 * n + 1 > b->set->slots)
            b->set->slots = 2 * n + 1;
    }
}

static inline void bench_init(struct bench *b, const char *strategy,
                              const void *config, uint32_t count)
{
    const struct lb_strategy *s = lb_find(strategy);

    assert_non_null(s);
    memset(b, 0, sizeof *b);
    lb_balancer_init(&b->balancer, s, config);
    rng_init(&b->rng, (struct rng_root){1, 0}, "lb", strategy, 0);
    bench_set(b, NULL, count);
}

static inline void bench_release(struct bench *b)
{
    lb_balancer_release(&b->balancer);
    free(b->set);
}

/* Index in the set. */
static inline uint32_t bench_pick(struct bench *b)
{
    const struct endpoint *e =
        lb_balancer_pick(&b->balancer, b->set, &b->rng, b->key, b->now);

    return (uint32_t)(e - b->set->endpoints);
}

/* The attempt at the endpoint of that index ends. */
static inline void bench_end(struct bench *b, uint32_t i, enum lb_result result,
                             sim_time latency)
{
    struct lb_end end = {b->set->endpoints[i].slot, b->set->endpoints[i].pod,
                         result, b->now, latency};

    lb_balancer_done(&b->balancer, &end);
}

/* A strategy's config with its defaults; free it by bench_config_free. */
static inline void *bench_config(const char *strategy)
{
    const struct lb_strategy *s = lb_find(strategy);
    void *config = mem_zalloc(s->config_size);

    param_defaults(s->params, config, 0);
    return config;
}

static inline void bench_config_free(const char *strategy, void *config)
{
    param_release(lb_find(strategy)->params, config);
    free(config);
}

#endif
