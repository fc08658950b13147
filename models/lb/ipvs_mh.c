#include "models/lb/consistent.h"

struct config {
    int64_t index;
};

struct ipvs_mh {
    struct lb_table *table;
};

enum { FIRST_INDEX = 8, LAST_INDEX = 17 };
static const uint32_t primes[] = {251,  509,   1021,  2039,  4093,
                                  8191, 16381, 32749, 65521, 131071};

static const struct param params[] = {
    {.name = "tableIndex",
     .type = PARAM_INT,
     .offset = offsetof(struct config, index),
     .text = "12",
     .help = "the table has the largest prime below 2^tableIndex places",
     .source = "Linux CONFIG_IP_VS_MH_TAB_INDEX",
     .min = FIRST_INDEX,
     .max = LAST_INDEX},
    {0}};

static void update(const struct lb_pick *pick)
{
    const struct config *config = pick->balancer->config;
    struct ipvs_mh *m = pick->balancer->state;

    consistent_maglev(&m->table, pick, primes[config->index - FIRST_INDEX]);
}

static uint32_t pick_ipvs_mh(const struct lb_pick *pick)
{
    const struct ipvs_mh *m = pick->balancer->state;

    return consistent_maglev_find(m->table, consistent_key(pick));
}

static void release(struct lb_balancer *b)
{
    struct ipvs_mh *m = b->state;

    lb_table_drop(&m->table, b);
}

const struct lb_strategy lb_ipvs_mh = {
    .name = "ipvs-mh",
    .unit = "connection",
    .state = "a table, by addresses",
    .rule = "Maglev hashing of the client's address; equal weights, as "
            "kube-proxy gives",
    .constants = "tableIndex 12: 4093 places; XXH64 in place of SipHash",
    .source = "Linux net/netfilter/ipvs/ip_vs_mh.c",
    .config_size = sizeof(struct config),
    .params = params,
    .state_size = sizeof(struct ipvs_mh),
    .pick = pick_ipvs_mh,
    .update = update,
    .release = release,
};
