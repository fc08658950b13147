#include "models/lb/lb.h"

/* Ties are taken in turn: the scan starts behind the last one picked. */
struct least_connections {
    uint32_t next;
};

static uint32_t pick_least_connections(const struct lb_pick *pick)
{
    struct least_connections *turn = pick->balancer->state;
    uint32_t start = turn->next < pick->count ? turn->next : 0;
    uint32_t best = start, least = lb_active(pick, start);

    for (uint32_t i = start + 1; i < pick->count && least > 0; i++)
        if (lb_active(pick, i) < least)
            least = lb_active(pick, best = i);
    for (uint32_t i = 0; i < start && least > 0; i++)
        if (lb_active(pick, i) < least)
            least = lb_active(pick, best = i);
    turn->next = best + 1;
    return best;
}

const struct lb_strategy lb_least_connections = {
    .name = "least-connections",
    .unit = "connection or request",
    .state = "open attempts by endpoint, own only",
    .rule = "the fewest open attempts; ties in turn",
    .constants = "",
    .source = "HAProxy leastconn, nginx least_conn with equal weights",
    .counts = true,
    .by_load = true,
    .state_size = sizeof(struct least_connections),
    .pick = pick_least_connections,
};
