#include "sim/engine/stat.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"

/* ------------------------------------------------------------- tally */

void tally_add(struct tally *t, double x)
{
    double delta = x - t->mean;

    if (t->count == 0) {
        t->min = t->max = x;
    } else {
        t->min = fmin(t->min, x);
        t->max = fmax(t->max, x);
    }
    t->count++;
    t->mean += delta / (double)t->count;
    t->m2 += delta * (x - t->mean);
}

/* Chan, Golub and LeVeque (1979): sums of squares of two samples. */
void tally_merge(struct tally *into, const struct tally *from)
{
    double a = (double)into->count, b = (double)from->count;
    double delta = from->mean - into->mean;

    if (from->count == 0)
        return;
    if (into->count == 0) {
        *into = *from;
        return;
    }
    into->mean += delta * b / (a + b);
    into->m2 += from->m2 + delta * delta * a * b / (a + b);
    into->count += from->count;
    into->min = fmin(into->min, from->min);
    into->max = fmax(into->max, from->max);
}

double tally_mean(const struct tally *t)
{
    return t->count ? t->mean : NAN;
}

double tally_variance(const struct tally *t)
{
    return t->count > 1 ? t->m2 / (double)(t->count - 1) : NAN;
}

/* ----------------------------------------------------------- timeavg */

static double seconds_between(sim_time from, sim_time to)
{
    return (double)(to - from) / (double)SIM_S;
}

void timeavg_start(struct timeavg *t, sim_time now, double value)
{
    *t = (struct timeavg){.since = now, .start = now, .value = value};
}

void timeavg_set(struct timeavg *t, sim_time now, double value)
{
    assert(now >= t->since);
    t->integral += t->value * seconds_between(t->since, now);
    t->since = now;
    t->value = value;
}

void timeavg_restart(struct timeavg *t, sim_time now)
{
    assert(now >= t->since);
    timeavg_start(t, now, t->value);
}

double timeavg_integral(const struct timeavg *t, sim_time now)
{
    assert(now >= t->since);
    return t->integral + t->value * seconds_between(t->since, now);
}

double timeavg_mean(const struct timeavg *t, sim_time now)
{
    double time = seconds_between(t->start, now);

    return time > 0 ? timeavg_integral(t, now) / time : NAN;
}

/* ------------------------------------------------- intervals, survival */

struct lifetime {
    double age;
    bool ended;
};

/* By age; at equal ages ends before censorings, as is the custom: who was
 * censored at t was at risk at t. */
static int by_age(const void *a, const void *b)
{
    const struct lifetime *x = a, *y = b;

    if (x->age < y->age || x->age > y->age)
        return x->age < y->age ? -1 : 1;
    return (int)y->ended - (int)x->ended;
}

double stat_kaplan_meier_median(const double *ages, const bool *ended,
                                size_t count)
{
    /* The product is rounded: 1/2 reached exactly must count as reached. */
    const double half = 0.5 * (1.0 + 1e-12);
    struct lifetime *lives = mem_calloc(count, sizeof *lives);
    double survival = 1.0, median = NAN;

    for (size_t i = 0; i < count; i++)
        lives[i] = (struct lifetime){.age = ages[i], .ended = ended[i]};
    qsort(lives, count, sizeof *lives, by_age);
    for (size_t i = 0; i < count; i++) {
        double at_risk = (double)(count - i);

        if (!lives[i].ended)
            continue;
        survival *= 1.0 - 1.0 / at_risk;
        if (survival <= half) {
            median = lives[i].age;
            break;
        }
    }
    free(lives);
    return median;
}

double stat_t_quantile(double probability, double df)
{
    assert(df > 0 && probability >= 0 && probability <= 1);
    return gsl_cdf_tdist_Pinv(probability, df);
}

struct interval stat_t_interval(const struct tally *t, double level)
{
    double n = (double)t->count, half;

    assert(level > 0 && level < 1);
    if (t->count < 2)
        return (struct interval){NAN, NAN};
    half = stat_t_quantile(0.5 + level / 2.0, n - 1.0) *
           sqrt(tally_variance(t) / n);
    return (struct interval){t->mean - half, t->mean + half};
}
