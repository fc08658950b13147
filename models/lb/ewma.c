#include "models/lb/latency.h"
#include "models/lb/lb.h"

struct config {
    sim_time decay;
};

struct known {
    struct latency latency;
    bool known;
};

static const struct param params[] = {
    {.name = "decay",
     .type = PARAM_DURATION,
     .offset = offsetof(struct config, decay),
     .text = "10s",
     .help = "in which an estimate falls to 1/e",
     .source = "ingress-nginx DECAY_TIME (rootfs/etc/nginx/lua/balancer/"
               "ewma.lua)",
     .min = 1e-3,
     .max = 86400},
    {0}};

/* New endpoints begin with the mean of the others. */
static void update(const struct lb_pick *pick)
{
    double sum = 0, count = 0;

    for (uint32_t i = 0; i < pick->count; i++) {
        const struct known *k = lb_slot(pick, i);

        sum += k->known ? k->latency.cost : 0;
        count += k->known;
    }
    for (uint32_t i = 0; i < pick->count; i++) {
        struct known *k = lb_slot(pick, i);

        if (!k->known)
            *k = (struct known){{count > 0 ? sum / count : 0, pick->now}, true};
    }
}

static double score(const struct lb_pick *pick, uint32_t i)
{
    const struct config *config = pick->balancer->config;
    const struct known *k = lb_slot(pick, i);

    return latency_now(&k->latency, config->decay, pick->now);
}

static uint32_t pick_ewma(const struct lb_pick *pick)
{
    uint32_t one = (uint32_t)rng_below(pick->rng, pick->count), other;

    if (pick->count == 1)
        return one;
    other = (uint32_t)rng_below(pick->rng, pick->count - 1);
    other += other >= one;
    return score(pick, other) < score(pick, one) ? other : one;
}

static void done(struct lb_balancer *b, const struct lb_end *end)
{
    const struct config *config = b->config;
    struct known *k = lb_slot_of(b, end->slot);

    if (end->result != LB_GONE)
        latency_observe(&k->latency, config->decay, end->now, end->latency);
}

const struct lb_strategy lb_ewma = {
    .name = "ewma",
    .unit = "request",
    .state = "a latency by endpoint, of its own requests",
    .rule = "of two drawn the one with the lower latency, averaged over "
            "10 s and fading with time",
    .constants = "decay 10 s; new endpoints begin with the mean",
    .source = "ingress-nginx load-balance: ewma (balancer/ewma.lua)",
    .counts = true,
    .config_size = sizeof(struct config),
    .params = params,
    .slot_size = sizeof(struct known),
    .pick = pick_ewma,
    .update = update,
    .done = done,
};
