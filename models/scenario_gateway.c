/*
 * spec.loadBalancing[] of gateways and sidecars: blocks, and translation.
 */
#include <stddef.h>
#include <string.h>

#include "models/scenario_internal.h"

/* ---- blocks that are absent unless given ---- */

static bool is_word(const struct doc_node *node, const char *word)
{
    return node->kind == DOC_SCALAR && strcmp(node->text, word) == 0;
}

/* A mapping, or a word that says whether there is one. */
bool custom_block(const struct param *param, void *field, struct doc_node *node,
                  struct diag *diag)
{
    bool *on = field; /* each of these structs begins with it */

    *on = false;
    if (node->kind == DOC_NULL || is_word(node, "false"))
        return true;
    if (is_word(node, "true")) {
        param_defaults(param->table, field, 0);
        *on = true;
        return true;
    }
    if (node->kind != DOC_MAPPING) {
        doc_use_all(node);
        diag_error(diag, node->place, "expected a mapping or null for '%s'",
                   param->name);
        return false;
    }
    param_defaults(param->table, field, 0);
    *on = true;
    return param_read(param->table, field, node, 0, diag);
}

void custom_print_block(const struct param *param, const void *field, FILE *out,
                        int indent)
{
    const bool *on = field;

    if (!*on) {
        fputs("null\n", out);
        return;
    }
    fputc('\n', out);
    param_print(param->table, field, out, indent + 2);
}

/* ---- translation ---- */

/* What only a balancer of requests can do, or only a gateway. */
static bool keys_fit(struct scenario_reader *r, const struct raw_lb *raw,
                     struct doc_node *item, bool per_request)
{
    const struct gateway_spec *g = &raw->gateway;
    bool proxy = raw->at == LB_PROXY, gateway = raw->at == LB_GATEWAY;
    const struct {
        const char *name, *needs;
        bool wrong;
    } all[] = {
        {"instances", "at: gateway", !gateway && raw->instances != 1},
        {"location", "at: gateway",
         !gateway && strcmp(raw->location, "nodes") != 0},
        {"healthCheck", "at: client' or 'at: gateway", proxy && g->health.on},
        {"outlierDetection", "at: client' or 'at: gateway",
         proxy && g->outlier.on},
        {"zones", "at: client' or 'at: gateway",
         proxy && g->zones.mode != ZONES_ANY},
        {"circuitBreaker", "level: request", !per_request && g->breaker.on},
        {"retries", "at: gateway' and 'level: request",
         (!per_request || !gateway) && raw->retries.on},
    };
    bool ok = true;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        const struct doc_node *node = doc_get(item, all[i].name);

        if (!all[i].wrong)
            continue;
        diag_error(r->diag, node ? node->place : r->strategy_place,
                   "'%s' needs '%s'", all[i].name, all[i].needs);
        ok = false;
    }
    return ok;
}

static bool location_read(struct scenario_reader *r, const struct raw_lb *raw,
                          struct place place, struct gateway_spec *out)
{
    out->location = AT_NODES;
    if (strcmp(raw->location, "nodes") == 0)
        return true;
    out->location = AT_EXTERNAL;
    if (strcmp(raw->location, "external") == 0)
        return true;
    out->location = AT_ZONE;
    if (strncmp(raw->location, "zone/", 5) == 0) {
        out->zone = intern(r->l.intern, raw->location + 5);
        for (size_t i = 0; i < r->s->cluster.node_count; i++)
            if (r->s->cluster.nodes[i].zone == out->zone)
                return true;
        diag_error(r->diag, place, "no node is in zone '%.60s'", out->zone);
        return false;
    }
    diag_error(r->diag, place,
               "expected nodes, external or zone/NAME for 'location', got "
               "'%.60s'",
               raw->location);
    return false;
}

static struct place place_of(struct scenario_reader *r, struct doc_node *item,
                             const char *key)
{
    const struct doc_node *node = doc_get(item, key);

    return node ? node->place : item ? item->place : r->strategy_place;
}

bool scenario_gateway(struct scenario_reader *r, const struct raw_lb *raw,
                      struct doc_node *item, struct lb_spec *out)
{
    struct gateway_spec *g = &out->gateway;
    bool ok = keys_fit(r, raw, item, out->per_request);

    *g = raw->gateway;
    if (r->s->ideal && !doc_get(item, "discovery")) {
        g->discovery.quiet = g->discovery.longest = 0;
        g->discovery.push = dist_constant(0);
    }
    ok &= location_read(r, raw, place_of(r, item, "location"), g);
    if (!raw->retries.on)
        return ok;
    g->retries =
        (struct gateway_retry_spec){.on = true,
                                    .most = raw->retries.most,
                                    .each = raw->retries.each,
                                    .base = raw->retries.backoff.base,
                                    .longest = raw->retries.backoff.max};
    return scenario_causes(r, &raw->retries.on_causes,
                           place_of(r, item, "retries"), &g->retries.causes) &&
           ok;
}
