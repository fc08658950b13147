#include "models/lb/envoy.h"

/* Ties: each with equal probability. */
static uint32_t pick_least_request_full(const struct lb_pick *pick)
{
    const struct envoy_state *state = pick->balancer->state;
    uint32_t least = UINT32_MAX, ties = 0, i;
    uint64_t turn;

    if (state->scheduled)
        return envoy_scheduled(pick);
    for (i = 0; i < pick->count; i++) {
        uint32_t active = lb_active(pick, i);

        ties = active < least ? 1 : ties + (active == least);
        least = active < least ? active : least;
    }
    turn = rng_below(pick->rng, ties);
    for (i = 0;; i++)
        if (lb_active(pick, i) == least && turn-- == 0)
            return i;
}

const struct lb_strategy lb_least_request_full = {
    .name = "least-request-full",
    .unit = "connection or request",
    .state = "open attempts by endpoint, own only",
    .rule = "equal weights: the fewest open of all, ties at random; O(n); "
            "else earliest deadline first by weight/(open+1)^bias",
    .constants = "activeRequestBias 1; slowStart off",
    .source = "Envoy least_request, selection_method FULL_SCAN",
    .counts = true,
    .weighted = true,
    .config_size = sizeof(struct envoy_config),
    .params = envoy_full_params,
    .state_size = sizeof(struct envoy_state),
    .pick = pick_least_request_full,
    .update = envoy_update,
    .release = envoy_release,
};
