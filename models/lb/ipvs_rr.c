#include "models/lb/lb.h"

/* The turn goes on behind the endpoint that had it, wherever that stands
 * now; where it has left, from the same place. */
struct ipvs_rr {
    pod_id last;
    uint32_t next; /* index */
};

/* Sets differ by little: it is near the place where it was. */
static void update(const struct lb_pick *pick)
{
    struct ipvs_rr *turn = pick->balancer->state;
    uint32_t was = turn->next - 1;

    for (uint32_t away = 0; turn->next > 0 && away <= pick->count + was;
         away++) {
        uint32_t below = was - away, above = was + away;

        if (away <= was && below < pick->count &&
            pick->endpoints[below].pod == turn->last) {
            turn->next = below + 1;
            return;
        }
        if (above < pick->count && pick->endpoints[above].pod == turn->last) {
            turn->next = above + 1;
            return;
        }
    }
    turn->next -= turn->next > 0;
}

static uint32_t pick_ipvs_rr(const struct lb_pick *pick)
{
    struct ipvs_rr *turn = pick->balancer->state;
    uint32_t i = turn->next < pick->count ? turn->next : 0;

    turn->next = i + 1;
    turn->last = pick->endpoints[i].pod;
    return i;
}

const struct lb_strategy lb_ipvs_rr = {
    .name = "ipvs-rr",
    .unit = "connection",
    .state = "a cursor",
    .rule = "the endpoints in turn, each behind the last one",
    .constants = "",
    .source = "Linux net/netfilter/ipvs/ip_vs_rr.c; kube-proxy's default in "
              "mode ipvs",
    .state_size = sizeof(struct ipvs_rr),
    .pick = pick_ipvs_rr,
    .update = update,
};
