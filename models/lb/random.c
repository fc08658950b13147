#include "models/lb/lb.h"

static uint32_t pick_random(const struct lb_pick *pick)
{
    return (uint32_t)rng_below(pick->rng, pick->count);
}

const struct lb_strategy lb_random = {
    .name = "random",
    .unit = "connection or request",
    .state = "none",
    .rule = "each usable endpoint with equal probability",
    .constants = "",
    .source = "kube-proxy iptables: rule i of n is taken with probability "
              "1/(n-i) (pkg/proxy/iptables/proxier.go); nftables: numgen "
              "random mod n",
    .pick = pick_random,
};
