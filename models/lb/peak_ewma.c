#include "models/lb/latency.h"
#include "models/lb/lb.h"

struct config {
    sim_time decay, rtt;
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
     .source = "Linkerd and Finagle: 10 s",
     .min = 1e-3,
     .max = 86400},
    {.name = "defaultRtt",
     .type = PARAM_DURATION,
     .offset = offsetof(struct config, rtt),
     .text = "30ms",
     .help = "what a new endpoint is taken to need",
     .source = "Linkerd: 30 ms"},
    {0}};

static void update(const struct lb_pick *pick)
{
    const struct config *config = pick->balancer->config;

    for (uint32_t i = 0; i < pick->count; i++) {
        struct known *k = lb_slot(pick, i);

        if (!k->known)
            *k = (struct known){{(double)config->rtt, pick->now}, true};
    }
}

static double load_of(const struct lb_pick *pick, uint32_t i)
{
    const struct config *config = pick->balancer->config;
    const struct known *k = lb_slot(pick, i);

    return latency_now(&k->latency, config->decay, pick->now) *
           (lb_active(pick, i) + 1.0);
}

static uint32_t pick_peak_ewma(const struct lb_pick *pick)
{
    uint32_t one = (uint32_t)rng_below(pick->rng, pick->count), other;

    if (pick->count == 1)
        return one;
    other = (uint32_t)rng_below(pick->rng, pick->count - 1);
    other += other >= one;
    return load_of(pick, other) < load_of(pick, one) ? other : one;
}

static void done(struct lb_balancer *b, const struct lb_end *end)
{
    const struct config *config = b->config;
    struct known *k = lb_slot_of(b, end->slot);

    if (end->result != LB_GONE)
        latency_observe_peak(&k->latency, config->decay, end->now,
                             end->latency);
}

const struct lb_strategy lb_peak_ewma = {
    .name = "peak-ewma",
    .unit = "request",
    .state = "a latency and open attempts by endpoint, own only",
    .rule = "of two drawn the one with the lower latency x (open + 1); a "
            "longer latency counts at once, a shorter one by and by",
    .constants = "defaultRtt 30 ms; decay 10 s",
    .source = "Finagle PeakEwma (loadbalancer/p2c/P2CPeakEwma.scala); "
              "Linkerd",
    .counts = true,
    .by_load = true,
    .config_size = sizeof(struct config),
    .params = params,
    .slot_size = sizeof(struct known),
    .pick = pick_peak_ewma,
    .update = update,
    .done = done,
};
