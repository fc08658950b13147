#include "models/lb/ipvs.h"

static uint32_t pick_ipvs_wlc(const struct lb_pick *pick)
{
    return ipvs_pick(pick, IPVS_WLC);
}

const struct lb_strategy lb_ipvs_wlc = {
    .name = "ipvs-wlc",
    .unit = "connection",
    .state = "active and inactive connections by endpoint, own only",
    .rule =
        "the least (256 x active + inactive) / weight; ties: the first; O(n)",
    .constants = "factor 256; timeWait 2 min; weights 1 (kube-proxy)",
    .source = "Linux net/netfilter/ipvs/ip_vs_wlc.c",
    .counts = true,
    .weighted = true,
    .indexed = true,
    .config_size = sizeof(struct ipvs_config),
    .params = ipvs_params,
    .state_size = sizeof(struct ipvs_state),
    .slot_size = sizeof(bool),
    .pick = pick_ipvs_wlc,
    .update = ipvs_update,
    .done = ipvs_done,
    .release = ipvs_release,
};
