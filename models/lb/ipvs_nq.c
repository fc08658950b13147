#include "models/lb/ipvs.h"

static uint32_t pick_ipvs_nq(const struct lb_pick *pick)
{
    return ipvs_pick(pick, IPVS_NQ);
}

const struct lb_strategy lb_ipvs_nq = {
    .name = "ipvs-nq",
    .unit = "connection",
    .state = "active and inactive connections by endpoint, own only",
    .rule = "the first without active connections, else as ipvs-sed; O(n)",
    .constants = "weights 1 (kube-proxy)",
    .source = "Linux net/netfilter/ipvs/ip_vs_nq.c",
    .counts = true,
    .weighted = true,
    .indexed = true,
    .config_size = sizeof(struct ipvs_config),
    .params = ipvs_params,
    .state_size = sizeof(struct ipvs_state),
    .slot_size = sizeof(bool),
    .pick = pick_ipvs_nq,
    .update = ipvs_update,
    .done = ipvs_done,
    .release = ipvs_release,
};
