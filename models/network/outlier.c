#include "models/network/outlier.h"

#include <math.h>

bool outlier_result(struct outlier *o, const struct outlier_spec *spec, bool ok,
                    bool gateway)
{
    o->requests++;
    if (ok) {
        o->successes++;
        o->errors = o->gateway_errors = 0;
        return false;
    }
    o->errors++;
    o->gateway_errors = gateway ? o->gateway_errors + 1 : 0;
    if (spec->errors > 0 && o->errors >= spec->errors) {
        o->errors = 0;
        return !o->ejected;
    }
    if (spec->gateway_errors > 0 && o->gateway_errors >= spec->gateway_errors) {
        o->gateway_errors = 0;
        return !o->ejected;
    }
    return false;
}

bool outlier_may_eject(const struct outlier_spec *spec, uint32_t ejected,
                       uint32_t hosts)
{
    return (spec->always_one && ejected == 0) ||
           (hosts > 0 && (double)(ejected + 1) / hosts <= spec->most + 1e-12);
}

void outlier_eject(struct outlier *o, const struct outlier_spec *spec,
                   sim_time now)
{
    o->ejected = true;
    o->since = now;
    if ((double)o->times * (double)spec->base <
        (double)spec->longest + (double)spec->base)
        o->times++;
}

void outlier_return(struct outlier *o)
{
    o->ejected = false;
    o->errors = o->gateway_errors = 0;
}

bool outlier_sweep(struct outlier *o, const struct outlier_spec *spec,
                   sim_time now)
{
    double out =
        fmin((double)o->times * (double)spec->base, (double)spec->longest);

    o->requests = o->successes = 0;
    if (!o->ejected) {
        if (o->times > 0)
            o->times--;
        return false;
    }
    if ((double)(now - o->since) < out)
        return false;
    outlier_return(o);
    return true;
}

static double rate_of(const struct outlier *o)
{
    return (double)o->successes / (double)o->requests;
}

static bool counts(const struct outlier *o, const struct outlier_spec *spec)
{
    return o->requests > 0 && o->requests >= (uint64_t)spec->least_requests;
}

double outlier_limit(const struct outlier_spec *spec,
                     struct outlier *const *all, size_t count)
{
    double sum = 0, squares = 0, mean;
    int64_t n = 0;

    for (size_t i = 0; i < count; i++) {
        if (counts(all[i], spec)) {
            sum += rate_of(all[i]);
            n++;
        }
    }
    if (n == 0 || n < spec->least_hosts || spec->deviations <= 0)
        return -1;
    mean = sum / (double)n;
    for (size_t i = 0; i < count; i++)
        if (counts(all[i], spec))
            squares += (rate_of(all[i]) - mean) * (rate_of(all[i]) - mean);
    return mean - spec->deviations * sqrt(squares / (double)n);
}

bool outlier_below(const struct outlier *o, const struct outlier_spec *spec,
                   double limit)
{
    return counts(o, spec) && rate_of(o) < limit;
}
