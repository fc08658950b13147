#include "models/lb/lb.h"

struct p2c {
    int64_t choices;
};

static const struct param params[] = {
    {.name = "choices",
     .type = PARAM_INT,
     .offset = offsetof(struct p2c, choices),
     .text = "2",
     .help = "endpoints drawn, of which the least loaded is taken",
     .source = "Mitzenmacher, The power of two choices (2001); Envoy "
               "choice_count",
     .min = 1,
     .max = 64},
    {0}};

enum { DEFAULT_CHOICES = 2 };

/* Two: different ones, as nginx's `random two` and Linkerd draw them. More:
 * with replacement, as Envoy does. Ties go to the one drawn first. */
static uint32_t pick_p2c(const struct lb_pick *pick)
{
    const struct p2c *config = pick->balancer->config;
    int64_t choices = config ? config->choices : DEFAULT_CHOICES;
    uint32_t best = (uint32_t)rng_below(pick->rng, pick->count);

    if (pick->count == 1)
        return best;
    if (choices == 2) {
        uint32_t other = (uint32_t)rng_below(pick->rng, pick->count - 1);

        other += other >= best;
        return lb_active(pick, other) < lb_active(pick, best) ? other : best;
    }
    for (int64_t i = 1; i < choices; i++) {
        uint32_t other = (uint32_t)rng_below(pick->rng, pick->count);

        if (lb_active(pick, other) < lb_active(pick, best))
            best = other;
    }
    return best;
}

const struct lb_strategy lb_p2c = {
    .name = "p2c",
    .unit = "connection or request",
    .state = "open attempts by endpoint, own only",
    .rule = "of two endpoints drawn at random the one with fewer open "
            "attempts; ties: the first drawn",
    .constants = "choices 2",
    .source = "Mitzenmacher (2001); nginx random two, Linkerd, Finagle",
    .counts = true,
    .by_load = true,
    .config_size = sizeof(struct p2c),
    .params = params,
    .pick = pick_p2c,
};
