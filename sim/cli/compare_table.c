#include "sim/cli/compare_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/compare_text.h"
#include "sim/cli/figures.h"
#include "sim/cli/study_compare.h"
#include "sim/io/units.h"

/* Lines that each part may take; 30 in all. */
enum { GOALS = 2, GROUP_LINES = 8, EFFECT_LINES = 3 };

/* What is said of one goal. */
struct board {
    const struct study *study;
    size_t goal;
    struct comparison *differences; /* [variant] */
    double *p;                      /* [variant], adjusted */
    FILE *out;
};

static const struct plan_goal *goal_of(const struct board *b)
{
    return &b->study->plan->goals.items[b->goal];
}

static const char *unit_of(const struct board *b)
{
    return metric_infos[metric_find(goal_of(b)->metric)].unit;
}

/* Differences to the baselines, adjusted over the variants. */
static struct board board_new(const struct study *study, size_t goal, FILE *out)
{
    const struct plan *plan = study->plan;
    size_t count = plan->variants.count, n = study->replications;
    struct board b = {study, goal, NULL, NULL, out};
    double *x = mem_calloc(n, sizeof *x), *y = mem_calloc(n, sizeof *y);
    struct output_range range = plan_range(metric_find(goal_of(&b)->metric));

    b.differences = mem_calloc(count, sizeof *b.differences);
    b.p = mem_calloc(count, sizeof *b.p);
    for (size_t v = 0; v < count; v++) {
        size_t base = plan->baseline ? plan->baseline[v] : SIZE_MAX;
        size_t row = plan_goal_row(plan, v, goal), other = SIZE_MAX;

        b.p[v] = NAN;
        if (base != SIZE_MAX && base != v)
            other = plan_goal_row(plan, base, goal);
        if (row == SIZE_MAX || other == SIZE_MAX)
            continue;
        study_column(study, v, row, x);
        study_column(study, base, other, y);
        b.differences[v] = comparison_paired(x, y, n, 1, range);
        b.p[v] = b.differences[v].p_value;
    }
    comparison_holm(b.p, count);
    free(x);
    free(y);
    return b;
}

static void board_release(struct board *b)
{
    free(b->differences);
    free(b->p);
}

static bool is_compared(const struct board *b, size_t variant)
{
    const struct plan *plan = b->study->plan;

    return plan->baseline && plan->baseline[variant] != SIZE_MAX &&
           plan->baseline[variant] != variant;
}

static void difference_columns(const struct board *b, size_t variant)
{
    const struct comparison *c = &b->differences[variant];
    char difference[48] = "", p[16] = "";

    if (is_compared(b, variant)) {
        compare_difference(unit_of(b), c->difference, c->ci, difference,
                           sizeof difference);
        compare_p(b->p[variant], p, sizeof p);
    } else if (b->study->plan->baseline &&
               b->study->plan->baseline[variant] == variant) {
        snprintf(difference, sizeof difference, "the baseline");
    }
    fprintf(b->out, " %-18s %6s\n", difference, p);
}

static void variant_line(const struct board *b, const struct study_ranking *r)
{
    char *label = compare_label(b->study->plan, r->variant, 28);
    char mean[48], rank[24] = "-";

    if (r->rank > 0)
        snprintf(rank, sizeof rank, "%zu", r->rank);
    compare_mean(unit_of(b), &r->summary, mean, sizeof mean);
    fprintf(b->out, "%4.4s  %-28s %-19s", rank, label, mean);
    free(label);
    difference_columns(b, r->variant);
}

static size_t tied_with_best(const struct study_ranking *ranking, size_t count)
{
    size_t tied = 0;

    while (tied < count && ranking[tied].rank == 1)
        tied++;
    return tied;
}

/* "best: X and 3 tied with it; better than the baseline by .." */
static void verdict_line(const struct board *b,
                         const struct study_ranking *ranking, size_t count)
{
    const struct plan *plan = b->study->plan;
    size_t tied = tied_with_best(ranking, count), best = ranking[0].variant;
    char *label, by[48], p[16];

    if (tied == 0)
        return;
    label = compare_label(plan, best, 28);
    fprintf(b->out, "best: %s", label);
    free(label);
    if (tied > 1)
        fprintf(b->out, ", tied with %zu more", tied - 1);
    if (is_compared(b, best) && b->p[best] < COMPARISON_ALPHA) {
        compare_difference(unit_of(b), b->differences[best].difference,
                           b->differences[best].ci, by, sizeof by);
        compare_p(b->p[best], p, sizeof p);
        fprintf(b->out, "; %s, p %s%s", by, *p == '<' ? "" : "= ", p);
    } else if (is_compared(b, best)) {
        fputs("; may be no better than baseline", b->out);
    }
    fputc('\n', b->out);
}

static void board_head(const struct board *b)
{
    const struct plan_goal *g = goal_of(b);
    const struct plan_slo *slo =
        g->slo ? &b->study->layout->slos[g->slo - 1] : NULL;
    const char *during = slo ? slo->during : "";

    fprintf(b->out, "%s%s%s%s%s%s%s\n", g->metric, g->service[0] ? " of " : "",
            g->service, during[0] ? " during " : "", during,
            slo ? ", target " : "", slo ? slo->target_text : "");
}

/* All variants are one group: the best, and where the baseline is. */
static void ranked(const struct board *b, size_t room)
{
    size_t count, shown;
    struct study_ranking *ranking = study_rank(b->study, b->goal, 0, &count);

    board_head(b);
    fprintf(b->out, "RANK  %-28s %-19s %-18s %6s\n", "VARIANT", "MEAN 95 %",
            b->study->plan->baseline ? "DIFFERENCE 95 %" : "",
            b->study->plan->baseline ? "P" : "");
    shown = count <= room ? count : room - 2;
    for (size_t i = 0; i < shown; i++)
        variant_line(b, &ranking[i]);
    for (size_t i = shown; i < count; i++)
        if (b->study->plan->baseline &&
            b->study->plan->baseline[ranking[i].variant] == ranking[i].variant)
            variant_line(b, &ranking[i]);
    if (shown < count)
        fprintf(b->out, "      ... %zu variants in all: ranking.csv\n", count);
    if (count > 0)
        verdict_line(b, ranking, count);
    free(ranking);
}

/* One line a group: its best. */
static void group_line(const struct board *b, size_t first)
{
    const struct plan *plan = b->study->plan;
    size_t count, tied;
    struct study_ranking *ranking =
        study_rank(b->study, b->goal, first, &count);
    char *group = compare_name(plan, first, true), *best;
    char a[48], c[48], mean[48];

    tied = tied_with_best(ranking, count);
    if (tied > 0) {
        char *alone = compare_name(plan, ranking[0].variant, false);

        best = tied > 1 ? mem_printf("%s +%zu tied", alone, tied - 1)
                        : mem_strdup(alone);
        free(alone);
        compare_mean(unit_of(b), &ranking[0].summary, mean, sizeof mean);
        fprintf(b->out, "%-14s %-20s%-19s", compare_fit(group, 14, a, sizeof a),
                compare_fit(best, 19, c, sizeof c), mean);
        difference_columns(b, ranking[0].variant);
        free(best);
    }
    free(group);
    free(ranking);
}

static void grouped(const struct board *b, const size_t *firsts, size_t groups)
{
    board_head(b);
    fprintf(b->out, "%-14s %-20s%-19s %-18s %6s\n", "GROUP", "BEST",
            "MEAN 95 %", b->study->plan->baseline ? "DIFFERENCE 95 %" : "",
            b->study->plan->baseline ? "P" : "");
    for (size_t i = 0; i < groups && i < GROUP_LINES; i++)
        group_line(b, firsts[i]);
    if (groups > GROUP_LINES)
        fprintf(b->out, "... %zu groups in all: ranking.csv\n", groups);
}

static void head(const struct study *study, FILE *out)
{
    const struct plan *plan = study->plan;
    char duration[32], events[32];

    units_format_duration(plan->duration, duration, sizeof duration);
    units_format_count(study_events(study), events, sizeof events);
    fprintf(out,
            "%s: %s x %zu replications x %zu variants, seed %llu; "
            "%s events in %.1f s\n",
            plan->name, duration, study->replications, plan->variants.count,
            (unsigned long long)plan->seed, events,
            progress_seconds(&study->progress));
}

static void slo_line(const struct study *study, FILE *out)
{
    const struct plan *plan = study->plan;
    size_t meeting = 0, one = 0;
    char *label;

    if (study->layout->slo_count == 0)
        return;
    for (size_t v = plan->variants.count; v-- > 0;) {
        if (study_meets(study, v)) {
            meeting++;
            one = v;
        }
    }
    fprintf(out, "SLOs: %zu of %zu variants meet all", meeting,
            plan->variants.count);
    label = compare_label(plan, one, 32);
    if (meeting > 0)
        fprintf(out, "%s %s", meeting == 1 ? ":" : ", the first:", label);
    fputc('\n', out);
    free(label);
}

void compare_table(const struct study *study, const char *dir, FILE *out)
{
    const struct plan *plan = study->plan;
    size_t goals = plan->goals.count < GOALS ? plan->goals.count : GOALS;
    size_t *firsts = mem_calloc(plan->variants.count, sizeof *firsts);
    size_t groups = plan->same ? study_groups(study, firsts) : 1;

    head(study, out);
    for (size_t g = 0; g < goals && study_ranks(study); g++) {
        struct board b = board_new(study, g, out);

        if (groups > 1)
            grouped(&b, firsts, groups);
        else
            ranked(&b, goals > 1 ? 8 : 18);
        board_release(&b);
    }
    if (strcmp(plan->command, "batch") == 0 && goals > 0)
        compare_effects(study, 0, EFFECT_LINES, out);
    slo_line(study, out);
    if (dir)
        figures_say_files(
            dir, plan->baseline ? "metrics.csv, comparison.csv" : "metrics.csv",
            out);
    free(firsts);
}
