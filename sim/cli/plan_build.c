#include "sim/cli/plan_build.h"

#include <stdlib.h>
#include <string.h>

#include "sim/cli/variant_load.h"

struct building {
    struct plan *plan;
    const struct plan_request *request;
    struct diag *diag;
};

/* ---- facts ---- */

static void add_override(struct plan *plan, const char *option,
                         const char *value)
{
    if (value)
        VEC_PUSH(plan->overrides,
                 intern_printf(plan->intern, "%s %s", option, value));
}

static void set_facts(struct plan *plan, const struct scenario *scenario,
                      const struct options *o)
{
    plan->scenario = intern(plan->intern, scenario->name);
    if (!plan->name)
        plan->name = plan->scenario;
    plan->seed = scenario->seed;
    plan->duration = scenario->duration;
    plan->replications = (size_t)scenario->replications;
    plan->max_replications = o->max_reps;
    plan->events = o->events;
    plan->strict = o->strict;
    plan->shard = o->shard;
    plan->shards = o->shards;
    for (size_t i = 0; i < o->sets.count; i++)
        add_override(plan, "--set", o->sets.items[i]);
    for (size_t i = 0; i < o->slos.count; i++)
        add_override(plan, "--slo", o->slos.items[i]);
    add_override(plan, "--drill", o->drills);
}

static void set_names(struct plan *plan)
{
    plan->names = mem_calloc(plan->variants.count + 1, sizeof *plan->names);
    for (size_t v = 0; v < plan->variants.count; v++) {
        char *name = variant_name(&plan->variants, v);

        plan->names[v] = intern(plan->intern, name);
        free(name);
    }
}

void plan_of_scenario(struct plan *plan, const struct scenario *scenario,
                      const struct options *options)
{
    plan->precision = options->precision;
    set_facts(plan, scenario, options);
    plan->variants = variants_single(&plan->factors);
    plan->layout_of = mem_calloc(1, sizeof *plan->layout_of);
    plan->layout_of[0] = plan_add_layout(plan, scenario);
    plan_add_inputs(plan, scenario);
    set_names(plan);
    plan_set_goals(plan);
}

/* ---- factors ---- */

static void skipped(void *self, const char *path, const char *value,
                    const char *why)
{
    const struct building *b = self;

    fprintf(stderr, "podchurn %s: note: %s=%s is left out: %s\n",
            b->plan->command, path, value, why ? why : "it does not load");
}

static struct factor *find_factor(struct building *b, const char *path,
                                  struct place place)
{
    struct plan *plan = b->plan;
    VEC_OF(const char *) names = {0};
    struct factor *found = NULL;

    for (size_t f = 0; f < plan->factors.list.count; f++) {
        struct factor *factor = &plan->factors.list.items[f];

        if (strcmp(factor->path, path) == 0)
            found = factor;
        VEC_PUSH(names, factor->path);
    }
    VEC_PUSH(names, NULL);
    if (!found) {
        diag_error(b->diag, place, "the baseline's '%.200s' is not varied",
                   path);
        diag_suggest(b->diag, path, names.items);
    }
    VEC_FREE(names);
    return found;
}

/* `same`: the baseline of a variant has the value that the variant has. */
static bool set_base(struct building *b, struct factor *factor,
                     const char *value, struct place place)
{
    struct plan *plan = b->plan;
    VEC_OF(const char *) names = {0};
    size_t index = factor_find(factor, value);

    if (index < factor->values.count) {
        factor->base = index;
        return true;
    }
    if (strcmp(value, "same") == 0) {
        plan->same[factor - plan->factors.list.items] = true;
        return true;
    }
    if (factor->sampled) {
        factor_add(factor, value, factor->place);
        factor->base = index;
        return true;
    }
    for (size_t i = 0; i < factor->values.count; i++)
        VEC_PUSH(names, factor->values.items[i].text);
    VEC_PUSH(names, NULL);
    diag_error(b->diag, place, "'%.60s' is no value of '%.200s'", value,
               factor->path);
    diag_suggest(b->diag, value, names.items);
    VEC_FREE(names);
    return false;
}

static bool set_bases(struct building *b)
{
    const struct plan_request *r = b->request;
    bool ok = true;

    b->plan->same =
        mem_calloc(b->plan->factors.list.count + 1, sizeof *b->plan->same);
    for (size_t i = 0; i < r->baseline_count; i++) {
        struct place place = r->baselines[i].place;
        char *path, *value;
        struct factor *factor;

        if (!factor_split(r->baselines[i].text, &path, &value)) {
            diag_error(b->diag, place, "expected PATH=VALUE");
            ok = false;
            continue;
        }
        factor = find_factor(b, path, place);
        ok &= factor && set_base(b, factor, value, place);
        free(path);
        free(value);
    }
    return ok;
}

/* ---- how many ---- */

static size_t point_count(const struct plan *plan)
{
    size_t *lengths = factors_lengths(&plan->factors);
    size_t n = plan->factors.list.count, count = 1;

    if (plan->design == DESIGN_FULL_FACTORIAL)
        count = design_factorial_points(lengths, n);
    else if (plan->design == DESIGN_LATIN_HYPERCUBE)
        count = plan->design_size;
    else if (plan->design == DESIGN_MORRIS)
        count = plan->design_size * (n + 1);
    for (size_t f = 0; plan->design == DESIGN_ONE_AT_A_TIME && f < n; f++)
        count += lengths[f] - 1;
    free(lengths);
    return count;
}

static bool check_size(struct building *b)
{
    const struct plan *plan = b->plan;
    size_t points = point_count(plan), reps = plan_room(plan);
    size_t max = b->request->options->max_units;
    double units = (double)points * (double)reps;

    if (points <= max / reps)
        return true;
    diag_error(b->diag, (struct place){.file = plan->name},
               "the study has %.0f units (%.0f variants x %zu replications), "
               "more than %zu",
               units, (double)points, reps, max);
    diag_hint(b->diag, "'--max-units %.0f' allows it", units);
    return false;
}

static bool check_design(struct building *b)
{
    const struct plan *plan = b->plan;
    bool lists_only = plan->design == DESIGN_FULL_FACTORIAL ||
                      plan->design == DESIGN_ONE_AT_A_TIME;
    bool ok = true;

    for (size_t f = 0; f < plan->factors.list.count; f++) {
        const struct factor *factor = &plan->factors.list.items[f];

        if (factor->sampled && lists_only) {
            diag_error(b->diag, factor->place,
                       "'%.200s' is a distribution: design %s needs a list",
                       factor->path, plan_design_names[plan->design]);
            diag_hint(b->diag, "latinHypercube and morris sample");
            ok = false;
        } else if (!factor->sampled && plan->design == DESIGN_MORRIS &&
                   factor->values.count < 2) {
            diag_error(b->diag, factor->place,
                       "'%.200s' needs two values at least in design morris",
                       factor->path);
            ok = false;
        }
    }
    return ok;
}

/* ---- variants ---- */

static char *form(void *self, size_t factor, double x)
{
    const struct plan *plan = self;

    return variant_number(
        (enum number_form)plan->factors.list.items[factor].form, x);
}

static bool is_optional(const struct plan *plan)
{
    for (size_t f = 0; f < plan->factors.list.count; f++)
        if (plan->factors.list.items[f].optional)
            return true;
    return false;
}

static void note_skipped(const struct building *b, size_t variant,
                         const struct diag *why)
{
    char *name = variant_name(&b->plan->variants, variant);
    const char *text = diag_first_error(why);

    fprintf(stderr, "podchurn %s: note: %s is left out: %s\n", b->plan->command,
            name, text ? text : "it does not load");
    free(name);
}

/* Loads a variant for what it yields. False: it is left out, or wrong. */
static bool look_at(struct building *b, size_t variant, size_t *layout)
{
    struct plan *plan = b->plan;
    struct diag *own = diag_new();
    size_t n = plan->factors.list.count;
    struct scenario *scenario =
        variant_load(b->request->base, &plan->factors,
                     plan->variants.values + variant * n, own);

    if (scenario) {
        *layout = plan_add_layout(plan, scenario);
        plan_add_inputs(plan, scenario);
    } else if (is_optional(plan)) {
        note_skipped(b, variant, own);
    } else {
        diag_add_errors(b->diag, own);
    }
    scenario_free(scenario);
    diag_free(own);
    return scenario != NULL;
}

static bool load_variants(struct building *b)
{
    struct plan *plan = b->plan;
    size_t count = plan->variants.count, kept = 0;
    bool *keep = mem_calloc(count + 1, sizeof *keep);

    plan->layout_of = mem_calloc(count + 1, sizeof *plan->layout_of);
    for (size_t v = 0; v < count; v++) {
        keep[v] = look_at(b, v, &plan->layout_of[kept]);
        kept += keep[v];
    }
    variants_keep(&plan->variants, keep);
    free(keep);
    if (kept == 0 && diag_errors(b->diag) == 0)
        diag_error(b->diag, (struct place){.file = plan->name},
                   "no variant can be applied");
    return diag_errors(b->diag) == 0;
}

/* The variant that one is compared with; SIZE_MAX: it was left out. */
static size_t baseline_of(const struct plan *plan, size_t variant)
{
    size_t n = plan->factors.list.count, found;
    size_t *values = mem_calloc(n + 1, sizeof *values);

    for (size_t f = 0; f < n; f++)
        values[f] = plan->same[f] ? variant_value(&plan->variants, variant, f)
                                  : plan->factors.list.items[f].base;
    found = variants_find(&plan->variants, values);
    free(values);
    return found < plan->variants.count ? found : SIZE_MAX;
}

/* Samples do not meet the baseline: it is one more variant. */
static void add_baseline(struct plan *plan)
{
    size_t n = plan->factors.list.count;
    size_t *values = mem_calloc(n + 1, sizeof *values);

    for (size_t f = 0; f < n; f++)
        values[f] = plan->factors.list.items[f].base;
    variants_add(&plan->variants, values);
    free(values);
}

/* A sampled factor of which the baseline says nothing is at its median. */
static void add_medians(struct plan *plan)
{
    for (size_t f = 0; f < plan->factors.list.count; f++) {
        struct factor *factor = &plan->factors.list.items[f];
        char *text;

        if (!factor->sampled || factor->values.count > 0)
            continue;
        text = form(plan, f, dist_quantile(&factor->dist, 0.5));
        factor_add(factor, text, factor->place);
        free(text);
    }
}

static bool is_sampled(const struct plan *plan)
{
    return plan->design == DESIGN_LATIN_HYPERCUBE ||
           plan->design == DESIGN_MORRIS;
}

/* Whether variants have different ones. */
static bool depends(const struct plan *plan)
{
    for (size_t f = 0; f < plan->factors.list.count; f++)
        if (plan->same[f])
            return true;
    return false;
}

static bool set_baselines(struct building *b)
{
    struct plan *plan = b->plan;
    size_t count = plan->variants.count;
    bool any = false;

    if (!b->request->compares)
        return true;
    plan->baseline = mem_calloc(count, sizeof *plan->baseline);
    for (size_t v = 0; v < count; v++) {
        plan->baseline[v] =
            v == 0 || depends(plan) ? baseline_of(plan, v) : plan->baseline[0];
        any |= plan->baseline[v] != SIZE_MAX;
    }
    if (!any)
        diag_error(b->diag, (struct place){.file = plan->name},
                   "the baseline is none of the variants");
    return any;
}

static void make_variants(struct building *b)
{
    struct plan *plan = b->plan;
    struct design design = plan_points(plan);
    bool apart = b->request->compares && is_sampled(plan);

    if (apart)
        add_medians(plan);
    plan->variants = variants_of(&plan->factors, &design, form, plan);
    if (apart)
        add_baseline(plan);
    design_release(&design);
}

static bool read_base(struct building *b)
{
    struct scenario *scenario = scenario_load(b->request->base, b->diag);

    if (!scenario)
        return false;
    set_facts(b->plan, scenario, b->request->options);
    plan_add_inputs(b->plan, scenario);
    scenario_free(scenario);
    return true;
}

bool plan_build(struct plan *plan, const struct plan_request *request,
                struct diag *diag)
{
    struct building b = {plan, request, diag};
    bool ok;

    if (request->name)
        plan->name = intern(plan->intern, request->name);
    if (!read_base(&b))
        return false;
    ok = factors_prepare(request->base, &plan->factors, skipped, &b, diag);
    ok &= set_bases(&b) && check_design(&b);
    if (!ok || !check_size(&b))
        return false;
    make_variants(&b);
    if (!load_variants(&b))
        return false;
    set_names(plan);
    plan_set_goals(plan);
    return set_baselines(&b);
}
