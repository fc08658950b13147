#include "models/lb/lb.h"

/* Ties are taken in turn: the scan starts behind the last one picked. */
struct jsq {
    uint32_t next;
};

static uint32_t pick_jsq(const struct lb_pick *pick)
{
    struct jsq *turn = pick->balancer->state;
    uint32_t start = turn->next < pick->count ? turn->next : 0;
    uint32_t best = start;
    uint32_t least = lb_active(pick, start);

    for (uint32_t k = 1, i = start; k < pick->count && least > 0; k++) {
        uint32_t active;

        i = i + 1 < pick->count ? i + 1 : 0;
        active = lb_active(pick, i);
        if (active < least) {
            least = active;
            best = i;
        }
    }
    turn->next = best + 1;
    return best;
}

const struct lb_strategy lb_jsq = {
    .name = "jsq",
    .unit = "connection or request",
    .state = "all servers' queues as they are now, whoever filled them",
    .rule = "the shortest queue; ties in turn; O(n): an oracle, the bound for "
            "others",
    .constants = "",
    .source = "Winston, Optimality of the shortest line discipline (1977)",
    .counts = true,
    .by_load = true,
    .oracle = true,
    .state_size = sizeof(struct jsq),
    .pick = pick_jsq,
};
