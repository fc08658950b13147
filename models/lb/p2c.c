#include "models/lb/lb.h"

struct p2c {
    int64_t choices;
};

enum { MOST_CHOICES = 64 };

static const struct param params[] = {
    {.name = "choices",
     .type = PARAM_INT,
     .offset = offsetof(struct p2c, choices),
     .text = "2",
     .help = "endpoints drawn, of which the least loaded is taken",
     .source = "Mitzenmacher, The power of two choices (2001); Envoy "
               "choice_count",
     .min = 1,
     .max = MOST_CHOICES},
    {0}};

enum { DEFAULT_CHOICES = 2 };

/* Of the endpoints but those in sorted[drawn], one at random, which joins
 * them. */
static uint32_t draw_another(const struct lb_pick *pick, uint32_t *sorted,
                             uint32_t drawn)
{
    uint32_t i = (uint32_t)rng_below(pick->rng, pick->count - drawn), k = 0;

    for (; k < drawn && i >= sorted[k]; k++)
        i++;
    for (uint32_t j = drawn; j > k; j--)
        sorted[j] = sorted[j - 1];
    sorted[k] = i;
    return i;
}

/* Different ones, as nginx's `random two` and Linkerd draw them. Ties go to
 * the one drawn first. */
static uint32_t pick_p2c(const struct lb_pick *pick)
{
    const struct p2c *config = pick->balancer->config;
    int64_t choices = config ? config->choices : DEFAULT_CHOICES;
    uint32_t best = (uint32_t)rng_below(pick->rng, pick->count);
    uint32_t sorted[MOST_CHOICES];

    if (pick->count == 1)
        return best;
    if (choices == 2) {
        uint32_t other = (uint32_t)rng_below(pick->rng, pick->count - 1);

        other += other >= best;
        return lb_active(pick, other) < lb_active(pick, best) ? other : best;
    }
    sorted[0] = best;
    for (uint32_t i = 1; i < choices && i < pick->count; i++) {
        uint32_t other = draw_another(pick, sorted, i);

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
