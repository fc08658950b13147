#include "sim/engine/dist.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/dist/kinds.h"
#include "sim/engine/mem.h"

const struct dist_kind *const dist_kinds[] = {
#define DIST(name) &dist_kind_##name,
#include "sim/engine/dist/dist.def"
#undef DIST
    NULL};

const struct dist_kind *dist_kind_find(const char *name)
{
    for (size_t i = 0; dist_kinds[i]; i++)
        if (strcmp(dist_kinds[i]->name, name) == 0)
            return dist_kinds[i];
    return NULL;
}

/* --------------------------------------------------- for kinds' files */

struct dist_table *dist_table_new(size_t count)
{
    struct dist_table *table =
        mem_zalloc(sizeof *table + count * sizeof *table->values);

    table->references = 1;
    table->count = count;
    return table;
}

const struct dist_value *dist_value_find(const struct dist_value *values,
                                         size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(values[i].name, name) == 0)
            return &values[i];
    return NULL;
}

static bool is_among(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

bool dist_read(const struct dist_value *values, size_t count,
               const char *const *names, double *numbers, unsigned *found,
               const char **why)
{
    *found = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_among(values[i].name, names))
            return dist_refuse(why, "has no parameter of that name");
    for (unsigned i = 0; names[i]; i++) {
        const struct dist_value *v = dist_value_find(values, count, names[i]);

        if (v) {
            numbers[i] = v->number;
            *found |= 1U << i;
        }
    }
    return true;
}

/* --------------------------------------------------------- ready-made */

static struct dist make_or_die(const struct dist_kind *kind,
                               const struct dist_value *values, size_t count)
{
    struct dist d = {.kind = kind};
    const char *why = NULL;
    bool made = kind->make(&d, values, count, &why);

    assert(made);
    (void)made;
    return d;
}

struct dist dist_constant(double value)
{
    struct dist_value values[] = {{.name = "value", .number = value}};

    return make_or_die(&dist_kind_constant, values, 1);
}

struct dist dist_exponential(double mean)
{
    struct dist_value values[] = {{.name = "mean", .number = mean}};

    return make_or_die(&dist_kind_exponential, values, 1);
}

struct dist dist_uniform(double min, double max)
{
    struct dist_value values[] = {{.name = "min", .number = min},
                                  {.name = "max", .number = max}};

    return make_or_die(&dist_kind_uniform, values, 2);
}

struct dist dist_never(void)
{
    return make_or_die(&dist_kind_never, NULL, 0);
}

struct dist dist_empirical(const double *values, size_t count)
{
    struct dist_value list[] = {
        {.name = "values", .list = values, .list_count = count}};

    return make_or_die(&dist_kind_empirical, list, 1);
}

/* ---------------------------------------------------------------- use */

struct dist dist_copy(const struct dist *d)
{
    if (d->table)
        d->table->references++;
    return *d;
}

void dist_release(struct dist *d)
{
    if (d->table && --d->table->references == 0)
        free(d->table);
    *d = (struct dist){0};
}

double dist_sample(const struct dist *d, struct rng *rng)
{
    return d->kind->sample(d, rng);
}

double dist_mean(const struct dist *d)
{
    return d->kind->mean(d);
}

double dist_variance(const struct dist *d)
{
    return d->kind->variance(d);
}

double dist_quantile(const struct dist *d, double probability)
{
    assert(probability >= 0.0 && probability <= 1.0);
    return d->kind->quantile(d, probability);
}

/* 2^63 ns is beyond the clock, and so is what is not a number. Below 2^51
 * adding a half and cutting is exact enough and needs no call. */
static inline sim_time rounded(double ns)
{
    if (fabs(ns) < 0x1p51)
        return (sim_time)(ns + copysign(0.5, ns));
    if (!(ns < 0x1p63))
        return SIM_NEVER;
    return ns < -0x1p63 ? INT64_MIN : (sim_time)llrint(ns);
}

sim_time sim_seconds(double seconds)
{
    return rounded(seconds * 1e9);
}

sim_time dist_sample_time(const struct dist *d, struct rng *rng)
{
    double seconds;

    if (d->kind == &dist_kind_constant)
        seconds = d->p[0];
    else if (d->kind == &dist_kind_exponential)
        seconds = d->p[0] * rng_exponential(rng);
    else
        seconds = d->kind->sample(d, rng);
    assert(!(seconds < 0.0));
    return rounded(seconds * 1e9);
}

bool dist_is_constant(const struct dist *d, sim_time *value)
{
    double low = dist_quantile(d, 0.0);

    if (low < dist_quantile(d, 1.0))
        return false;
    *value = sim_seconds(low);
    return true;
}
