/*
 * lb_priority_cases - levels of priority, and panic.
 */
#include "models/network/priority_load.h"
#include "tests/conformance/lb_cases.h"

enum { MOST = LB_CASE_MOST };

static void read_level(struct test_case *c, const struct doc_node *row,
                       struct priority_level *level)
{
    uint32_t *const fields[] = {&level->hosts, &level->healthy,
                                &level->degraded, &level->excluded};
    const struct doc_node *node = row->first;

    *level = (struct priority_level){.hosts = 0};
    for (size_t i = 0; node && i < 4; node = node->next, i++)
        *fields[i] = (uint32_t)item_int(c, node);
}

void case_priority_panic_load(struct test_case *c)
{
    struct priority_level levels[MOST];
    struct doc_node *node;
    size_t count = 0, i;

    get_items(c->in, "levels_hosts_healthy_degraded_excluded", &node);
    for (; node && count < MOST; node = node->next)
        read_level(c, node, &levels[count++]);
    if (count == 0) {
        case_fail(c, "no levels");
        return;
    }
    priority_loads(levels, count,
                   (uint32_t)get_int(c, c->in, "overprovisioning", 140),
                   (uint32_t)get_int(c, c->in, "panicThreshold", 50));
    get_items(c->expect, "healthyLoadPercent", &node);
    for (i = 0; node && i < count; node = node->next, i++)
        expect_int(c, "healthy load", item_int(c, node),
                   levels[i].healthy_load);
    get_items(c->expect, "degradedLoadPercent", &node);
    for (i = 0; node && i < count; node = node->next, i++)
        expect_int(c, "degraded load", item_int(c, node),
                   levels[i].degraded_load);
    get_items(c->expect, "panic", &node);
    for (i = 0; node && i < count; node = node->next, i++)
        expect_text(c, "panic", node->text, levels[i].panic ? "true" : "false");
}
