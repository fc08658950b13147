/*
 * A distribution holds its canonical parameters only, so what is printed is
 * found by trial: names and rounded numbers that make the same one. Shorter
 * numbers come first, so that a user mostly sees what a user wrote.
 */
#include <math.h>
#include <string.h>

#include "sim/engine/dist/kinds.h"
#include "sim/io/param_internal.h"
#include "sim/io/units.h"

enum { USED_MAX = 3, PARAMS_MAX = 8 };

/* A parameter is left out, or has the next canonical value, or one that its
 * name says. */
enum source { ABSENT, CANONICAL, BY_NAME, SOURCES };

struct trial {
    const struct dist *d;
    struct dist_value values[USED_MAX];
    char units[USED_MAX];
    size_t count;
};

/* What a parameter of that name would be; NaN: not known by its name. */
static double by_name(const struct dist *d, const char *name)
{
    if (strcmp(name, "mean") == 0)
        return dist_mean(d);
    if (strcmp(name, "rate") == 0)
        return 1 / dist_mean(d);
    if (strcmp(name, "cv") == 0)
        return sqrt(dist_variance(d)) / dist_mean(d);
    if (strcmp(name, "median") == 0)
        return dist_quantile(d, 0.5);
    if (strcmp(name, "p99") == 0)
        return dist_quantile(d, 0.99);
    return NAN;
}

static double rounded(double x, int digits)
{
    char buffer[40];
    double value = x;

    snprintf(buffer, sizeof buffer, "%.*g", digits, x);
    return units_double(buffer, &value) ? value : x;
}

/* Fills in the values by a code, a digit of base SOURCES for each parameter.
 * False: no such trial. */
static bool fill(struct trial *trial, unsigned code, int digits)
{
    const struct dist_param *param = trial->d->kind->params;

    trial->count = 0;
    for (; param->name; param++, code /= SOURCES) {
        enum source source = (enum source)(code % SOURCES);
        double x;

        if (source == ABSENT)
            continue;
        if (trial->count == USED_MAX || !strchr("s1r", param->unit))
            return false;
        x = source == CANONICAL ? trial->d->p[trial->count]
                                : by_name(trial->d, param->name);
        if (!isfinite(x))
            return false;
        trial->units[trial->count] = param->unit;
        trial->values[trial->count++] = (struct dist_value){
            .name = param->name, .number = rounded(x, digits)};
    }
    return code == 0;
}

/* How far what the trial makes is from the distribution: 0 the same. */
static double difference(const struct trial *trial)
{
    const struct dist *d = trial->d;
    struct dist made = {.kind = d->kind};
    double most = 0;
    const char *why;
    size_t i;

    if (!d->kind->make(&made, trial->values, trial->count, &why))
        return INFINITY;
    for (i = 0; i < DIST_PARAMETERS; i++)
        if (made.p[i] != d->p[i])
            most = fmax(most, fabs(made.p[i] - d->p[i]) /
                                  fmax(fabs(made.p[i]), fabs(d->p[i])));
    dist_release(&made);
    return most;
}

/* The first trial that makes the same distribution, else the nearest. */
static bool find_trial(struct trial *best)
{
    static const int digits[] = {4, 6, 9, 12, 15, 17};
    const struct dist_param *param = best->d->kind->params;
    struct trial trial = {.d = best->d};
    double least = 1e-6, distance;
    unsigned codes = 1, code;
    bool found = false;
    size_t i;

    for (i = 0; param->name && i < PARAMS_MAX; param++, i++)
        codes *= SOURCES;
    for (i = 0; i < sizeof digits / sizeof *digits; i++)
        for (code = 1; code < codes; code++) {
            if (!fill(&trial, code, digits[i]))
                continue;
            distance = difference(&trial);
            if (distance < least) {
                least = distance;
                *best = trial;
                found = true;
            }
            if (distance <= 0)
                return true;
        }
    return found;
}

/* A duration where that is exact, else a number of seconds. */
static void print_seconds(double seconds, FILE *out)
{
    sim_time t = fabs(seconds) < 9e9 ? sim_seconds(fabs(seconds)) : SIM_NEVER;
    bool exact = t != SIM_NEVER && sim_to_seconds(t) == fabs(seconds);
    char buffer[32];

    if (exact)
        fputs(
            units_format_duration(seconds < 0 ? -t : t, buffer, sizeof buffer),
            out);
    else
        fputs(units_format_double(seconds, buffer, sizeof buffer), out);
}

static void print_value(double value, char unit, FILE *out)
{
    char buffer[32];

    if (unit == 's' || unit == 'L')
        print_seconds(value, out);
    else
        fprintf(out, "%s%s", units_format_double(value, buffer, sizeof buffer),
                unit == 'r' ? "/s" : "");
}

static void print_list(const char *name, char unit, const double *values,
                       size_t count, FILE *out)
{
    size_t i;

    fprintf(out, "%s: [", name);
    for (i = 0; i < count; i++) {
        if (i > 0)
            fputs(", ", out);
        print_value(values[i], unit, out);
    }
    fputc(']', out);
}

/* A hyperexponential's table holds means, then cumulative probabilities. */
static void print_branches(const struct dist_table *table, FILE *out)
{
    size_t count = table->count / 2, i;
    const double *sums = table->values + count;

    fputs("probabilities: [", out);
    for (i = 0; i < count; i++) {
        double x = i > 0 ? sums[i] - sums[i - 1] : sums[0];

        if (i > 0)
            fputs(", ", out);
        print_value(rounded(x, 15), '1', out);
    }
    fputs("], ", out);
    print_list("means", 'L', table->values, count, out);
}

static void print_parameters(const struct dist *d, FILE *out)
{
    struct trial best = {.d = d};
    size_t i;

    if (d->table && d->kind == &dist_kind_hyperexponential) {
        print_branches(d->table, out);
    } else if (d->table) {
        print_list("values", 'L', d->table->values, d->table->count, out);
    } else if (find_trial(&best)) {
        for (i = 0; i < best.count; i++) {
            fprintf(out, "%s%s: ", i > 0 ? ", " : "", best.values[i].name);
            print_value(best.values[i].number, best.units[i], out);
        }
    }
}

void param_print_dist(const struct dist *d, FILE *out)
{
    if (!d->kind) {
        fputs("null", out);
    } else if (d->kind == &dist_kind_never) {
        fputs("never", out);
    } else if (d->kind == &dist_kind_constant) {
        print_seconds(d->p[0], out);
    } else {
        fprintf(out, "{%s: {", d->kind->name);
        print_parameters(d, out);
        fputs("}}", out);
    }
}
