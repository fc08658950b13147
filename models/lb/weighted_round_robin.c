#include <stdlib.h>

#include "models/lb/lb.h"
#include "models/lb/slow_start.h"
#include "models/lb/smooth.h"
#include "models/lb/weights.h"

struct config {
    struct lb_weights weights;
    struct slow_start slow_start;
    struct smooth_health health;
};

/* Slot state: the item of one that is not in the set now. */
struct weighted_round_robin {
    struct smooth_item *items; /* by index */
    struct endpoint *of;       /* whose they are */
    uint32_t count, next;
    sim_time warm; /* from when on none is new */
    bool settled;  /* all factors are 1 */
};

static const struct param params[] = {
    LB_WEIGHTS_ROW,
    SLOW_START_ROW(offsetof(struct config, slow_start)),
    {.name = "maxFails",
     .type = PARAM_INT,
     .offset = offsetof(struct config, health.max_fails),
     .text = "0",
     .help = "failures within failTimeout that put an endpoint aside; 0: "
             "never (nginx's own default is 1)",
     .max = 1e6},
    {.name = "failTimeout",
     .type = PARAM_DURATION,
     .offset = offsetof(struct config, health.fail_timeout),
     .text = "10s",
     .help = "for how long it is put aside",
     .source = "nginx fail_timeout"},
    {0}};

/* Items back to their slots. */
static void put_back(const struct lb_balancer *b)
{
    struct weighted_round_robin *w = b->state;

    for (uint32_t i = 0; i < w->count; i++)
        if (b->counters[w->of[i].slot].pod == w->of[i].pod)
            *(struct smooth_item *)lb_slot_of(b, w->of[i].slot) = w->items[i];
}

static void update(const struct lb_pick *pick)
{
    struct lb_balancer *b = pick->balancer;
    struct weighted_round_robin *w = b->state;
    const struct config *config = b->config;
    struct endpoint *copy = mem_calloc(pick->count, sizeof *copy);

    put_back(b);
    w->items = mem_realloc(w->items, pick->count, sizeof *w->items);
    for (uint32_t i = 0; i < pick->count; i++) {
        const struct smooth_item *kept = lb_slot(pick, i);
        sim_time since = b->counters[pick->endpoints[i].slot].since;

        copy[i] = pick->endpoints[i];
        w->items[i] = kept->factor > 0 ? *kept : smooth_new(b->weights[i]);
        if (since + config->slow_start.window > w->warm)
            w->warm = since + config->slow_start.window;
    }
    free(w->of);
    w->of = copy;
    w->count = pick->count;
    w->settled = config->slow_start.window == 0;
}

static void age(const struct lb_pick *pick)
{
    const struct config *config = pick->balancer->config;
    struct weighted_round_robin *w = pick->balancer->state;

    w->settled = pick->now > w->warm;
    for (uint32_t i = 0; i < pick->count; i++) {
        sim_time since =
            pick->balancer->counters[pick->endpoints[i].slot].since;

        w->items[i].factor =
            slow_start_factor(&config->slow_start, pick->now - since);
    }
}

/* Equal weights: in turn, as the rule would have it. */
static uint32_t pick_weighted_round_robin(const struct lb_pick *pick)
{
    const struct lb_balancer *b = pick->balancer;
    const struct config *config = b->config;
    struct weighted_round_robin *w = b->state;

    if (b->equal && config->slow_start.window == 0 &&
        config->health.max_fails == 0) {
        w->next = w->next < pick->count ? w->next + 1 : 1;
        return w->next - 1;
    }
    if (!w->settled)
        age(pick);
    return smooth_next(w->items, pick->count, &config->health, pick->now);
}

static void done(struct lb_balancer *b, const struct lb_end *end)
{
    const struct config *config = b->config;
    struct weighted_round_robin *w = b->state;
    uint32_t i = b->index[end->slot];

    if (end->result != LB_GONE && i != NO_ID)
        smooth_ended(&w->items[i], &config->health, end->result != LB_OK,
                     end->now);
}

static void release(struct lb_balancer *b)
{
    struct weighted_round_robin *w = b->state;

    free(w->items);
    free(w->of);
}

const struct lb_strategy lb_weighted_round_robin = {
    .name = "weighted-round-robin",
    .unit = "connection or request",
    .state = "a current weight by endpoint",
    .rule =
        "smooth: each one's current weight grows by its weight, the "
        "largest is taken and loses the sum, from the first one on; O(n) where "
        "weights differ",
    .constants = "weights 1; maxFails 0 (nginx: 1); failTimeout 10 s; "
                 "slowStart off",
    .source = "nginx src/http/ngx_http_upstream_round_robin.c",
    .counts = true,
    .weighted = true,
    .indexed = true,
    .config_size = sizeof(struct config),
    .params = params,
    .state_size = sizeof(struct weighted_round_robin),
    .slot_size = sizeof(struct smooth_item),
    .pick = pick_weighted_round_robin,
    .update = update,
    .done = done,
    .release = release,
};
