#include "models/lb/lb.h"

struct round_robin {
    uint32_t next; /* index in the order of the set */
};

/* A set that changes is another picker in grpc-go. */
static void update(const struct lb_pick *pick)
{
    struct round_robin *turn = pick->balancer->state;

    turn->next = (uint32_t)rng_below(pick->rng, pick->count);
}

static uint32_t pick_round_robin(const struct lb_pick *pick)
{
    struct round_robin *turn = pick->balancer->state;
    uint32_t i = turn->next;

    turn->next = i + 1 < pick->count ? i + 1 : 0;
    return i;
}

const struct lb_strategy lb_round_robin = {
    .name = "round-robin",
    .unit = "connection or request",
    .state = "a cursor",
    .rule = "the usable endpoints in turn, in the order of the table, from a "
            "random one on; so anew where they change",
    .constants = "",
    .source = "grpc-go balancer/roundrobin; Envoy's goes on where it was",
    .state_size = sizeof(struct round_robin),
    .pick = pick_round_robin,
    .update = update,
};
