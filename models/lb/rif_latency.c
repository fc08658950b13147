#include "models/lb/rif_latency.h"

static uint32_t level_of(uint64_t present)
{
    return present < RIF_LEVELS ? (uint32_t)present : RIF_LEVELS - 1;
}

void rif_latency_add(struct rif_latency *r, uint64_t found, sim_time latency)
{
    struct rif_level *level = &r->levels[level_of(found)];

    level->ns[level->next] = (float)latency;
    level->next = (uint8_t)((level->next + 1) % RIF_SAMPLES);
    level->known = false;
    if (level->count < RIF_SAMPLES)
        level->count++;
}

static double median(struct rif_level *level)
{
    float sorted[RIF_SAMPLES];

    if (level->known)
        return (double)level->median;
    for (int i = 0; i < level->count; i++) {
        int k = i;

        for (; k > 0 && sorted[k - 1] > level->ns[i]; k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = level->ns[i];
    }
    level->known = true;
    level->median =
        (sorted[(level->count - 1) / 2] + sorted[level->count / 2]) / 2;
    return (double)level->median;
}

double rif_latency_at(struct rif_latency *r, uint64_t present)
{
    uint32_t at = level_of(present);

    for (uint32_t away = 0; away < RIF_LEVELS; away++) {
        if (away <= at && r->levels[at - away].count)
            return median(&r->levels[at - away]);
        if (at + away < RIF_LEVELS && r->levels[at + away].count)
            return median(&r->levels[at + away]);
    }
    return 0;
}
