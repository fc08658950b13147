#include "models/lb/lb.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void lb_balancer_init(struct lb_balancer *b, const struct lb_strategy *s,
                      const void *config)
{
    assert(s && s->pick);
    memset(b, 0, sizeof *b);
    b->strategy = s;
    b->config = config;
    b->state = s->state_size ? mem_zalloc(s->state_size) : NULL;
}

void lb_balancer_release(struct lb_balancer *b)
{
    free(b->state);
    free(b->counters);
    memset(b, 0, sizeof *b);
}

static void grow_counters(struct lb_balancer *b, uint32_t slots)
{
    uint32_t room = b->slots ? 2 * b->slots : 16;

    while (room < slots)
        room *= 2;
    b->counters = mem_realloc(b->counters, room, sizeof *b->counters);
    for (uint32_t i = b->slots; i < room; i++)
        b->counters[i] = (struct lb_counters){.pod = NO_ID};
    b->slots = room;
}

static void count(struct lb_balancer *b, const struct endpoint *e)
{
    struct lb_counters *c = &b->counters[e->slot];

    if (c->pod != e->pod)
        *c = (struct lb_counters){.pod = e->pod};
    c->active++;
}

const struct endpoint *lb_balancer_pick_of(struct lb_balancer *b,
                                           const struct endpoint *endpoints,
                                           uint32_t count_of, uint32_t slots,
                                           struct rng *rng, uint64_t client_key,
                                           sim_time now)
{
    struct lb_pick pick = {.balancer = b,
                           .endpoints = endpoints,
                           .count = count_of,
                           .rng = rng,
                           .client_key = client_key,
                           .now = now};
    uint32_t i;

    assert(count_of >= 1);
    if (b->strategy->counts && slots > b->slots)
        grow_counters(b, slots);
    i = b->strategy->pick(&pick);
    assert(i < count_of);
    if (b->strategy->counts)
        count(b, &endpoints[i]);
    return &endpoints[i];
}

const struct endpoint *lb_balancer_pick(struct lb_balancer *b,
                                        const struct endpoint_set *set,
                                        struct rng *rng, uint64_t client_key,
                                        sim_time now)
{
    const struct endpoint *e = lb_balancer_pick_of(
        b, set->endpoints, set->usable, set->slots, rng, client_key, now);

    b->version = set->sequence;
    return e;
}

void lb_balancer_done(struct lb_balancer *b, uint32_t slot, pod_id pod)
{
    struct lb_counters *c;

    if (!b->strategy->counts)
        return;
    assert(slot < b->slots);
    c = &b->counters[slot];
    if (c->pod != pod)
        return; /* another pod has taken the slot since */
    /* 0: another one had it in between, in a version that a client saw
     * before or after this one (answers of DNS servers differ in age). */
    if (c->active > 0)
        c->active--;
}
