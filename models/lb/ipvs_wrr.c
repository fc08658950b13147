#include <stdlib.h>

#include "models/lb/ipvs.h"

struct ipvs_wrr {
    struct ipvs_turn turn;
    uint32_t *weights; /* by index */
};

static const struct param params[] = {LB_WEIGHTS_ROW, {0}};

/* As the kernel does when a destination changes: the round goes on from the
 * place where it was, and begins anew by weight. */
static void update(const struct lb_pick *pick)
{
    struct ipvs_wrr *w = pick->balancer->state;
    uint32_t next = w->turn.next;

    w->weights = mem_realloc(w->weights, pick->count, sizeof *w->weights);
    for (uint32_t i = 0; i < pick->count; i++)
        w->weights[i] = ipvs_weight(pick->balancer->weights[i]);
    w->turn = ipvs_turn_of(w->weights, pick->count);
    w->turn.next = next;
}

static uint32_t pick_ipvs_wrr(const struct lb_pick *pick)
{
    struct ipvs_wrr *w = pick->balancer->state;

    return ipvs_turn_next(&w->turn, w->weights, pick->count);
}

static void release(struct lb_balancer *b)
{
    struct ipvs_wrr *w = b->state;

    free(w->weights);
}

const struct lb_strategy lb_ipvs_wrr = {
    .name = "ipvs-wrr",
    .unit = "connection",
    .state = "a cursor",
    .rule = "in turn those that weigh at least so much: the maximum first, "
            "less by the greatest common divisor each round",
    .constants = "weights 1 (kube-proxy)",
    .source = "Linux net/netfilter/ipvs/ip_vs_wrr.c",
    .weighted = true,
    .config_size = sizeof(struct lb_weights),
    .params = params,
    .state_size = sizeof(struct ipvs_wrr),
    .pick = pick_ipvs_wrr,
    .update = update,
    .release = release,
};
