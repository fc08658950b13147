/*
 * hpa_cases - what the HorizontalPodAutoscaler makes of metrics, windows and
 * policies.
 */
#include <string.h>

#include "models/controllers/horizontalpodautoscaler_rules.h"
#include "sim/engine/dist.h"
#include "sim/io/units.h"
#include "tests/conformance/conformance.h"

enum { MOST_PODS = 64, MOST_POLICIES = 8 };

/* Any time that lies after all others. */
static const sim_time now = 30 * 365 * SIM_DAY;

/* The i-th item of a sequence; NULL beyond its end. */
static struct doc_node *item(struct doc_node *map, const char *key, size_t i)
{
    struct doc_node *node;

    get_items(map, key, &node);
    while (node && i-- > 0)
        node = node->next;
    return node;
}

static bool item_true(struct doc_node *map, const char *key, size_t i,
                      bool otherwise)
{
    struct doc_node *node = item(map, key, i);

    return node ? strcmp(node->text, "true") == 0 : otherwise;
}

/* "0.9" cores in thousandths. */
static int64_t item_milli(struct test_case *c, const struct doc_node *node)
{
    int64_t value;

    if (!units_quantity(node->text, 1000, &value)) {
        case_fail(c, "bad quantity '%s'", node->text);
        return 0;
    }
    return value;
}

/* The table's conventions: every pod is old unless its age is given; its
 * sample, of a window of 60 s, is no older than its condition. */
static void read_state(struct test_case *c, struct hpa_pod *pod, size_t i)
{
    struct doc_node *phase = item(c->in, "podPhase", i);
    struct doc_node *age = item(c->in, "podAgeSeconds", i);

    pod->pending = phase && strcmp(phase->text, "Pending") == 0;
    pod->failed = phase && strcmp(phase->text, "Failed") == 0;
    pod->terminating = item_true(c->in, "podTerminating", i, false);
    pod->has_condition = true;
    pod->ready = item_true(c->in, "podReady", i, true);
    pod->started = age ? now - sim_seconds(item_double(c, age)) : 0;
    pod->ready_since = pod->started;
    pod->sampled = now;
    pod->window = 60 * SIM_S;
}

static size_t longest(struct test_case *c, size_t count)
{
    static const char *const keys[] = {"podPhase", "podReady", "podTerminating",
                                       "podRequestsPerContainer",
                                       "usageMilliPerContainer"};
    struct doc_node *first;

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        size_t n = get_items(c->in, keys[i], &first);

        count = n > count ? n : count;
    }
    return count < MOST_PODS ? count : MOST_PODS;
}

static struct hpa_params read_params(struct test_case *c)
{
    return (struct hpa_params){
        .tolerance_down = get_double(c, c->in, "toleranceDown", 0.1),
        .tolerance_up = get_double(c, c->in, "toleranceUp", 0.1),
        .cpu_initialization_period = 120 * SIM_S,
        .initial_readiness_delay = 10 * SIM_S,
        .now = now,
    };
}

/* --- one metric --- */

/* Two containers each, all of the same request; `container` picks one. */
static void read_usage(struct test_case *c, struct hpa_pod *pod, size_t i)
{
    struct doc_node *usage = item(c->in, "usageMilliPerContainer", i);
    struct doc_node *request = item(c->in, "podRequestsPerContainer", i);
    int64_t which = get_int(c, c->in, "container", -1), k = 0;

    pod->request = request ? item_milli(c, request) : -1;
    if (which < 0 && request)
        pod->request *= 2;
    if (!usage)
        return;
    for (usage = usage->first; usage; usage = usage->next, k++) {
        if (which < 0 || which == k) {
            pod->usage += item_int(c, usage);
            pod->has_metric = true;
        }
    }
}

void case_hpa_resource(struct test_case *c)
{
    struct hpa_pod pods[MOST_PODS] = {0};
    struct hpa_params params = read_params(c);
    size_t count = longest(c, 0);
    int current = (int)get_int(c, c->in, "currentReplicas", 0);
    int64_t target = get_int(c, c->in, "targetUtilization", 0);
    const char *resource = get_text(c, c->in, "resource");
    struct hpa_proposal got;

    params.cpu = resource && strcmp(resource, "cpu") == 0;
    for (size_t i = 0; i < count; i++) {
        read_state(c, &pods[i], i);
        read_usage(c, &pods[i], i);
    }
    got = hpa_by_utilization(pods, count, current, target, &params);
    if (get_text(c, c->expect, "error") ||
        !doc_get(c->expect, "desiredReplicas")) {
        expect_bool(c, "an error", true, !got.ok);
        return;
    }
    expect_bool(c, "an error", false, !got.ok);
    expect_int(c, "desired", get_int(c, c->expect, "desiredReplicas", 0),
               got.replicas);
    expect_int(c, "utilization", get_int(c, c->expect, "utilization", 0),
               got.utilization);
    expect_int(c, "average", get_int(c, c->expect, "averageMilli", 0),
               got.usage);
}

static int64_t sum_values(struct test_case *c)
{
    struct doc_node *value;
    int64_t sum = 0;

    get_items(c->in, "valuesMilli", &value);
    for (; value; value = value->next) {
        int64_t one = item_int(c, value);

        sum = sum > INT64_MAX - one ? INT64_MAX : sum + one;
    }
    return sum;
}

void case_hpa_other(struct test_case *c)
{
    struct hpa_pod pods[MOST_PODS] = {0};
    struct hpa_params params = read_params(c);
    const char *metric = get_text(c, c->in, "metric");
    int current = (int)get_int(c, c->in, "currentReplicas", 0);
    int64_t target = get_int(c, c->in, "targetMilli",
                             get_int(c, c->in, "perPodTargetMilli", 0));
    size_t count = longest(c, (size_t)current);
    struct hpa_proposal got;

    for (size_t i = 0; i < count; i++) {
        struct doc_node *value = item(c->in, "valuesMilli", i);

        read_state(c, &pods[i], i);
        pods[i].has_metric = value != NULL;
        pods[i].usage = value ? item_int(c, value) : 0;
    }
    if (strcmp(metric, "pods_average") == 0 ||
        strcmp(metric, "resource_average") == 0)
        got = hpa_by_average(pods, count, current, target, &params);
    else if (strstr(metric, "_average"))
        got = hpa_by_value_per_pod(current, sum_values(c), target, &params);
    else
        got =
            hpa_by_value(pods, count, current, sum_values(c), target, &params);
    expect_int(c, "desired", get_int(c, c->expect, "desiredReplicas", 0),
               got.replicas);
    expect_int(c, "usage", get_int(c, c->expect, "usageMilli", 0), got.usage);
}

/* --- windows and rates --- */

static void read_memory(struct test_case *c, struct hpa_memory *m)
{
    struct doc_node *node;

    get_items(c->in, "recommendations", &node);
    for (; node; node = node->next)
        VEC_PUSH(m->recommendations,
                 ((struct hpa_recommendation){
                     (int)get_int(c, node, "replicas", 0),
                     now - sim_seconds(get_double(c, node, "ageSeconds", 0))}));
    get_items(c->in, "scaleUpEvents", &node);
    for (; node; node = node->next)
        VEC_PUSH(m->ups,
                 ((struct hpa_event){
                     (int)get_int(c, node, "replicaChange", 0),
                     now - sim_seconds(get_double(c, node, "ageSeconds", 0))}));
    get_items(c->in, "scaleDownEvents", &node);
    for (; node; node = node->next)
        VEC_PUSH(m->downs,
                 ((struct hpa_event){
                     (int)get_int(c, node, "replicaChange", 0),
                     now - sim_seconds(get_double(c, node, "ageSeconds", 0))}));
}

static void read_rules(struct test_case *c, const char *key,
                       struct hpa_policy *policies, struct hpa_rules *rules)
{
    struct doc_node *map = doc_get(c->in, key), *node;
    const char *select;

    if (!map)
        return;
    select = doc_text(map, "selectPolicy");
    rules->select = HPA_SELECT_MAX;
    if (select && strcmp(select, "Min") == 0)
        rules->select = HPA_SELECT_MIN;
    if (select && strcmp(select, "Disabled") == 0)
        rules->select = HPA_SELECT_DISABLED;
    if (doc_get(map, "stabilizationWindowSeconds"))
        rules->window =
            sim_seconds(get_double(c, map, "stabilizationWindowSeconds", 0));
    rules->policies = policies;
    rules->policy_count = 0;
    get_items(map, "policies", &node);
    for (; node && rules->policy_count < MOST_POLICIES; node = node->next) {
        const char *type = doc_text(node, "type");

        policies[rules->policy_count++] = (struct hpa_policy){
            type && strcmp(type, "Percent") == 0,
            (int)get_int(c, node, "value", 0),
            sim_seconds(get_double(c, node, "periodSeconds", 0))};
    }
}

/* As the API server fills in what a `behavior` does not say. */
static void read_behavior(struct test_case *c, struct hpa_policy (*room)[8],
                          struct hpa_behavior *out)
{
    hpa_default_behavior(out);
    out->given = true;
    read_rules(c, "scaleUpRules", room[0], &out->up);
    read_rules(c, "scaleDownRules", room[1], &out->down);
}

void case_hpa_legacy_limits(struct test_case *c)
{
    struct hpa_limited got = hpa_limit(
        (int)get_int(c, c->in, "currentReplicas", 0),
        (int)get_int(c, c->in, "desired", 0), (int)get_int(c, c->in, "min", 0),
        (int)get_int(c, c->in, "max", 0));

    expect_int(c, "replicas", get_int(c, c->expect, "replicas", 0),
               got.replicas);
    expect_text(c, "condition", get_text(c, c->expect, "condition"),
                got.reason);
}

void case_hpa_window(struct test_case *c)
{
    struct hpa_memory memory = {0};
    int got;

    read_memory(c, &memory);
    got = hpa_stabilize(&memory, (int)get_int(c, c->in, "desired", 0),
                        sim_seconds(get_double(c, c->in, "windowSeconds", 300)),
                        now);
    expect_int(c, "stabilized", get_int(c, c->expect, "stabilized", 0), got);
    if (doc_get(c->expect, "logLength"))
        expect_int(c, "remembered", get_int(c, c->expect, "logLength", 0),
                   (int64_t)memory.recommendations.count);
    hpa_memory_release(&memory);
}

void case_hpa_behavior_window(struct test_case *c)
{
    struct hpa_memory memory = {0};
    struct doc_node *wanted;
    int got;

    read_memory(c, &memory);
    got = hpa_stabilize_by(
        &memory, (int)get_int(c, c->in, "currentReplicas", 0),
        (int)get_int(c, c->in, "desired", 0),
        sim_seconds(get_double(c, c->in, "upWindowSeconds", 0)),
        sim_seconds(get_double(c, c->in, "downWindowSeconds", 0)), now);
    expect_int(c, "stabilized", get_int(c, c->expect, "stabilized", 0), got);
    get_items(c->expect, "storedRecommendations", &wanted);
    for (size_t i = 0; wanted; wanted = wanted->next, i++)
        expect_int(c, "remembered", item_int(c, wanted),
                   i < memory.recommendations.count
                       ? memory.recommendations.items[i].replicas
                       : -1);
    hpa_memory_release(&memory);
}

void case_hpa_policies(struct test_case *c)
{
    struct hpa_policy room[2][MOST_POLICIES];
    struct hpa_memory memory = {0};
    struct hpa_behavior behavior;
    struct hpa_limited got;

    read_memory(c, &memory);
    read_behavior(c, room, &behavior);
    got = hpa_limit_by(
        &memory, &behavior, (int)get_int(c, c->in, "currentReplicas", 0),
        (int)get_int(c, c->in, "desired", 0), (int)get_int(c, c->in, "min", 0),
        (int)get_int(c, c->in, "max", 0), now);
    expect_int(c, "replicas", get_int(c, c->expect, "replicas", 0),
               got.replicas);
    expect_text(c, "condition", get_text(c, c->expect, "condition"),
                got.reason);
    hpa_memory_release(&memory);
}

/* --- all of it --- */

static size_t read_pods(struct test_case *c, struct hpa_pod *pods)
{
    struct doc_node *first;
    size_t usages = get_items(c->in, "usageMilliPerPod", &first);
    size_t count = longest(c, (size_t)get_int(c, c->in, "currentReplicas", 0));

    count = usages > count ? usages : count;
    for (size_t i = 0; i < count; i++) {
        struct doc_node *usage = item(c->in, "usageMilliPerPod", i);
        struct doc_node *request = item(c->in, "cpuRequestPerPod", i);

        read_state(c, &pods[i], i);
        pods[i].has_metric = usage != NULL;
        pods[i].usage = usage ? item_int(c, usage) : 0;
        pods[i].request = request ? item_milli(c, request) : -1;
    }
    return count;
}

/* Tolerances of the HPA's own count where that feature is on. */
static struct hpa_params end_to_end_params(struct test_case *c)
{
    struct hpa_params params = read_params(c);

    if (!get_bool(c->in, "configurableToleranceEnabled", false))
        params.tolerance_down = params.tolerance_up = 0.1;
    params.cpu = true;
    return params;
}

void case_hpa_end_to_end(struct test_case *c)
{
    struct hpa_policy room[2][MOST_POLICIES];
    struct hpa_pod pods[MOST_PODS] = {0};
    struct hpa_params params = end_to_end_params(c);
    struct hpa_memory memory = {0};
    const char *history = get_text(c, c->in, "recommendationHistory");
    struct hpa_spec spec = {.min = (int)get_int(c, c->in, "minReplicas", 1),
                            .max = (int)get_int(c, c->in, "maxReplicas", 1)};
    struct hpa_proposal proposal;
    struct hpa_seen seen = {.current =
                                (int)get_int(c, c->in, "currentReplicas", 0),
                            .proposals = &proposal,
                            .proposal_count = 1,
                            .downscale_stabilization = 300 * SIM_S,
                            .now = now};

    memory.begun = history && strcmp(history, "empty") == 0;
    read_memory(c, &memory);
    if (doc_get(c->in, "scaleUpRules") || doc_get(c->in, "scaleDownRules"))
        read_behavior(c, room, &spec.behavior);
    proposal = hpa_by_utilization(pods, read_pods(c, pods), seen.current,
                                  get_int(c, c->in, "cpuTargetUtilization", 80),
                                  &params);
    expect_int(c, "desired", get_int(c, c->expect, "desiredReplicas", 0),
               hpa_decide(&memory, &spec, &seen));
    hpa_memory_release(&memory);
}
