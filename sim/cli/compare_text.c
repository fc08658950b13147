#include "sim/cli/compare_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/experiment/effects.h"

/* How a quantity is shown: times the factor, then the word. */
struct scale {
    double factor;
    const char *word;
};

static struct scale scale_of(const char *unit, double size)
{
    if (strcmp(unit, "ratio") == 0)
        return (struct scale){100, " %"};
    if (strcmp(unit, "s") == 0)
        return size < 1 ? (struct scale){1000, " ms"} : (struct scale){1, " s"};
    return (struct scale){1, ""};
}

/* Decimals so that the half-width has two digits; without one, that the value
 * has four. */
static int decimals_of(double half, double value)
{
    double x = half > 0 && isfinite(half) ? half / 10 : fabs(value) / 1000;
    int decimals = 0;

    while (decimals < 5 && x > 0 && x < pow(10, -decimals))
        decimals++;
    return decimals;
}

static void with_half(const char *format, const char *unit, double value,
                      struct interval ci, double size, char *buffer,
                      size_t room)
{
    struct scale scale = scale_of(unit, size);
    double half = (ci.high - ci.low) / 2 * scale.factor;
    int decimals = decimals_of(half, value * scale.factor);
    char number[48];

    snprintf(number, sizeof number, format, decimals, value * scale.factor);
    if (half >= 0 && isfinite(half))
        snprintf(buffer, room, "%s%s +-%.*f", number, scale.word, decimals,
                 half);
    else
        snprintf(buffer, room, "%s%s", number, scale.word);
}

void compare_mean(const char *unit, const struct output_summary *s,
                  char *buffer, size_t size)
{
    if (s->count == 0)
        snprintf(buffer, size, "-");
    else
        with_half("%.*f", unit, s->mean, s->ci, fabs(s->mean), buffer, size);
}

void compare_difference(const char *unit, double difference, struct interval ci,
                        char *buffer, size_t size)
{
    if (isnan(difference))
        snprintf(buffer, size, "-");
    else
        with_half("%+.*f", unit, difference, ci, fabs(difference), buffer,
                  size);
}

void compare_p(double p, char *buffer, size_t size)
{
    if (isnan(p))
        snprintf(buffer, size, "%s", "");
    else if (p < 0.001)
        snprintf(buffer, size, "<0.001");
    else
        snprintf(buffer, size, "%.3f", p);
}

const char *compare_fit(const char *text, size_t width, char *buffer,
                        size_t size)
{
    if (strlen(text) <= width)
        return text;
    snprintf(buffer, size, "%.*s~", (int)width - 1, text);
    return buffer;
}

/* "timeout" of "spec.traffic[users].timeout". */
static const char *last_key(const char *path)
{
    const char *dot = strrchr(path, '.'), *bracket = strrchr(path, ']');

    return dot && (!bracket || dot > bracket) ? dot + 1 : path;
}

/* A sampled value's digits are for the files. */
static char *short_value(const struct factor *factor, const char *text)
{
    char *end;
    double x = strtod(text, &end);

    return factor->sampled && end != text ? mem_printf("%.4g%s", x, end)
                                          : mem_strdup(text);
}

char *compare_label(const struct plan *plan, size_t variant, size_t width)
{
    char *name = mem_strdup("");

    for (size_t f = 0; f < plan->factors.list.count; f++) {
        const struct factor *factor = &plan->factors.list.items[f];
        size_t value = variant_value(&plan->variants, variant, f);
        char *text = short_value(factor, factor->values.items[value].text);
        char *longer = mem_printf("%s%s%s=%s", name, f ? ";" : "",
                                  last_key(factor->path), text);

        free(text);
        free(name);
        name = longer;
    }
    if (strlen(name) > width) {
        name[width - 1] = '~';
        name[width] = '\0';
    }
    return name;
}

char *compare_name(const struct plan *plan, size_t variant, bool same)
{
    char *name = mem_strdup("");

    for (size_t f = 0; f < plan->factors.list.count; f++) {
        const struct factor *factor = &plan->factors.list.items[f];
        size_t value = variant_value(&plan->variants, variant, f);
        char *longer;

        if ((plan->same && plan->same[f]) != same)
            continue;
        longer = mem_printf("%s%s%s", name, *name ? ";" : "",
                            factor->values.items[value].text);
        free(name);
        name = longer;
    }
    return name;
}

/* ---- which factor matters ---- */

struct effect {
    size_t factor;
    double size;
    struct interval ci;
};

static int by_size(const void *pa, const void *pb)
{
    const struct effect *a = pa, *b = pb;
    double x = isnan(a->size) ? -1 : fabs(a->size);
    double y = isnan(b->size) ? -1 : fabs(b->size);

    if (x != y)
        return x > y ? -1 : 1;
    return (a->factor > b->factor) - (a->factor < b->factor);
}

/* [point]: the goal's values, all in `values`, NaN where there are none. */
static const double **columns_of(const struct study *study, size_t goal,
                                 const struct design *design, double *values)
{
    const struct plan *plan = study->plan;
    size_t n = study->replications;
    const double **columns = mem_calloc(design->points, sizeof *columns);

    for (size_t v = 0; v <= plan->variants.count; v++) {
        size_t row =
            v < plan->variants.count ? plan_goal_row(plan, v, goal) : SIZE_MAX;

        if (row != SIZE_MAX)
            study_column(study, v, row, values + v * n);
        else
            for (size_t i = 0; i < n; i++)
                values[v * n + i] = NAN;
    }
    for (size_t p = 0; p < design->points; p++) {
        size_t v = plan->variants.of_point[p];

        columns[p] = values + (v == SIZE_MAX ? plan->variants.count : v) * n;
    }
    return columns;
}

static void morris(const struct study *study, const struct design *design,
                   const double *const *columns, struct effect *effects)
{
    const struct output_range all = {-INFINITY, INFINITY};
    struct morris_effect *m = mem_calloc(design->factors, sizeof *m);
    double *y = mem_calloc(design->points, sizeof *y);

    for (size_t p = 0; p < design->points; p++)
        y[p] = output_summarise(columns[p], study->replications, 1, all).mean;
    effects_morris(design, y, m);
    for (size_t f = 0; f < design->factors; f++)
        effects[f] = (struct effect){f, m[f].mu_star, m[f].mu_star_ci};
    free(y);
    free(m);
}

static void main_effects(const struct study *study, const struct design *design,
                         const double *const *columns, struct effect *effects)
{
    struct factor_effect *f = mem_calloc(design->factors, sizeof *f);
    struct main_effect *rows =
        mem_calloc(effects_main_rows(design) + 1, sizeof *rows);

    effects_main(design, columns, study->replications, 1, rows, f);
    for (size_t i = 0; i < design->factors; i++)
        effects[i] = (struct effect){i, f[i].range, f[i].ci};
    free(rows);
    free(f);
}

void compare_effects(const struct study *study, size_t goal, size_t lines,
                     FILE *out)
{
    const struct plan *plan = study->plan;
    const struct plan_goal *g = &plan->goals.items[goal];
    const char *unit = metric_infos[metric_find(g->metric)].unit;
    struct design design = plan_points(plan);
    double *values = mem_calloc(
        (plan->variants.count + 1) * study->replications, sizeof *values);
    const double **columns = columns_of(study, goal, &design, values);
    struct effect *effects = mem_calloc(design.factors + 1, sizeof *effects);
    bool is_morris = plan->design == DESIGN_MORRIS;

    (is_morris ? morris : main_effects)(study, &design, columns, effects);
    qsort(effects, design.factors, sizeof *effects, by_size);
    fprintf(out, "what moves %s most (%s, 95 %%):\n", g->metric,
            is_morris ? "Morris mu*" : "main effect, lowest to highest");
    for (size_t i = 0; i < design.factors && i < lines; i++) {
        char text[48], label[64];

        compare_difference(unit, effects[i].size, effects[i].ci, text,
                           sizeof text);
        fprintf(out, "  %-40s %s\n",
                compare_fit(plan->factors.list.items[effects[i].factor].path,
                            40, label, sizeof label),
                text);
    }
    free(effects);
    free(columns);
    free(values);
    design_release(&design);
}
