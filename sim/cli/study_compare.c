/*
 * What variants say of each other: variants.csv, comparison.csv, ranking.csv,
 * sensitivity.csv.
 */
#include "sim/cli/study_compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/study_files.h"
#include "sim/cli/study_slab.h"
#include "sim/experiment/effects.h"

static bool write_variants(struct study *study)
{
    const struct plan *plan = study->plan;
    const struct factors *factors = &plan->factors;
    FILE *out = study_open(study, "variants.csv", NULL);
    struct csv csv = {out, false};

    if (!out)
        return false;
    csv_text(&csv, "variant");
    for (size_t f = 0; f < factors->list.count; f++)
        csv_text(&csv, factors->list.items[f].path);
    csv_end(&csv);
    for (size_t v = 0; v < plan->variants.count; v++) {
        csv_text(&csv, plan->names[v]);
        for (size_t f = 0; f < factors->list.count; f++) {
            size_t value = variant_value(&plan->variants, v, f);

            csv_text(&csv, factors->list.items[f].values.items[value].text);
        }
        csv_end(&csv);
    }
    return study_close(study, out);
}

/* ---- differences to the baseline ---- */

static bool has_baseline(const struct plan *plan, size_t variant)
{
    return plan->baseline[variant] != SIZE_MAX &&
           plan->baseline[variant] != variant;
}

static void put_comparison(const struct study *study, size_t variant,
                           const struct metric_row *row,
                           const struct comparison *c, double p,
                           struct csv *csv)
{
    const struct plan *plan = study->plan;

    csv_text(csv, plan->scenario);
    csv_text(csv, plan->names[variant]);
    csv_text(csv, plan->names[plan->baseline[variant]]);
    study_put_metric(csv, row);
    csv_double(csv, c->difference);
    csv_double(csv, c->ci.low);
    csv_double(csv, c->ci.high);
    csv_double(csv, p);
    csv_text(csv, better_names[comparison_verdict(
                      c->difference, p, plan_direction(row->metric))]);
    csv_int(csv, (int64_t)c->count);
    csv_end(csv);
}

/* One metric, all variants: its tests are one family. */
static void compare_row(const struct study_slab *slab, size_t row,
                        struct comparison *c, double *p, struct csv *csv)
{
    const struct study *study = slab->study;
    const struct plan *plan = study->plan;
    const struct metric_row *metric = &slab->rows.items[slab->first + row];
    size_t count = plan->variants.count;

    for (size_t v = 0; v < count; v++) {
        p[v] = NAN;
        if (!has_baseline(plan, v))
            continue;
        c[v] = comparison_paired(
            study_slab_column(slab, v, row),
            study_slab_column(slab, plan->baseline[v], row),
            study->replications, slab->width, plan_range(metric->metric));
        p[v] = c[v].p_value;
    }
    comparison_holm(p, count);
    for (size_t v = 0; v < count; v++)
        if (has_baseline(plan, v))
            put_comparison(study, v, metric, &c[v], p[v], csv);
}

static bool write_comparison(struct study *study)
{
    size_t count = study->plan->variants.count;
    FILE *out = study_open(study, "comparison.csv",
                           "scenario,variant,baseline,service,traffic,metric,"
                           "unit,difference,ci_low,ci_high,p_value,better,"
                           "replications");
    struct comparison *c = mem_calloc(count, sizeof *c);
    double *p = mem_calloc(count, sizeof *p);
    struct study_slab slab = study_slab_new(study);
    struct csv csv = {out, false};

    while (out && study_slab_next(&slab))
        for (size_t row = 0; row < slab.width; row++)
            compare_row(&slab, row, c, p, &csv);
    study_slab_release(&slab);
    free(c);
    free(p);
    return out && study_close(study, out) && study->error == 0;
}

/* ---- ranking ---- */

/* The values that all variants of a group share. */
static char *group_name(const struct plan *plan, size_t variant)
{
    char *name = mem_strdup("");

    for (size_t f = 0; f < plan->factors.list.count; f++) {
        const struct factor *factor = &plan->factors.list.items[f];
        size_t value = variant_value(&plan->variants, variant, f);
        char *longer;

        if (!plan->same[f])
            continue;
        longer = mem_printf("%s%s%s=%s", name, *name ? ";" : "", factor->path,
                            factor->values.items[value].text);
        free(name);
        name = longer;
    }
    return name;
}

static bool same_group(const struct plan *plan, size_t a, size_t b)
{
    for (size_t f = 0; f < plan->factors.list.count; f++)
        if (plan->same[f] && variant_value(&plan->variants, a, f) !=
                                 variant_value(&plan->variants, b, f))
            return false;
    return true;
}

static enum direction direction_of(const struct plan *plan,
                                   const struct plan_goal *goal)
{
    const struct plan_slo *slo;

    if (goal->slo == 0)
        return plan_direction(metric_find(goal->metric));
    slo = &plan_layout(plan, 0)->slos[goal->slo - 1];
    return slo->operator== SLO_GE || slo->operator== SLO_GT ? DIRECTION_HIGHER
                                                            : DIRECTION_LOWER;
}

size_t study_groups(const struct study *study, size_t *firsts)
{
    const struct plan *plan = study->plan;
    size_t count = 0;

    for (size_t v = 0; v < plan->variants.count; v++) {
        size_t g = 0;

        while (g < count && !same_group(plan, firsts[g], v))
            g++;
        if (g == count)
            firsts[count++] = v;
    }
    return count;
}

struct study_ranking *study_rank(const struct study *study, size_t goal,
                                 size_t first, size_t *count)
{
    const struct plan *plan = study->plan;
    size_t n = study->replications, all = plan->variants.count, k = 0;
    struct study_ranking *out = mem_calloc(all, sizeof *out);
    const double **columns = mem_calloc(all, sizeof *columns);
    struct ranking *ranking = mem_calloc(all, sizeof *ranking);
    size_t *members = mem_calloc(all, sizeof *members);
    double *values = mem_calloc(all * n + 1, sizeof *values);

    for (size_t v = first; v < all; v++) {
        size_t row = plan_goal_row(plan, v, goal);

        if (!same_group(plan, first, v) || row == SIZE_MAX)
            continue;
        study_column(study, v, row, values + k * n);
        columns[k] = values + k * n;
        members[k++] = v;
    }
    comparison_rank(columns, k, n, 1,
                    direction_of(plan, &plan->goals.items[goal]), ranking);
    for (size_t i = 0; i < k; i++) {
        size_t metric = metric_find(plan->goals.items[goal].metric);

        out[i].variant = members[ranking[i].variant];
        out[i].rank = ranking[i].rank;
        out[i].summary = output_summarise(columns[ranking[i].variant], n, 1,
                                          plan_range(metric));
    }
    *count = k;
    free(values);
    free(members);
    free(ranking);
    free(columns);
    return out;
}

static void put_ranking(struct study *study, size_t goal, size_t first,
                        struct csv *csv)
{
    const struct plan *plan = study->plan;
    const struct plan_goal *g = &plan->goals.items[goal];
    char *group = group_name(plan, first);
    size_t count;
    struct study_ranking *ranking = study_rank(study, goal, first, &count);

    for (size_t i = 0; i < count; i++) {
        const struct output_summary *s = &ranking[i].summary;

        csv_text(csv, plan->scenario);
        csv_text(csv, group);
        csv_text(csv, g->service);
        csv_text(csv, g->metric);
        csv_text(csv,
                 g->slo ? plan_layout(plan, 0)->slos[g->slo - 1].during : "");
        csv_text(csv, metric_infos[metric_find(g->metric)].unit);
        if (ranking[i].rank > 0)
            csv_int(csv, (int64_t)ranking[i].rank);
        else
            csv_text(csv, NULL);
        csv_text(csv, plan->names[ranking[i].variant]);
        csv_double(csv, s->mean);
        csv_double(csv, s->ci.low);
        csv_double(csv, s->ci.high);
        csv_end(csv);
    }
    free(ranking);
    free(group);
}

static bool write_ranking(struct study *study)
{
    const struct plan *plan = study->plan;
    FILE *out = study_open(study, "ranking.csv",
                           "scenario,group,service,metric,during,unit,rank,"
                           "variant,mean,ci_low,ci_high");
    size_t *firsts = mem_calloc(plan->variants.count, sizeof *firsts);
    size_t groups = study_groups(study, firsts);
    struct csv csv = {out, false};

    for (size_t g = 0; out && g < plan->goals.count; g++)
        for (size_t i = 0; i < groups; i++)
            put_ranking(study, g, firsts[i], &csv);
    free(firsts);
    return out && study_close(study, out);
}

/* ---- which factor matters ---- */

struct sensitivity {
    const struct study_slab *slab;
    struct design design;
    const struct metric_row *metric;
    struct csv csv;
    const char *method;
    double *nothing; /* a column without a value */
};

static void put_effect(struct sensitivity *s, size_t factor,
                       const char *measure, const char *value, double estimate,
                       struct interval ci, size_t count)
{
    const struct plan *plan = s->slab->study->plan;

    csv_text(&s->csv, plan->scenario);
    study_put_metric(&s->csv, s->metric);
    csv_text(&s->csv, s->method);
    csv_text(&s->csv, plan->factors.list.items[factor].path);
    csv_text(&s->csv, measure);
    csv_text(&s->csv, value);
    csv_double(&s->csv, estimate);
    csv_double(&s->csv, ci.low);
    csv_double(&s->csv, ci.high);
    csv_int(&s->csv, (int64_t)count);
    csv_end(&s->csv);
}

static const double *column_of(const struct sensitivity *s, size_t point,
                               size_t row)
{
    size_t variant = s->slab->study->plan->variants.of_point[point];

    return variant == SIZE_MAX ? s->nothing
                               : study_slab_column(s->slab, variant, row);
}

static void put_morris(struct sensitivity *s, size_t row)
{
    const struct study *study = s->slab->study;
    const struct output_range all = {-INFINITY, INFINITY};
    struct morris_effect *effects =
        mem_calloc(s->design.factors + 1, sizeof *effects);
    double *y = mem_calloc(s->design.points, sizeof *y);

    for (size_t p = 0; p < s->design.points; p++)
        y[p] = output_summarise(column_of(s, p, row), study->replications,
                                s->slab->width, all)
                   .mean;
    effects_morris(&s->design, y, effects);
    for (size_t f = 0; f < s->design.factors; f++) {
        const struct morris_effect *e = &effects[f];

        put_effect(s, f, "mu_star", "", e->mu_star, e->mu_star_ci, e->count);
        put_effect(s, f, "mu", "", e->mu, e->mu_ci, e->count);
        put_effect(s, f, "sigma", "", e->sigma, e->sigma_ci, e->count);
    }
    free(y);
    free(effects);
}

static void put_main(struct sensitivity *s, size_t row)
{
    const struct study *study = s->slab->study;
    size_t rows = effects_main_rows(&s->design);
    struct main_effect *main = mem_calloc(rows + 1, sizeof *main);
    struct factor_effect *factors =
        mem_calloc(s->design.factors + 1, sizeof *factors);
    const double **columns = mem_calloc(s->design.points, sizeof *columns);

    for (size_t p = 0; p < s->design.points; p++)
        columns[p] = column_of(s, p, row);
    effects_main(&s->design, columns, study->replications, s->slab->width, main,
                 factors);
    for (size_t f = 0; f < s->design.factors; f++)
        put_effect(s, f, "range", "", factors[f].range, factors[f].ci,
                   factors[f].count);
    for (size_t i = 0; i < rows; i++) {
        const struct factor *factor =
            &study->plan->factors.list.items[main[i].factor];

        if (!factor->sampled)
            put_effect(s, main[i].factor, "effect",
                       factor->values.items[main[i].level].text, main[i].effect,
                       main[i].ci, main[i].count);
    }
    free(columns);
    free(factors);
    free(main);
}

static bool write_sensitivity(struct study *study)
{
    const struct plan *plan = study->plan;
    struct study_slab slab = study_slab_new(study);
    bool morris = plan->design == DESIGN_MORRIS;
    FILE *out = study_open(study, "sensitivity.csv",
                           "scenario,service,traffic,metric,unit,method,"
                           "factor,measure,value,estimate,ci_low,ci_high,"
                           "count");
    struct sensitivity s = {.slab = &slab,
                            .design = plan_points(plan),
                            .csv = {out, false},
                            .method = morris ? "morris" : "main-effects"};

    while (out && study_slab_next(&slab)) {
        free(s.nothing);
        s.nothing =
            mem_calloc(study->replications * slab.width, sizeof *s.nothing);
        for (size_t i = 0; i < study->replications * slab.width; i++)
            s.nothing[i] = NAN;
        for (size_t row = 0; row < slab.width; row++) {
            s.metric = &slab.rows.items[slab.first + row];
            if (morris)
                put_morris(&s, row);
            else
                put_main(&s, row);
        }
    }
    free(s.nothing);
    design_release(&s.design);
    study_slab_release(&slab);
    return out && study_close(study, out) && study->error == 0;
}

/* ---- all of these ---- */

bool study_ranks(const struct study *study)
{
    size_t count = study->plan->variants.count;

    return count >= 2 && count <= STUDY_RANKED_MAX && study->plan->same;
}

bool study_write_comparisons(struct study *study)
{
    const struct plan *plan = study->plan;
    size_t factors = plan->factors.list.count;
    bool ok = true;

    if (factors == 0)
        return true;
    ok = write_variants(study);
    if (plan->baseline)
        ok = ok && write_comparison(study);
    if (study_ranks(study))
        ok = ok && write_ranking(study);
    if (strcmp(plan->command, "batch") == 0 || factors > 1)
        ok = ok && write_sensitivity(study);
    return ok;
}
