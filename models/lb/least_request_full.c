#include <stdlib.h>

#include "models/lb/envoy.h"
#include "models/lb/ranks.h"

/* Ties: each with equal probability. */
struct full {
    struct envoy_state envoy; /* first */
    struct ranks ranks;       /* endpoints by open attempts */
};

static void update(const struct lb_pick *pick)
{
    struct full *f = pick->balancer->state;
    uint32_t *active = mem_calloc(pick->count, sizeof *active);

    envoy_update(pick);
    for (uint32_t i = 0; i < pick->count; i++)
        active[i] = pick->balancer->counters[pick->endpoints[i].slot].active;
    ranks_start(&f->ranks, active, pick->count);
    free(active);
}

/* By a view of others' load: nothing says what changes, so all are looked
 * at. */
static uint32_t scan(const struct lb_pick *pick)
{
    uint32_t best = 0, least = UINT32_MAX;
    uint64_t ties = 0;

    for (uint32_t i = 0; i < pick->count; i++) {
        uint32_t active = lb_active(pick, i);

        if (active < least) {
            least = active;
            ties = 0;
        }
        if (active == least && rng_below(pick->rng, ++ties) == 0)
            best = i;
    }
    return best;
}

static uint32_t pick_least_request_full(const struct lb_pick *pick)
{
    struct full *f = pick->balancer->state;
    uint32_t i;

    if (f->envoy.scheduled)
        i = envoy_scheduled(pick);
    else if (pick->balancer->sees)
        i = scan(pick);
    else
        i = f->ranks.order[rng_below(pick->rng, ranks_least(&f->ranks))];
    ranks_up(&f->ranks, i);
    return i;
}

static void done(struct lb_balancer *b, const struct lb_end *end)
{
    struct full *f = b->state;
    uint32_t i = b->index[end->slot];

    if (i != NO_ID)
        ranks_down(&f->ranks, i);
}

static void release(struct lb_balancer *b)
{
    struct full *f = b->state;

    envoy_release(b);
    ranks_release(&f->ranks);
}

const struct lb_strategy lb_least_request_full = {
    .name = "least-request-full",
    .unit = "connection or request",
    .state = "open attempts by endpoint, own only",
    .rule = "equal weights: the fewest open of all, ties at random; else "
            "earliest deadline first by weight/(open+1)^bias",
    .constants = "activeRequestBias 1; slowStart off",
    .source = "Envoy least_request, selection_method FULL_SCAN",
    .counts = true,
    .by_load = true,
    .weighted = true,
    .indexed = true,
    .config_size = sizeof(struct envoy_config),
    .params = envoy_full_params,
    .state_size = sizeof(struct full),
    .pick = pick_least_request_full,
    .update = update,
    .done = done,
    .release = release,
};
