/*
 * test_scheduler_profiles - profiles of KubeSchedulerConfiguration: what they
 * switch on and off, what is warned of; and plug-ins that need a few words.
 */
#include "models/scheduler/framework.h"
#include "models/scheduler/preemption.h"
#include "tests/unit/scenario_fixture.h"

#define PROFILES(text)                                                         \
    SCENARIO("  cluster:\n    scheduler:\n      profiles:\n" text) WEB

static size_t row_of(const char *name)
{
    size_t i = 0;

    while (strcmp(scheduler_plugins[i]->name, name) != 0)
        i++;
    return i;
}

static void reads_plugins_and_weights(void **state)
{
    const struct scheduler_config *c;
    struct fixture f;

    (void)state;
    loads(&f,
          PROFILES("      - schedulerName: packer\n"
                   "        percentageOfNodesToScore: 30\n"
                   "        plugins:\n"
                   "          multiPoint: {disabled: [{name: ImageLocality}]}\n"
                   "          score:\n"
                   "            disabled: [{name: '*'}]\n"
                   "            enabled: [{name: NodeResourcesFit, weight: 7},"
                   " {name: NodeAffinity}]\n"
                   "          filter: {disabled: [{name: NodePorts}]}\n"
                   "          postFilter: {disabled: [{name: '*'}]}\n"
                   "        pluginConfig:\n"
                   "        - name: NodeResourcesFit\n"
                   "          args: {scoringStrategy: {type: MostAllocated, "
                   "resources: [{name: cpu, weight: 3}]}}\n"
                   "      - schedulerName: default-scheduler\n"));
    assert_int_equal(f.s->cluster.profile_count, 2);
    c = &f.s->cluster.profiles[0];
    assert_string_equal(c->name, "packer");
    assert_int_equal(c->percentage, 30);
    assert_int_equal(c->weights[row_of("NodeResourcesFit")], 7);
    assert_int_equal(c->weights[row_of("NodeAffinity")], 1);
    assert_int_equal(c->weights[row_of("TaintToleration")], 0);
    assert_int_equal(c->weights[row_of("ImageLocality")], 0);
    assert_false(c->filters & 1U << row_of("NodePorts"));
    assert_true(c->filters & 1U << row_of("NodeName"));
    assert_false(c->preempts);
    assert_int_equal(c->strategy, SCORE_MOST_ALLOCATED);
    assert_int_equal(c->resource_count, 1);
    assert_int_equal(c->resources[0].weight, 3);
    assert_int_equal(c[1].weights[row_of("TaintToleration")], 3);
    assert_true(c[1].preempts);
    end(&f);
}

static void warns_of_pods_that_wait_for_ever(void **state)
{
    static const char nodes[] =
        "---\napiVersion: v1\nkind: Node\nmetadata: {name: n}\n"
        "status: {allocatable: {cpu: 4, memory: 8Gi, pods: 110}}\n"
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: far}\n"
        "spec: {selector: {matchLabels: {app: far}}, template: {metadata: "
        "{labels: {app: far}}, spec: {schedulerName: other, containers: "
        "[{name: c, image: i}], topologySpreadConstraints: [{maxSkew: 1, "
        "topologyKey: rack, whenUnsatisfiable: DoNotSchedule}]}}}\n";
    struct fixture f;
    char *text;

    (void)state;
    text = malloc(4096);
    snprintf(text, 4096, "%s%s", SCENARIO("  duration: 1m\n"), nodes);
    loads(&f, text);
    assert_non_null(strstr(f.messages, "has the schedulerName 'other'"));
    assert_non_null(strstr(f.messages, "no node has the label 'rack'"));
    end(&f);
    free(text);
}

/* --- ImageLocality --- */

static const int64_t mb = 1 << 20;

struct cluster {
    struct scheduler_config config;
    struct framework *f;
    struct label names[4];
    struct node_spec nodes[4];
};

static void begin(struct cluster *c)
{
    static const char *const names[] = {"a", "b", "c", "d"};

    c->config = scheduler_config_default(36);
    c->f = framework_new(&c->config, 1);
    for (node_id n = 0; n < 4; n++) {
        c->names[n] = (struct label){"kubernetes.io/hostname", names[n]};
        c->nodes[n] =
            (struct node_spec){.name = names[n],
                               .labels = {1, &c->names[n]},
                               .zone = "",
                               .allocatable = {.cpu = 4000, .pods = 10}};
        framework_node_add(c->f, n, &c->nodes[n]);
    }
}

/* 100 (sum - 23) / (1000 - 23) MB, each image by the share of nodes. */
static void prefers_nodes_with_the_image(void **state)
{
    struct container containers[] = {{.image = "nginx"}, {.image = "x:2"}};
    struct pod_template t = {.container_count = 2, .containers = containers};
    const node_id nodes[] = {0, 1, 2, 3};
    int64_t scores[4];
    struct cluster c;

    (void)state;
    begin(&c);
    for (node_id n = 0; n < 2; n++)
        framework_node_image(c.f, n,
                             &(struct node_image){"nginx:latest", 1000 * mb});
    framework_node_image(c.f, 0, &(struct node_image){"x:2", 2000 * mb});
    framework_node_image(c.f, 3, &(struct node_image){"x:3", 2000 * mb});
    assert_true(framework_score_with(c.f, &scheduler_image_locality,
                                     framework_class(c.f, &t, "", NULL, false),
                                     nodes, 4, scores));
    assert_int_equal(scores[0], 100 * (500 + 500 - 23) / (2000 - 23));
    assert_int_equal(scores[1], 100 * (500 - 23) / (2000 - 23));
    assert_int_equal(scores[2], 0);
    assert_int_equal(scores[3], 0);
    framework_free(c.f);
}

/* --- budgets --- */

/* Two pods would each do; the one that its budget protects stays, though it
 * is the less important. */
static void keeps_pods_that_budgets_protect(void **state)
{
    static const char *const guarded = "guarded";
    struct label label = {"app", guarded};
    struct requirement is = {"app", SELECTOR_IN, 1, &guarded};
    struct selector selector = {false, 1, &is};
    struct pod_template low = {.requests = {.cpu = 2000}}, high = low;
    struct pod_template low_guarded = low;
    struct disruption_budgets budgets = {0};
    struct preemptable pods[2];
    struct pod_class *class;
    struct cluster c;

    (void)state;
    low_guarded.labels = (struct labels){1, &label};
    low_guarded.priority = -1;
    high.priority = 10;
    begin(&c);
    class = framework_class(c.f, &high, "", NULL, false);
    pods[0] = (struct preemptable){
        .id = 0, .class = framework_class(c.f, &low, "", NULL, false)};
    pods[1] = (struct preemptable){
        .id = 1, .class = framework_class(c.f, &low_guarded, "", NULL, false)};
    for (int i = 0; i < 2; i++)
        framework_pod_add(c.f, pods[i].class, 0, false);
    VEC_PUSH(budgets.items,
             ((struct disruption_budget){.space = "", .selector = &selector}));
    assert_int_equal(preemption_victims(c.f, class, 0, pods, 2, &budgets), 1);
    assert_int_equal(pods[0].id, 0);
    assert_false(pods[0].protected);
    budgets.items.items[0].allowed = 1;
    pods[0] = (struct preemptable){
        .id = 0, .class = framework_class(c.f, &low, "", NULL, false)};
    pods[1] = (struct preemptable){
        .id = 1, .class = framework_class(c.f, &low_guarded, "", NULL, false)};
    assert_int_equal(preemption_victims(c.f, class, 0, pods, 2, &budgets), 1);
    assert_int_equal(pods[0].id, 1);
    VEC_FREE(budgets.items);
    framework_free(c.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_plugins_and_weights),
        cmocka_unit_test(warns_of_pods_that_wait_for_ever),
        cmocka_unit_test(prefers_nodes_with_the_image),
        cmocka_unit_test(keeps_pods_that_budgets_protect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
