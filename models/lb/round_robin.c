#include "models/lb/lb.h"

/* Where the set changes, the turn goes on from the same place in it. */
struct round_robin {
    uint32_t next; /* index in the order of the set */
};

static uint32_t pick_round_robin(const struct lb_pick *pick)
{
    struct round_robin *turn = pick->balancer->state;
    uint32_t i = turn->next < pick->count ? turn->next : 0;

    turn->next = i + 1;
    return i;
}

const struct lb_strategy lb_round_robin = {
    .name = "round-robin",
    .unit = "connection or request",
    .state = "a cursor",
    .rule = "the usable endpoints in turn, in the order of the table",
    .constants = "",
    .source = "gRPC round_robin; IPVS rr with kube-proxy's equal weights",
    .state_size = sizeof(struct round_robin),
    .pick = pick_round_robin,
};
