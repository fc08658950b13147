/*
 * consistent - hash rings and Maglev tables of endpoints, shared by the
 * balancers of a group. A key is the endpoint's address, as text.
 */
#ifndef MODELS_LB_CONSISTENT_H
#define MODELS_LB_CONSISTENT_H

#include "models/lb/hash.h"
#include "models/lb/lb.h"
#include "models/lb/weights.h"

/* What the config of a strategy with a ring begins with. */
struct ring_config {
    struct lb_weights weights;
    int64_t least, most;
    int64_t points; /* of each endpoint of weight 1; 0: by least and most */
};
#define RING_ROWS                                                              \
    LB_WEIGHTS_ROW,                                                            \
        {.name = "minRingSize",                                                \
         .type = PARAM_INT,                                                    \
         .offset = offsetof(struct ring_config, least),                        \
         .text = "1024",                                                       \
         .help = "places on the ring at the least",                            \
         .source = "Envoy minimum_ring_size, gRPC min_ring_size",              \
         .min = 1,                                                             \
         .max = 8388608},                                                      \
        {.name = "maxRingSize",                                                \
         .type = PARAM_INT,                                                    \
         .offset = offsetof(struct ring_config, most),                         \
         .text = "8388608",                                                    \
         .help = "and at most",                                                \
         .source = "Envoy maximum_ring_size",                                  \
         .min = 1,                                                             \
         .max = 8388608},                                                      \
    {                                                                          \
        .name = "pointsPerEndpoint", .type = PARAM_INT,                        \
        .offset = offsetof(struct ring_config, points), .text = "0",           \
        .help = "so many places each, times its weight, whatever the ring's "  \
                "size; 0: as the ring's size asks; ketama: 160",               \
        .source = "nginx hash consistent: 160", .max = 100000                  \
    }

/* The ring of pick's set; the config begins with a ring_config. */
void consistent_ring(struct lb_table **held, const struct lb_pick *pick);
/* Index of the endpoint for a hash. */
uint32_t consistent_ring_find(const struct lb_table *ring, uint64_t hash);

/* The Maglev table of pick's set: `size` places (raised to the next prime),
 * and the weights of the balancer, if it has any. */
void consistent_maglev(struct lb_table **held, const struct lb_pick *pick,
                       uint32_t size);
static inline uint32_t consistent_maglev_find(const struct lb_table *table,
                                              uint64_t hash)
{
    return ((const uint32_t *)table->items)[hash % table->length];
}

/* A client's hash. */
static inline uint64_t consistent_key(const struct lb_pick *pick)
{
    return hash_u64(pick->client_key, 0);
}

#endif
