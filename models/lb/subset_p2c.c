#include <math.h>

#include "models/lb/lb.h"

struct config {
    int64_t aperture;
};

static const struct param params[] = {
    {.name = "minAperture",
     .type = PARAM_INT,
     .offset = offsetof(struct config, aperture),
     .text = "12",
     .help = "endpoints that a balancer uses at the least",
     .source = "Finagle aperture minDeterministicAperture",
     .min = 1,
     .max = 1e6},
    {0}};

/* The arc of the ring that is this balancer's, of length 1 in all. Balancers
 * stand evenly around it; each takes a whole number of their distances. */
static void arc(const struct lb_pick *pick, double *begin, double *width)
{
    const struct lb_balancer *b = pick->balancer;
    const struct config *config = b->config;
    uint32_t peers = b->group && b->group->peers ? b->group->peers : 1;
    double share = fmin(1, (double)config->aperture / pick->count);

    *begin = (double)(b->number % peers) / peers;
    *width = fmin(1, ceil(share * peers - 1e-9) / peers);
}

/* The endpoint at a random place of the arc: those at its ends get less. */
static uint32_t at_random(const struct lb_pick *pick, double begin,
                          double width)
{
    double place = begin + rng_uniform(pick->rng) * width;
    uint32_t i = (uint32_t)((place - floor(place)) * pick->count);

    return i < pick->count ? i : pick->count - 1;
}

enum { TRIES = 32 };

static uint32_t pick_subset_p2c(const struct lb_pick *pick)
{
    double begin, width;
    uint32_t one, other;

    arc(pick, &begin, &width);
    one = other = at_random(pick, begin, width);
    for (int i = 0; i < TRIES && other == one && pick->count > 1; i++)
        other = at_random(pick, begin, width);
    return lb_active(pick, other) < lb_active(pick, one) ? other : one;
}

const struct lb_strategy lb_subset_p2c = {
    .name = "subset-p2c",
    .unit = "request",
    .state = "open attempts by endpoint, own only; its place among peers",
    .rule = "p2c among a subset: balancers and endpoints stand on a ring, and "
            "each balancer uses the arc that begins at its place",
    .constants = "minAperture 12",
    .source = "Finagle DeterministicAperture (loadbalancer/aperture)",
    .counts = true,
    .by_load = true,
    .config_size = sizeof(struct config),
    .params = params,
    .pick = pick_subset_p2c,
};
