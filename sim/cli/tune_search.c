#include "sim/cli/tune_search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/plan_build.h"
#include "sim/cli/variant_load.h"
#include "sim/io/tree.h"

static const struct factor *factor_of(const struct tune_search *search)
{
    return &search->factors.list.items[0];
}

char *tune_name(const struct tune_search *search, size_t value)
{
    char *text = range_text(&search->range, value);
    char *name = mem_printf("%s=%s", factor_of(search)->path, text);

    free(text);
    return name;
}

/* ---- input ---- */

static bool read_range(struct tune_search *search, const char *text,
                       struct diag *diag)
{
    char *where = mem_printf("--vary %s", text), *path, *values;
    struct place place = {.file = where};
    struct factor *factor;
    bool ok;

    if (!factor_split(text, &path, &values)) {
        diag_error(diag, place, "expected PATH=LOW..HIGH");
        path = mem_strdup("");
        values = NULL;
    }
    factor = factors_add(&search->factors, path, place);
    factor->owned = where;
    ok = values && range_parse(&search->range, values, path, place, diag);
    free(path);
    free(values);
    return ok;
}

/* Loads the scenario of a value. NULL after an error in diag. */
static struct scenario *load(struct tune_search *search, size_t value,
                             struct diag *diag)
{
    struct factor *factor = &search->factors.list.items[0];
    char *text = range_text(&search->range, value);
    size_t number;

    factor_clear(factor);
    factor_add(factor, text, factor->place);
    number = factor_find(factor, text);
    free(text);
    return variant_load(search->base, &search->factors, &number, diag);
}

static void set_targets(struct tune_search *search,
                        const struct scenario *scenario)
{
    search->target_count = scenario->slo_count;
    search->targets =
        mem_calloc(scenario->slo_count + 1, sizeof *search->targets);
    for (size_t i = 0; i < scenario->slo_count; i++) {
        const struct slo_spec *slo = &scenario->slos[i];
        bool least = slo->operator== SLO_GE || slo->operator== SLO_GT;

        search->targets[i] = (struct tune_target){
            .meets = least ? DIRECTION_HIGHER : DIRECTION_LOWER,
            .bound = slo->target,
            .strict = slo->operator== SLO_GT || slo->operator== SLO_LT,
            .range = plan_range(metric_find(slo->metric))};
    }
}

static void set_sizes(struct tune_search *search,
                      const struct scenario *scenario)
{
    const struct options *o = search->options;

    search->replications = (size_t)scenario->replications;
    search->max_replications = o->max_reps;
    if (search->max_replications >= search->replications)
        return;
    if (o->max_reps_given)
        search->replications = search->max_replications;
    else
        search->max_replications = search->replications;
}

bool tune_search_init(struct tune_search *search, const struct options *options,
                      const struct scenario_options *base, struct diag *diag)
{
    struct scenario *low, *high;
    bool ok;

    *search = (struct tune_search){.options = options, .base = base};
    if (!read_range(search, options->varies.items[0], diag))
        return false;
    low = load(search, 0, diag);
    high = low ? load(search, search->range.count - 1, diag) : NULL;
    ok = low && high;
    if (ok && low->slo_count == 0) {
        diag_error(diag, (struct place){.file = "podchurn tune"},
                   "no target to meet");
        diag_hint(diag, "expected for example --slo 'request_availability >= "
                        "99.95%%', or slo: in the Scenario");
        ok = false;
    }
    if (ok) {
        set_targets(search, low);
        set_sizes(search, low);
    }
    scenario_free(low);
    scenario_free(high);
    return ok;
}

static void free_try(struct tune_try *one)
{
    study_release(&one->study);
    scenario_cache_free(one->cache);
    plan_release(&one->plan);
    scenario_free(one->scenario);
    free(one);
}

void tune_search_release(struct tune_search *search)
{
    for (size_t i = 0; i < search->tries.count; i++)
        free_try(search->tries.items[i]);
    VEC_FREE(search->tries);
    if (search->tune)
        tune_free(search->tune);
    free(search->targets);
    factors_release(&search->factors);
}

/* ---- trying a value ---- */

static struct store *open_store(const struct tune_search *search,
                                const struct plan *plan, size_t value)
{
    const struct store_shape shape = {.variants = 1,
                                      .replications = search->max_replications,
                                      .rows = plan_rows(plan)};
    char *path = mem_printf("%s/tried/%zu", resultdir_path(search->dir), value);
    struct store *store =
        tree_make_parents(path) ? store_open(path, &shape) : NULL;

    if (!store)
        fprintf(stderr, "podchurn tune: error: writing '%s': %s\n", path,
                strerror(errno));
    free(path);
    return store;
}

/* In order of values. */
static void insert(struct tune_search *search, struct tune_try *one)
{
    size_t i;

    VEC_PUSH(search->tries, one);
    for (i = search->tries.count - 1;
         i > 0 && search->tries.items[i - 1]->value > one->value; i--)
        search->tries.items[i] = search->tries.items[i - 1];
    search->tries.items[i] = one;
}

/* NULL: *status says how it ends. */
static struct tune_try *begin(struct tune_search *search, size_t value,
                              int *status)
{
    struct tune_try *one = mem_zalloc(sizeof *one);
    struct diag *diag = diag_new();
    struct store *store = NULL;

    *status = EXIT_BAD_INPUT;
    one->value = value;
    plan_init(&one->plan, "tune");
    one->scenario = load(search, value, diag);
    diag_print(diag, stderr);
    diag_free(diag);
    if (one->scenario) {
        bool found = scenario_find_warm_up(one->scenario);

        plan_of_scenario(&one->plan, one->scenario, search->options);
        one->plan.precision = 0;
        *status = found ? EXIT_FAILED : EXIT_INTERRUPTED;
        store = found ? open_store(search, &one->plan, value) : NULL;
    }
    if (!store) {
        plan_release(&one->plan);
        scenario_free(one->scenario);
        free(one);
        return NULL;
    }
    one->cache = scenario_cache_of(one->scenario);
    study_init(&one->study, &one->plan, search->options, search->dir, store,
               one->cache);
    insert(search, one);
    return one;
}

static struct tune_try *find(const struct tune_search *search, size_t value)
{
    for (size_t i = 0; i < search->tries.count; i++)
        if (search->tries.items[i]->value == value)
            return search->tries.items[i];
    return NULL;
}

static void tell(struct tune_search *search, struct tune_try *one, size_t from,
                 size_t to)
{
    size_t m = search->target_count;
    double *column = mem_calloc(to, sizeof *column);
    double *values = mem_calloc(to * m, sizeof *values);

    for (size_t i = 0; i < m; i++) {
        study_column(&one->study, 0,
                     plan_slo_row(plan_layout(&one->plan, 0), i), column);
        for (size_t r = 0; r < to; r++)
            values[r * m + i] = column[r];
    }
    for (size_t r = from; r < to; r++)
        tune_add(search->tune, one->value, values + r * m);
    free(column);
    free(values);
}

static int failed(const struct tune_try *one)
{
    if (one->study.error)
        fprintf(stderr, "podchurn tune: error: %s\n",
                strerror(one->study.error));
    else if (progress_interrupted())
        fputs("podchurn tune: interrupted, nothing written\n", stderr);
    return progress_interrupted() && !one->study.error ? EXIT_INTERRUPTED
                                                       : EXIT_FAILED;
}

int tune_search_run(struct tune_search *search)
{
    const struct tune_spec spec = {.count = search->range.count,
                                   .targets = search->targets,
                                   .target_count = search->target_count,
                                   .replications = search->replications,
                                   .max_replications =
                                       search->max_replications};
    size_t value, from, to;

    search->tune = tune_new(&spec);
    while (tune_next(search->tune, &value, &from, &to)) {
        struct tune_try *one = find(search, value);
        int status;

        if (!one && !(one = begin(search, value, &status)))
            return status;
        one->plan.replications = to;
        if (!study_run(&one->study, NULL))
            return failed(one);
        tell(search, one, from, to);
    }
    return EXIT_DONE;
}

size_t tune_replications(const struct tune_search *search)
{
    size_t sum = 0;

    for (size_t i = 0; i < search->tries.count; i++)
        sum += search->tries.items[i]->study.replications;
    return sum;
}
