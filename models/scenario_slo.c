/*
 * spec.slo and --slo: what is to be met.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "models/metrics/metrics.h"
#include "models/scenario_internal.h"
#include "sim/io/units.h"

/* ---- --slo '[ns/svc:]metric >= 99.9%' ---- */

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

static bool add_expression(struct scenario_reader *r, const char *text)
{
    struct place place = {.file = intern_printf(r->l.intern, "--slo %s", text)};
    const char *sign = strpbrk(text, "<>"), *colon = strchr(text, ':');
    struct raw_slo *slo;
    const char *metric = text;

    if (!sign || (colon && colon > sign)) {
        diag_error(r->diag, place, "expected '[SERVICE:]METRIC >= VALUE'");
        return false;
    }
    slo = raw_append(&r->raw->slos, scenario_slo_table, sizeof *slo,
                     r->l.kubernetes_minor);
    if (colon) {
        slo->service = trimmed(text, (size_t)(colon - text));
        metric = colon + 1;
    }
    slo->metric = trimmed(metric, (size_t)(sign - metric));
    slo->target = trimmed(sign, strlen(sign));
    return true;
}

/* ---- one objective ---- */

/* ">= 99.9%", "< 250ms", "<= 3". */
static bool target_read(const char *text, struct slo_spec *out)
{
    sim_time time;

    if (text[0] != '>' && text[0] != '<')
        return false;
    if (text[1] == '=')
        out->operator= text[0] == '>' ? SLO_GE : SLO_LE;
    else
        out->operator= text[0] == '>' ? SLO_GT : SLO_LT;
    text += text[1] == '=' ? 2 : 1;
    text += strspn(text, " \t");
    if (units_ratio(text, &out->target))
        return true;
    if (!units_duration(text, &time))
        return false;
    out->target = (double)time / 1e9;
    return true;
}

static bool metric_read(struct scenario_reader *r, const struct raw_slo *raw,
                        struct place place, struct slo_spec *out)
{
    VEC_OF(const char *) names = {0};
    size_t index = metric_find(raw->metric), i;

    out->metric = intern(r->l.intern, raw->metric);
    if (index < metric_count()) {
        if (out->service && metric_infos[index].level == LEVEL_CLUSTER) {
            diag_error(r->diag, place,
                       "'%s' is of the whole cluster, not of a Service",
                       raw->metric);
            return false;
        }
        return true;
    }
    for (i = 0; i < metric_count(); i++)
        VEC_PUSH(names, metric_infos[i].name);
    VEC_PUSH(names, NULL);
    diag_error(r->diag, place, "unknown metric '%.60s'", raw->metric);
    diag_suggest(r->diag, raw->metric, names.items);
    diag_hint(r->diag, "'podchurn list metrics' has them all");
    VEC_FREE(names);
    return false;
}

static bool during_read(struct scenario_reader *r, const char *name,
                        struct place place, struct slo_spec *out)
{
    VEC_OF(const char *) names = {0};
    size_t i;

    out->during = intern(r->l.intern, name);
    for (i = 0; i < r->s->timeline_count; i++) {
        if (r->s->timeline[i].name == out->during) {
            VEC_FREE(names);
            return true;
        }
        VEC_PUSH(names, r->s->timeline[i].name);
    }
    VEC_PUSH(names, NULL);
    diag_error(r->diag, place, "no timeline entry '%.60s'", name);
    diag_suggest(r->diag, name, names.items);
    VEC_FREE(names);
    return false;
}

static bool slo_read(struct scenario_reader *r, const struct raw_slo *raw,
                     size_t index, struct slo_spec *out)
{
    struct doc_node *item = reader_item(r, "slo", index);
    struct doc_node *metric = doc_get(item, "metric");
    struct doc_node *target = doc_get(item, "target");
    struct doc_node *service = doc_get(item, "service");
    struct doc_node *during = doc_get(item, "during");
    struct place place = {.file = "--slo"};
    const struct service_spec *s;
    bool ok = true;

    out->place = item ? item->place : place;
    if (raw->service) {
        s = reader_find_service(r, raw->service,
                                service ? service->place : out->place);
        ok = s;
        out->space = s ? s->meta.space : NULL;
        out->service = s ? s->meta.name : NULL;
    }
    ok &= metric_read(r, raw, metric ? metric->place : out->place, out);
    out->target_text = intern(r->l.intern, raw->target);
    if (!target_read(raw->target, out)) {
        diag_error(r->diag, target ? target->place : out->place,
                   "expected for example '>= 99.9%%' for 'target', got "
                   "'%.60s'",
                   raw->target);
        ok = false;
    }
    out->within = raw->within;
    if (raw->during)
        ok &= during_read(r, raw->during, during ? during->place : out->place,
                          out);
    else if (raw->within != SIM_NEVER && item) {
        diag_error(r->diag, doc_get(item, "within")->place,
                   "'within' needs 'during'");
        ok = false;
    }
    return ok;
}

bool scenario_build_slos(struct scenario_reader *r)
{
    const struct raw_slo *raw;
    struct slo_spec *items;
    size_t i;
    bool ok = true;

    for (i = 0; i < r->options->slo_count; i++)
        ok &= add_expression(r, r->options->slos[i]);
    raw = r->raw->slos.items;
    items = intern_alloc(r->l.intern, r->raw->slos.count * sizeof *items);
    for (i = 0; i < r->raw->slos.count; i++)
        ok &= slo_read(r, &raw[i], i, &items[i]);
    r->s->slo_count = r->raw->slos.count;
    r->s->slos = items;
    return ok;
}
