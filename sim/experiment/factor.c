#include "sim/experiment/factor.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sim/io/units.h"

/* ---- lists ---- */

struct factor *factors_add(struct factors *factors, const char *path,
                           struct place place)
{
    struct factor factor = {.path = mem_strdup(path), .place = place};

    VEC_PUSH(factors->list, factor);
    return &factors->list.items[factors->list.count - 1];
}

static void add_value(struct factor *factor, char *text, char *setting,
                      struct place place)
{
    struct factor_value value = {.text = text, .place = place};

    VEC_PUSH(value.settings, setting);
    VEC_PUSH(factor->values, value);
}

struct factor_value *factor_add(struct factor *factor, const char *text,
                                struct place place)
{
    add_value(factor, mem_strdup(text), mem_printf("%s=%s", factor->path, text),
              place);
    return &factor->values.items[factor->values.count - 1];
}

static void release_value(struct factor_value *value)
{
    for (size_t i = 0; i < value->settings.count; i++)
        free(value->settings.items[i]);
    VEC_FREE(value->settings);
    free(value->text);
}

void factor_clear(struct factor *factor)
{
    for (size_t i = 0; i < factor->values.count; i++)
        release_value(&factor->values.items[i]);
    VEC_FREE(factor->values);
}

size_t factor_find(const struct factor *factor, const char *text)
{
    size_t i = 0;

    while (i < factor->values.count &&
           strcmp(factor->values.items[i].text, text) != 0)
        i++;
    return i;
}

void factors_release(struct factors *factors)
{
    for (size_t i = 0; i < factors->list.count; i++) {
        struct factor *factor = &factors->list.items[i];

        factor_clear(factor);
        if (factor->sampled)
            dist_release(&factor->dist);
        free(factor->path);
        free(factor->owned);
    }
    VEC_FREE(factors->list);
}

/* ---- PATH=V1,V2 ---- */

/* The first of `sign` outside brackets and quotes; the end: none. */
static const char *find_outside(const char *text, char sign)
{
    char quote = 0;
    int depth = 0;

    for (; *text; text++) {
        if (quote)
            quote = *text == quote ? 0 : quote;
        else if (*text == sign && depth == 0)
            break;
        else if (*text == '\'' || *text == '"')
            quote = *text;
        else if (strchr("[{(", *text))
            depth++;
        else if (strchr("]})", *text))
            depth--;
    }
    return text;
}

static char *trimmed(const char *text, size_t length)
{
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        length--;
    while (length > 0 && isspace((unsigned char)*text)) {
        text++;
        length--;
    }
    return mem_strndup(text, length);
}

bool factor_split(const char *text, char **path, char **value)
{
    const char *equals = find_outside(text, '=');

    if (!*equals || equals == text)
        return false;
    *path = trimmed(text, (size_t)(equals - text));
    *value = trimmed(equals + 1, strlen(equals + 1));
    return true;
}

static bool read_value(struct factor *factor, const char *text, size_t length,
                       struct diag *diag)
{
    char *value = trimmed(text, length);
    bool ok = *value && factor_find(factor, value) == factor->values.count;

    if (ok)
        factor_add(factor, value, factor->place);
    else if (*value)
        diag_error(diag, factor->place, "value '%.60s' is given twice", value);
    else
        diag_error(diag, factor->place, "an empty value for '%.200s'",
                   factor->path);
    free(value);
    return ok;
}

static bool read_values(struct factor *factor, const char *text,
                        struct diag *diag)
{
    bool ok = true, more = true;

    while (more) {
        const char *end = find_outside(text, ',');

        ok &= read_value(factor, text, (size_t)(end - text), diag);
        more = *end == ',';
        text = end + more;
    }
    return ok;
}

static bool is_known(const struct factors *factors, const char *path)
{
    for (size_t i = 0; i < factors->list.count; i++)
        if (strcmp(factors->list.items[i].path, path) == 0)
            return true;
    return false;
}

bool factors_parse(struct factors *factors, const char *text,
                   struct place place, struct diag *diag)
{
    char *path, *values;
    bool ok = false;

    if (!factor_split(text, &path, &values)) {
        diag_error(diag, place, "expected PATH=VALUE,VALUE..");
        return false;
    }
    if (is_known(factors, path))
        diag_error(diag, place, "'%.200s' is varied twice", path);
    else
        ok = read_values(factors_add(factors, path, place), values, diag);
    free(path);
    free(values);
    return ok;
}

/* ---- variants ---- */

size_t *factors_lengths(const struct factors *factors)
{
    size_t *lengths = mem_calloc(factors->list.count, sizeof *lengths);

    for (size_t i = 0; i < factors->list.count; i++) {
        const struct factor *factor = &factors->list.items[i];

        lengths[i] = factor->sampled ? 0 : factor->values.count;
    }
    return lengths;
}

/* The number of the value that a sampled factor has at a probability. */
static size_t sampled_value(struct factors *factors, size_t index, double u,
                            char *(*form)(void *, size_t, double), void *self)
{
    struct factor *factor = &factors->list.items[index];
    double x = dist_quantile(&factor->dist, u);
    char buffer[32];
    char *text =
        form ? form(self, index, x)
             : mem_strdup(units_format_double(x, buffer, sizeof buffer));
    size_t value = factor_find(factor, text);

    if (value == factor->values.count)
        factor_add(factor, text, factor->place);
    free(text);
    return value;
}

/* Points in order of their values, then of their number. */
struct point {
    const size_t *values;
    size_t factors, number;
};

static int by_values(const void *pa, const void *pb)
{
    const struct point *a = pa, *b = pb;

    for (size_t i = 0; i < a->factors; i++)
        if (a->values[i] != b->values[i])
            return a->values[i] < b->values[i] ? -1 : 1;
    return 0;
}

static int by_values_number(const void *pa, const void *pb)
{
    const struct point *a = pa, *b = pb;
    int order = by_values(a, b);

    return order ? order : (a->number > b->number) - (a->number < b->number);
}

/* Sets first[point]: the first point of the same values. */
static void find_first(const size_t *values, size_t points, size_t factors,
                       size_t *first)
{
    struct point *sorted = mem_calloc(points, sizeof *sorted);

    for (size_t i = 0; i < points; i++)
        sorted[i] = (struct point){values + i * factors, factors, i};
    qsort(sorted, points, sizeof *sorted, by_values_number);
    for (size_t i = 0; i < points; i++) {
        bool same = i > 0 && by_values(&sorted[i - 1], &sorted[i]) == 0;

        first[sorted[i].number] =
            same ? first[sorted[i - 1].number] : sorted[i].number;
    }
    free(sorted);
}

struct variants variants_of(struct factors *factors,
                            const struct design *design,
                            char *(*form)(void *self, size_t factor, double x),
                            void *self)
{
    size_t n = factors->list.count, points = design->points;
    struct variants v = {.factors = factors, .points = points};
    size_t *first = mem_calloc(points, sizeof *first);

    assert(design->factors == n);
    v.values = mem_calloc(points * n + 1, sizeof *v.values);
    v.of_point = mem_calloc(points, sizeof *v.of_point);
    for (size_t p = 0; p < points; p++) {
        for (size_t f = 0; f < n; f++) {
            const struct design_place *place = design_at(design, p, f);

            v.values[p * n + f] =
                factors->list.items[f].sampled
                    ? sampled_value(factors, f, place->u, form, self)
                    : place->level;
        }
    }
    find_first(v.values, points, n, first);
    for (size_t p = 0; p < points; p++) {
        if (first[p] < p) {
            v.of_point[p] = v.of_point[first[p]];
            continue;
        }
        v.of_point[p] = v.count;
        memmove(v.values + v.count * n, v.values + p * n, n * sizeof(size_t));
        v.count++;
    }
    free(first);
    return v;
}

struct variants variants_single(const struct factors *factors)
{
    assert(factors->list.count == 0);
    return (struct variants){.factors = factors,
                             .count = 1,
                             .values = mem_calloc(1, sizeof(size_t)),
                             .points = 1,
                             .of_point = mem_calloc(1, sizeof(size_t))};
}

void variants_release(struct variants *variants)
{
    free(variants->values);
    free(variants->of_point);
    *variants = (struct variants){0};
}

void variants_keep(struct variants *variants, const bool *keep)
{
    size_t n = variants->factors->list.count, kept = 0;
    size_t *number = mem_calloc(variants->count, sizeof *number);

    for (size_t i = 0; i < variants->count; i++) {
        number[i] = keep[i] ? kept : SIZE_MAX;
        if (!keep[i])
            continue;
        memmove(variants->values + kept * n, variants->values + i * n,
                n * sizeof(size_t));
        kept++;
    }
    for (size_t p = 0; p < variants->points; p++)
        if (variants->of_point[p] != SIZE_MAX)
            variants->of_point[p] = number[variants->of_point[p]];
    variants->count = kept;
    free(number);
}

char *variant_name(const struct variants *variants, size_t variant)
{
    const struct factors *factors = variants->factors;
    char *name = mem_strdup("");

    for (size_t f = 0; f < factors->list.count; f++) {
        const struct factor *factor = &factors->list.items[f];
        size_t value = variant_value(variants, variant, f);
        char *longer = mem_printf("%s%s%s=%s", name, f ? ";" : "", factor->path,
                                  factor->values.items[value].text);

        free(name);
        name = longer;
    }
    return name;
}

size_t variants_find(const struct variants *variants, const size_t *values)
{
    size_t n = variants->factors->list.count, i = 0;

    while (i < variants->count &&
           memcmp(variants->values + i * n, values, n * sizeof *values) != 0)
        i++;
    return i;
}

void variants_add(struct variants *variants, const size_t *values)
{
    size_t n = variants->factors->list.count;

    if (variants_find(variants, values) < variants->count)
        return;
    variants->values = mem_realloc(
        variants->values, (variants->count + 1) * n + 1, sizeof *values);
    memcpy(variants->values + variants->count * n, values, n * sizeof *values);
    variants->count++;
}
