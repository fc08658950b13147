#include "models/lb/consistent.h"

struct config {
    struct lb_weights weights;
    int64_t size;
};

struct maglev {
    struct lb_table *table;
};

static const struct param params[] = {
    LB_WEIGHTS_ROW,
    {.name = "tableSize",
     .type = PARAM_INT,
     .offset = offsetof(struct config, size),
     .text = "65537",
     .help = "places; raised to the next prime; many more than endpoints",
     .source = "Envoy maglev table_size; Cilium has 16381",
     .min = 2,
     .max = 5000011},
    {0}};

static void update(const struct lb_pick *pick)
{
    const struct config *config = pick->balancer->config;
    struct maglev *m = pick->balancer->state;

    consistent_maglev(&m->table, pick, (uint32_t)config->size);
}

static uint32_t pick_maglev(const struct lb_pick *pick)
{
    const struct maglev *m = pick->balancer->state;

    return consistent_maglev_find(m->table, consistent_key(pick));
}

static void release(struct lb_balancer *b)
{
    struct maglev *m = b->state;

    lb_table_drop(&m->table, b);
}

const struct lb_strategy lb_maglev = {
    .name = "maglev",
    .unit = "connection or request",
    .state = "a table, by addresses",
    .rule = "the client's hash looked up in a table that the endpoints fill "
            "in turns, each by its own permutation: even shares, few "
            "clients move",
    .constants = "tableSize 65537; XXH64; weights 1",
    .source = "Eisenbud et al., Maglev (NSDI 2016); Envoy maglev; Cilium",
    .weighted = true,
    .config_size = sizeof(struct config),
    .params = params,
    .state_size = sizeof(struct maglev),
    .pick = pick_maglev,
    .update = update,
    .release = release,
};
