/*
 * proxy_cases - which endpoints a node's proxy uses.
 */
#include <string.h>

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
