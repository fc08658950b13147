#include "models/lb/stride.h"

#include <math.h>

bool stride_scale(const double *weights, uint32_t count, uint16_t *scaled)
{
    double sum = 0, most = 0, factor;
    uint32_t zeros = 0;
    uint16_t mean;
    bool equal = true;

    for (uint32_t i = 0; i < count; i++) {
        sum += weights[i];
        most = weights[i] > most ? weights[i] : most;
        zeros += weights[i] == 0;
    }
    if (count < 2 || zeros + 1 >= count)
        return false;
    factor = STRIDE_MOST / most;
    mean = (uint16_t)round(factor * (sum / (count - zeros)));
    for (uint32_t i = 0; i < count; i++) {
        scaled[i] =
            weights[i] == 0 ? mean : (uint16_t)round(factor * weights[i]);
        equal &= scaled[i] == mean;
    }
    return !equal;
}

uint32_t stride_next(const uint16_t *scaled, uint32_t count, uint32_t *sequence)
{
    for (;;) {
        uint32_t place = (*sequence)++, i = place % count;
        uint64_t weight, phase;

        if (!scaled)
            return i;
        weight = scaled[i];
        phase = weight * (place / count) + (uint64_t)i * (STRIDE_MOST / 2);
        if (phase % STRIDE_MOST >= STRIDE_MOST - weight)
            return i;
    }
}

double stride_weight(double qps, double utilization, double eps, double penalty)
{
    if (qps <= 0 || utilization <= 0)
        return 0;
    return qps / (utilization + eps / qps * penalty);
}

void stride_tell(struct stride_told *told, double weight, sim_time now)
{
    if (weight <= 0)
        return;
    if (!told->any)
        told->since = now;
    told->any = true;
    told->last = now;
    told->weight = weight;
}

double stride_told_weight(struct stride_told *told, sim_time blackout,
                          sim_time expiry, sim_time now)
{
    if (told->any && now - told->last >= expiry)
        told->any = false;
    if (!told->any || (blackout > 0 && now - told->since < blackout))
        return 0;
    return told->weight;
}
