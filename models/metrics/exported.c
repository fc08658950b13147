#include "models/metrics/exported.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"

static const double probabilities[EXPORTED_RANKS] = {0.5, 0.9, 0.99};
static const double over_time = 0.99;

static double next_bound(double bound)
{
    if (bound < 0.5)
        return bound + 0.25;
    if (bound < 1)
        return 1;
    return bound + (bound < 60 ? 1 : bound < 120 ? 5 : 30);
}

void exported_release(struct exported *e)
{
    free(e->bins);
    for (int i = 0; i < EXPORTED_RANKS; i++)
        sketch_release(&e->steps[i]);
}

/* As Prometheus' histogram_quantile: ns; NaN: there are none. */
static double window_quantile(const struct exported *e, double probability)
{
    double total = 0, rank, low = 0, bound = 0.25;
    double counts[EXPORTED_BOUNDS + 1] = {0};

    for (int b = 0; b < EXPORTED_BINS; b++) {
        for (int i = 0; i <= EXPORTED_BOUNDS; i++) {
            counts[i] += (double)e->bins[b][i];
            total += (double)e->bins[b][i];
        }
    }
    if (total <= 0)
        return NAN;
    rank = probability * total;
    for (int i = 0; i < EXPORTED_BOUNDS; i++) {
        if (counts[i] > 0 && rank <= counts[i])
            return (low + (bound - low) * rank / counts[i]) * 1e9;
        rank -= counts[i];
        low = bound;
        bound = next_bound(bound);
    }
    return low * 1e9;
}

/* The newest half minute is over. */
static void step(struct exported *e)
{
    for (int i = 0; i < EXPORTED_RANKS; i++) {
        double value = window_quantile(e, probabilities[i]);

        if (!isnan(value))
            sketch_add(&e->steps[i], llround(value));
    }
    e->newest++;
    memset(e->bins[e->newest % EXPORTED_BINS], 0, sizeof e->bins[0]);
}

void exported_add(struct exported *e, sim_time now, sim_time latency)
{
    int64_t bin = now / (30 * SIM_S);
    double bound = 0.25;
    int i = 0;

    if (!e->bins) {
        e->bins = mem_calloc(EXPORTED_BINS, sizeof *e->bins);
        e->newest = bin;
    }
    for (int k = 0; k < EXPORTED_BINS && e->newest < bin; k++)
        step(e);
    e->newest = bin;
    for (; i < EXPORTED_BOUNDS && (double)latency > bound * 1e9; i++)
        bound = next_bound(bound);
    e->bins[bin % EXPORTED_BINS][i]++;
}

double exported_quantile(const struct exported *e, enum exported_rank rank)
{
    struct sketch steps = {.count = 0};
    double value;

    if (!e->bins)
        return NAN;
    sketch_merge(&steps, &e->steps[rank]);
    sketch_add(&steps, llround(window_quantile(e, probabilities[rank])));
    value = sketch_quantile(&steps, over_time);
    sketch_release(&steps);
    return value / 1e9;
}
