#include "models/lb/slow_start.h"

#include <math.h>

const struct param slow_start_table[] = {
    {.name = "window",
     .type = PARAM_DURATION,
     .offset = offsetof(struct slow_start, window),
     .text = "0s",
     .help = "how long an endpoint is new; 0: never"},
    {.name = "aggression",
     .type = PARAM_DOUBLE,
     .offset = offsetof(struct slow_start, aggression),
     .text = "1",
     .help = "1: its weight grows linearly; more: faster at first",
     .source = "Envoy slow_start_config",
     .min = 0.01,
     .max = 100},
    {.name = "minWeightPercent",
     .type = PARAM_RATIO,
     .offset = offsetof(struct slow_start, least),
     .text = "10%",
     .help = "of its weight at the least",
     .source = "Envoy slow_start_config",
     .max = 1},
    {0}};

double slow_start_factor(const struct slow_start *s, sim_time age)
{
    double share;

    if (age >= s->window)
        return 1;
    age = age > SIM_MS ? age : SIM_MS;
    share = (double)age / (double)s->window;
    if (s->aggression != 1)
        share = pow(share, 1 / s->aggression);
    return fmin(1, fmax(share, s->least));
}
