#include "models/lb/ipvs.h"

static uint32_t pick_ipvs_lc(const struct lb_pick *pick)
{
    return ipvs_pick(pick, IPVS_LC);
}

const struct lb_strategy lb_ipvs_lc = {
    .name = "ipvs-lc",
    .unit = "connection",
    .state = "active and inactive connections by endpoint, own only",
    .rule = "the least 256 x active + inactive; ties: the first; O(n)",
    .constants = "factor 256; timeWait 2 min",
    .source = "Linux net/netfilter/ipvs/ip_vs_lc.c, ip_vs_dest_conn_overhead",
    .counts = true,
    .weighted = true,
    .indexed = true,
    .config_size = sizeof(struct ipvs_config),
    .params = ipvs_params,
    .state_size = sizeof(struct ipvs_state),
    .slot_size = sizeof(bool),
    .pick = pick_ipvs_lc,
    .update = ipvs_update,
    .done = ipvs_done,
    .release = ipvs_release,
};
