#include "models/lb/ipvs.h"

static uint32_t pick_ipvs_sed(const struct lb_pick *pick)
{
    return ipvs_pick(pick, IPVS_SED);
}

const struct lb_strategy lb_ipvs_sed = {
    .name = "ipvs-sed",
    .unit = "connection",
    .state = "active and inactive connections by endpoint, own only",
    .rule = "the shortest expected delay, (active + 1) / weight; ties: the "
            "first; O(n)",
    .constants = "weights 1 (kube-proxy)",
    .source = "Linux net/netfilter/ipvs/ip_vs_sed.c",
    .counts = true,
    .weighted = true,
    .indexed = true,
    .config_size = sizeof(struct ipvs_config),
    .params = ipvs_params,
    .state_size = sizeof(struct ipvs_state),
    .slot_size = sizeof(bool),
    .pick = pick_ipvs_sed,
    .update = ipvs_update,
    .done = ipvs_done,
    .release = ipvs_release,
};
