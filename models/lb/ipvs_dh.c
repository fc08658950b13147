#include "models/lb/ipvs.h"

struct ipvs_dh {
    uint32_t table[IPVS_HASH_SIZE];
};

static void update(const struct lb_pick *pick)
{
    struct ipvs_dh *d = pick->balancer->state;

    ipvs_hash_fill(NULL, pick->count, d->table);
}

static uint32_t pick_ipvs_dh(const struct lb_pick *pick)
{
    const struct lb_group *group = pick->balancer->group;
    const struct ipvs_dh *d = pick->balancer->state;

    return d->table[ipvs_hash_place(group ? group->key : 0)];
}

const struct lb_strategy lb_ipvs_dh = {
    .name = "ipvs-dh",
    .unit = "connection",
    .state = "a table of 256 places",
    .rule = "the place of the destination's address, which is the Service's: "
            "all connections go to one endpoint",
    .constants = "256 places",
    .source = "Linux net/netfilter/ipvs/ip_vs_dh.c",
    .state_size = sizeof(struct ipvs_dh),
    .pick = pick_ipvs_dh,
    .update = update,
};
