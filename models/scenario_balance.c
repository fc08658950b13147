/*
 * spec.loadBalancing: strategies by name, with their parameters.
 */
#include <string.h>

#include "models/lb/lb.h"
#include "models/lb/weights.h"
#include "models/scenario_internal.h"
#include "sim/io/units.h"

static const struct lb_strategy *find(struct scenario_reader *r,
                                      const char *name, struct place place)
{
    const struct lb_strategy *strategy = lb_find(name);
    VEC_OF(const char *) names = {0};
    size_t i;

    if (strategy)
        return strategy;
    for (i = 0; lb_strategies[i]; i++)
        VEC_PUSH(names, lb_strategies[i]->name);
    VEC_PUSH(names, NULL);
    diag_error(r->diag, place, "unknown strategy '%.60s'", name);
    if (diag_nearest(name, names.items))
        diag_suggest(r->diag, name, names.items);
    else
        diag_hint(r->diag, "'podchurn list strategies' has them all");
    VEC_FREE(names);
    return NULL;
}

/* "p2c" or {p2c: {choices: 2}}. */
static bool strategy_read(struct scenario_reader *r, const struct raw_lb *raw,
                          struct lb_spec *out)
{
    struct doc_node *node = raw->strategy, *keys = NULL;
    struct place place = node->place;
    const char *name = node->text;
    void *config;

    if (node->kind == DOC_MAPPING && node->count == 1) {
        name = node->first->key;
        place = node->first->key_place;
        if (node->first->kind != DOC_NULL)
            keys = node->first;
    } else if (node->kind != DOC_SCALAR) {
        diag_error(r->diag, node->place,
                   "expected a name or {NAME: {keys}} for 'strategy'");
        return false;
    }
    out->strategy = find(r, name, place);
    if (!out->strategy)
        return false;
    if (!out->strategy->params) {
        if (!keys || (keys->kind == DOC_MAPPING && keys->count == 0))
            return true;
        diag_error(r->diag, keys->place, "strategy '%s' has no parameters",
                   name);
        return false;
    }
    config = intern_alloc(r->l.intern, out->strategy->config_size);
    param_defaults(out->strategy->params, config, r->l.kubernetes_minor);
    out->config = config;
    return param_read(out->strategy->params, config, keys,
                      r->l.kubernetes_minor, r->diag);
}

static bool level_read(struct scenario_reader *r, struct raw_lb *raw,
                       size_t index, struct lb_spec *out)
{
    struct doc_node *node =
        doc_get(reader_item(r, "loadBalancing", index), "level");

    if (!raw->level)
        raw->level = mem_strdup(raw->at == LB_PROXY ? "connection" : "request");
    out->per_request = strcmp(raw->level, "request") == 0;
    if (!out->per_request && strcmp(raw->level, "connection") != 0) {
        diag_error(r->diag, node->place,
                   "expected connection or request for 'level', got '%.60s'",
                   raw->level);
        return false;
    }
    if (out->per_request && raw->at == LB_PROXY) {
        diag_error(r->diag, node->place,
                   "a proxy balances connections: level request needs 'at: "
                   "client' or 'at: gateway'");
        return false;
    }
    return true;
}

/* True where all pods that the Service selects have the label "KEY=VALUE". */
static bool all_have(const struct service_spec *s, const char *text)
{
    for (size_t i = 0; i < s->selector.count; i++) {
        const struct requirement *q = &s->selector.items[i];
        size_t length = strlen(q->key);

        if (q->operator== SELECTOR_IN && q->count == 1 &&
                strncmp(text, q->key, length) == 0 &&
            text[length] == '=' && strcmp(text + length + 1, q->values[0]) == 0)
            return true;
    }
    return false;
}

/* Weights that leave nothing to pick. */
static bool weights_check(struct scenario_reader *r, const struct lb_spec *lb,
                          const struct service_spec *s, struct place place)
{
    const struct lb_weights *weights = lb->config;
    bool any = false, first = true;

    if (!lb->strategy || !lb->strategy->weighted || !weights ||
        weights->count == 0)
        return true;
    for (size_t i = 0; i < weights->count; i++)
        any |= weights->items[i].weight > 0;
    first = weights->items[0].weight == 0 && all_have(s, weights->items[0].key);
    if ((any || weights->count < 2) && !first)
        return true;
    diag_error(r->diag, place,
               "all weights are 0: no endpoint of Service '%s' could be picked",
               s->meta.name);
    return false;
}

static bool bad_view(struct scenario_reader *r, const struct doc_node *node)
{
    diag_error(r->diag, node->place,
               "expected own, true, {delay: T} or {every: T} with T above 0 "
               "for 'view'");
    return false;
}

static bool view_read(struct scenario_reader *r, const struct raw_lb *raw,
                      struct lb_spec *out)
{
    const struct doc_node *node = raw->view, *time;

    out->view_given = node != NULL;
    if (!node)
        return true;
    if (node->kind == DOC_SCALAR && strcmp(node->text, "own") == 0)
        return true;
    if (node->kind == DOC_SCALAR && strcmp(node->text, "true") == 0) {
        out->view.kind = LB_VIEW_TRUE;
    } else {
        if (node->kind != DOC_MAPPING || node->count != 1)
            return bad_view(r, node);
        time = node->first;
        if (strcmp(time->key, "delay") == 0)
            out->view.kind = LB_VIEW_DELAY;
        else if (strcmp(time->key, "every") == 0)
            out->view.kind = LB_VIEW_EVERY;
        if (out->view.kind == LB_VIEW_OWN || time->kind != DOC_SCALAR ||
            !units_duration(time->text, &out->view.time) || out->view.time <= 0)
            return bad_view(r, time);
    }
    if (!out->strategy || out->strategy->by_load)
        return true;
    diag_error(r->diag, node->place,
               "strategy '%s' does not choose by load: a view of it makes no "
               "difference",
               out->strategy->name);
    return false;
}

/* It is kube-proxy's: who sends to pods' addresses does not ask it (so do
 * ingress-nginx, Envoy, gRPC). */
static void warn_of_affinity(struct scenario_reader *r,
                             const struct lb_spec *lb,
                             const struct service_spec *s, struct place place)
{
    if (s->client_ip_affinity && lb->at != LB_PROXY)
        diag_warning(r->diag, place,
                     "the sessionAffinity of Service '%s' is kube-proxy's: "
                     "balancers at a %s send to pods, and ignore it",
                     s->meta.name, lb->at == LB_GATEWAY ? "gateway" : "client");
}

static bool entry_read(struct scenario_reader *r, struct raw_lb *raw,
                       size_t index, struct lb_spec *out)
{
    struct doc_node *item = reader_item(r, "loadBalancing", index);
    struct place place = item ? item->place : r->strategy_place;
    struct doc_node *service = doc_get(item, "service");
    const struct service_spec *s;
    bool ok = true;

    out->place = place;
    out->at = raw->at;
    out->instances = raw->instances;
    s = reader_find_service(r, raw->service, service ? service->place : place);
    if (s) {
        out->space = s->meta.space;
        out->service = s->meta.name;
        warn_of_affinity(r, out, s, place);
    }
    ok &= strategy_read(r, raw, out);
    ok &= view_read(r, raw, out);
    ok &= !s || weights_check(r, out, s, raw->strategy->place);
    if (!level_read(r, raw, index, out))
        return false;
    return scenario_gateway(r, raw, item, out) && ok && s;
}

/* The value of --set strategy=: a name or {NAME: {keys}}. NULL: an error. */
static struct doc_node *strategy_value(struct scenario_reader *r)
{
    struct doc_node *map = doc_new_mapping(r->l.docs, r->strategy_place);
    struct doc_node *value;

    if (!doc_set_path(r->l.docs, map, "strategy", r->strategy,
                      r->strategy_place, r->diag))
        return NULL;
    value = doc_get(map, "strategy");
    if (!value)
        diag_error(r->diag, r->strategy_place,
                   "expected a name or {NAME: {keys}} for 'strategy'");
    return value;
}

/* --set strategy=...: an entry for each Service with traffic and none. */
static bool complete(struct scenario_reader *r)
{
    const struct scenario *s = r->s;
    struct param_list *list = &r->raw->lbs;
    struct raw_lb *one;
    const char *space, *name;
    struct doc_node *value = r->strategy ? strategy_value(r) : NULL;
    size_t i, j;

    for (i = 0; value && i < s->traffic_count; i++) {
        for (j = 0; j < list->count; j++) {
            one = (struct raw_lb *)list->items + j;
            reader_split_name(r, one->service, &space, &name);
            if (space == s->traffic[i].space && name == s->traffic[i].service)
                break;
        }
        if (j < list->count || !s->traffic[i].service)
            continue;
        one = raw_append(list, scenario_lb_table, sizeof *one,
                         r->l.kubernetes_minor);
        one->service =
            mem_printf("%s/%s", s->traffic[i].space, s->traffic[i].service);
        one->strategy = value;
    }
    return value || !r->strategy;
}

static bool is_first(const struct lb_spec *items, size_t index)
{
    size_t i;

    for (i = 0; i < index; i++)
        if (items[i].service == items[index].service &&
            items[i].space == items[index].space)
            return false;
    return true;
}

bool scenario_build_lbs(struct scenario_reader *r)
{
    struct lb_spec *items;
    struct raw_lb *raw;
    size_t count, i;
    bool ok;

    ok = complete(r);
    count = r->raw->lbs.count;
    raw = r->raw->lbs.items;
    items = intern_alloc(r->l.intern, count * sizeof *items);
    r->s->lb_count = count;
    r->s->lbs = items;
    for (i = 0; i < count; i++) {
        if (!entry_read(r, &raw[i], i, &items[i])) {
            ok = false;
        } else if (!is_first(items, i)) {
            diag_error(r->diag, items[i].place,
                       "Service '%s' has a strategy already", raw[i].service);
            ok = false;
        }
    }
    return ok;
}
