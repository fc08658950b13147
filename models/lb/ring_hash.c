#include "models/lb/consistent.h"

struct ring_hash {
    struct lb_table *ring;
};

static const struct param params[] = {RING_ROWS, {0}};

static void update(const struct lb_pick *pick)
{
    struct ring_hash *r = pick->balancer->state;

    consistent_ring(&r->ring, pick);
}

static uint32_t pick_ring_hash(const struct lb_pick *pick)
{
    const struct ring_hash *r = pick->balancer->state;

    return consistent_ring_find(r->ring, consistent_key(pick));
}

static void release(struct lb_balancer *b)
{
    struct ring_hash *r = b->state;

    lb_table_drop(&r->ring, b);
}

const struct lb_strategy lb_ring_hash = {
    .name = "ring-hash",
    .unit = "connection or request",
    .state = "a ring, by addresses",
    .rule = "the first endpoint on a ring of hashes at or behind the "
            "client's: where one leaves, few others' clients move",
    .constants = "minRingSize 1024; maxRingSize 8388608; XXH64; weights 1",
    .source = "Envoy ring_hash, gRPC ring_hash_experimental",
    .weighted = true,
    .config_size = sizeof(struct ring_config),
    .params = params,
    .state_size = sizeof(struct ring_hash),
    .pick = pick_ring_hash,
    .update = update,
    .release = release,
};
