/*
 * node_cases - what becomes of nodes that are not Ready, and of pods on
 * tainted nodes.
 */
#include <string.h>

#include "models/controllers/nodelifecycle_rules.h"
#include "models/controllers/tainteviction_rules.h"
#include "sim/engine/dist.h"
#include "tests/conformance/conformance.h"

enum { MOST_ITEMS = 64 };

/* --- zones --- */

static const char *zone_of(struct test_case *c, struct doc_node *node)
{
    const char *zone = doc_text(node, "zone");
    const char *region = doc_text(node, "region");

    return intern_printf(c->intern, "%s:%s", region ? region : "",
                         zone ? zone : "");
}

static const char *state_of(struct test_case *c, const char *zone, bool after)
{
    static const char *const names[] = {"Initial", "Normal",
                                        "PartialDisruption", "FullDisruption"};
    struct doc_node *node, *later;
    int ready = 0, not_ready = 0;

    get_items(c->in, "nodes", &node);
    get_items(c->in, "readyAfter", &later);
    for (; node; node = node->next, later = later ? later->next : NULL) {
        const char *text = doc_text(node, "ready");
        bool is_ready;

        if (after && later)
            text = later->kind == DOC_NULL ? NULL : later->text;
        is_ready = text && strcmp(text, "True") == 0;
        if (strcmp(zone_of(c, node), zone) != 0 ||
            get_bool(node, "excludedFromDisruption", false))
            continue;
        ready += is_ready;
        not_ready += !is_ready;
    }
    return names[nodelifecycle_zone_state(
        ready, not_ready,
        get_double(c, c->in, "unhealthyZoneThreshold", 0.55))];
}

static void expect_states(struct test_case *c, const char *key, bool after)
{
    struct doc_node *wanted;

    get_items(c->expect, key, &wanted);
    for (; wanted; wanted = wanted->next)
        expect_text(c, wanted->key, wanted->text,
                    state_of(c, wanted->key, after));
}

void case_zone_disruption_state(struct test_case *c)
{
    expect_states(c, "before", false);
    expect_states(c, "after", true);
}

/* --- taints --- */

void case_taint_by_condition(struct test_case *c)
{
    struct doc_node *condition, *wanted;
    enum node_ready ready = NODE_TRUE;
    const char *keys[2];
    size_t count;

    get_items(c->in, "conditions", &condition);
    for (; condition; condition = condition->next) {
        if (strcmp(condition->key, "Ready") != 0) {
            case_skip(c, "no other condition than Ready is modelled");
            return;
        }
        if (strcmp(condition->text, "True") != 0)
            ready = strcmp(condition->text, "False") == 0 ? NODE_FALSE
                                                          : NODE_UNKNOWN;
    }
    count = nodelifecycle_condition_taints(
        ready, get_bool(c->in, "unschedulable", false), keys);
    expect_int(c, "taints", (int64_t)get_items(c->expect, "taints", &wanted),
               (int64_t)count);
    for (size_t i = 0; wanted && i < count; wanted = wanted->next, i++)
        expect_text(c, "taint", wanted->text,
                    intern_printf(c->intern, "%s:NoSchedule", keys[i]));
}

/* --- eviction --- */

/* Whole seconds; null: for ever. */
static sim_time read_period(struct test_case *c, const struct doc_node *node)
{
    return node->kind == DOC_NULL ? SIM_NEVER
                                  : sim_seconds(item_double(c, node));
}

void case_min_toleration_seconds(struct test_case *c)
{
    sim_time seconds[MOST_ITEMS], got;
    struct doc_node *node;
    size_t count = 0;

    get_items(c->in, "matchingTolerationSeconds", &node);
    for (; node && count < MOST_ITEMS; node = node->next)
        seconds[count++] = read_period(c, node);
    got = tainteviction_min_toleration(seconds, count);
    expect_near(c, "seconds", get_double(c, c->expect, "seconds", 0),
                got == SIM_NEVER ? -1 : sim_to_seconds(got), 1e-9);
}

void case_no_execute_eviction(struct test_case *c)
{
    struct toleration tolerations[MOST_ITEMS];
    struct taint taints[MOST_ITEMS];
    size_t taint_count = 0, toleration_count = 0;
    struct doc_node *node;

    get_items(c->in, "nodeTaints", &node);
    for (; node && taint_count < MOST_ITEMS; node = node->next)
        taints[taint_count++] =
            (struct taint){node->text, "", TAINT_NO_EXECUTE};
    get_items(c->in, "tolerations", &node);
    for (; node && toleration_count < MOST_ITEMS; node = node->next) {
        if (!node->first || !node->first->next) {
            case_fail(c, "a toleration without seconds");
            return;
        }
        tolerations[toleration_count++] =
            (struct toleration){.key = node->first->text,
                                .exists = true,
                                .value = "",
                                .effect = TAINT_NO_EXECUTE,
                                .seconds = read_period(c, node->first->next)};
    }
    expect_bool(c, "evicted immediately",
                get_bool(c->expect, "evictedImmediately", false),
                tainteviction_delay(taints, taint_count, tolerations,
                                    toleration_count) == 0);
}
