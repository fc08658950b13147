#include "models/lb/smooth.h"

struct smooth_item smooth_new(double weight)
{
    return (struct smooth_item){
        .weight = weight, .effective = weight, .factor = 1};
}

static bool is_out(const struct smooth_item *item,
                   const struct smooth_health *health, sim_time now)
{
    return health->max_fails > 0 && item->fails >= health->max_fails &&
           now - item->checked <= health->fail_timeout;
}

/* UINT32_MAX: all are left out. */
static uint32_t best_of(struct smooth_item *items, uint32_t count,
                        const struct smooth_health *health, sim_time now)
{
    uint32_t best = UINT32_MAX;
    double total = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct smooth_item *item = &items[i];
        double own = item->effective * item->factor;

        if (is_out(item, health, now))
            continue;
        item->current += own;
        total += own;
        if (item->effective < item->weight)
            item->effective = item->effective + 1 < item->weight
                                  ? item->effective + 1
                                  : item->weight;
        if (best == UINT32_MAX || item->current > items[best].current)
            best = i;
    }
    if (best != UINT32_MAX)
        items[best].current -= total;
    return best;
}

uint32_t smooth_next(struct smooth_item *items, uint32_t count,
                     const struct smooth_health *health, sim_time now)
{
    static const struct smooth_health none;
    uint32_t best = best_of(items, count, health, now);

    if (best == UINT32_MAX)
        best = best_of(items, count, &none, now);
    if (items[best].fails > 0 &&
        now - items[best].checked > health->fail_timeout)
        items[best].checked = now;
    return best;
}

void smooth_ended(struct smooth_item *item, const struct smooth_health *health,
                  bool failed, sim_time now)
{
    if (health->max_fails == 0)
        return;
    if (!failed) {
        if (item->accessed < item->checked)
            item->fails = 0;
        return;
    }
    item->fails++;
    item->accessed = item->checked = now;
    item->effective -= item->weight / (double)health->max_fails;
    if (item->effective < 0)
        item->effective = 0;
}
