/* The cluster autoscaler, in whole simulations: when nodes come, which, and
 * when they go. */
#include "tests/unit/scenario_fixture.h"

#include "models/simulation.h"

#define APP(replicas, extra)                                                   \
    "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"      \
    "spec: {replicas: " replicas ", selector: {matchLabels: {app: web}}, "     \
    "template: {metadata: {labels: {app: web}}, spec: {" extra                 \
    "containers: [{name: c, image: 'i:1', resources: {requests: "              \
    "{cpu: 1}}}]}}}\n"
#define POOLS(autoscaler, small, big)                                          \
    "  traffic: []\n  warmUp: 0s\n  duration: 1h\n"                            \
    "  cluster:\n    clusterAutoscaler: {" autoscaler "}\n"                    \
    "    nodePools:\n"                                                         \
    "    - {name: small, count: 1, zones: [a], allocatable: {cpu: 4, "         \
    "memory: 8Gi}, autoscaling: {" small ", provisioning: 60s}}\n"             \
    "    - {name: big, count: 0, zones: [a], allocatable: {cpu: 16, "          \
    "memory: 32Gi}, autoscaling: {" big ", provisioning: 60s}}\n"

/* Nodes of each pool that there are at the end. */
static void count_nodes(const struct world *w, int *small, int *big)
{
    *small = *big = 0;
    for (size_t i = 0; i < w->nodes.count; i++) {
        const struct node *node = w->nodes.items[i];

        if (node->deleted)
            continue;
        *small += node->spec->name[0] == 's';
        *big += node->spec->name[0] == 'b';
    }
}

static size_t count_bound(const struct world *w)
{
    size_t count = 0;

    for (pod_id id = 0; id < w->pods.count; id++)
        count += world_pod(w, id) && world_pod(w, id)->node != NO_ID;
    return count;
}

static const struct {
    const char *label, *text;
    int small, big;
    size_t bound;
} cases[] = {
    {"all fit: nothing", SCENARIO(POOLS("", "max: 9", "max: 9")) APP("4", ""),
     1, 0, 4},
    {"4 more: one small wastes nothing",
     SCENARIO(POOLS("", "max: 9", "max: 9")) APP("8", ""), 2, 0, 8},
    {"15 more: a big one wastes 1/16, four small 1/16: the first",
     SCENARIO(POOLS("", "max: 9", "max: 9")) APP("19", ""), 5, 0, 19},
    {"most pods: the small pool has room for 8",
     SCENARIO(POOLS("expander: most-pods", "max: 3", "max: 9")) APP("20", ""),
     1, 1, 20},
    {"at its most", SCENARIO(POOLS("", "max: 2", "max: 0")) APP("19", ""), 2, 0,
     8},
    {"at its least",
     SCENARIO(POOLS("", "min: 3, max: 9", "max: 9")) APP("1", ""), 3, 0, 1},
    {"no pool has such nodes",
     SCENARIO(POOLS("", "max: 9", "max: 9"))
         APP("2", "nodeSelector: {disk: none}, tolerations: [], "),
     1, 0, 2},
};

static void test_grows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct simulation_options options = {0};
        struct simulation *s;
        struct fixture f;
        int small, big;

        loads(&f, cases[i].text);
        s = simulation_run(f.s, &options);
        count_nodes(s->world, &small, &big);
        if (small != cases[i].small || big != cases[i].big ||
            count_bound(s->world) != cases[i].bound)
            fail_msg("%s: %d small, %d big, %zu bound", cases[i].label, small,
                     big, count_bound(s->world));
        simulation_free(s);
        end(&f);
    }
}

/* 30 pods, then 3: after ten minutes the empty nodes go, and others one by
 * one; the pool's first ones stay by their minimum. A budget that allows
 * nothing keeps its pods' nodes. */
static void test_shrinks(void **state)
{
#define TIMELINE                                                               \
    "  timeline:\n  - {at: 1m, kubectl: scale deployment/web --replicas=30}\n" \
    "  - {at: 10m, kubectl: scale deployment/web --replicas=3}\n"
    static const char budget[] =
        "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: "
        "{name: web}\nspec: {maxUnavailable: 0, selector: {matchLabels: "
        "{app: web}}}\n";
    static const char plain[] =
        SCENARIO(POOLS("", "min: 1, max: 9", "max: 0") TIMELINE) APP("3", "");
    char guarded[4096];
    const char *texts[] = {plain, guarded};
    int sizes[2];

    (void)state;
    snprintf(guarded, sizeof guarded, "%s%s", plain, budget);
    for (int i = 0; i < 2; i++) {
        struct simulation_options options = {0};
        struct simulation *s;
        struct fixture f;
        int big;

        loads(&f, texts[i]);
        s = simulation_run(f.s, &options);
        count_nodes(s->world, &sizes[i], &big);
        assert_int_equal(big, 0);
        simulation_free(s);
        end(&f);
    }
    assert_int_equal(sizes[0], 1);
    assert_true(sizes[1] >= sizes[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_grows),
                                       cmocka_unit_test(test_shrinks)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
