#include "models/lb/lb.h"

struct config {
    int64_t most;
};

static const struct param params[] = {
    {.name = "maxConnections",
     .type = PARAM_LIMIT,
     .offset = offsetof(struct config, most),
     .text = "unlimited",
     .help = "open attempts that fill an endpoint",
     .source = "HAProxy maxconn of a server",
     .min = 1,
     .max = 1e9},
    {0}};

static uint32_t pick_first(const struct lb_pick *pick)
{
    const struct config *config = pick->balancer->config;
    uint32_t best = 0;

    for (uint32_t i = 0; i < pick->count; i++) {
        if (lb_active(pick, i) < config->most)
            return i;
        if (lb_active(pick, i) < lb_active(pick, best))
            best = i;
    }
    return best;
}

const struct lb_strategy lb_first = {
    .name = "first",
    .unit = "connection or request",
    .state = "open attempts by endpoint, own only",
    .rule = "the first endpoint that is not full; all full: the fewest open",
    .constants = "maxConnections unlimited",
    .source = "HAProxy balance first",
    .counts = true,
    .by_load = true,
    .config_size = sizeof(struct config),
    .params = params,
    .pick = pick_first,
};
