#include "sim/cli/plan.h"

#include <stdlib.h>
#include <string.h>

const char *const plan_design_names[] = {"fullFactorial", "oneAtATime",
                                         "latinHypercube", "morris", NULL};

void plan_init(struct plan *plan, const char *command)
{
    *plan = (struct plan){.intern = intern_new()};
    plan->command = intern(plan->intern, command);
}

void plan_release(struct plan *plan)
{
    VEC_FREE(plan->layouts);
    VEC_FREE(plan->goals);
    VEC_FREE(plan->inputs);
    VEC_FREE(plan->overrides);
    free(plan->names);
    free(plan->layout_of);
    free(plan->baseline);
    free(plan->same);
    variants_release(&plan->variants);
    factors_release(&plan->factors);
    intern_free(plan->intern);
}

enum precision_scale plan_scale(size_t metric)
{
    return strcmp(metric_infos[metric].unit, "ratio") == 0 ? PRECISION_OF_REST
                                                           : PRECISION_OF_MEAN;
}

struct output_range plan_range(size_t metric)
{
    return (struct output_range){metric_infos[metric].low,
                                 metric_infos[metric].high};
}

enum direction plan_direction(size_t metric)
{
    static const enum direction directions[] = {
        [METRIC_NEUTRAL] = DIRECTION_NONE,
        [METRIC_HIGHER] = DIRECTION_HIGHER,
        [METRIC_LOWER] = DIRECTION_LOWER};

    return directions[metric_infos[metric].better];
}

size_t plan_rows(const struct plan *plan)
{
    size_t most = 0;

    for (size_t i = 0; i < plan->layouts.count; i++) {
        const struct plan_layout *layout = &plan->layouts.items[i];
        size_t rows = plan_slo_row(layout, layout->slo_count);

        most = rows > most ? rows : most;
    }
    return most;
}

size_t plan_room(const struct plan *plan)
{
    return plan->precision > 0 ? plan->max_replications : plan->replications;
}

size_t plan_find_row(const struct plan_layout *layout, const char *service,
                     const char *traffic, size_t metric)
{
    for (size_t i = 0; i < layout->count; i++) {
        const struct metric_row *row = &layout->rows[i];

        if (row->metric == metric && strcmp(row->service, service) == 0 &&
            strcmp(row->traffic, traffic) == 0)
            return i;
    }
    return SIZE_MAX;
}

size_t plan_goal_row(const struct plan *plan, size_t variant, size_t number)
{
    const struct plan_layout *layout = plan_layout(plan, variant);
    const struct plan_goal *goal = &plan->goals.items[number];
    size_t row;

    if (goal->slo > 0)
        return goal->slo <= layout->slo_count
                   ? plan_slo_row(layout, goal->slo - 1)
                   : SIZE_MAX;
    row = plan_find_row(layout, goal->service, "", metric_find(goal->metric));
    return row == SIZE_MAX ? SIZE_MAX : PLAN_METRICS + row;
}

/* ---- layouts ---- */

static bool same_text(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static bool same_slo(const struct plan_slo *a, const struct plan_slo *b)
{
    return same_text(a->service, b->service) &&
           same_text(a->metric, b->metric) && same_text(a->during, b->during) &&
           same_text(a->target_text, b->target_text);
}

static bool same_layout(const struct plan_layout *a,
                        const struct plan_layout *b)
{
    if (a->count != b->count || a->slo_count != b->slo_count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct metric_row *x = &a->rows[i], *y = &b->rows[i];

        if (x->metric != y->metric || !same_text(x->service, y->service) ||
            !same_text(x->traffic, y->traffic))
            return false;
    }
    for (size_t i = 0; i < a->slo_count; i++)
        if (!same_slo(&a->slos[i], &b->slos[i]))
            return false;
    return true;
}

static struct plan_slo slo_of(struct plan *plan, const struct slo_spec *slo)
{
    struct intern *in = plan->intern;
    struct plan_slo out = {.operator= slo->operator, .target = slo->target };

    out.service = slo->service
                      ? intern_printf(in, "%s/%s", slo->space, slo->service)
                      : intern(in, "");
    out.metric = intern(in, slo->metric);
    out.metric_index = metric_find(slo->metric);
    out.during = intern(in, slo->during ? slo->during : "");
    out.target_text = intern(in, slo->target_text);
    return out;
}

size_t plan_add_layout(struct plan *plan, const struct scenario *scenario)
{
    struct metric_layout *metrics = metric_layout_new(scenario);
    struct plan_layout layout = {metrics->count, metrics->rows,
                                 scenario->slo_count, NULL};
    struct plan_slo *slos = mem_calloc(layout.slo_count + 1, sizeof *slos);
    size_t i;

    for (i = 0; i < layout.slo_count; i++)
        slos[i] = slo_of(plan, &scenario->slos[i]);
    layout.slos = slos;
    for (i = 0; i < plan->layouts.count; i++)
        if (same_layout(&plan->layouts.items[i], &layout))
            break;
    if (i == plan->layouts.count) {
        layout.rows = intern_copy(plan->intern, metrics->rows, metrics->count,
                                  sizeof *layout.rows);
        for (size_t j = 0; j < layout.count; j++) {
            struct metric_row *row = &layout.rows[j];

            row->service = intern(plan->intern, row->service);
            row->traffic = intern(plan->intern, row->traffic);
        }
        layout.slos =
            intern_copy(plan->intern, slos, layout.slo_count, sizeof *slos);
        VEC_PUSH(plan->layouts, layout);
    }
    free(slos);
    metric_layout_free(metrics);
    return i;
}

/* Whether a Service has traffic: its sums, in rows from i on, are followed by
 * its traffic entries'. */
static bool has_traffic(const struct plan_layout *layout, size_t i)
{
    const char *service = layout->rows[i].service;

    for (; i < layout->count && same_text(layout->rows[i].service, service);
         i++)
        if (layout->rows[i].traffic[0] != '\0')
            return true;
    return false;
}

/* The SLOs, else availability and p99 of each Service with traffic. */
void plan_set_goals(struct plan *plan)
{
    const struct plan_layout *layout = plan_layout(plan, 0);

    for (size_t i = 0; i < layout->slo_count; i++) {
        const struct plan_slo *slo = &layout->slos[i];
        struct plan_goal goal = {slo->service, slo->metric, i + 1,
                                 plan_scale(slo->metric_index)};

        VEC_PUSH(plan->goals, goal);
    }
    for (size_t i = 0; layout->slo_count == 0 && i < layout->count; i++) {
        const struct metric_row *row = &layout->rows[i];
        struct plan_goal goal = {row->service, metric_infos[row->metric].name,
                                 0, plan_scale(row->metric)};

        if (row->traffic[0] == '\0' && row->service[0] != '\0' &&
            (same_text(goal.metric, "request_availability") ||
             same_text(goal.metric, "latency_p99")) &&
            has_traffic(layout, i))
            VEC_PUSH(plan->goals, goal);
    }
}

/* ---- inputs ---- */

static const struct plan_input *find_input(const struct plan *plan,
                                           const char *name)
{
    for (size_t i = 0; i < plan->inputs.count; i++)
        if (same_text(plan->inputs.items[i].name, name))
            return &plan->inputs.items[i];
    return NULL;
}

void plan_add_inputs(struct plan *plan, const struct scenario *scenario)
{
    struct plan_input input;

    for (size_t i = 0; doc_input(scenario->docs, i, &input.name, &input.hash);
         i++) {
        if (find_input(plan, input.name))
            continue;
        input.name = intern(plan->intern, input.name);
        VEC_PUSH(plan->inputs, input);
    }
}

bool plan_inputs_hold(const struct plan *plan, const struct scenario *scenario,
                      const char **changed)
{
    unsigned long long hash;

    for (size_t i = 0; doc_input(scenario->docs, i, changed, &hash); i++) {
        const struct plan_input *input = find_input(plan, *changed);

        if (!input || input->hash != hash)
            return false;
    }
    return true;
}

/* ---- design ---- */

struct design plan_points(const struct plan *plan)
{
    size_t *lengths = factors_lengths(&plan->factors);
    size_t n = plan->factors.list.count;
    size_t *base = mem_calloc(n + 1, sizeof *base);
    struct design design;

    switch (plan->design) {
    case DESIGN_LATIN_HYPERCUBE:
        design =
            design_latin_hypercube(lengths, n, plan->design_size, plan->seed);
        break;
    case DESIGN_MORRIS:
        design = design_morris(lengths, n, plan->design_size, plan->seed);
        break;
    case DESIGN_ONE_AT_A_TIME:
        for (size_t f = 0; f < n; f++)
            base[f] = plan->factors.list.items[f].base;
        design = design_one_at_a_time(lengths, base, n);
        break;
    default:
        design = design_factorial(lengths, n);
    }
    free(base);
    free(lengths);
    return design;
}
