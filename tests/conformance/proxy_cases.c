/*
 * proxy_cases - which endpoints a node's proxy uses.
 */
#include <math.h>
#include <string.h>

#include "models/lb/lb.h"
#include "models/network/affinity.h"
#include "models/network/categorize.h"
#include "models/world.h"
#include "tests/conformance/conformance.h"

enum { MOST_ENDPOINTS = 256 };

/* HINT_... of a list of names. */
static unsigned read_hints(struct doc_node *endpoint, const char *key,
                           const char *own, unsigned any, unsigned mine)
{
    struct doc_node *hint;
    unsigned hints = get_items(endpoint, key, &hint) > 0 ? any : 0;

    for (; hint; hint = hint->next)
        if (own && strcmp(hint->text, own) == 0)
            hints |= mine;
    return hints;
}

static size_t read_endpoints(struct test_case *c, struct proxy_endpoint *e)
{
    const char *node = doc_text(c->in, "nodeName");
    const char *zone = doc_text(c->in, "nodeZone");
    struct doc_node *item;
    size_t count = 0;

    get_items(c->in, "endpoints", &item);
    for (; item && count < MOST_ENDPOINTS; item = item->next) {
        unsigned flags =
            (get_bool(item, "ready", false) ? ENDPOINT_READY : 0U) |
            (get_bool(item, "serving", false) ? ENDPOINT_SERVING : 0U) |
            (get_bool(item, "terminating", false) ? ENDPOINT_TERMINATING : 0U);
        unsigned hints =
            read_hints(item, "nodeHints", node, HINT_NODES, HINT_NODE) |
            read_hints(item, "zoneHints", zone, HINT_ZONES, HINT_ZONE);

        e[count++] =
            (struct proxy_endpoint){.flags = (uint8_t)flags,
                                    .hints = (uint8_t)hints,
                                    .local = get_bool(item, "local", false)};
    }
    return count;
}

/* The endpoints used so are those listed, in any order. */
static void expect_list(struct test_case *c, const char *key,
                        const struct proxy_endpoint *e, size_t count,
                        unsigned use)
{
    struct doc_node *item, *listed, *first;
    size_t wanted = get_items(c->expect, key, &first), got = 0;

    get_items(c->in, "endpoints", &item);
    for (size_t i = 0; item && i < count; i++, item = item->next) {
        const char *name = doc_text(item, "ep");

        for (listed = first; listed; listed = listed->next)
            if (name && strcmp(listed->text, name) == 0)
                break;
        expect_bool(c, intern_printf(c->intern, "%s in %s", name, key),
                    listed != NULL, e[i].use & use);
        got += (e[i].use & use) != 0;
    }
    expect_int(c, key, (int64_t)wanted, (int64_t)got);
}

void case_categorize_endpoints(struct test_case *c)
{
    struct proxy_endpoint endpoints[MOST_ENDPOINTS];
    struct proxy_service service =
        categorize_service(get_bool(c->in, "internalTrafficPolicyLocal", false),
                           get_bool(c->in, "externalTrafficPolicyLocal", false),
                           get_int(c, c->in, "nodePort", 0) != 0);
    size_t count = read_endpoints(c, endpoints);

    service.prefer_node = get_bool(c->in, "preferSameEnabled", false);
    expect_bool(c, "has any", get_bool(c->expect, "hasAny", false),
                categorize_endpoints(&service, endpoints, count));
    expect_list(c, "cluster", endpoints, count, USE_CLUSTER);
    expect_list(c, "local", endpoints, count, USE_LOCAL);
    expect_list(c, "all", endpoints, count, USE_CLUSTER | USE_LOCAL);
}

/* --- what the rules and the affinity choose --- */

enum { MOST_PICKS = 64, SHARE_DRAWS = 400000 };

static struct endpoint_set *endpoints_made(struct test_case *c, int64_t count)
{
    struct endpoint_set *set = endpoint_set_new(0, (uint32_t)count);

    (void)c;
    for (uint32_t i = 0; i < set->count; i++)
        set->endpoints[i] = (struct endpoint){
            .pod = i, .slot = i, .flags = ENDPOINT_READY | ENDPOINT_SERVING};
    set->usable = set->ready = set->slots = set->count;
    set->sequence = 1;
    return set;
}

/* Each rule of a chain takes a share of what those before it left: rule i of
 * n takes 1/(n-i), the last all. */
static const char *probability(struct test_case *c, int64_t remaining)
{
    return intern_printf(c->intern, "%.10f", 1.0 / (double)remaining);
}

void case_iptables_probability(struct test_case *c)
{
    expect_text(c, "probability", get_text(c, c->expect, "probability"),
                probability(c, get_int(c, c->in, "remainingEndpoints", 1)));
}

/* The strategy that stands for the chain picks with its shares. */
void case_iptables_rule_chain(struct test_case *c)
{
    int64_t count = get_int(c, c->in, "endpoints", 1);
    struct endpoint_set *set = endpoints_made(c, count);
    int64_t *picks = intern_alloc(c->intern, (size_t)count * sizeof *picks);
    struct doc_node *rule, *share;
    struct lb_balancer b;
    struct rng rng;

    rng_init(&rng, (struct rng_root){1, 0}, "chain", NULL, 0);
    lb_balancer_init(&b, &lb_random, NULL);
    for (int i = 0; i < SHARE_DRAWS; i++)
        picks[lb_balancer_pick(&b, set, &rng, 0, 0)->pod]++;
    expect_int(c, "rules", count,
               (int64_t)get_items(c->expect, "ruleProbabilities", &rule));
    get_items(c->expect, "effectiveShare", &share);
    for (int64_t i = 0; i < count && rule; i++, rule = rule->next) {
        expect_text(c, "rule", rule->text,
                    i + 1 < count ? probability(c, count - i) : "fallthrough");
        if (!share)
            continue;
        expect_near(c, "share", item_double(c, share),
                    (double)picks[i] / SHARE_DRAWS,
                    4.5 * sqrt(0.25 / SHARE_DRAWS));
        share = share->next;
    }
    lb_balancer_release(&b);
    endpoint_set_release(set);
}

struct affinity_case {
    struct endpoint_set *set;
    struct affinity table;
    struct lb_balancer balancer;
    struct rng rng;
    sim_time timeout; /* 0: no affinity */
};

static int64_t pick_for(struct affinity_case *a, uint64_t client)
{
    const struct endpoint *e = NULL;

    if (a->timeout > 0)
        e = affinity_find(&a->table, 0, client, a->set, 0, a->timeout);
    if (!e)
        e = lb_balancer_pick(&a->balancer, a->set, &a->rng, client, 0);
    affinity_note(&a->table, 0, client, e->pod, 0);
    return e->pod;
}

static void expect_picks(struct test_case *c, struct affinity_case *a,
                         const char *clients, const char *picks)
{
    struct doc_node *client, *pick;
    size_t named = get_items(c->in, clients, &client);
    size_t count = get_items(c->expect, picks, &pick);

    if (named > 0 && named != count)
        case_fail(c, "%zu clients, %zu picks", named, count);
    for (; pick; pick = pick->next) {
        expect_int(c, picks, item_int(c, pick),
                   pick_for(a, client ? rng_hash(client->text) : 0));
        client = client ? client->next : NULL;
    }
}

/* Takes an endpoint out, as another version of the set. */
static void remove_endpoint(struct affinity_case *a, int64_t index)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < a->set->count; i++)
        if (a->set->endpoints[i].pod != index)
            a->set->endpoints[kept++] = a->set->endpoints[i];
    a->set->usable = a->set->ready = a->set->count = kept;
    a->set->sequence++;
}

void case_client_affinity(struct test_case *c)
{
    struct affinity_case a = {.timeout = 0};
    const char *affinity = doc_text(c->in, "affinity");

    a.set = endpoints_made(c, get_int(c, c->in, "endpoints", 0));
    if (affinity && strcmp(affinity, "ClientIP") == 0)
        a.timeout = get_int(c, c->in, "timeoutSeconds", 10800) * SIM_S;
    rng_init(&a.rng, (struct rng_root){1, 0}, "affinity", NULL, 0);
    lb_balancer_init(&a.balancer, &lb_ipvs_rr, NULL); /* begins at 0 */
    expect_bool(c, "error", get_bool(c->expect, "error", false),
                a.set->usable == 0);
    if (a.set->usable > 0) {
        expect_picks(c, &a, "clients", "picks");
        remove_endpoint(&a, get_int(c, c->in, "thenRemoveEndpoint", -1));
        expect_picks(c, &a, "thenClients", "thenPicks");
    }
    affinity_release(&a.table);
    lb_balancer_release(&a.balancer);
    endpoint_set_release(a.set);
}
