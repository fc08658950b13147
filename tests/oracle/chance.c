#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/oracle/oracle.h"

static bool near(double want, double got, double tolerance)
{
    return isnan(want) ? isnan(got) : fabs(want - got) <= tolerance + 1e-9;
}

/* Where the fake kubelet's own dice decide, any value between two that the
 * replays show is possible. */
static bool within(const struct comparison *c, double want, double low,
                   double high, double tolerance)
{
    return c->r->jitter > 0 && want >= low - tolerance &&
           want <= high + tolerance;
}

void report_measure(const struct comparison *c, const char *aspect,
                    measure_function *measure, const void *what,
                    double tolerance, const char *unit)
{
    double want = measure(c->r->trace, what), first = measure(c->model, what);
    double got = first, low = first, high = first;
    size_t tries = 1;
    const char *name = aspect;

    if (isnan(want) && isnan(got))
        return;
    while (!near(want, got, tolerance) && tries < REPLAYS) {
        got = measure(comparison_model(c, tries++), what);
        low = fmin(low, got);
        high = fmax(high, got);
    }
    if (near(want, got, tolerance) && tries > 1)
        name = intern_printf(c->r->intern, "%s (replay %zu)", aspect, tries);
    if (near(want, got, tolerance) || !within(c, want, low, high, tolerance)) {
        got = near(want, got, tolerance) ? got : first;
        if (*unit)
            report_time(c->report, name, want, got, tolerance);
        else
            report_count(c->report, name, want, got, tolerance);
        return;
    }
    report_range(c->report, aspect, want, want, low - tolerance,
                 high + tolerance);
}

bool models_owner(const struct comparison *c, const char *owner)
{
    for (size_t i = 0; i < c->model->pods.count; i++) {
        if (strcmp(c->model->pods.items[i].owner, owner) == 0)
            return true;
    }
    return false;
}

/* An owner of recorded endpoints that the models do not have would leave the
 * Service without them. */
bool models_service(const struct comparison *c, const char *service)
{
    int least, most;

    endpoints_range(c->r->trace, service, 0, c->r->end + 1, &least, &most);
    if (most == 0)
        return true;
    endpoints_range(c->model, service, 0, c->r->end + 1, &least, &most);
    return most > 0;
}
