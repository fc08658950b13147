/*
 * A plan as JSON: what a shard, an interrupted study and other processes
 * know of it.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/cli/plan.h"
#include "sim/cli/version.h"
#include "sim/io/json.h"
#include "sim/io/units.h"

/* ---- writing ---- */

static void key(FILE *out, const char *name)
{
    fprintf(out, " \"%s\": ", name);
}

static void put_text(FILE *out, const char *name, const char *text)
{
    key(out, name);
    json_text(text, out);
    fputs(",\n", out);
}

static void put_count(FILE *out, const char *name, unsigned long long count)
{
    key(out, name);
    fprintf(out, "%llu,\n", count);
}

static void put_factors(const struct plan *plan, FILE *out)
{
    key(out, "factors");
    fputc('[', out);
    for (size_t f = 0; f < plan->factors.list.count; f++) {
        const struct factor *factor = &plan->factors.list.items[f];

        fputs(f ? ",\n  {\"path\": " : "\n  {\"path\": ", out);
        json_text(factor->path, out);
        fprintf(out, ", \"sampled\": %s, \"same\": %s, \"base\": %zu, ",
                factor->sampled ? "true" : "false",
                plan->same && plan->same[f] ? "true" : "false", factor->base);
        fputs("\"values\": [", out);
        for (size_t i = 0; i < factor->values.count; i++) {
            const struct factor_value *value = &factor->values.items[i];

            fputs(i ? ",\n   {\"text\": " : "\n   {\"text\": ", out);
            json_text(value->text, out);
            fputs(", \"settings\": [", out);
            for (size_t j = 0; j < value->settings.count; j++) {
                fputs(j ? ", " : "", out);
                json_text(value->settings.items[j], out);
            }
            fputs("]}", out);
        }
        fputs("]}", out);
    }
    fputs("],\n", out);
}

/* A number that may be none is one more than it is, or 0. */
static void put_variants(const struct plan *plan, FILE *out)
{
    key(out, "variants");
    fputc('[', out);
    for (size_t v = 0; v < plan->variants.count; v++) {
        fprintf(out, "%s[%zu, %zu", v ? ",\n  " : "\n  ", plan->layout_of[v],
                plan->baseline ? plan->baseline[v] + 1 : 0);
        for (size_t f = 0; f < plan->factors.list.count; f++)
            fprintf(out, ", %zu", variant_value(&plan->variants, v, f));
        fputc(']', out);
    }
    fputs("],\n", out);
    key(out, "points");
    fputc('[', out);
    for (size_t p = 0; p < plan->variants.points; p++)
        fprintf(out, "%s%zu", p ? ", " : "", plan->variants.of_point[p] + 1);
    fputs("],\n", out);
}

static void put_slo(const struct plan_slo *slo, FILE *out)
{
    fputs("{\"service\": ", out);
    json_text(slo->service, out);
    fputs(", \"metric\": ", out);
    json_text(slo->metric, out);
    fputs(", \"during\": ", out);
    json_text(slo->during, out);
    fputs(", \"text\": ", out);
    json_text(slo->target_text, out);
    fprintf(out, ", \"operator\": %d, \"target\": ", (int)slo->operator);
    json_number(slo->target, out);
    fputc('}', out);
}

static void put_layouts(const struct plan *plan, FILE *out)
{
    key(out, "layouts");
    fputc('[', out);
    for (size_t i = 0; i < plan->layouts.count; i++) {
        const struct plan_layout *layout = &plan->layouts.items[i];

        fputs(i ? ",\n  {\"rows\": [" : "\n  {\"rows\": [", out);
        for (size_t j = 0; j < layout->count; j++) {
            fputs(j ? ",\n   [" : "\n   [", out);
            json_text(layout->rows[j].service, out);
            fputs(", ", out);
            json_text(layout->rows[j].traffic, out);
            fprintf(out, ", \"%s\"]",
                    metric_infos[layout->rows[j].metric].name);
        }
        fputs("],\n   \"slos\": [", out);
        for (size_t j = 0; j < layout->slo_count; j++) {
            fputs(j ? ",\n    " : "", out);
            put_slo(&layout->slos[j], out);
        }
        fputs("]}", out);
    }
    fputs("]}\n", out);
}

static void put_sources(const struct plan *plan, FILE *out)
{
    key(out, "overrides");
    fputc('[', out);
    for (size_t i = 0; i < plan->overrides.count; i++) {
        fputs(i ? ", " : "", out);
        json_text(plan->overrides.items[i], out);
    }
    fputs("],\n", out);
    key(out, "inputs");
    fputc('[', out);
    for (size_t i = 0; i < plan->inputs.count; i++) {
        fputs(i ? ",\n  {\"file\": " : "\n  {\"file\": ", out);
        json_text(plan->inputs.items[i].name, out);
        fprintf(out, ", \"fnv1a64\": \"%016llx\"}", plan->inputs.items[i].hash);
    }
    fputs("],\n", out);
}

void plan_write(const struct plan *plan, FILE *out)
{
    fputs("{\"plan\": \"" PODCHURN_VERSION "\",\n", out);
    put_text(out, "command", plan->command);
    put_text(out, "name", plan->name);
    put_text(out, "scenario", plan->scenario);
    key(out, "seed");
    fprintf(out, "\"%llu\",\n", (unsigned long long)plan->seed);
    key(out, "duration");
    fprintf(out, "\"%lld\",\n", (long long)plan->duration);
    put_count(out, "replications", plan->replications);
    key(out, "precision");
    json_number(plan->precision, out);
    fputs(",\n", out);
    put_count(out, "maxReplications", plan->max_replications);
    put_count(out, "events", plan->events);
    put_count(out, "strict", plan->strict);
    put_count(out, "shard", plan->shard);
    put_count(out, "shards", plan->shards);
    put_count(out, "design", plan->design);
    put_count(out, "designSize", plan->design_size);
    put_sources(plan, out);
    put_factors(plan, out);
    put_variants(plan, out);
    put_layouts(plan, out);
}

/* ---- reading ---- */

struct reader {
    struct plan *plan;
    bool ok;
};

static const char *text_of(struct reader *r, struct doc_node *map,
                           const char *name)
{
    const char *text = doc_text(map, name);

    r->ok &= text != NULL;
    return intern(r->plan->intern, text ? text : "");
}

static unsigned long long number_in(struct reader *r, const char *text)
{
    char *end;
    unsigned long long n = strtoull(text, &end, 10);

    r->ok &= *text && !*end;
    return n;
}

static unsigned long long number_of(struct reader *r, struct doc_node *map,
                                    const char *name)
{
    return number_in(r, text_of(r, map, name));
}

static double double_of(struct reader *r, struct doc_node *map,
                        const char *name)
{
    double x = 0;

    r->ok &= units_double(text_of(r, map, name), &x);
    return x;
}

static struct doc_node *list_of(struct reader *r, struct doc_node *map,
                                const char *name)
{
    struct doc_node *list = doc_get(map, name);

    r->ok &= list && list->kind == DOC_SEQUENCE;
    return r->ok ? list->first : NULL;
}

static size_t count_of(struct reader *r, struct doc_node *map, const char *name)
{
    struct doc_node *list = doc_get(map, name);

    r->ok &= list && list->kind == DOC_SEQUENCE;
    return r->ok ? list->count : 0;
}

/* The flat facts. */
static void read_facts(struct reader *r, struct doc_node *root)
{
    struct plan *p = r->plan;

    p->command = text_of(r, root, "command");
    p->name = text_of(r, root, "name");
    p->scenario = text_of(r, root, "scenario");
    p->seed = number_of(r, root, "seed");
    p->duration = (sim_time)number_of(r, root, "duration");
    p->replications = number_of(r, root, "replications");
    p->precision = double_of(r, root, "precision");
    p->max_replications = number_of(r, root, "maxReplications");
    p->events = number_of(r, root, "events");
    p->strict = number_of(r, root, "strict");
    p->shard = number_of(r, root, "shard");
    p->shards = number_of(r, root, "shards");
    p->design = (enum plan_design)number_of(r, root, "design");
    p->design_size = number_of(r, root, "designSize");
    r->ok &= p->replications > 0 && p->max_replications > 0 &&
             p->design <= DESIGN_MORRIS;
}

static void read_sources(struct reader *r, struct doc_node *root)
{
    struct plan *p = r->plan;
    struct doc_node *item;

    for (item = list_of(r, root, "overrides"); item; item = item->next)
        VEC_PUSH(p->overrides, intern(p->intern, item->text));
    for (item = list_of(r, root, "inputs"); item; item = item->next) {
        struct plan_input input = {.name = text_of(r, item, "file")};

        input.hash = strtoull(text_of(r, item, "fnv1a64"), NULL, 16);
        VEC_PUSH(p->inputs, input);
    }
}

static void read_value(struct reader *r, struct factor *factor,
                       struct doc_node *item)
{
    struct factor_value value = {.text = mem_strdup(text_of(r, item, "text")),
                                 .place = factor->place};
    struct doc_node *setting;

    for (setting = list_of(r, item, "settings"); setting;
         setting = setting->next)
        VEC_PUSH(value.settings, mem_strdup(setting->text));
    VEC_PUSH(factor->values, value);
}

static void read_factors(struct reader *r, struct doc_node *root)
{
    struct plan *p = r->plan;
    struct place place = {.file = "plan"};
    size_t n = count_of(r, root, "factors"), f = 0;
    struct doc_node *item, *value;

    p->same = mem_calloc(n + 1, sizeof *p->same);
    for (item = list_of(r, root, "factors"); item; item = item->next) {
        struct factor *factor =
            factors_add(&p->factors, text_of(r, item, "path"), place);

        factor->sampled = strcmp(text_of(r, item, "sampled"), "true") == 0;
        factor->base = number_of(r, item, "base");
        p->same[f++] = strcmp(text_of(r, item, "same"), "true") == 0;
        for (value = list_of(r, item, "values"); value; value = value->next)
            read_value(r, factor, value);
    }
}

static size_t next_number(struct reader *r, struct doc_node **item)
{
    const char *text = *item ? (*item)->text : "";

    if (*item)
        *item = (*item)->next;
    return (size_t)number_in(r, text);
}

static void read_variant(struct reader *r, struct doc_node *item, size_t v)
{
    struct plan *p = r->plan;
    size_t n = p->factors.list.count, baseline;
    struct doc_node *number = item->first;

    p->layout_of[v] = next_number(r, &number);
    baseline = next_number(r, &number);
    if (baseline > 0 && !p->baseline)
        p->baseline = mem_calloc(count_of(r, item->parent->parent, "variants"),
                                 sizeof *p->baseline);
    if (baseline > 0)
        p->baseline[v] = baseline - 1;
    for (size_t f = 0; f < n; f++) {
        size_t value = next_number(r, &number);

        r->ok &= value < p->factors.list.items[f].values.count;
        p->variants.values[v * n + f] = value;
    }
}

static void read_variants(struct reader *r, struct doc_node *root)
{
    struct plan *p = r->plan;
    size_t count = count_of(r, root, "variants"), n = p->factors.list.count;
    struct doc_node *item;
    size_t i = 0;

    r->ok &= count > 0;
    p->variants = (struct variants){.factors = &p->factors, .count = count};
    p->variants.values = mem_calloc(count * n + 1, sizeof(size_t));
    p->variants.points = count_of(r, root, "points");
    p->variants.of_point = mem_calloc(p->variants.points + 1, sizeof(size_t));
    p->layout_of = mem_calloc(count + 1, sizeof *p->layout_of);
    p->names = mem_calloc(count + 1, sizeof *p->names);
    for (item = list_of(r, root, "variants"); item; item = item->next)
        read_variant(r, item, i++);
    i = 0;
    for (item = list_of(r, root, "points"); item; item = item->next)
        p->variants.of_point[i++] = (size_t)number_in(r, item->text) - 1;
    for (size_t v = 0; r->ok && v < count; v++) {
        char *name = variant_name(&p->variants, v);

        p->names[v] = intern(p->intern, name);
        free(name);
    }
}

static void read_row(struct reader *r, struct doc_node *item,
                     struct metric_row *row)
{
    struct doc_node *text = item->first;

    r->ok &= item->count == 3;
    if (!r->ok)
        return;
    row->service = intern(r->plan->intern, text->text);
    row->traffic = intern(r->plan->intern, text->next->text);
    row->metric = metric_find(item->last->text);
    r->ok &= row->metric < metric_count();
}

static void read_slo(struct reader *r, struct doc_node *item,
                     struct plan_slo *slo)
{
    slo->service = text_of(r, item, "service");
    slo->metric = text_of(r, item, "metric");
    slo->during = text_of(r, item, "during");
    slo->target_text = text_of(r, item, "text");
    slo->operator=(enum slo_operator) number_of(r, item, "operator");
    slo->target = double_of(r, item, "target");
    slo->metric_index = metric_find(slo->metric);
    r->ok &= slo->metric_index < metric_count();
}

static void read_layouts(struct reader *r, struct doc_node *root)
{
    struct plan *p = r->plan;
    struct doc_node *item, *child;

    for (item = list_of(r, root, "layouts"); item; item = item->next) {
        struct plan_layout layout = {count_of(r, item, "rows"), NULL,
                                     count_of(r, item, "slos"), NULL};
        size_t i = 0;

        layout.rows =
            intern_alloc(p->intern, layout.count * sizeof *layout.rows);
        layout.slos =
            intern_alloc(p->intern, layout.slo_count * sizeof *layout.slos);
        for (child = list_of(r, item, "rows"); child; child = child->next)
            read_row(r, child, &layout.rows[i++]);
        i = 0;
        for (child = list_of(r, item, "slos"); child; child = child->next)
            read_slo(r, child, &layout.slos[i++]);
        VEC_PUSH(p->layouts, layout);
    }
    for (size_t v = 0; v < p->variants.count; v++)
        r->ok &= p->layout_of[v] < p->layouts.count;
}

/* The one document of a set that was read, or not. */
static bool read_document(struct plan *plan, struct doc_set *docs,
                          const char *path, struct diag *diag)
{
    struct reader r = {plan, diag_errors(diag) == 0};
    struct doc_node *root = r.ok ? doc_root(docs, 0) : NULL;

    if (r.ok) {
        r.ok = strcmp(text_of(&r, root, "plan"), PODCHURN_VERSION) == 0;
        if (!r.ok)
            diag_error(diag, (struct place){.file = path},
                       "was made by another version of podchurn");
    }
    if (r.ok) {
        read_facts(&r, root);
        read_sources(&r, root);
        read_factors(&r, root);
        read_variants(&r, root);
        read_layouts(&r, root);
        if (!r.ok)
            diag_error(diag, (struct place){.file = path},
                       "is not a plan of podchurn's");
    }
    if (r.ok)
        plan_set_goals(plan);
    return r.ok;
}

bool plan_read(struct plan *plan, const char *path, struct diag *diag)
{
    struct doc_set *docs = doc_set_new();
    bool ok;

    plan_init(plan, "");
    ok = doc_read_path(docs, path, diag) &&
         read_document(plan, docs, path, diag);
    doc_set_free(docs);
    return ok;
}

bool plan_read_text(struct plan *plan, const char *text, struct diag *diag)
{
    struct doc_set *docs = doc_set_new();
    bool ok;

    plan_init(plan, "");
    ok = doc_read_text(docs, "plan", text, diag) &&
         read_document(plan, docs, "plan", diag);
    doc_set_free(docs);
    return ok;
}
