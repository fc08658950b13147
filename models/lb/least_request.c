#include "models/lb/envoy.h"

/* Endpoints are drawn with replacement; ties go to the one drawn first. */
static uint32_t pick_least_request(const struct lb_pick *pick)
{
    const struct envoy_config *config = pick->balancer->config;
    const struct envoy_state *state = pick->balancer->state;
    uint32_t best;

    if (state->scheduled)
        return envoy_scheduled(pick);
    best = (uint32_t)rng_below(pick->rng, pick->count);
    for (int64_t i = 1; i < config->choices; i++) {
        uint32_t other = (uint32_t)rng_below(pick->rng, pick->count);

        if (lb_active(pick, other) < lb_active(pick, best))
            best = other;
    }
    return best;
}

const struct lb_strategy lb_least_request = {
    .name = "least-request",
    .unit = "connection or request",
    .state = "open attempts by endpoint, own only",
    .rule = "equal weights: of those drawn the one with the fewest open; "
            "else earliest deadline first by weight/(open+1)^bias",
    .constants = "choices 2; activeRequestBias 1; slowStart off",
    .source = "Envoy source/extensions/load_balancing_policies/least_request",
    .counts = true,
    .by_load = true,
    .weighted = true,
    .config_size = sizeof(struct envoy_config),
    .params = envoy_params,
    .state_size = sizeof(struct envoy_state),
    .pick = pick_least_request,
    .update = envoy_update,
    .release = envoy_release,
};
