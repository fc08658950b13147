#include "models/network/priority_load.h"

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t counted(const struct priority_level *l)
{
    return l->hosts > l->excluded ? l->hosts - l->excluded : 0;
}

/* Percent of the work of all that `hosts` of the level could do. */
static uint32_t ability(const struct priority_level *l, uint32_t hosts,
                        uint32_t overprovisioning)
{
    return counted(l) ? least(100, (uint32_t)((uint64_t)overprovisioning *
                                              hosts / counted(l)))
                      : 0;
}

/* By what all levels can do; 0: nothing, and nothing was shared out. */
static uint32_t share_out(struct priority_level *levels, size_t count,
                          uint32_t overprovisioning)
{
    uint32_t able = 0, left = 100;
    uint32_t *first = NULL;

    for (size_t i = 0; i < count; i++)
        able = least(
            100, able +
                     ability(&levels[i], levels[i].healthy, overprovisioning) +
                     ability(&levels[i], levels[i].degraded, overprovisioning));
    if (able == 0)
        return 0;
    for (int degraded = 0; degraded < 2; degraded++) {
        for (size_t i = 0; i < count; i++) {
            struct priority_level *l = &levels[i];
            uint32_t *load = degraded ? &l->degraded_load : &l->healthy_load;
            uint32_t can = ability(l, degraded ? l->degraded : l->healthy,
                                   overprovisioning);

            *load = least(left, can * 100 / able);
            left -= *load;
            if (!first && can > 0)
                first = load;
        }
    }
    *first += left; /* what rounding left */
    return able;
}

static bool in_panic(const struct priority_level *l, uint32_t threshold)
{
    double healthy =
        counted(l) ? 100.0 * (l->healthy + l->degraded) / counted(l) : 0;

    return healthy < threshold;
}

/* All levels panic: by how many hosts they have. */
static void share_in_panic(struct priority_level *levels, size_t count)
{
    uint64_t hosts = 0;
    uint32_t left = 100;
    size_t first = 0;

    for (size_t i = 0; i < count; i++)
        hosts += levels[i].hosts;
    for (size_t i = 0; i < count; i++) {
        levels[i].healthy_load =
            hosts ? (uint32_t)(UINT64_C(100) * levels[i].hosts / hosts) : 0;
        levels[i].degraded_load = 0;
        left -= levels[i].healthy_load;
    }
    while (hosts && levels[first].hosts == 0)
        first++;
    levels[first].healthy_load += left;
}

void priority_loads(struct priority_level *levels, size_t count,
                    uint32_t overprovisioning, uint32_t threshold)
{
    bool total = true;
    uint32_t able;

    for (size_t i = 0; i < count; i++)
        levels[i].healthy_load = levels[i].degraded_load = 0;
    able = share_out(levels, count, overprovisioning);
    for (size_t i = 0; i < count; i++) {
        levels[i].panic = able < 100 && in_panic(&levels[i], threshold);
        total = total && levels[i].panic;
    }
    if (total)
        share_in_panic(levels, count);
}
