#include "sim/cli/variant_load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/lb/lb.h"
#include "sim/io/units.h"

/* Settings of values: the base's are none of ours. */
static struct scenario *load(const struct scenario_options *base,
                             const struct factor_value *const *values,
                             size_t count, struct diag *diag)
{
    struct scenario_options options = *base;
    VEC_OF(struct scenario_setting) settings = {0};
    struct scenario *scenario;

    for (size_t i = 0; i < count; i++) {
        const struct factor_value *value = values[i];

        for (size_t j = 0; j < value->settings.count; j++) {
            struct scenario_setting setting = {value->settings.items[j],
                                               value->place};

            VEC_PUSH(settings, setting);
        }
    }
    options.settings = settings.items;
    options.setting_count = settings.count;
    scenario = scenario_load(&options, diag);
    VEC_FREE(settings);
    return scenario;
}

struct scenario *variant_load(const struct scenario_options *base,
                              const struct factors *factors,
                              const size_t *values, struct diag *diag)
{
    size_t n = factors->list.count;
    const struct factor_value **chosen = mem_calloc(n + 1, sizeof *chosen);
    struct scenario *scenario;

    for (size_t f = 0; f < n; f++)
        chosen[f] = &factors->list.items[f].values.items[values[f]];
    scenario = load(base, chosen, n, diag);
    free(chosen);
    return scenario;
}

bool vary_parse(struct factors *factors, const char *text, struct diag *diag)
{
    size_t before = factors->list.count;
    char *where = mem_printf("--vary %s", text);
    bool ok = factors_parse(factors, text, (struct place){.file = where}, diag);

    /* A factor's place lives as long as it does. */
    if (factors->list.count > before)
        factors->list.items[before].owned = where;
    else
        free(where);
    return ok;
}

/* ---- strategy=all ---- */

static bool is_strategy(const char *path)
{
    const char *dot = strrchr(path, '.');

    return strcmp(dot ? dot + 1 : path, "strategy") == 0;
}

static void expand(struct factor *factor)
{
    if (factor->sampled || factor->values.count != 1 ||
        !is_strategy(factor->path) ||
        strcmp(factor->values.items[0].text, "all") != 0)
        return;
    factor_clear(factor);
    factor->optional = true;
    for (size_t i = 0; lb_strategies[i]; i++)
        factor_add(factor, lb_strategies[i]->name, factor->place);
}

/* ---- trying ---- */

/* Loads the base with one value. False: errors are in diag. */
static bool try_value(const struct scenario_options *base,
                      const struct factor_value *value, struct diag *diag)
{
    struct scenario *scenario = load(base, &value, 1, diag);
    bool ok = scenario != NULL;

    scenario_free(scenario);
    return ok;
}

char *variant_number(enum number_form form, double x)
{
    char text[32];

    if (form == NUMBER_WHOLE)
        x = round(x);
    units_format_double(x, text, sizeof text);
    return mem_printf("%s%s", text, form == NUMBER_SECONDS ? "s" : "");
}

enum number_form variant_number_form(const struct scenario_options *base,
                                     const char *path, double x)
{
    for (enum number_form form = NUMBER_PLAIN; form <= NUMBER_SECONDS; form++) {
        struct factors factors = {0};
        struct place place = {.file = "--vary"};
        struct factor *factor = factors_add(&factors, path, place);
        struct diag *diag = diag_new();
        char *text = variant_number(form, x);
        bool ok = try_value(base, factor_add(factor, text, place), diag);

        free(text);
        diag_free(diag);
        factors_release(&factors);
        if (ok)
            return form;
    }
    return NUMBER_PLAIN;
}

static void drop_value(struct factor *factor, size_t index)
{
    struct factor one = {0};

    VEC_PUSH(one.values, factor->values.items[index]);
    factor_clear(&one);
    factor->values.count--;
    memmove(factor->values.items + index, factor->values.items + index + 1,
            (factor->values.count - index) * sizeof *factor->values.items);
}

static bool try_values(const struct scenario_options *base,
                       struct factor *factor, variant_skipped *skipped,
                       void *self, struct diag *diag)
{
    bool ok = true;

    for (size_t i = 0; i < factor->values.count;) {
        const struct factor_value *value = &factor->values.items[i];
        struct diag *own = diag_new();
        bool loads = try_value(base, value, own);

        if (loads || !factor->optional) {
            diag_add_errors(diag, own);
            ok &= loads;
            i++;
        } else {
            if (skipped)
                skipped(self, factor->path, value->text, diag_first_error(own));
            drop_value(factor, i);
        }
        diag_free(own);
    }
    if (factor->values.count == 0) {
        diag_error(diag, factor->place, "none of the values can be applied");
        return false;
    }
    return ok;
}

/* A sampled factor's values are made later; its median shows whether the key
 * takes such at all. */
static bool try_sampled(const struct scenario_options *base,
                        struct factor *factor, struct diag *diag)
{
    double x = dist_quantile(&factor->dist, 0.5);
    struct diag *own = diag_new();
    char *text;
    bool ok;

    factor->form = (int)variant_number_form(base, factor->path, x);
    text = variant_number((enum number_form)factor->form, x);
    ok = try_value(base, factor_add(factor, text, factor->place), own);
    diag_add_errors(diag, own);
    diag_free(own);
    free(text);
    factor_clear(factor);
    return ok;
}

bool factors_prepare(const struct scenario_options *base,
                     struct factors *factors, variant_skipped *skipped,
                     void *self, struct diag *diag)
{
    bool ok = true;

    for (size_t f = 0; f < factors->list.count; f++) {
        struct factor *factor = &factors->list.items[f];

        expand(factor);
        ok &= factor->sampled ? try_sampled(base, factor, diag)
                              : try_values(base, factor, skipped, self, diag);
    }
    return ok;
}
