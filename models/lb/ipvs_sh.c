#include <stdlib.h>

#include "models/lb/ipvs.h"

struct ipvs_sh {
    uint32_t table[IPVS_HASH_SIZE];
};

static const struct param params[] = {LB_WEIGHTS_ROW, {0}};

static void update(const struct lb_pick *pick)
{
    struct ipvs_sh *s = pick->balancer->state;
    uint32_t *weights = mem_calloc(pick->count, sizeof *weights);

    for (uint32_t i = 0; i < pick->count; i++)
        weights[i] = ipvs_weight(pick->balancer->weights[i]);
    ipvs_hash_fill(weights, pick->count, s->table);
    free(weights);
}

static uint32_t pick_ipvs_sh(const struct lb_pick *pick)
{
    const struct ipvs_sh *s = pick->balancer->state;

    return s->table[ipvs_hash_place(pick->client_key)];
}

const struct lb_strategy lb_ipvs_sh = {
    .name = "ipvs-sh",
    .unit = "connection",
    .state = "a table of 256 places",
    .rule = "the place of the client's address in a table that endpoints "
            "fill in order, each as often as it weighs",
    .constants = "256 places; weights 1 (kube-proxy)",
    .source = "Linux net/netfilter/ipvs/ip_vs_sh.c",
    .weighted = true,
    .config_size = sizeof(struct lb_weights),
    .params = params,
    .state_size = sizeof(struct ipvs_sh),
    .pick = pick_ipvs_sh,
    .update = update,
};
