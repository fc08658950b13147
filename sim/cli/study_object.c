#include "sim/cli/study_object.h"

#include <stdlib.h>
#include <string.h>

#include "sim/io/units.h"

struct raw {
    char *description;
    struct doc_node *scenario, *factors, *design, *set, *baseline;
    int64_t replications, max_replications, seed;
    double precision;
};

static bool keep(const struct param *param, void *field, struct doc_node *node,
                 struct diag *diag)
{
    (void)param;
    (void)diag;
    doc_use_all(node);
    *(struct doc_node **)field = node;
    return true;
}

#define AT(field) offsetof(struct raw, field)

/* Numbers that were not given are 0; the seed is -1. */
static const struct param table[] = {
    {.name = "description", .type = PARAM_STRING, .offset = AT(description)},
    {.name = "scenario",
     .type = PARAM_CUSTOM,
     .offset = AT(scenario),
     .read = keep,
     .required = true},
    {.name = "factors",
     .type = PARAM_CUSTOM,
     .offset = AT(factors),
     .read = keep,
     .required = true},
    {.name = "design",
     .type = PARAM_CUSTOM,
     .offset = AT(design),
     .read = keep},
    {.name = "set", .type = PARAM_CUSTOM, .offset = AT(set), .read = keep},
    {.name = "baseline",
     .type = PARAM_CUSTOM,
     .offset = AT(baseline),
     .read = keep},
    {.name = "replications",
     .type = PARAM_INT,
     .offset = AT(replications),
     .min = 1,
     .max = 1e9},
    {.name = "maxReplications",
     .type = PARAM_INT,
     .offset = AT(max_replications),
     .min = 1,
     .max = 1e9},
    {.name = "seed",
     .type = PARAM_INT,
     .offset = AT(seed),
     .text = "-1",
     .min = -1,
     .max = -2},
    {.name = "precision",
     .type = PARAM_RATIO,
     .offset = AT(precision),
     .min = 1e-9,
     .max = 0.999999999},
    {0}};

struct reading {
    struct study_object *study;
    struct plan *plan;
    struct diag *diag;
    const char *path;
};

/* ---- values ---- */

/* A node as a user would write it on one line; a text without its quotes
 * where it is a name. */
static char *flow(const struct doc_node *node)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return mem_strdup("");
    doc_print_flow(node, out);
    fclose(out);
    return text;
}

static char *shown(const struct doc_node *node)
{
    return node->kind == DOC_SCALAR ? mem_strdup(node->text) : flow(node);
}

static bool add_value(struct reading *r, struct factor *factor,
                      const struct doc_node *node)
{
    char *text = shown(node), *value = flow(node);
    bool is_new = factor_find(factor, text) == factor->values.count;
    struct factor_value *added;

    if (is_new) {
        added = factor_add(factor, text, node->place);
        free(added->settings.items[0]);
        added->settings.items[0] = mem_printf("%s=%s", factor->path, value);
    } else {
        diag_error(r->diag, node->place, "value '%.60s' is given twice", text);
    }
    free(text);
    free(value);
    return is_new;
}

/* NAME: {PATH: VALUE, ..}: a named set of settings. */
static bool add_named(struct reading *r, struct factor *factor,
                      struct doc_node *node)
{
    struct factor_value value = {.text = mem_strdup(node->key),
                                 .place = node->place};
    const struct doc_node *child;

    if (node->kind != DOC_MAPPING && node->kind != DOC_NULL) {
        diag_error(r->diag, node->place,
                   "expected {PATH: VALUE, ..} for '%.60s'", node->key);
        free(value.text);
        return false;
    }
    for (child = node->first; child; child = child->next) {
        char *text = flow(child);

        VEC_PUSH(value.settings, mem_printf("%s=%s", child->key, text));
        free(text);
    }
    VEC_PUSH(factor->values, value);
    return true;
}

static bool is_distribution(const struct doc_node *node)
{
    return node->kind == DOC_MAPPING && node->count == 1 &&
           dist_kind_find(node->first->key);
}

static bool read_factor(struct reading *r, struct doc_node *node)
{
    struct factor *factor =
        factors_add(&r->plan->factors, node->key, node->place);
    struct doc_node *child;
    bool ok = true;

    if (is_distribution(node)) {
        factor->sampled = param_read_dist(node, &factor->dist, r->diag);
        return factor->sampled;
    }
    if (node->kind == DOC_SCALAR)
        return add_value(r, factor, node);
    for (child = node->first; child; child = child->next)
        ok &= node->kind == DOC_MAPPING ? add_named(r, factor, child)
                                        : add_value(r, factor, child);
    if (node->count > 0)
        return ok;
    diag_error(r->diag, node->place,
               "expected a list of values or a distribution for '%.200s'",
               node->key);
    return false;
}

static bool read_factors(struct reading *r, struct doc_node *node)
{
    struct doc_node *child;
    bool ok = true;

    if (node->kind != DOC_MAPPING || node->count == 0) {
        diag_error(r->diag, node->place,
                   "expected {PATH: [VALUE, ..]} for 'factors'");
        return false;
    }
    for (child = node->first; child; child = child->next)
        ok &= read_factor(r, child);
    return ok;
}

/* ---- design ---- */

static bool unknown_design(struct reading *r, const struct doc_node *node,
                           const char *word)
{
    diag_error(r->diag, node->place, "unknown design '%.60s'", word);
    diag_suggest(r->diag, word, plan_design_names);
    return false;
}

/* fullFactorial, or {morris: {trajectories: 10}}. */
static bool read_design(struct reading *r, struct doc_node *node)
{
    static const char *const sizes[] = {NULL, NULL, "samples", "trajectories"};
    struct doc_node *keys = node->kind == DOC_MAPPING ? node->first : NULL;
    const char *word = keys ? keys->key : node->text;
    struct doc_node *size;
    int64_t count;
    size_t i = 0;

    while (plan_design_names[i] && strcmp(plan_design_names[i], word) != 0)
        i++;
    if (!plan_design_names[i])
        return unknown_design(r, node, word);
    r->plan->design = (enum plan_design)i;
    if (!sizes[i])
        return true;
    size = doc_get(keys, sizes[i]);
    if (!size || keys->count != 1 || !units_int(size->text, &count) ||
        count < 1 || count > 1000000000) {
        diag_error(r->diag, node->place, "expected {%s: {%s: N}} for 'design'",
                   word, sizes[i]);
        return false;
    }
    r->plan->design_size = (size_t)count;
    return true;
}

/* ---- the rest ---- */

/* A path of the Study's as seen from here. */
static const char *relative(struct reading *r, const char *path)
{
    const char *slash = strrchr(r->path, '/');
    struct intern *in = r->study->intern;

    if (*path == '/' || !slash)
        return intern(in, path);
    return intern_printf(in, "%.*s/%s", (int)(slash - r->path), r->path, path);
}

static bool read_scenario(struct reading *r, const struct doc_node *node)
{
    const struct doc_node *child;
    bool ok = true;

    if (node->kind == DOC_SCALAR) {
        VEC_PUSH(r->study->files, relative(r, node->text));
        return true;
    }
    for (child = node->first; child; child = child->next) {
        ok &= child->kind == DOC_SCALAR && !child->key;
        VEC_PUSH(r->study->files, relative(r, child->text));
    }
    if (ok && node->count > 0)
        return true;
    diag_error(r->diag, node->place,
               "expected a file or a list of files for "
               "'scenario'");
    return false;
}

static bool read_pairs(struct reading *r, struct doc_node *node,
                       struct factor *out)
{
    const struct doc_node *child;

    if (node->kind != DOC_MAPPING) {
        diag_error(r->diag, node->place, "expected {PATH: VALUE} for '%s'",
                   node->key);
        return false;
    }
    for (child = node->first; child; child = child->next) {
        char *text = out == &r->study->baselines ? shown(child) : flow(child);
        struct factor_value value = {.text =
                                         mem_printf("%s=%s", child->key, text),
                                     .place = child->place};

        VEC_PUSH(out->values, value);
        free(text);
    }
    return true;
}

static bool read_sets(struct reading *r, struct doc_node *node)
{
    struct factor sets = {0};
    bool ok = read_pairs(r, node, &sets);

    for (size_t i = 0; i < sets.values.count; i++)
        VEC_PUSH(r->study->sets,
                 intern(r->study->intern, sets.values.items[i].text));
    factor_clear(&sets);
    return ok;
}

static bool translate(struct reading *r, const struct raw *raw)
{
    struct study_object *s = r->study;
    bool ok = read_scenario(r, raw->scenario);

    ok &= read_factors(r, raw->factors);
    if (raw->design)
        ok &= read_design(r, raw->design);
    if (raw->set)
        ok &= read_sets(r, raw->set);
    if (raw->baseline)
        ok &= read_pairs(r, raw->baseline, &s->baselines);
    s->compares = raw->baseline != NULL;
    if (raw->replications > 0)
        s->replications =
            intern_printf(s->intern, "%lld", (long long)raw->replications);
    if (raw->seed >= 0)
        s->seed = intern_printf(s->intern, "%lld", (long long)raw->seed);
    s->max_replications = (size_t)raw->max_replications;
    s->precision = raw->precision;
    return ok;
}

/* The one document of the file, and its name. */
static struct doc_node *read_document(struct reading *r)
{
    struct study_object *s = r->study;
    struct doc_node *root, *name;
    const char *kind, *api;

    if (!doc_read_path(s->docs, r->path, r->diag))
        return NULL;
    root = doc_count(s->docs) == 1 ? doc_root(s->docs, 0) : NULL;
    kind = root ? doc_text(root, "kind") : NULL;
    api = root ? doc_text(root, "apiVersion") : NULL;
    if (!kind || strcmp(kind, "Study") != 0 || !api ||
        strcmp(api, "podchurn/v1") != 0) {
        diag_error(r->diag, (struct place){.file = r->path},
                   "expected one document, apiVersion: podchurn/v1, kind: "
                   "Study");
        return NULL;
    }
    name = doc_path(root, "metadata", "name", NULL);
    if (!name || name->kind != DOC_SCALAR || *name->text == '.' ||
        strpbrk(name->text, "/ \t\n") || !*name->text) {
        diag_error(r->diag, name ? name->place : root->place,
                   "a Study needs metadata.name, without slashes and blanks");
        return NULL;
    }
    s->name = intern(s->intern, name->text);
    return root;
}

static bool add_input(struct reading *r)
{
    struct plan_input input;

    if (!doc_input(r->study->docs, 0, &input.name, &input.hash))
        return false;
    input.name = intern(r->plan->intern, input.name);
    VEC_PUSH(r->plan->inputs, input);
    return true;
}

bool study_object_read(struct study_object *study, const char *path,
                       struct plan *plan, struct diag *diag)
{
    struct reading r = {study, plan, diag, path};
    struct doc_node *root, *spec;
    struct raw raw = {0};
    bool ok;

    *study =
        (struct study_object){.docs = doc_set_new(), .intern = intern_new()};
    root = read_document(&r);
    if (!root)
        return false;
    doc_use_all(doc_get(root, "metadata"));
    spec = doc_get(root, "spec");
    if (!spec) {
        diag_error(diag, root->place, "a Study needs 'spec'");
        return false;
    }
    param_defaults(table, &raw, 0);
    ok = param_read(table, &raw, spec, 0, diag) && translate(&r, &raw);
    param_release(table, &raw);
    return add_input(&r) && ok;
}

void study_object_release(struct study_object *study)
{
    VEC_FREE(study->files);
    VEC_FREE(study->sets);
    factor_clear(&study->baselines);
    doc_set_free(study->docs);
    intern_free(study->intern);
}
