#include "models/lb/lb.h"

struct config {
    bool shuffle;
};

struct pick_first {
    pod_id pod;     /* connected to; valid where `held` */
    uint32_t index; /* of it in the set */
    bool held;
    bool broken; /* its connection has */
};

static const struct param params[] = {
    {.name = "shuffle",
     .type = PARAM_BOOL,
     .offset = offsetof(struct config, shuffle),
     .text = "true",
     .help = "the list comes in random order",
     .source = "CoreDNS's default Corefile has loadbalance, which shuffles; "
               "gRPC shuffleAddressList is false"},
    {0}};

static void update(const struct lb_pick *pick)
{
    struct pick_first *p = pick->balancer->state;
    const struct config *config = pick->balancer->config;

    for (uint32_t i = 0; p->held && i < pick->count; i++) {
        if (pick->endpoints[i].pod == p->pod) {
            p->index = i;
            return;
        }
    }
    p->held = true;
    p->broken = false;
    p->index =
        config->shuffle ? (uint32_t)rng_below(pick->rng, pick->count) : 0;
    p->pod = pick->endpoints[p->index].pod;
}

static uint32_t pick_pick_first(const struct lb_pick *pick)
{
    struct pick_first *p = pick->balancer->state;

    if (p->broken) {
        p->broken = false;
        p->index = (p->index + 1) % pick->count;
        p->pod = pick->endpoints[p->index].pod;
    }
    return p->index;
}

static void done(struct lb_balancer *b, const struct lb_end *end)
{
    struct pick_first *p = b->state;

    if (end->result == LB_BROKEN && end->pod == p->pod)
        p->broken = true;
}

const struct lb_strategy lb_pick_first = {
    .name = "pick-first",
    .unit = "connection",
    .state = "the endpoint that it is connected to",
    .rule = "always the same endpoint while it is listed and its connection "
            "holds; then the next one",
    .constants = "shuffle true",
    .source = "gRPC pick_first (gRFC A62)",
    .counts = true,
    .config_size = sizeof(struct config),
    .params = params,
    .state_size = sizeof(struct pick_first),
    .pick = pick_pick_first,
    .update = update,
    .done = done,
};
