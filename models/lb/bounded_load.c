#include <math.h>

#include "models/lb/consistent.h"

struct config {
    struct ring_config ring;
    double factor;
};

struct bounded_load {
    struct lb_table *ring;
    double sum; /* of weights */
};

static const struct param params[] = {
    RING_ROWS,
    {.name = "loadFactor",
     .type = PARAM_RATIO,
     .offset = offsetof(struct config, factor),
     .text = "125%",
     .help = "of the mean load that an endpoint may have",
     .source = "Mirrokni, Thorup, Zadimoghaddam (2018): 1 + epsilon; Envoy "
               "recommends hash_balance_factor 120 to 200",
     .min = 1,
     .max = 100},
    {0}};

static void update(const struct lb_pick *pick)
{
    struct bounded_load *l = pick->balancer->state;

    consistent_ring(&l->ring, pick);
    l->sum = 0;
    for (uint32_t i = 0; i < pick->count; i++)
        l->sum += pick->balancer->weights[i];
}

/* Open attempts over the places it has: more than 1 is too much. */
static double overload(const struct lb_pick *pick, uint32_t i)
{
    const struct lb_balancer *b = pick->balancer;
    const struct config *config = b->config;
    const struct bounded_load *l = b->state;
    double places = ceil(((double)b->open + 1) * config->factor - 1e-9);

    places = ceil(places * b->weights[i] / l->sum - 1e-9);
    return lb_active(pick, i) / fmax(places, 1);
}

/* Steps through all endpoints by a stride that is prime to their number. */
static uint32_t stride_of(uint64_t hash, uint32_t count)
{
    uint32_t stride = (uint32_t)(hash % count);

    for (;; stride++) {
        uint32_t a = stride, b = count;

        while (b) {
            uint32_t rest = a % b;

            a = b;
            b = rest;
        }
        if (a == 1)
            return stride % count;
    }
}

/* The ring's endpoint, or one in an order drawn from the key. */
static uint32_t pick_bounded_load(const struct lb_pick *pick)
{
    const struct bounded_load *l = pick->balancer->state;
    uint64_t hash = consistent_key(pick);
    uint32_t i = consistent_ring_find(l->ring, hash), best = i, stride, n;
    double least = overload(pick, i);

    if (least < 1)
        return i;
    stride = stride_of(hash_u64(hash, 1), pick->count);
    for (n = 1; n < pick->count; n++) {
        double load;

        i = (i + stride) % pick->count;
        load = overload(pick, i);
        if (load < 1 && pick->balancer->weights[i] > 0)
            return i;
        if (load < least) {
            least = load;
            best = i;
        }
    }
    return best;
}

static void release(struct lb_balancer *b)
{
    struct bounded_load *l = b->state;

    lb_table_drop(&l->ring, b);
}

const struct lb_strategy lb_bounded_load = {
    .name = "bounded-load",
    .unit = "connection or request",
    .state = "a ring, and open attempts by endpoint, own only",
    .rule = "as ring-hash, but one that has loadFactor times the mean open "
            "gets no more: others are tried in an order of the client's",
    .constants = "loadFactor 125 %; ring as ring-hash",
    .source = "Mirrokni, Thorup, Zadimoghaddam (2018); Envoy "
              "hash_balance_factor (thread_aware_lb_impl.cc)",
    .counts = true,
    .by_load = true,
    .weighted = true,
    .config_size = sizeof(struct config),
    .params = params,
    .state_size = sizeof(struct bounded_load),
    .pick = pick_bounded_load,
    .update = update,
    .release = release,
};
