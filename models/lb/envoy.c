#include "models/lb/envoy.h"

#include <math.h>
#include <stdlib.h>

static const char *const schedules[] = {"auto", "edf", NULL};

#define CHOICES_ROW                                                            \
    {                                                                          \
        .name = "choices", .type = PARAM_INT,                                  \
        .offset = offsetof(struct envoy_config, choices), .text = "2",         \
        .help = "endpoints drawn, of which the least loaded is taken",         \
        .source = "Envoy choice_count", .min = 1, .max = 64                    \
    }
#define COMMON_ROWS                                                            \
    LB_WEIGHTS_ROW, SLOW_START_ROW(offsetof(struct envoy_config, slow_start)), \
        {.name = "activeRequestBias",                                          \
         .type = PARAM_DOUBLE,                                                 \
         .offset = offsetof(struct envoy_config, bias),                        \
         .text = "1",                                                          \
         .help = "by deadlines: how much open requests lessen a weight",       \
         .source = "Envoy active_request_bias",                                \
         .min = 0,                                                             \
         .max = 100},                                                          \
    {                                                                          \
        .name = "schedule", .type = PARAM_ENUM,                                \
        .offset = offsetof(struct envoy_config, schedule), .text = "auto",     \
        .help = "edf: by deadlines also where all weights are equal",          \
        .choices = schedules                                                   \
    }

const struct param envoy_params[] = {COMMON_ROWS, CHOICES_ROW, {0}};
const struct param envoy_full_params[] = {COMMON_ROWS, {0}};

double envoy_weight(double weight, uint32_t active, double bias)
{
    if (bias == 1)
        return weight / ((double)active + 1);
    return bias == 0 ? weight : weight / pow((double)active + 1, bias);
}

uint32_t envoy_fewest(const uint32_t *active, const uint32_t *samples,
                      size_t count)
{
    uint32_t best = samples[0];

    for (size_t i = 1; i < count; i++)
        if (active[samples[i]] < active[best])
            best = samples[i];
    return best;
}

static double weight_now(const struct lb_pick *pick, uint32_t i)
{
    const struct lb_balancer *b = pick->balancer;
    const struct envoy_config *config = b->config;
    double weight =
        envoy_weight(b->weights[i], lb_active(pick, i), config->bias);

    if (config->slow_start.window > 0)
        weight *= slow_start_factor(
            &config->slow_start,
            pick->now - b->counters[pick->endpoints[i].slot].since);
    return weight;
}

/* A new set begins anywhere in the cycle, lest all balancers pick the same
 * endpoints first (Envoy: seed_ % 429496729 picks made before). */
void envoy_update(const struct lb_pick *pick)
{
    const struct envoy_config *config = pick->balancer->config;
    struct envoy_state *state = pick->balancer->state;
    double *weights;

    state->scheduled = !pick->balancer->equal ||
                       config->slow_start.window > 0 ||
                       config->schedule == ENVOY_EDF;
    if (!state->scheduled)
        return;
    weights = mem_calloc(pick->count, sizeof *weights);
    for (uint32_t i = 0; i < pick->count; i++)
        weights[i] = weight_now(pick, i);
    edf_start(&state->edf, weights, pick->count,
              rng_below(pick->rng, 429496729));
    free(weights);
}

void envoy_release(struct lb_balancer *b)
{
    struct envoy_state *state = b->state;

    edf_release(&state->edf);
}

uint32_t envoy_scheduled(const struct lb_pick *pick)
{
    struct envoy_state *state = pick->balancer->state;
    uint32_t i = edf_next(&state->edf);

    edf_again(&state->edf, weight_now(pick, i));
    return i;
}
